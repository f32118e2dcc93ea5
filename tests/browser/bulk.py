"""The way of a file through the Bulk page."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import Locator, Page, expect

from nxcc.sandbox import Sandbox
from tests.browser.on_page import download, rows, settled

Cells = list[list[str]]


def csv_of(cells: Cells) -> bytes:
    """A plain CSV file."""
    text = io.StringIO()
    csv.writer(text).writerows(cells)
    return text.getvalue().encode()


def ids_of(name: str, n: int) -> bytes:
    """A file of ids that the sandbox knows nothing of."""
    return csv_of([["order_id"], *([f"{name}-{i:05d}"] for i in range(n))])


def put(page: Page, name: str, content: bytes) -> None:
    """Uploads a file on the page that is open."""
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator(".st-key-bulk_file input[type=file]").set_input_files(file)


def upload(page: Page, address: str, name: str, content: bytes) -> None:
    """Opens the Bulk page and uploads a file."""
    page.goto(f"{address}/bulk")
    put(page, name, content)


def start(page: Page) -> None:
    """Starts the job of the check that is shown, or will be."""
    page.locator(".st-key-bulk_start button").click()
    progress(page).wait_for()


def run(page: Page) -> None:
    """Starts the job and waits for its results."""
    start(page)
    done(page)


def done(page: Page) -> None:
    """Waits for the results."""
    expect(progress(page)).to_contain_text("Done")
    page.locator(".st-key-bulk_orders_csv button").wait_for()
    settled(page)


def progress(page: Page) -> Locator:
    return page.locator(".st-key-bulk_progress")


def so_far(page: Page) -> int:
    """How many ids have an outcome, as the page says."""
    said = re.search(r"([\d,]+) of [\d,]+ ids", progress(page).inner_text())
    return int(said[1].replace(",", "")) if said else -1


def outcomes(page: Page) -> dict[str, int]:
    """The badges: outcome -> ids."""
    said = page.locator(".st-key-bulk_outcomes").inner_text()
    words = ("Found", "No calls", "Failed", "Invalid", "Pending")
    return {word: int(re.search(rf"{word} ([\d,]+)", said)[1].replace(",", "")) for word in words}  # type: ignore[index]


def problems(page: Page) -> dict[str, tuple[str, str]]:
    """Row number -> problem and effect, of the rows that the table shows."""
    return {row["Row"]: (row["Problem"], row["Effect"]) for row in rows(page, "bulk_check")}


def file_of(page: Page, key: str) -> tuple[list[str], Cells]:
    """A CSV file's header and rows."""
    content = download(page, key)
    assert content.startswith(b"\xef\xbb\xbf")
    header, *cells = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return header, cells


def choose(page: Page, box: Locator, option: str) -> None:
    """Chooses an option of a select box."""
    box.locator("input").click()
    page.get_by_role("option", name=option, exact=True).click()


def answer_of(sandbox: Sandbox, order_id: str) -> tuple[str, str]:
    """Outcome and number of calls that are right for an id."""
    n = len(sandbox.world.records(order_id))
    return ("found" if n else "no_calls"), str(n)


def asked(sandbox: Sandbox, prefix: str) -> list[str]:
    """The ids with this beginning that the sandbox was asked for, in order."""
    return [request.order_id for request in sandbox.requests if request.order_id.startswith(prefix)]
