"""A gateway that goes away while a job runs: the job waits, says so, and goes on by itself."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from nxcc.sandbox import Sandbox

from ..conftest import TODAY, own
from .conftest import HouseOf, answered, wait_for

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def port() -> int:
    """At which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_away__it_waits_and_goes_on_by_itself(house_of: HouseOf, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nxcc.jobs.passing.LONGEST_WAIT_S", 0.3)
    ids = [own("SAMPLE-VENDOR") for _ in range(400)]
    before, after = Sandbox(today=TODAY, delay_s=0.01, port=port), Sandbox(today=TODAY, port=port)
    with before:
        house = house_of(before)
        job = house.start(ids)
        wait_for(lambda: len(before.requests) > 100)
    gone = answered(before.requests)
    wait_for(lambda: house.job(job).note)
    waiting = house.job(job)
    assert waiting.state == "running"
    assert waiting.note.startswith("The gateway brings no answers; it is tried again.")
    live = house.jobs.live(job)
    assert live
    wait_for(lambda: live.waits_until)
    asked = house.client.requests
    wait_for(lambda: house.client.requests > asked)  # it is tried again
    with after:
        ended = house.done(job)
        back = answered(after.requests)
    assert ended.found == 400
    assert set(gone) | set(back) == set(ids)
    twice = [order_id for order_id in ids if gone[order_id] + back[order_id] > 1]
    assert len(twice) <= house.client.concurrency + 2  # answers cut on their way, and those that were asked to look


def test_away__from_the_beginning(house_of: HouseOf, port: int) -> None:
    ids = [own("SAMPLE-VENDOR") for _ in range(40)]
    with Sandbox(today=TODAY, port=port) as running:
        address = running
    house = house_of(address)
    job = house.start(ids)
    wait_for(lambda: house.job(job).note)
    with Sandbox(today=TODAY, port=port) as back:
        assert house.done(job).found == 40
        assert max(answered(back.requests).values()) <= 2


def test_away__pause_acts_while_it_waits(
    house_of: HouseOf, sandbox: Sandbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nxcc.jobs.passing.FIRST_WAIT_S", 1000.0)
    house = house_of(sandbox, account={"base_url": f"http://127.0.0.1:{port}"})
    job = house.start(f"A{n}" for n in range(60))
    live = house.jobs.live
    wait_for(lambda: (now := live(job)) and now.waits_until)
    began = time.monotonic()
    house.jobs.pause(house.job(job))
    paused = house.until(job, "paused", within_s=2)
    assert time.monotonic() - began < 2
    assert (paused.note, paused.found) == ("", 0)


def test_away__after_its_patience_it_halts(house_of: HouseOf, sandbox: Sandbox, port: int) -> None:
    house = house_of(sandbox, account={"base_url": f"http://127.0.0.1:{port}"}, patience_s=0.2)
    job = house.start([own("SAMPLE-VENDOR") for _ in range(30)])
    halted = house.until(job, "halted")
    assert "The gateway has brought no answer for" in halted.note
    assert "Resume" in halted.cure
    assert halted.found == 0
    folder = house.jobs.folder(job.id)
    assert folder
    assert folder.name == "crm.csv"


SMALL: list[Any] = [("FAIL-500", 3), ("FAIL-RESET", 2)]


@pytest.mark.parametrize(("kind", "n"), SMALL)
def test_away__a_few_failures_are_no_gateway_that_is_away(
    house_of: HouseOf, sandbox: Sandbox, kind: str, n: int
) -> None:
    house = house_of(sandbox)
    job = house.done(house.start(own(kind) for _ in range(n)))
    assert (job.failed, job.note) == (n, "")
