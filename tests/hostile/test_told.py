"""From a hostile gateway through the archive to figures, stories, charts, files and the report."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from nxcc import changes, charts, export, kpis, reading, records, story, totals, wording
from nxcc.archive import Look, history
from nxcc.charts import Chart
from nxcc.charts.timeline import timeline
from nxcc.export import ORDER_COLUMNS
from nxcc.filters import LABELS, Filters, from_address, in_words
from nxcc.kpis import Terms
from nxcc.outcome import Outcome
from nxcc.overview import COST_BY, Overview
from nxcc.palette import PALETTES
from nxcc.report import report_html
from nxcc.tiles import MAIN, MORE
from nxcc.wording import Money
from tests.hostile import texts
from tests.hostile.conftest import Told
from tests.hostile.seen import Page, csv_rows, is_live, markup_of_data, require_dead_book, strings

SHANGHAI = ZoneInfo("Asia/Shanghai")
LIGHT = PALETTES["light"]
TERMS = Terms(Money("HKD", 2), 10, 20)
LOOK = Look(SHANGHAI, 10, 20)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def require_plain(chart: Chart) -> None:
    """Nothing in a chart that is drawn as HTML is markup out of data."""
    if chart.figure is None:
        return
    drawn = orjson.loads(chart.figure.to_json())
    assert [text[:200] for text in strings(drawn) if markup_of_data(text)] == []
    assert all(text.isprintable() or "\n" in text for text in (chart.alt, chart.note, chart.title))


def test_lookup__every_text_is_an_answer(told: Told) -> None:
    failed = {order_id: outcome.reason for order_id, outcome in told.outcomes.items() if outcome.word != "found"}
    assert failed == {}
    kept = told.archive.calls(list(told.outcomes.values()))
    huge = len(texts.HUGE)  # of these there is one call
    assert kept.num_rows == 2 * len(told.texts) - huge + len(told.outcomes) - len(told.texts)
    by_order: dict[str, set[str | None]] = {}
    for order_id, other in zip(kept["order_id"].to_pylist(), kept["other"].to_pylist(), strict=True):
        by_order.setdefault(order_id, set()).add(other)
    as_sent = {
        order_id: {orjson.loads(orjson.dumps(text)) if text.strip() else None} for order_id, text in told.texts.items()
    }
    assert {order_id: by_order[order_id] for order_id in told.texts} == as_sent


def test_archive__an_order_id_is_never_more_than_a_value(told: Told) -> None:
    before = told.archive.size()
    for text in (*texts.SQL, *texts.PATHS, *texts.TEMPLATES):
        lookups = history.lookups_of(told.archive, text)
        assert [lookup.order_id for lookup in lookups] == [text] * len(lookups)
        assert len(lookups) == (text in told.outcomes)
    assert told.archive.size() == before
    loaded = told.archive.read("SELECT extension_name FROM duckdb_extensions() WHERE loaded", {})
    assert not {"httpfs", "aws", "azure", "postgres_scanner"} & set(loaded["extension_name"].to_pylist())


def test_charts__of_a_look_up(told: Told) -> None:
    outcomes = list(told.outcomes.values())
    calls = records.frame(told.archive.calls(outcomes))
    distinct = totals.distinct(calls, {outcome.order_id: outcome.asked_at for outcome in outcomes})
    added = totals.of_frames(told.archive.orders(outcomes).to_pandas(), distinct, short_s=10, in_time_s=20)
    assert [kpi.name for kpi in kpis.lookup_kpis(added, TERMS)]
    for mode in ("light", "dark"):
        for chart in (
            charts.talk_time(distinct, PALETTES[mode]),
            charts.hangup_reasons(distinct, PALETTES[mode]),
            charts.cost_by_day(distinct, PALETTES[mode], SHANGHAI, NOW, Money("HKD", 2)),
        ):
            require_plain(chart)


def test_charts__of_explore_with_every_text_as_a_filter(told: Told) -> None:
    whole = Overview(told.explored, Filters(), LOOK, NOW)
    drawn = [chart for row in whole.charts(LIGHT, TERMS) for chart in row]
    for chart in (*drawn, *(whole.cost(LIGHT, TERMS, by) for by in COST_BY)):
        require_plain(chart)
    assert whole.totals.total("calls") > 2 * len(texts.AS_IDS)
    for text in (texts.HTML[3], texts.TEMPLATES[18], texts.UNICODE[0], texts.LONG[2]):
        filters = Filters(agent=(text,), reason=(text,), status=(text,), direction=(text,), find=text[:20])
        one = Overview(told.explored, filters, LOOK, NOW)
        for chart in (one.hangups(LIGHT), one.cost(LIGHT, TERMS, "Agent"), one.cost(LIGHT, TERMS, "Direction")):
            require_plain(chart)


def test_story__of_every_order(told: Told) -> None:
    outcomes = [told.outcomes[order_id] for order_id in told.texts]
    kept = told.archive.calls(outcomes)
    first, before, drawn = 0, [], []
    for outcome in outcomes:
        calls = story.in_order(kept.slice(first, outcome.calls))
        first += outcome.calls
        assert {call["order_id"] for call in calls} == {outcome.order_id}
        assert story.tell(outcome, calls, SHANGHAI, NOW).headline.isascii()
        assert story.figures(calls, TERMS.money)
        for call in calls:
            assert all(story.in_this_call(flag, call, SHANGHAI) for flag in call["flags"])
        assert changes.between(before, calls)
        drawn += calls
        before = calls
    for start in range(0, len(drawn), 100):  # one call in twelve, eight in a picture: plotly is slow
        require_plain(timeline(drawn[start : start + 96 : 12], LIGHT, SHANGHAI, NOW))
    assert history.trusted(history.lookups_of(told.archive, texts.AS_IDS[0])) != []


@pytest.mark.parametrize("link", [*texts.LINKS, *texts.PLAIN_LINKS], ids=ascii)
def test_is_link__only_what_is_plain(link: str) -> None:
    assert reading.is_link(link) == (link in texts.PLAIN_LINKS)


def _fresh(told: Told, ids: list[str]) -> list[Outcome]:
    return [told.outcomes[order_id] for order_id in ids]


@pytest.fixture(scope="module")
def tables(told: Told) -> dict[str, pa.Table]:
    """What a look up gives as files, without the cells of 1 MB, which have a test of their own."""
    huge = {order_id for order_id, text in told.texts.items() if len(text) > 500_000}
    outcomes = [outcome for order_id, outcome in told.outcomes.items() if order_id not in huge]
    calls = told.archive.calls(outcomes)
    return {
        "orders": told.archive.orders(outcomes).select(list(ORDER_COLUMNS)),
        "calls": calls.select([name for name in calls.column_names if name != "raw"]),
        "headers": pa.table({f"c{n}": pa.array([text, None]) for n, text in enumerate(texts.SHORT)}),
    }


NAMED = {"headers": list(texts.SHORT)}


@pytest.mark.parametrize("name", ["orders", "calls", "headers"])
def test_csv__no_cell_begins_a_formula_and_every_text_comes_back(
    tables: dict[str, pa.Table], tmp_path: Path, name: str
) -> None:
    table = tables[name]
    names = NAMED.get(name, table.column_names)
    export.write(table.to_reader(), tmp_path / "x.csv", "csv", SHANGHAI, names=names)
    header, *rows = csv_rows((tmp_path / "x.csv").read_bytes())
    assert [cell[:80] for row in [header, *rows] for cell in row if is_live(cell)] == []
    assert len(rows) == table.num_rows
    for place, column in enumerate(table.columns):
        if pa.types.is_string(column.type):
            as_written = [row[place] if row else "" for row in rows]
            expected = [(text or "").replace("\x00", "") for text in column.to_pylist()]
            assert [w.removeprefix("'") for w in as_written] == [e.removeprefix("'") for e in expected]


@pytest.mark.parametrize("name", ["orders", "calls", "headers"])
def test_xlsx__holds_texts_and_nothing_that_runs(tables: dict[str, pa.Table], tmp_path: Path, name: str) -> None:
    table = tables[name]
    names = NAMED.get(name, table.column_names)
    export.write(table.to_reader(), tmp_path / "x.xlsx", "xlsx", SHANGHAI, names=names)
    content = (tmp_path / "x.xlsx").read_bytes()
    require_dead_book(content)
    header, *rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    )
    assert len(rows) == table.num_rows - (name == "headers")  # its second row is empty
    if name == "headers":
        assert [_as_calamine(text) for text in header] == [_as_calamine(text) for text in texts.SHORT]
        assert [_as_calamine(text) for text in rows[0]] == [_as_calamine(text) for text in texts.SHORT]


def _as_calamine(text: Any) -> str:
    """What Excel's escapes stand for is decoded by Excel, and left by some readers; line ends are those of XML."""
    from nxcc.intake.ooxml import unescaped

    return unescaped(str(text)).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("name", ["orders", "calls", "headers"])
def test_parquet__every_text_comes_back(tables: dict[str, pa.Table], tmp_path: Path, name: str) -> None:
    from pyarrow import parquet

    table = tables[name]
    names = NAMED.get(name, table.column_names)
    export.write(table.to_reader(), tmp_path / "x.parquet", "parquet", SHANGHAI, names=names)
    kept = parquet.read_table(tmp_path / "x.parquet")
    assert len(set(kept.column_names)) == table.num_columns
    for before, after in zip(table.columns, kept.columns, strict=True):
        if pa.types.is_string(before.type):
            assert after.to_pylist() == before.to_pylist()


@pytest.mark.parametrize("format", export.FORMATS)
def test_files__cells_of_1_mb(told: Told, tmp_path: Path, format: export.Format) -> None:
    huge = [order_id for order_id, text in told.texts.items() if len(text) > 500_000]
    calls = told.archive.calls(_fresh(told, huge)).select(["order_id", "other", "agent"])
    path = tmp_path / f"x.{format}"
    assert export.write(calls.to_reader(), path, format, SHANGHAI) == len(huge)
    if format == "xlsx":
        require_dead_book(path.read_bytes())


def test_report__of_hostile_calls_and_filters(told: Told) -> None:
    said = texts.SHORT
    filters = Filters(find=said[3])
    overview = Overview(told.explored, Filters(), LOOK, NOW)
    names = [*MAIN, *(name for group in MORE.values() for name in group)]
    drawn = [chart for row in overview.charts(LIGHT, TERMS, "Agent") for chart in row]
    page = report_html(
        said[0],
        [(LABELS["find"], in_words(filters, "find")), *((text, text) for text in said)],
        overview.tiles(TERMS, names, lines=False),
        drawn,
        [(text, text) for text in said],
        "light",
    ).decode()
    seen = Page(page)
    plain = Page(
        report_html("x", [("x", "x")], overview.tiles(TERMS, names, lines=False), drawn, [("x", "x")], "light").decode()
    )
    assert {tag for tag, _ in seen.elements} == {tag for tag, _ in plain.elements}
    ours = {(tag, name) for tag, attributes in plain.elements for name, _ in attributes}
    assert {(tag, name) for tag, attributes in seen.elements for name, _ in attributes} == ours
    assert len(seen.scripts) == len(plain.scripts) == sum(chart.figure is not None for chart in drawn) + 2
    for script in seen.scripts[:-2]:
        for text in strings(orjson.loads(script)):
            assert not markup_of_data(text)


def test_filters__any_text_in_any_place(told: Told) -> None:
    for text in texts.SHORT:
        filters, unread = from_address([(name, text) for name in LABELS])
        assert set(unread) <= set(LABELS)
        for name in filters.chosen():
            assert isinstance(in_words(filters, name), str)
        again, unread = from_address(filters.address())
        assert unread == []
        assert again.address() == filters.address()


@pytest.mark.parametrize(
    "name", ["slot", "hour", "attempt", "find", "agent", "reason", "status", "direction", "flag", "result", "party"]
)
def test_explore__every_text_as_a_filter_counts_calls(told: Told, name: str) -> None:
    """In bundles: a filter of texts takes many at once."""
    for first in range(0, len(texts.SHORT), 100):
        bundle = texts.SHORT[first : first + 100]
        filters = from_address([(name, text) for text in bundle])[0]
        assert Overview(told.explored, filters, LOOK, NOW).totals.total("calls") >= 0


def test_filters__a_weekday_written_small_is_no_weekday() -> None:
    filters, _ = from_address([("slot", "²-3"), ("slot", "١-3"), ("slot", "9-9"), ("slot", "-")])
    assert in_words(filters, "slot") == "²-3, Tue 03:00, 9-9, -"


def test_period__days_of_any_length() -> None:
    for text in ("0001-01-01_9999-12-31", "1970-01-02_2999-12-30", "2026-02-30", "-1", "2026-W01-1", "20260101"):
        filters, _ = from_address([("period", text)])
        before = filters.before()
        assert before is None or isinstance(before.span, tuple)


def test_in_markdown__leaves_no_sign_of_the_language() -> None:
    for text in texts.ALL:
        said = wording.in_markdown(text)
        bare = said.replace("\\\\", "")
        signs = [n for n, c in enumerate(bare) if c in "`*_[]<>$:!|~#" and bare[n - 1 : n] != "\\"]
        assert signs == []


def test_times__no_record_moves_a_figure_out_of_the_calendar(told: Told) -> None:
    kept = told.archive.calls(list(told.outcomes.values()))
    for name in ("started_at", "answered_at", "ended_at"):
        known = [moment for moment in kept[name].to_pylist() if moment is not None]
        assert all(datetime(2000, 1, 1, tzinfo=UTC) <= moment < datetime(2100, 1, 1, tzinfo=UTC) for moment in known)
        assert max(known) - min(known) < timedelta(days=366 * 100)
