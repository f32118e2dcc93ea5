"""A day's work with known secrets: in a browser through every page, and on the command line; what it leaves behind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from nxcc.sandbox import Sandbox
from tests.api.wire import Wire
from tests.browser import bulk, leaks
from tests.browser.leaks import Place
from tests.browser.on_page import download, settled
from tests.browser.server import PROJECT
from tests.oidc import Provider
from tests.oidc.guarded import COOKIE_SECRET, Guarded, sign_in
from tests.oidc.provider import CLIENT_SECRET
from tests.oidc.wire import Ear

KEY, SECRET = "AK-walk-5b1e77c2", "walk/secret+7Zq%20&19"
NUMBER = "+85261234567"  # in the words of a crash; in no record
CRASH = f"{KEY} {SECRET} {COOKIE_SECRET} {CLIENT_SECRET} sign=0f1e2d3c4b5a69788796a5b4c3d2e1f0 {NUMBER}"
_STREAMLITS = (".js", ".css", ".woff2")  # its own scripts and fonts are not ours to look through
IDS = [f"WALK-{n:03d}" for n in range(30)]


@dataclass
class Day:
    """What a day's work has left behind."""

    secrets: dict[str, str] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)  # of the server, by format
    said: list[Place] = field(default_factory=list)  # by command lines
    served: list[Place] = field(default_factory=list)
    files: list[Place] = field(default_factory=list)
    data: list[Place] = field(default_factory=list)


@contextmanager
def told_tokens(provider: Provider) -> Iterator[list[str]]:
    """What the provider gives out meanwhile: id tokens with their signatures, and access tokens."""
    tokens: list[str] = []
    before, give = set(provider._tokens), provider._id_token

    def giving(*arguments: Any) -> str:
        token = give(*arguments)
        tokens.extend((token, token.rpartition(".")[2]))
        return token

    provider._id_token = giving  # type: ignore[method-assign]
    try:
        yield tokens
    finally:
        del provider._id_token
        tokens.extend(set(provider._tokens) - before)


def work(browser: Browser, guarded: Guarded, day: Day) -> None:
    """Through every page, as an administrator; every export; a gateway that fails; pages that break."""
    context = guarded.context(browser)
    page = context.new_page()
    ear = Ear(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = guarded.address
    sign_in(page, address, "ada", "/?orders=SAMPLE-VENDOR,FAIL-500-1~walk,FAIL-HTML~walk,FAIL-CODE-77777~walk")
    look_up(page, day)
    page.goto(f"{address}/?orders=FAIL-CODE-1003~walk")  # everything would fail
    page.get_by_text("code 1003").first.wait_for()
    keep(page, day, "halted")
    in_bulk(page, address, day)
    explore(page, address, day)
    page.goto(f"{address}/order?order=SAMPLE-VENDOR")
    page.get_by_text("Raw JSON").first.click()
    take(page, day, "order_raw_file")
    page.goto(f"{address}/status")
    page.locator(".st-key-status_api_check button").click()
    page.get_by_text("The API was asked at").wait_for()
    take(page, day, "status_audit_csv")
    keep(page, day, "status")
    break_pages(page, address, day)
    page.goto(f"{address}/jobs")
    page.locator(".st-key-jobs_list").wait_for()
    keep(page, day, "jobs")
    day.secrets |= cookies_of(context)
    day.served.append(("websocket", ear.heard()))
    for url in sorted({url for url in asked if url.startswith(f"{address}/") and not url.endswith(_STREAMLITS)}):
        day.served.append((url, context.request.get(url).body()))
    context.close()


def work_in_short(browser: Browser, guarded: Guarded, day: Day) -> None:
    """Only what a log has most to say about: requests that fail, and pages that break."""
    context = guarded.context(browser)
    page = context.new_page()
    sign_in(page, guarded.address, "ada", "/?orders=SAMPLE-VENDOR,FAIL-500-1~short,FAIL-CODE-77777~short")
    look_up(page, day)
    break_pages(page, guarded.address, day)
    day.secrets |= cookies_of(context)
    context.close()


def break_pages(page: Page, address: str, day: Day) -> None:
    for crash in ("page", "thread", "around"):
        page.goto(f"{address}/jobs?crash={crash}")
        settled(page)
        keep(page, day, f"crash {crash}")


def cookies_of(context: BrowserContext) -> dict[str, str]:
    held = context.cookies()
    return {f"cookie {one['name']} {one['value'][:4]}": one["value"] for one in held if "user" in one["name"]}


def look_up(page: Page, day: Day) -> None:
    expect(page.locator(".st-key-lookup_calls_csv")).to_be_visible(timeout=30_000)
    settled(page)
    keep(page, day, "look up")
    for key in ("lookup_orders_csv", "lookup_calls_csv"):
        take(page, day, key)


def in_bulk(page: Page, address: str, day: Day) -> None:
    bulk.upload(page, address, "walk.csv", bulk.csv_of([["order_id"], *([one] for one in (*IDS, "1.5E+17"))]))
    bulk.run(page)
    keep(page, day, "bulk")
    for kind in ("orders", "calls"):
        for format in ("csv", "xlsx", "parquet"):
            take(page, day, f"bulk_{kind}_{format}")


def explore(page: Page, address: str, day: Day) -> None:
    page.goto(f"{address}/explore")
    page.locator(".st-key-explore_calls_csv").wait_for()
    settled(page)
    keep(page, day, "explore")
    for key in ("explore_calls_csv", "explore_report"):
        take(page, day, key)


def keep(page: Page, day: Day, name: str) -> None:
    settled(page)
    day.served.append((f"page: {name}", page.content().encode()))


def take(page: Page, day: Day, key: str) -> None:
    page.locator(f".st-key-{key} button").wait_for()
    day.files += leaks.of_file(key, download(page, key))


def command_lines(tmp: Path, sandbox: Sandbox, day: Day) -> None:
    """A job of a file, single ids, a gateway that throws back what it is sent, a check, a backup."""
    ids = tmp / "ids.csv"
    ids.write_text("order_id\n" + "\n".join([*IDS, "MORE-1", "FAIL-CUTJSON-1~walk"]))
    run = in_process(tmp, day)
    run(sandbox.base_url, "lookup", "--file", str(ids), "--orders-out", str(tmp / "orders.xlsx"))
    run(sandbox.base_url, "lookup", "SAMPLE-VENDOR", "FAIL-CODE-1003~walk", "--ask-again")
    run(sandbox.base_url, "check", "--json")
    run(sandbox.base_url, "backup", str(tmp / "backup.zip"))
    mirror = Mirror()
    with mirror.wire as wire:
        for code in (77777, 1003, 99, 88, 41000):
            mirror.code = code
            run(wire.url, "lookup", f"THROWN-{code}", "--ask-again", "--calls-out", str(tmp / "calls.csv"))
        run(wire.url, "check")
    assert len(mirror.signatures) > 5
    day.secrets |= {f"thrown-back signature {n}": sign for n, sign in enumerate(mirror.signatures)}
    for name in ("orders.xlsx", "calls.csv", "backup.zip"):
        if (tmp / name).exists():
            day.files += leaks.of_file(name, (tmp / name).read_bytes())
    assert (tmp / "backup.zip").exists()


class Mirror:
    """A gateway that answers with all that it is sent, in the vendor's words."""

    def __init__(self) -> None:
        self.wire = Wire(self._answer)
        self.code = 0
        self.signatures: list[str] = []

    def _answer(self, connection: socket.socket, _: threading.Event) -> None:
        head = self.wire.asked[-1].partition("\r\n\r\n")[0]
        said = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        self.signatures.append(said["sign"])
        words = f"sign {said['sign']} of {said['accessKey']} is wrong"
        body = json.dumps({"code": self.code, "msg": words, "reqId": said["sign"]}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))


def in_process(tmp: Path, day: Day) -> Callable[..., None]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}

    def run(gateway: str, *arguments: str) -> None:
        settings = {
            "NXCC_BASE_URL": gateway,
            "NXCC_ACCESS_KEY": KEY,
            "NXCC_ACCESS_SECRET": SECRET,
            "NXCC_TENANT_ID": "1001",
            "NXCC_DATA_DIR": str(tmp / "data"),
            "NXCC_ATTEMPTS": "2",
            "NXCC_LOG_FORMAT": "plain",
            "NXCC_LOG_LEVEL": "debug",
        }
        command = [sys.executable, "-m", "nxcc", *arguments]
        ran = subprocess.run(command, cwd=PROJECT, env=clean | settings, capture_output=True, check=False, timeout=120)
        assert ran.returncode in (0, 2, 3), ran.stderr.decode()
        day.said.append((" ".join(arguments[:2]), ran.stdout + ran.stderr))

    return run
