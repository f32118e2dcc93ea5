"""Starting, stopping, recordings and the command."""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import threading
import time
import wave

import pytest
import requests

from nxcc.errors import SandboxError
from nxcc.sandbox import Sandbox, command

from .conftest import TODAY, ask, page_asked


def test_start__port_taken_is_a_sentence(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    with pytest.raises(SandboxError, match=rf"^Port {port} on 127.0.0.1 is taken\. "):
        Sandbox(port=port).start()


@pytest.mark.parametrize(
    "wrong", [{"host": "no.such.host.invalid"}, {"port": 70000}, {"rate_limit": 0}, {"faults": 2}, {"pages": "upwards"}]
)
def test_start__wrong_argument_is_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match=r"^(The sandbox|70000)"):
        Sandbox(**wrong).start()  # type: ignore[arg-type]


def test_stop__ends_waiting_clients_at_once_and_can_start_again() -> None:
    sandbox = Sandbox(today=TODAY, delay_s=30).start()
    met: list[str] = []

    def wait(order_id: str) -> None:
        with pytest.raises(requests.ConnectionError):
            ask(sandbox, order_id, timeout_s=20)
        met.append(order_id)

    waiting = [threading.Thread(target=wait, args=(order_id,)) for order_id in ("A1", "FAIL-TIMEOUT")]
    for thread in waiting:
        thread.start()
    deadline = time.monotonic() + 5
    while len(sandbox.requests) < 2 and time.monotonic() < deadline:
        os.sched_yield()
    started = time.monotonic()
    sandbox.stop()
    for thread in waiting:
        thread.join(5)

    assert sorted(met) == ["A1", "FAIL-TIMEOUT"]
    assert time.monotonic() - started < 2
    sandbox.stop()  # nothing more to do


def test_start__again_after_stop() -> None:
    sandbox = Sandbox(today=TODAY)
    for _ in range(2):
        with sandbox:
            assert ask(sandbox).json()["code"] == 0


def test_delay__passes_before_an_answer() -> None:
    with Sandbox(today=TODAY, delay_s=0.05) as slow:
        started = time.monotonic()
        ask(slow)
        assert time.monotonic() - started >= 0.05


def test_recordings__are_real_audio_at_the_link_of_a_record(sandbox: Sandbox) -> None:
    order_id = sandbox.world.examples[0].order_ids[0]
    (url,) = [record["recordUrl"] for record in ask(sandbox, order_id).json()["data"] if record["answered"]]

    answer = requests.get(url, timeout=5)

    assert url.startswith(f"{sandbox.base_url}/recordings/")
    assert answer.headers["Content-Type"] == "audio/wav"
    assert len(answer.content) < 100_000
    with wave.open(io.BytesIO(answer.content)) as audio:
        assert 2 <= audio.getnframes() / audio.getframerate() <= 3
        samples = memoryview(audio.readframes(audio.getnframes())).cast("h")
    assert 3000 < max(samples) < 32767  # audible, not clipped


@pytest.mark.parametrize(
    ("wanted", "status", "content_range", "length"),
    [
        ("bytes=0-99", 206, "bytes 0-99/{n}", 100),
        ("bytes=100-", 206, "bytes 100-{last}/{n}", -100),
        ("bytes=-50", 206, "bytes {tail}-{last}/{n}", 50),
        ("bytes=10-99999999", 206, "bytes 10-{last}/{n}", -10),
        ("bytes=99999999-", 416, "bytes */{n}", None),
        ("bytes=-", 200, None, 0),
        ("bytes=0-1,5-6", 200, None, 0),
        ("lines=1-2", 200, None, 0),
    ],
)
def test_recordings__range(
    sandbox: Sandbox, wanted: str, status: int, content_range: str | None, length: int | None
) -> None:
    url = f"{sandbox.base_url}/recordings/abc.wav"
    whole = requests.get(url, timeout=5).content
    n = len(whole)

    answer = requests.get(url, headers={"Range": wanted}, timeout=5)

    shown = content_range and content_range.format(n=n, last=n - 1, tail=n - 50)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, shown)
    if length is None:
        assert answer.content == b""
    else:
        assert len(answer.content) == (length if length > 0 else n + length)
        assert answer.content in whole


@pytest.mark.parametrize("name", ["a.mp3", "..%2Fsecret.wav", "a b.wav", "x" * 70 + ".wav", ".wav"])
def test_recordings__strange_names_are_not_found(sandbox: Sandbox, name: str) -> None:
    answer = requests.get(f"{sandbox.base_url}/recordings/{name}", timeout=5)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def _args(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(given)


def test_run__port_taken_is_2_and_a_sentence(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_args("--port", sandbox.base_url.rpartition(":")[2])) == 2
    assert re.fullmatch(r"Port \d+ on 127\.0\.0\.1 is taken\. .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run__serves_until_told_to_end(
    number: signal.Signals, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def introduce(sandbox: Sandbox) -> str:
        seen.append(ask(sandbox).json()["code"])
        signal.raise_signal(number)
        return original(sandbox)

    original = command.introduction
    monkeypatch.setattr(command, "introduction", introduce)
    before = signal.getsignal(number)

    assert command.run(_args("--port", "0", "--seed", "3", "--delay-ms", "1")) == 0

    shown = capsys.readouterr().out
    assert seen == [0]
    assert signal.getsignal(number) is before
    assert re.match(r"NXCC_BASE_URL=http://127\.0\.0\.1:\d+\nNXCC_ACCESS_KEY=sandbox-key\nNXCC_ACCESS_SECRET=\S+\n"
                    r"NXCC_TENANT_ID=1001\n", shown)  # fmt: skip
    assert "FAIL-CODE-<n>" in shown
    assert "Reached on call 3" in shown


def test_run__a_large_world_and_bad_pages(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def introduce(sandbox: Sandbox) -> str:
        to_s = int(time.time())
        sizes.append(len(page_asked(sandbox, to_s - 9 * 86_400, to_s).json()["data"]))
        signal.raise_signal(signal.SIGINT)
        return original(sandbox)

    original = command.introduction
    monkeypatch.setattr(command, "introduction", introduce)

    assert command.run(_args("--port", "0", "--calls", "300", "--blank", "0.5", "--pages", "cap50")) == 0

    shown = capsys.readouterr().out
    assert sizes == [50]
    assert re.search(r"\d+ orders, \S+ to \S+\. Examples:\n  C0000000 C0000001 ", shown)


def test_run__a_crowd_that_cannot_be_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(_args("--port", "0", "--calls", "0")) == 2
    assert "A crowd has 1 to 99,999,999 calls" in capsys.readouterr().err
