"""Who may do what: role x page x action x deep link x download, in one table, each cell tried in a real browser."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from nxcc import masking
from nxcc.sandbox import Sandbox
from tests.browser import bulk
from tests.browser.on_page import download, eventually, settled
from tests.browser.server import PROJECT
from tests.oidc.guarded import NOT_THERE, OWN_NUMBER, Filled, Guarded
from tests.oidc.wire import Ear

# Who stands for each role: nobody signed in, somebody on no list, and one of each list.
ROLES = {"nobody": "", "stranger": "stranger", "viewer": "vera", "analyst": "anna", "lead": "leo", "admin": "ada"}

# What comes of it, read from what reached the browser or stands in the file:
#   door    the front door, and nothing of what is behind it
#   plain   a page or a file in which there is no number
#   masked  numbers with their middle hidden, and no recording
#   cells   as masked or plain, with numbers whole in the cells of an uploaded file
#   whole   whole numbers
#   not for the page says that it is not for this role
#   no      there is no such button, or it does nothing
#   done    it does what it says
MATRIX = """
at                what                        nobody  stranger  viewer   analyst  lead    admin
/                 open                        door    door      plain    plain    plain   plain
/                 look up a new order         no      no        no       done     done    done
/?orders          open                        door    door      masked   masked   whole   whole
/?orders          lookup_orders_csv           no      no        plain    plain    plain   plain
/?orders          lookup_calls_csv            no      no        masked   masked   whole   whole
/?orders          lookup_refresh              no      no        no       done     done    done
/lookup?orders    open                        door    door      masked   masked   whole   whole
/bulk             open                        door    door      not for  plain    plain   plain
/bulk             paste ids                   no      no        no       done     done    done
/bulk             upload a file               no      no        no       done     done    done
/bulk             bulk_start                  no      no        no       done     done    done
/bulk?upload      open                        door    door      not for  cells    cells   cells
/bulk?upload      bulk_problems_csv           no      no        no       plain    plain   plain
/bulk?job         open                        door    door      masked   masked   whole   whole
/bulk?job         bulk_orders_csv             no      no        masked   cells    cells   cells
/bulk?job         bulk_orders_xlsx            no      no        masked   cells    cells   cells
/bulk?job         bulk_orders_parquet         no      no        masked   cells    cells   cells
/bulk?job         bulk_calls_csv              no      no        masked   masked   whole   whole
/bulk?job         bulk_calls_xlsx             no      no        masked   masked   whole   whole
/bulk?job         bulk_calls_parquet          no      no        masked   masked   whole   whole
/bulk?job         bulk_again_no_calls         no      no        no       done     done    done
/jobs             open                        door    door      plain    plain    plain   plain
/jobs             job_orders                  no      no        masked   cells    cells   cells
/jobs             job_calls                   no      no        masked   masked   whole   whole
/jobs             job_rename                  no      no        no       done     done    done
/jobs             job_repeat                  no      no        no       done     done    done
/jobs             job_delete                  no      no        no       no       done    done
/period           open                        door    door      masked   masked   whole   whole
/period           explore_calls_csv           no      no        masked   masked   whole   whole
/period           read the days               no      no        no       done     done    done
/explore          open                        door    door      masked   masked   whole   whole
/explore          explore_calls_csv           no      no        masked   masked   whole   whole
/explore          explore_report              no      no        plain    plain    plain   plain
/explore          explore_view_save           no      no        no       done     done    done
/explore          explore_view_remove         no      no        no       no       done    done
/explore?find     find a number               no      no        no       no       done    done
/order            open                        door    door      plain    plain    plain   plain
/order?order      open                        door    door      masked   masked   whole   whole
/order?order      order_raw_file              no      no        masked   masked   whole   whole
/order?order      order_refresh               no      no        no       done     done    done
/order?order      order_play_recording        no      no        no       no       done    done
/order?order      order_forget                no      no        no       no       done    done
/status           open                        door    door      not for  not for  not for plain
/status           status_audit_csv            no      no        no       no       no      plain
"""
MASKED = re.compile(rf"[0-9](?:{masking.STAR}){{3,}}[0-9]{{3}}".encode())

HEADER, *LINES = [re.split(r"  +|(?<=not for) ", line) for line in MATRIX.strip().splitlines()]
EXPECTED = {role: {(at, what): words[n] for at, what, *words in LINES} for n, role in enumerate(HEADER[2:])}


# What stands on a page once it is whole.
DRAWN = {
    "/": "lookup_go",
    "/?orders": "lookup_calls [data-testid=stDataFrame]",
    "/lookup?orders": "lookup_calls [data-testid=stDataFrame]",
    "/bulk": "bulk_paste",
    "/bulk?upload": "bulk_problems [data-testid=stDataFrame]",
    "/bulk?job": "bulk_calls [data-testid=stDataFrame]",
    "/jobs": "jobs_list",
    "/explore": "explore_calls [data-testid=stDataFrame]",
    "/explore?find": "explore_tiles, .st-key-explore_none",
    "/period": "explore_calls [data-testid=stDataFrame]",
    "/order": "order_empty",
    "/order?order": "order_raw",
    "/status": "status_audit",
}
NOT_DRAWN = ".st-key-front_door, .st-key-bulk_not_for, .st-key-status_not_for"


@dataclass
class Visit:
    """One person at work in a browser of their own."""

    guarded: Guarded
    sandbox: Sandbox
    role: str
    page: Page
    ear: Ear
    at: str = ""
    expected: str = ""
    mine: dict[str, str] = field(default_factory=dict)

    def key(self, key: str) -> Locator:
        return self.page.locator(f".st-key-{key}")

    def can(self, key: str) -> bool:
        """Whether a button is there and can be clicked; one that should be is waited for."""
        if self.page.locator(NOT_DRAWN).count():
            return False
        with suppress(PlaywrightTimeout):
            self.key(key).locator("button:enabled").wait_for(timeout=250 if self.expected == "no" else 10_000)
        settled(self.page)
        button = self.key(key).locator("button")
        return button.count() == 1 and button.is_enabled()

    def asked(self, order_id: str) -> int:
        """How often the vendor was asked for an order."""
        return len([request for request in self.sandbox.requests if request.order_id == order_id])


def test_table__has_every_role_page_and_download() -> None:
    assert ["at", "what", *ROLES] == HEADER
    assert all(len(line) == len(HEADER) for line in LINES)
    pages = {at.strip("/").partition("?")[0] or "lookup" for at, *_ in LINES}
    assert pages == {file.stem for file in (PROJECT / "pages").glob("*.py")} - {"__init__"}
    assert pages >= set(re.findall(r'url_path="(\w+)"', (PROJECT / "app.py").read_text()))
    buttons = r'download_button\(.*?key=f?"(\w+)[^"]*"'
    sources = [*(PROJECT / "nxcc/ui").glob("*.py"), *(PROJECT / "pages").glob("*.py")]
    downloads = {key for file in sources for key in re.findall(buttons, file.read_text(), re.DOTALL)}
    tried = {what for _, what, *_ in LINES}
    assert len(downloads) >= 8
    assert all(any(what.startswith(key) for what in tried) for key in downloads), downloads


@pytest.mark.parametrize("role", ROLES)
def test_roles__may_do_what_the_table_says(role: str, browser: Browser, guarded: Guarded, sandbox: Sandbox) -> None:
    with guarded.context(browser, ROLES[role]) as context:
        page = context.new_page()
        visit = Visit(guarded, sandbox, role, page, Ear(page))
        tried = {}
        for at, what in EXPECTED[role]:
            if at != visit.at:
                visit.at = at
                visit.ear.heard()
                open_at(visit, at)
            visit.expected = EXPECTED[role][at, what]
            tried[at, what] = TRIES.get(what, file)(visit, what)
    assert tried == EXPECTED[role]


def link(filled: Filled, at: str) -> str:
    """The address behind a word of the table."""
    first, second = (quote(one, safe="") for one in filled.orders[:2])
    caller = min(filled.numbers)
    return {
        "/?orders": f"/?orders={first},{second}",
        "/lookup?orders": f"/lookup?orders={first}",
        "/bulk?upload": f"/bulk?upload={filled.upload}",
        "/bulk?job": f"/bulk?job={filled.job}",
        "/explore?find": f"/explore?period=all&find={caller}",
        "/order?order": f"/order?order={first}",
    }.get(at, at)


def open_at(visit: Visit, at: str) -> None:
    visit.page.goto(visit.guarded.address + link(visit.guarded.filled, at))
    visit.page.locator(f".st-key-{DRAWN[at]}, {NOT_DRAWN}").first.wait_for()
    settled(visit.page)


def seen(content: bytes, filled: Filled) -> str:
    """How numbers stand in what was told: `whole` when eight digits of one in a row are there."""
    if any(number[-8:].encode() in content for number in filled.numbers):
        return "whole"
    assert not any(link.encode() in content for link in filled.recordings)
    if OWN_NUMBER[-8:].encode() in content:
        return "cells"
    return "masked" if MASKED.search(content) else "plain"


def opened(visit: Visit, _: str) -> str:
    heard = visit.ear.heard()
    if visit.key("front_door").count():
        nothing = [*visit.guarded.filled.orders, "done.csv", "Order story", visit.guarded.filled.job]
        assert not [one for one in nothing if one.encode() in heard]
        assert seen(heard, visit.guarded.filled) == "plain"
        return "door"
    if visit.page.locator(NOT_DRAWN).count():
        assert seen(heard, visit.guarded.filled) == "plain"
        return "not for"
    assert visit.page.locator(".st-key-unforeseen, .st-key-not_done").count() == 0
    return seen(heard, visit.guarded.filled)


def file(visit: Visit, what: str) -> str:
    """Fetches the file behind a button of this name."""
    if not visit.can(what):
        return "no"
    return seen(unpacked(download(visit.page, what)), visit.guarded.filled)


def unpacked(content: bytes) -> bytes:
    """The text of a file, whatever packs it."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return b"".join(book.read(name) for name in book.namelist())
    if content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        return "\n".join(str(pa.Table.to_pylist(table)).split(",")).encode()
    return content


def look_up(visit: Visit, _: str) -> str:
    if not visit.can("lookup_go"):
        return "no"
    order_id = f"NEW-{visit.role}"
    visit.key("lookup_ids").locator("textarea").fill(order_id)
    visit.key("lookup_go").locator("button").click()
    expect(visit.key("lookup_outcomes")).to_be_visible()
    settled(visit.page)
    return "done" if visit.asked(order_id) else "no"


def asks_again(visit: Visit, what: str) -> str:
    """Clicks the button; the vendor is asked once more."""
    order_id = NOT_THERE if what == "bulk_again_no_calls" else visit.guarded.filled.orders[0]
    if not visit.can(what):
        return "no"
    before = visit.asked(order_id)
    visit.key(what).locator("button").click()
    eventually(visit.page, lambda: visit.asked(order_id) == before + 1)
    if what == "bulk_again_no_calls":
        bulk.done(visit.page)
    settled(visit.page)
    return "done"


def paste(visit: Visit, _: str) -> str:
    if not visit.can("bulk_paste"):
        return "no"
    visit.key("bulk_pasted").locator("textarea").fill(f"NEW-{visit.role}")
    visit.key("bulk_paste").locator("button").click()
    visit.page.wait_for_url("**/bulk?upload=*")
    expect(visit.key("bulk_check")).to_be_visible()
    return "done"


def upload(visit: Visit, _: str) -> str:
    if visit.key("bulk_check").count():
        open_at(visit, "/bulk")
    if not visit.key("bulk_file").count():
        return "no"
    bulk.put(visit.page, f"{visit.role}.csv", bulk.csv_of([["order_id"], [f"NEW-{visit.role}"]]))
    visit.page.wait_for_url("**/bulk?upload=*")
    expect(visit.key("bulk_check")).to_be_visible()
    settled(visit.page)
    return "done"


def starts(visit: Visit, what: str) -> str:
    if not visit.can(what):
        return "no"
    bulk.run(visit.page)
    visit.mine["job"] = visit.page.url.partition("job=")[2]
    return "done"


def of_a_job(visit: Visit, what: str) -> str:
    """What the list of jobs offers behind a job's button: files of the job that is done, the rest on one's own."""
    is_file = what in ("job_orders", "job_calls")
    job = visit.guarded.filled.job if is_file else visit.mine.get("job", visit.guarded.filled.job)
    row = visit.key(f"job_{job}")
    if not row.count():
        return "no"
    if not visit.key(f"job_orders_{job}").is_visible():
        visit.page.keyboard.press("Escape")
        visit.key(f"job_more_{job}").locator("button").click()
        visit.key(f"job_orders_{job}").wait_for()
    if is_file:
        return file(visit, f"{what}_{job}")
    return JOB[what](visit, job, row) if visit.can(f"{what}_{job}") else "no"


def rename(visit: Visit, job: str, row: Locator) -> str:
    visit.key(f"job_name_{job}").locator("input").fill(f"renamed by {visit.role}")
    visit.key(f"job_name_{job}").locator("input").press("Enter")
    settled(visit.page)
    visit.key(f"job_rename_{job}").locator("button").click()
    expect(row).to_contain_text(f"renamed by {visit.role}")
    return "done"


def repeat(visit: Visit, job: str, row: Locator) -> str:
    visit.key(f"job_repeat_{job}").locator("button").click()
    visit.page.wait_for_url("**/bulk?upload=*")
    open_at(visit, "/jobs")
    return "done"


def delete(visit: Visit, job: str, row: Locator) -> str:
    visit.key(f"job_delete_{job}").locator("button").click()
    visit.key(f"job_delete_yes_{job}").locator("button").click()
    expect(row).to_have_count(0)
    return "done"


def saves_view(visit: Visit, what: str) -> str:
    if not visit.key("explore_views").count():
        return "no"
    visit.key("explore_views").locator("button").first.click()
    visit.page.get_by_role("button", name="All of it").wait_for()
    if not visit.can(what):
        return "no"
    visit.page.get_by_label("Name for the filters set now").fill(f"by {visit.role}")
    visit.key(what).locator("button").click()
    expect(visit.page.get_by_text(f"Saved as by {visit.role}.")).to_be_visible()
    return "done"


def removes_view(visit: Visit, what: str) -> str:
    """The one that was saved before, out of the same list."""
    buttons = visit.page.locator(f"[class*='st-key-{what}_'] button")
    if not buttons.count():
        return "no"
    mine = visit.page.get_by_role("button", name=f"by {visit.role}")
    before = buttons.count()
    names = visit.page.locator("[data-testid=stPopoverBody] [class*='st-key-explore_view_'] button").all_inner_texts()
    named = [name.strip() for name in names if name.strip() and "delete" not in name]
    buttons.nth(named.index(f"by {visit.role}")).click()
    expect(buttons).to_have_count(before - 1)
    expect(mine).to_have_count(0)
    return "done"


def reads_days(visit: Visit, _: str) -> str:
    if not visit.can("period_read"):
        return "no"
    asked = len(visit.sandbox.requests)
    visit.key("period_read").locator("button").click()
    eventually(visit.page, lambda: len(visit.sandbox.requests) > asked)
    visit.key("period_read").locator("button").wait_for()  # again, when all of it has been read
    return "done"


def finds(visit: Visit, _: str) -> str:
    """Whether a whole number in an address finds calls."""
    if visit.key("front_door").count():
        return "no"
    visit.page.locator(".st-key-explore_tiles, .st-key-explore_none").first.wait_for()
    return "done" if visit.key("explore_tiles").count() else "no"


def record(visit: Visit, what: str) -> str:
    if not visit.key("order_raw").count():
        return "no"
    visit.key("order_raw").locator("summary").click()
    visit.key(what).locator("button").wait_for()
    settled(visit.page)
    code = visit.key("order_raw").locator("code")
    expect(code).to_contain_text(re.compile(r"^\s*\{.*\}\s*$", re.DOTALL))
    said = seen((code.text_content() or "").encode(), visit.guarded.filled)
    content = file(visit, what)
    assert said == content
    return content


def plays(visit: Visit, what: str) -> str:
    assert visit.page.locator("audio").count() == 0
    assert not any(link.encode() in visit.ear.heard() for link in visit.guarded.filled.recordings)
    if not visit.can(what):
        return "no"
    visit.key(what).locator("button").click()
    expect(visit.page.locator("audio")).to_have_attribute("src", re.compile("/recordings/"))
    return "done"


JOB: dict[str, Callable[[Visit, str, Locator], str]] = {
    "job_rename": rename,
    "job_repeat": repeat,
    "job_delete": delete,
}


def forgets(visit: Visit, what: str) -> str:
    """As far as what would go: the others of the table need the order."""
    if not visit.can(what):
        return "no"
    visit.key(what).locator("button").first.click()
    visit.key("forget_look").locator("button").click()
    expect(visit.page.locator("p", has_text="Would go:")).to_contain_text("call record")
    settled(visit.page)
    return "done"


TRIES: dict[str, Callable[[Visit, str], str]] = {
    "read the days": reads_days,
    "open": opened,
    "look up a new order": look_up,
    "lookup_refresh": asks_again,
    "bulk_again_no_calls": asks_again,
    "order_refresh": asks_again,
    "paste ids": paste,
    "upload a file": upload,
    "bulk_start": starts,
    "job_orders": of_a_job,
    "job_calls": of_a_job,
    **dict.fromkeys(JOB, of_a_job),
    "explore_view_save": saves_view,
    "explore_view_remove": removes_view,
    "find a number": finds,
    "order_raw_file": record,
    "order_play_recording": plays,
    "order_forget": forgets,
}
