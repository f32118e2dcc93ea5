"""The front door: page config, navigation, and what stands around every page."""

from __future__ import annotations

import streamlit as st

from nxcc.settings import PROJECT
from nxcc.ui import shell
from pages import lookup


def main() -> None:
    """Draws the app."""
    st.set_page_config(
        "Order calls", PROJECT / "static" / "mark.svg", layout="wide", initial_sidebar_state=shell.SIDEBAR_PX
    )
    shell.logo()
    pages = {
        "Ask": [st.Page(lookup.render, title="Look up", icon=":material/search:", default=True)],
    }
    moved = st.Page(lookup.moved, title="Look up", url_path="lookup", visibility="hidden")
    page = st.navigation(pages | {"": [moved]}, position="hidden")  # Streamlit hides a list of one; ours does not
    shell.sidebar(pages)
    shell.watch_theme()
    shell.run(page.run)


if __name__ == "__main__":
    main()
