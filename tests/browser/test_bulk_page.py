"""The Bulk page as an analyst meets it: a file in, answers for every row out, whatever happens in between."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from nxcc.export import RESULT_COLUMNS, safe_text
from nxcc.sandbox import Sandbox
from tests.browser import bulk
from tests.browser.bulk import Cells, answer_of, asked, progress, so_far, upload
from tests.browser.conftest import Start, account, app
from tests.browser.on_page import assert_fits, download, eventually, rows, rows_of, settled, tiles

OUTCOME, CALLS = RESULT_COLUMNS.index("outcome"), RESULT_COLUMNS.index("calls")
PAUSED_WITHIN_S = 2.0
LONG = 700  # ids: 17 s for the app that can be watched


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[str]:
    """An app that makes 40 requests a second, so that a job can be watched."""
    with app(tmp_path_factory.mktemp("paced"), account(sandbox) | {"NXCC_RATE_PER_SECOND": "40"}) as address:
        yield address


def world_ids(sandbox: Sandbox, first: int, n: int) -> list[str]:
    return sandbox.world.orders()[first : first + n]


def of_style(sandbox: Sandbox, start: str, n: int) -> str:
    """The n-th order of the world whose id begins so, and that was called."""
    found = (order for order in sandbox.world.orders()[400:] if order.startswith(start))
    return [order for order in found if sandbox.world.records(order)][n]


def assert_comes_back(page: Page, header: list[str], cells: Cells, answers: list[tuple[str, str]]) -> Cells:
    """The orders file holds the uploaded rows, untouched and in their order, and the right answer of each."""
    names, lines = bulk.file_of(page, "bulk_orders_csv")
    assert names == [*header, *RESULT_COLUMNS]
    assert [line[: len(header)] for line in lines] == cells
    results = [line[len(header) :] for line in lines]
    assert [(result[OUTCOME], result[CALLS]) for result in results] == answers
    return results


def test_clean_csv__comes_back_row_for_row_in_every_format(page: Page, fast: str, sandbox: Sandbox) -> None:
    ids = world_ids(sandbox, 0, 200)
    header = ["customer", "Order No.", "note"]
    cells = [[f"Customer {n}", order, 'says "yes", then\nno' if n % 50 == 0 else ""] for n, order in enumerate(ids)]
    upload(page, fast, "clean.csv", bulk.csv_of([header, *cells]))
    expect(page.get_by_text("clean.csv · 200 rows · UTF-8 · comma · header in row 1")).to_be_visible()
    expect(page.locator(".st-key-check_tiles")).to_contain_text("Requests to make")
    counts = tiles(page, "check_tiles")
    assert (counts["Rows in the file"], counts["Distinct valid ids"], counts["Requests to make"]) == ("200",) * 3
    expect(page.get_by_text("No row of the file has a problem.")).to_be_visible()
    assert_fits(page)
    assert not set(asked(sandbox, "")) & set(ids)  # nothing is spent before it is started
    bulk.run(page)

    answers = [answer_of(sandbox, order) for order in ids]
    results = assert_comes_back(page, header, cells, answers)
    assert [result[0] for result in results] == ids
    found = sum(word == "found" for word, _ in answers)
    assert 0 < found < 200
    assert bulk.outcomes(page) == {"Found": found, "No calls": 200 - found, "Failed": 0, "Invalid": 0, "Pending": 0}
    assert sorted(order for order in asked(sandbox, "") if order in set(ids)) == sorted(ids)  # once each
    shown = rows(page, "bulk_orders")
    assert [row["Order ID"] for row in shown] == ids[: len(shown)]
    assert [row["Row"] for row in shown] == [str(2 + n) for n in range(len(shown))]
    assert_fits(page)

    called = [record["callId"] for order in ids for record in reversed(sandbox.world.records(order))]
    names, lines = bulk.file_of(page, "bulk_calls_csv")
    assert [line[names.index("call_id")] for line in lines] == called
    for kind in ("orders", "calls"):
        assert_same_in_every_format(page, kind)


def assert_same_in_every_format(page: Page, kind: str) -> None:
    names, lines = bulk.file_of(page, f"bulk_{kind}_csv")
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(page, f"bulk_{kind}_xlsx")))
    assert book.sheet_names == [kind]
    first, *sheet = book.get_sheet_by_index(0).to_python()
    assert [str(name).removesuffix(" (Asia/Shanghai)") for name in first] == names
    table = pq.read_table(io.BytesIO(download(page, f"bulk_{kind}_parquet")))
    assert table.column_names == names
    columns = [column.to_pylist() for column in table.columns]
    in_parquet = [list(row) for row in zip(*columns, strict=True)]
    for other in (sheet, in_parquet):
        assert len(other) == len(lines)
        for line, row in zip(lines, other, strict=True):
            differ = [pair for pair in zip(line, row, strict=True) if not same(*pair)]
            assert not differ, line


def same(text: str, cell: Any) -> bool:
    """Whether a CSV's field says what a cell of another format holds. Excel keeps times to the millisecond."""
    if isinstance(cell, datetime):
        moment = datetime.fromisoformat(text)
        seconds = (moment.replace(tzinfo=None) - cell.replace(tzinfo=None)).total_seconds()
        return abs(seconds) < 0.002 and str(moment.utcoffset()) == "8:00:00"
    if isinstance(cell, bool):
        return text == str(cell).lower()
    if isinstance(cell, int | float):
        return float(text) == cell
    return text == safe_text(";".join(cell) if isinstance(cell, list) else cell or "")


def test_gb18030_with_every_problem__comes_back_row_for_row(page: Page, fast: str, sandbox: Sandbox) -> None:
    bare, wide, padded = (of_style(sandbox, "SO", n) for n in range(3))
    old, chinese = of_style(sandbox, "0", 0), of_style(sandbox, "回访", 0)
    digits, unknown, rounded = of_style(sandbox, "26", 0), "9234567890123456789", "923456789012345000"
    full_width = "".join(chr(ord(c) + 0xFEE0) for c in wide)
    cells = [
        ["张三", bare, "清晨"],  # row 3, below a title and the header
        ["李四", "", "没有订单号"],
        ["王五", bare, "再打一次"],
        ["赵六", "1.23457E+17", "表格丢了数字"],
        ["孙七", unknown, "十九位"],
        ["周八", full_width, "全角"],
        ["吴九", f"  {padded} ", "空格"],
        ["郑十", old, "前导零"],
        ["冯一", chinese, '他说"好";谢谢'],
        ["陈二", digits, "十八位"],
        ["褚三", f"　{wide}", "与第八行相同"],
        ["卫四", rounded, "末尾是零"],
    ]
    filler = [[f"客户{n}", order, "回访"] for n, order in enumerate(world_ids(sandbox, 200, 20))]
    header = ["姓名", "订单号", "备注"]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' if '"' in cell else cell for cell in row] for row in cells]
    lines = ["2026年11月 订单导出", *(";".join(row) for row in [header, *quoted, *filler])]
    upload(page, fast, "导出.csv", "\r\n".join(lines).encode("gb18030"))

    expect(page.get_by_text("导出.csv · 32 rows · GB18030 · semicolon · header in row 2")).to_be_visible()
    expect(page.locator(".st-key-check_tiles")).to_contain_text("Requests to make")
    counts = tiles(page, "check_tiles")
    assert (counts["Rows in the file"], counts["Distinct valid ids"], counts["Requests to make"]) == ("32", "28", "28")
    assert bulk.problems(page) == {
        "4": ("blank", "Not counted"),
        "5": ("duplicate_of_row_3", "Sent once"),
        "6": ("excel_scientific", "Invalid"),
        "13": ("duplicate_of_row_8", "Sent once"),
        "14": ("excel_rounded", "Sent, warned"),
    }
    expect(page.get_by_text("Cleaned before they are sent: trimmed 2, full width 1 cells.")).to_be_visible()
    names, listed = bulk.file_of(page, "bulk_problems_csv")
    assert [(row[names.index("row")], row[names.index("problem")]) for row in listed] == [
        (row, problem) for row, (problem, _) in bulk.problems(page).items()
    ]
    bulk.run(page)

    sent = [bare, "", bare, "", unknown, wide, padded, old, chinese, digits, wide, rounded, *(row[1] for row in filler)]
    answers = [answer_of(sandbox, order) if order else ("invalid", "") for order in sent]
    results = assert_comes_back(page, header, [*cells, *filler], answers)
    assert [result[0] for result in results] == sent
    reasons = [result[RESULT_COLUMNS.index("reason")] for result in results]
    assert (reasons[1], reasons[3][:16]) == ("blank: the cell is empty", "excel_scientific")
    assert bulk.outcomes(page)["Invalid"] == 2


def test_xlsx__comes_back_row_for_row(page: Page, fast: str, sandbox: Sandbox) -> None:
    text, digits, old = of_style(sandbox, "CRM-", 0), of_style(sandbox, "26", 1), of_style(sandbox, "0", 1)
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "d/m/yy hh:mm:ss"})
        sheet = book.add_worksheet("十一月")
        sheet.write_row(0, 0, ["SKU", "Order ID", "Called on", "Amount"])
        for n, order in enumerate([text, digits, old], 1):  # ids as text
            sheet.write_row(n, 0, ["007", order])
        sheet.write_string(4, 0, "1E5")
        sheet.write_number(4, 1, int(old))  # as a number, it has lost its zero
        sheet.write_number(5, 1, 123456789012345)
        for n in range(1, 6):
            sheet.write_datetime(n, 2, datetime(2026, 11, 20 + n), day)
            sheet.write_number(n, 3, n / 8)
        sheet.write_datetime(5, 2, datetime(2026, 11, 25, 18, 30, 5), moment)
        book.add_worksheet("二").write_row(0, 0, ["order_id", "X-1"])
    cells = [
        ["007", text, "2026-11-21", "0.125"],
        ["007", digits, "2026-11-22", "0.25"],
        ["007", old, "2026-11-23", "0.375"],
        ["1E5", old[1:], "2026-11-24", "0.5"],
        ["", "123456789012345", "2026-11-25 18:30:05", "0.625"],
    ]
    upload(page, fast, "book.xlsx", content.getvalue())
    expect(page.get_by_text("book.xlsx · 5 rows · sheet 十一月 · header in row 1")).to_be_visible()
    assert tiles(page, "check_tiles")["Requests to make"] == "5"
    bulk.run(page)
    answers = [answer_of(sandbox, row[1]) for row in cells]
    assert [word for word, _ in answers] == ["found", "found", "found", "no_calls", "no_calls"]
    assert_comes_back(page, ["SKU", "Order ID", "Called on", "Amount"], cells, answers)
    book = CalamineWorkbook.from_filelike(io.BytesIO(download(page, "bulk_orders_xlsx")))
    assert [row[:4] for row in book.get_sheet_by_index(0).to_python()[1:]] == cells  # text stays text


def test_column__must_be_chosen_where_none_is_found(page: Page, fast: str) -> None:
    cells = [["left", "right"], ["apple", "red"], ["pear", "green"], ["plum", "red"]]
    upload(page, fast, "fruit.csv", bulk.csv_of(cells))
    expect(page.get_by_text("No column looks like order ids.")).to_be_visible()
    settled(page)
    assert page.locator(".st-key-bulk_start").count() == 0
    column = page.locator(".st-key-bulk_column")
    for option, ids in (("left", "3"), ("right", "2")):
        bulk.choose(page, column, option)
        expect(page.locator(".st-key-bulk_start button")).to_contain_text(f"Start {ids} requests")
        assert tiles(page, "check_tiles")["Distinct valid ids"] == ids
    assert bulk.problems(page) == {"4": ("duplicate_of_row_2", "Sent once")}
    page.reload()  # the choice is kept
    expect(page.locator(".st-key-bulk_start button")).to_contain_text("Start 2 requests")


def test_read_it_differently__reads_the_file_anew(page: Page, fast: str) -> None:
    def differently(label: str, option: str) -> None:
        settled(page)
        box = page.locator("[data-testid=stPopoverBody] [data-testid=stSelectbox]", has_text=label)
        if not box.is_visible():
            page.locator(".st-key-bulk_overrides button").first.click()
        bulk.choose(page, box, option)
        page.locator(".st-key-bulk_read_again button").click()

    upload(page, fast, "müller.csv", "name,order_id\nMüller,D-1\nJürgen,D-2\n".encode("cp1252"))
    expect(page.get_by_text("müller.csv · 2 rows · Windows-1252 · comma · header in row 1")).to_be_visible()
    differently("Encoding", "UTF-8")
    expect(page.get_by_text("This file cannot be read as it is")).to_be_visible()
    expect(page.get_by_text("müller.csv is not UTF-8: row 2 holds bytes that are none.")).to_be_visible()
    expect(page.locator(".st-key-bulk_start")).to_have_count(0)
    differently("Encoding", "Windows-1252")
    expect(page.get_by_text("müller.csv · 2 rows · Windows-1252 · comma · header in row 1")).to_be_visible()
    differently("Delimiter", "semicolon")
    expect(page.get_by_text("müller.csv · 3 rows · Windows-1252 · semicolon · no header")).to_be_visible()
    sample = page.locator("[data-testid=stDataFrame]").first
    eventually(page, lambda: "Müller,D-1" in str(rows_of(sample)))


REFUSED = {
    "a.pdf": (b"%PDF-1.7\n1 0 obj <<>> endobj\n", "a.pdf is a PDF, not a table."),
    "a.csv": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a.csv is a picture (PNG), not a table."),
    "empty.csv": (b"", "empty.csv is empty."),
}


def test_refused_file__says_so_and_another_can_be_chosen(page: Page, fast: str) -> None:
    page.goto(f"{fast}/bulk")
    for name, (content, sentence) in REFUSED.items():
        bulk.put(page, name, content)
        expect(page.get_by_text(sentence)).to_be_visible()
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
        assert "Traceback" not in page.content()
        page.locator(".st-key-bulk_another button").click()
    bulk.put(page, "good.csv", bulk.ids_of("GOOD", 3))
    expect(page.locator(".st-key-bulk_start button")).to_contain_text("Start 3 requests")


def test_running_job__is_seen_by_all_obeys_and_outlives_its_browsers(
    new_page: Callable[[], Page], paced: str, sandbox: Sandbox
) -> None:
    page, other = new_page(), new_page()
    upload(page, paced, "long.csv", bulk.ids_of("LONG", LONG))
    bulk.start(page)
    address = page.url
    other.goto(address)  # the link in another browser
    for browser in (page, other):
        eventually(browser, lambda at=browser: so_far(at) > 0)
    page.locator(".st-key-bulk_pause button").click()
    clicked = time.monotonic()
    for browser in (page, other):
        expect(progress(browser)).to_contain_text("Paused")
    page.wait_for_timeout(max(0, 1000 * (clicked + PAUSED_WITHIN_S + 1 - time.monotonic())))
    last = max(request.at for request in sandbox.requests if request.order_id.startswith("LONG"))
    print(f"the last request came {last - clicked:.2f} s after the click on Pause")
    assert last < clicked + PAUSED_WITHIN_S
    paused_at = len(asked(sandbox, "LONG"))
    assert paused_at < LONG

    page.reload()  # F5
    progress(page).wait_for()
    for browser in (page, other):
        eventually(browser, lambda at=browser: so_far(at) == paused_at)
        assert browser.url == address
    page.locator(".st-key-bulk_results_so_far button").click()
    _, lines = bulk.file_of(page, "bulk_orders_csv")
    words = [line[1 + OUTCOME] for line in lines]
    assert (words.count("no_calls"), words.count("pending")) == (paused_at, LONG - paused_at)

    page.locator(".st-key-bulk_resume button").click()
    for browser in (page, other):
        eventually(browser, lambda at=browser: so_far(at) > paused_at)
    for browser in (page, other):
        browser.context.close()
    assert len(asked(sandbox, "LONG")) < LONG
    later = new_page()
    eventually(later, lambda: len(asked(sandbox, "LONG")) == LONG, 30)
    later.goto(address)
    bulk.done(later)
    assert bulk.outcomes(later) == {"Found": 0, "No calls": LONG, "Failed": 0, "Invalid": 0, "Pending": 0}
    assert len(set(asked(sandbox, "LONG"))) == LONG == len(asked(sandbox, "LONG"))  # nothing was asked twice


def test_full_speed__the_page_answers_clicks_and_cancel_ends_it(page: Page, fast: str, sandbox: Sandbox) -> None:
    upload(page, fast, "many.csv", bulk.ids_of("MANY", 30_000))
    bulk.start(page)
    eventually(page, lambda: so_far(page) > 0)
    waits = []
    for link, sign in (("Jobs", "jobs_list"), ("Look up", "lookup_ids"), ("Jobs", "jobs_list")):
        clicked = time.monotonic()
        page.get_by_role("link", name=link).click()
        page.locator(f".st-key-{sign}").first.wait_for()
        waits.append(time.monotonic() - clicked)
    print("clicks answered after", ", ".join(f"{wait:.2f} s" for wait in waits))
    assert max(waits) < 10
    job = page.locator("[class*=st-key-job_]", has_text="many.csv")
    job.get_by_role("button", name="Open").click()
    page.locator(".st-key-bulk_pause button").wait_for()
    assert_fits(page)
    page.locator(".st-key-bulk_cancel button").click()
    expect(progress(page)).to_contain_text("Cancelled")
    page.locator(".st-key-bulk_results").wait_for()
    settled(page)
    seen = asked(sandbox, "MANY")
    page.wait_for_timeout(500)
    assert asked(sandbox, "MANY") == seen
    assert len(seen) == len(set(seen)) < 30_000
    expected = {"Found": 0, "No calls": len(seen), "Failed": 0, "Invalid": 0, "Pending": 30_000 - len(seen)}
    eventually(page, lambda: bulk.outcomes(page) == expected)


def test_wrong_secret__halts_with_the_cure_and_goes_on_after_it(page: Page, start: Start, sandbox: Sandbox) -> None:
    with Sandbox(access_secret="another-secret") as other:
        address = start(NXCC_BASE_URL=other.base_url, NXCC_ACCESS_SECRET="not-the-secret")
        upload(page, address, "halted.csv", bulk.ids_of("HALT", 40))
        bulk.start(page)
        card = page.locator(".st-key-halted")
        expect(card).to_contain_text("NXCC_ACCESS_SECRET")
        expect(card).to_contain_text("40 ids still to ask")
        assert bulk.outcomes(page) == {"Found": 0, "No calls": 0, "Failed": 0, "Invalid": 0, "Pending": 40}
        assert_fits(page)
        assert "not-the-secret" not in page.content()
        asked_before = len(other.requests)
        assert asked_before < 40  # it stopped at once
        port = int(other.base_url.rpartition(":")[2])
    with Sandbox(access_secret="not-the-secret", port=port):  # the vendor agrees now
        page.locator(".st-key-halted_again button").click()
        bulk.done(page)
        assert bulk.outcomes(page)["No calls"] == 40


def test_retry_failed_and_ask_again__ask_only_those(page: Page, fast: str, sandbox: Sandbox) -> None:
    once, always, none = "FAIL-CODE-41000-1~bulk", "FAIL-CODE-41000~bulk", "NONE-1"
    found = of_style(sandbox, "BOT-", 0)
    upload(page, fast, "retry.csv", bulk.csv_of([["order_id"], [once], [always], [none], [found]]))
    bulk.run(page)
    assert bulk.outcomes(page) == {"Found": 1, "No calls": 1, "Failed": 2, "Invalid": 0, "Pending": 0}
    expect(page.locator(".st-key-bulk_results")).to_contain_text("41000")
    page.locator(".st-key-bulk_retry_failed button").click()
    expect(page.locator(".st-key-bulk_outcomes")).to_contain_text("Found 2")
    bulk.done(page)
    assert bulk.outcomes(page) == {"Found": 2, "No calls": 1, "Failed": 1, "Invalid": 0, "Pending": 0}
    page.locator(".st-key-bulk_again_no_calls button").click()
    eventually(page, lambda: asked(sandbox, none) == [none] * 2)
    bulk.done(page)
    assert [len(asked(sandbox, order)) for order in (once, always, none, found)] == [2, 2, 2, 1]
    assert_comes_back(
        page, ["order_id"], [[once], [always], [none], [found]],
        [("found", "1"), ("failed", ""), answer_of(sandbox, none), answer_of(sandbox, found)],
    )  # fmt: skip


HOSTILE = ("<img src=x onerror=alert(1)>", "[x](http://evil.invalid)", "![x](http://evil.invalid/x.png)", ":red[**x**]")
FORMULA = '=HYPERLINK("http://evil.invalid","x")'


def test_cells_and_names__are_text_and_never_markup(page: Page, fast: str) -> None:
    visited: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda request: visited.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    def assert_only_text() -> None:
        settled(page)
        assert page.locator("img[src=x], a[href*='evil.invalid'], img[src*='evil.invalid']").count() == 0
        assert page.locator("[data-testid=stMarkdown] strong").get_by_text("x", exact=True).count() == 0

    header = ["order_id", *HOSTILE, FORMULA]
    ids = [*HOSTILE, FORMULA, "+852 3575 7580", HOSTILE[0], "9" * 129 + HOSTILE[0]]
    cells = [[order, *HOSTILE, FORMULA] for order in ids]
    upload(page, fast, "[x](http:evil.invalid) <img src=x onerror=alert(1)>.csv", bulk.csv_of([header, *cells]))
    assert {row["Problem"] for row in rows(page, "bulk_check")} == {"duplicate_of_row_2", "too_long"}
    assert HOSTILE[0] in str(rows(page, "bulk_check"))
    assert_only_text()
    bulk.run(page)
    assert [row["Order ID"] for row in rows(page, "bulk_orders")] == ids
    assert_only_text()
    names, lines = bulk.file_of(page, "bulk_orders_csv")
    assert names[: len(header)] == [*header[:-1], f"'{FORMULA}"]
    assert [line[: len(header)] for line in lines] == [
        [f"'{order}" if order[0] in "=+" else order, *HOSTILE, f"'{FORMULA}"] for order in ids
    ]
    assert lines[4][len(header)] == f"'{FORMULA}"  # the id that was sent
    page.goto(f"{fast}/jobs")
    expect(page.locator(".st-key-jobs_list")).to_contain_text("[x](http:evil.invalid) <img src=x")
    assert_only_text()
    assert not dialogs
    assert not [url for url in visited if "//evil.invalid" in url or url.endswith("/x")]


def test_unknown_address__is_a_sentence_and_the_uploader(page: Page, fast: str) -> None:
    for query in ("job=0123456789abcdef", "job=..%2F..%2Fetc%2Fpasswd&upload=%00", "upload=%3Cimg%20src=x%3E"):
        page.goto(f"{fast}/bulk?{query}")
        expect(page.get_by_text("There is no such job here.")).to_be_visible()
        expect(page.locator(".st-key-bulk_file")).to_be_visible()
        settled(page)
        assert page.locator("img[src=x], [data-testid=stException]").count() == 0
