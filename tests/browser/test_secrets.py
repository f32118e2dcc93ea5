"""The secret walk: a day's work with known secrets, and then a look wherever they could have been left."""

from __future__ import annotations

import gzip
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser

from nxcc.sandbox import Sandbox
from tests.browser import leaks
from tests.browser.days_work import CRASH, KEY, NUMBER, SECRET, Day, command_lines, told_tokens, work, work_in_short
from tests.browser.leaks import Needles, Place
from tests.oidc import Provider
from tests.oidc.guarded import COOKIE_SECRET, LISTS, guarded_app
from tests.oidc.provider import CLIENT_SECRET


@pytest.fixture
def day(browser: Browser, provider: Provider, tmp_path: Path) -> Day:
    """With the most that a log says: the server in both formats, one after the other, and command lines."""
    data = tmp_path / "data"
    data.mkdir()
    day = Day({"key": KEY, "secret": SECRET, "cookie secret": COOKIE_SECRET, "client's secret": CLIENT_SECRET})
    settings = LISTS | {
        "NXCC_LOG_LEVEL": "debug",
        "NXCC_CRASH_WORDS": CRASH,
        "PYTHONPATH": str(Path(__file__).parent / "crash"),
    }
    with Sandbox(access_key=KEY, access_secret=SECRET) as sandbox, told_tokens(provider) as tokens:
        for form, through in (("json", work), ("plain", work_in_short)):
            formatted = settings | {"NXCC_LOG_FORMAT": form}
            with (
                pytest.raises(AssertionError, match="a page broke"),  # the log has errors in it: the crashes
                guarded_app(data, sandbox, provider, formatted) as guarded,
            ):
                through(browser, guarded, day)
            day.logs[form] = (data / "server.log").read_text()
        command_lines(tmp_path, sandbox, day)
        day.secrets |= {f"signature {n}": one.sign for n, one in enumerate(sandbox.requests) if one.sign}
    day.secrets |= {f"token {n}": token for n, token in enumerate(tokens)}
    day.data += leaks.of_folder(data, without=frozenset({"secrets.toml", "server.log"}))
    return day


def told(day: Day) -> list[Place]:
    """What was logged, by the server and by command lines."""
    return [*((f"log, {form}", log.encode()) for form, log in day.logs.items()), *day.said]


def test_walk__finds_nothing(day: Day, subtests: pytest.Subtests) -> None:
    """One test, for the day takes minutes: tests of their own could each have it anew, in a process of their own."""
    for look in (
        the_day_was_a_full_one,
        no_secret_is_anywhere,
        no_number_out_of_a_crash_either,
        no_number_of_a_record_is_in_a_log,
        every_line_of_the_servers_log_is_an_object,
    ):
        with subtests.test(look.__name__):
            look(day)


def the_day_was_a_full_one(day: Day) -> None:
    """Else nothing would be found because nothing was done."""
    signatures = [name for name in day.secrets if "signature" in name]
    assert len(signatures) > 40
    assert sum(name.startswith("token") for name in day.secrets) >= 3
    assert any(name.startswith("cookie _streamlit_user") for name in day.secrets)
    assert {name.partition("/")[0] for name, _ in day.files} >= {
        "lookup_orders_csv", "lookup_calls_csv", "bulk_orders_csv", "bulk_orders_xlsx", "bulk_orders_parquet",
        "bulk_calls_csv", "bulk_calls_xlsx", "bulk_calls_parquet", "explore_calls_csv", "explore_report",
        "order_raw_file", "status_audit_csv", "orders.xlsx", "backup.zip",
    }  # fmt: skip
    read = {name for name, _ in day.data if name.endswith(" read")}
    assert read >= {"archive.duckdb read", "jobs.sqlite read"}
    assert any(name.startswith("jobs/") and name.endswith(".parquet read") for name in read)
    assert len(dict(day.served)["websocket"]) > 100_000
    for log in day.logs.values():
        for words in (
            "a page broke: RuntimeError",
            "nobody foresaw this",
            "RuntimeError after LookupError",
            "request answered",
            "request failed: TransientError",
        ):
            assert words in log
    assert "job ended" in day.logs["json"]
    assert any(
        b"sign [hidden] of *** is wrong" in content or b"sign *** of *** is wrong" in content for _, content in day.said
    )


def no_secret_is_anywhere(day: Day) -> None:
    needles = Needles(day.secrets)
    places = [*told(day), *day.served, *day.files, *day.data]
    assert [leak for place in places for leak in needles.found_in(place)] == []


def no_number_out_of_a_crash_either(day: Day) -> None:
    needles = Needles({"number": NUMBER, "digits": NUMBER[1:]})
    places = [*told(day), *day.served, *day.data]
    assert [leak for place in places for leak in needles.found_in(place)] == []


def no_number_of_a_record_is_in_a_log(day: Day) -> None:
    calls = next(content for name, content in day.data if name == "archive.duckdb read").decode()
    numbers = set(re.findall(r"'(\+?\d{8,15})'", calls))
    assert len(numbers) > 10
    said = b"".join(content for _, content in told(day)).decode()
    assert [number for number in numbers if number in said] == []


def every_line_of_the_servers_log_is_an_object(day: Day) -> None:
    """Streamlit's and uvicorn's as well; but for Streamlit's greeting, which is no log."""
    lines = [line for line in day.logs["json"].splitlines() if line.startswith("{")]
    loggers = {json.loads(line)["logger"].partition(".")[0] for line in lines}
    assert loggers >= {"nxcc", "streamlit", "uvicorn"}
    others = [line for line in day.logs["json"].splitlines() if line.strip() and not line.startswith(("{", "  "))]
    assert others == []


# The walk itself finds what is there.


def _parquet(value: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"x": ["a", value] * 50}), file, compression="zstd")
    return file.getvalue()


def _sqlite(value: str, tmp: Path) -> bytes:
    path = tmp / "x.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (?)", (value,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


def _duckdb(value: str, tmp: Path) -> bytes:
    path = tmp / "x.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT ? || range::VARCHAR AS x FROM range(5000)", [value])
    return path.read_bytes()


def _zip(value: str, inner: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/x.xml", f"{inner}<t>{value}</t>" * 20)
    return file.getvalue()


PLANTED: dict[str, Callable[[str, Path], bytes]] = {
    "text": lambda value, _: f"a {value} b".encode(),
    "utf-16": lambda value, _: value.encode("utf-16"),
    "address": lambda value, _: b"/?x=walk%2Fsecret%2B7Zq%2520%2619&y",
    "basic": lambda value, _: b"Basic YTp3YWxrL3NlY3JldCs3WnElMjAmMTk=",
    "zip": lambda value, _: _zip(value),
    "zip in gzip": lambda value, _: gzip.compress(_zip(value)),
    "parquet": lambda value, _: _parquet(value),
    "sqlite": _sqlite,
    "duckdb": _duckdb,
}


@pytest.mark.parametrize("kind", PLANTED)
def test_leaks__are_found(kind: str, tmp_path: Path) -> None:
    places = list(leaks.of_file(kind, PLANTED[kind](SECRET, tmp_path)))
    assert [leak for place in places for leak in Needles({"secret": SECRET}).found_in(place)]
    assert not [leak for place in places for leak in Needles({"another": KEY}).found_in(place)]
