"""The front door: page config, navigation, what stands around every page; and the work that needs no page."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from nxcc.access import May
from nxcc.settings import PROJECT
from nxcc.ui import at_work, doors, hosts


def main() -> None:
    """Draws the app."""
    # Here, because the server imports this file before Streamlit can keep anything.
    from nxcc.ui import front_door, navigation, shell, sign_in
    from pages import bulk, explore, jobs, lookup, order, period, status

    st.set_page_config(
        "Order calls", PROJECT / "static" / "mark.svg", layout="wide", initial_sidebar_state=shell.SIDEBAR_PX
    )
    if not front_door.admitted():
        return
    shell.logo()
    pages = {
        "Ask": [
            st.Page(lookup.render, title="Look up", icon=":material/search:", default=True),
            st.Page(bulk.render, title="Bulk lookup", icon=":material/upload_file:", url_path="bulk"),
            st.Page(jobs.render, title="Jobs", icon=":material/work_history:", url_path="jobs"),
        ],
        "Analyse": [
            st.Page(period.render, title="Calls by time", icon=":material/date_range:", url_path="period"),
            st.Page(explore.render, title="Explore", icon=":material/monitoring:", url_path="explore"),
            st.Page(order.render, title="Order story", icon=":material/timeline:", url_path="order"),
        ],
        "Operate": [st.Page(status.render, title="Status", icon=":material/monitor_heart:", url_path="status")],
    }
    moved = st.Page(lookup.moved, title="Look up", url_path="lookup", visibility="hidden")
    page = st.navigation(pages | {"": [moved]}, position="hidden")  # Streamlit hides a list of one; ours does not
    navigation.remember(pages)
    shell.sidebar({group: pages[group] for group in pages if group != "Operate" or sign_in.may(May.ADMINISTER)})
    shell.watch_theme()
    shell.run(page.run)


if __name__ == "__main__":
    main()
else:  # imported by the server, which runs this file as `__main__` for each look at a page
    doors.refuse_if_open_to_all()
    app = st.App(__file__, lifespan=at_work.lifespan, middleware=[Middleware(hosts.Hosts), Middleware(doors.Doors)])
