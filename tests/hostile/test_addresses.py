"""Every page under hostile addresses: it is drawn, without an error that nobody foresaw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from nxcc import intake
from nxcc.aliases import MARK
from nxcc.archive import Look, history
from nxcc.desk import Desk
from nxcc.filters import NAMES, from_address
from nxcc.overview import Overview
from nxcc.ui import resources
from tests.browser.server import account
from tests.hostile import addresses, records, texts
from tests.hostile.conftest import Gateway


@pytest.fixture(scope="module")
def desk(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The process's desk, on the hostile gateway, with some of its answers in the archive."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in account(gateway.sandbox).items():
            patch.setenv(name, value)
        patch.setenv("NXCC_DATA_DIR", str(tmp_path_factory.mktemp("addresses")))
        patch.setenv("NXCC_RATE_PER_SECOND", "0")
        resources.close()
        opened = resources.opened()
        assert isinstance(opened, Desk), opened
    told = {f"A-{n}": records.saying(text, n) for n, text in enumerate(texts.SHORT[:60])}
    gateway.calls |= told
    assert {outcome.word for batch in opened.lookup.run(told) for outcome in batch} == {"found"}
    yield opened
    resources.close()


def _page(name: str) -> None:
    import importlib

    from nxcc.ui import shell

    shell.run(importlib.import_module(f"pages.{name}").render)


@pytest.mark.parametrize("value", addresses.VALUES, ids=lambda value: ascii(value[:40]))
def test_value__at_the_doors_behind_the_pages(desk: Desk, value: str) -> None:
    """What pages hand it to; drawing a page for each would take minutes."""
    assert desk.jobs is not None
    assert desk.aliases is not None
    assert desk.jobs.store.get(value) is None
    assert desk.jobs.folder(value) is None
    assert desk.aliases.meant(value) == (None if value.startswith(MARK) else value)
    assert desk.aliases.meant(desk.aliases.in_address(value)) == value
    order_id = intake.clean(value)
    assert history.lookups_of(desk.archive, order_id) == []
    asked = intake.asked(intake.split(value))
    assert all(len(one) <= intake.LONGEST for one in asked.valid)
    filters, _ = from_address([(name, value) for name in NAMES])
    overview = Overview(desk.explored, filters, Look(ZoneInfo("Asia/Shanghai"), 10, 20), datetime.now(UTC))
    assert overview.totals.total("calls") >= 0


# Of the addresses of a page, each so manieth is drawn.
_EVERY = {"lookup": 14, "bulk": 12, "jobs": 40, "explore": 14, "order": 12, "status": 40}


@pytest.mark.parametrize("page", addresses.PARAMETERS)
def test_page__under_any_address(desk: Desk, page: str, caplog: pytest.LogCaptureFixture) -> None:
    every = addresses.of(page)
    assert max(map(len, every[9][addresses.PARAMETERS[page][0]])) == 100_000
    for said in (every[0], *every[9 :: _EVERY[page]]):
        shown = AppTest.from_function(_page, args=(page,), default_timeout=60)
        for name, values in said.items():
            shown.query_params[name] = values
        shown.run()
        assert not shown.exception, said
        cards = [text.value for text in shown.markdown if "could not be drawn" in text.value]
        assert cards == [], (said, caplog.text)
