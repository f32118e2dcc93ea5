"""What stands around every page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def _broken_page() -> None:
    from nxcc.ui import shell

    def draw() -> None:
        raise ZeroDivisionError(f"of {85235757 * 1000 + 580}")

    shell.run(draw)


def test_run__what_nobody_foresaw_is_a_card_and_a_log_entry(caplog: pytest.LogCaptureFixture) -> None:
    page = AppTest.from_function(_broken_page).run()
    assert not page.exception
    assert "This page could not be drawn" in page.markdown[0].value
    said = [text.value for text in page.text]
    assert "not made for (ZeroDivisionError)" in said[0]
    assert "85235757580" not in "".join(said)
    assert "a page broke: ZeroDivisionError" in caplog.text
    (broke,) = (record for record in caplog.records if record.name == "nxcc.ui.shell")
    assert broke.frames[-1].endswith("in draw")  # type: ignore[attr-defined]
    assert "85235757580" not in caplog.text


def _stopping_page() -> None:
    import streamlit as st

    from nxcc.ui import shell

    def draw() -> None:
        st.text("before")
        st.stop()

    shell.run(draw)


def test_run__stopping_a_page_is_no_error() -> None:
    page = AppTest.from_function(_stopping_page).run()
    assert [text.value for text in page.text] == ["before"]
    assert len(page.markdown) == 0
