"""Whom this installation asks, with which settings, and of which versions it is made."""

from __future__ import annotations

from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from nxcc import status, wording
from nxcc.desk import Desk
from nxcc.errors import SettingsError
from nxcc.settings import masked_key
from nxcc.ui import panels, tables

_ROWS = 12


def draw(desk: Desk) -> None:
    """Two cards, and the table of all settings."""
    left, right = st.columns(2, gap="small")
    with left, st.container(border=True, gap="xsmall", height="stretch", key="status_account"):
        st.markdown("**Whom it asks**")
        st.table(_account(desk), border="horizontal", alt="The account that requests are signed for")
    with right, st.container(border=True, gap="xsmall", height="stretch", key="status_versions"):
        st.markdown("**Versions**")
        st.table(_versions(), border="horizontal", alt="Versions of this program and of what it stands on")
    _table(desk)


def _account(desk: Desk) -> dict[str, str]:
    settings, account = desk.settings, desk.credentials
    address = urlsplit(account.base_url)
    return {
        "Gateway": wording.in_markdown(address.netloc) + (" (the sandbox)" if desk.sandbox else ""),
        "Encrypted": "yes" if address.scheme == "https" else "no: it is asked by plain HTTP",
        "Team": str(account.tenant_id),
        "Access key": masked_key(account.access_key),
        "Access secret": "never shown",
        "Signed with": account.algorithm,
        "Requests": f"up to {settings.rate_per_second:g}/s" if settings.rate_per_second else "no limit",
        "At once": str(settings.concurrency),
        "Data folder": wording.in_markdown(str(settings.data_dir)),
    }


def _versions() -> dict[str, str]:
    return {name: wording.in_markdown(said) for name, said in status.versions().items()}


def _table(desk: Desk) -> None:
    with st.container(key="status_settings", gap="xsmall"):
        st.subheader("Settings", anchor=False, help="The environment stands above secrets.toml, both above defaults.")
        try:
            rows = status.settings(desk.settings)
        except SettingsError as error:
            panels.problem(
                error, key="status_settings_failed", title="Settings cannot be read any more", kept="The app goes on."
            )
            return
        shown = pd.DataFrame(
            {
                "name": [row.name for row in rows],
                "value": [wording.plain(row.value) or None for row in rows],
                "source": [row.source for row in rows],
                "meaning": [row.meaning for row in rows],
            }
        )
        cc = st.column_config
        config = {
            "name": cc.TextColumn("Setting", width=200),
            "value": cc.TextColumn("Value", width=190),
            "source": cc.TextColumn("From", width=100),
            "meaning": cc.TextColumn("Meaning", width=570),
        }
        tables.draw(shown, config, {}, {}, rows=_ROWS, alt="Settings, those set first", key="status_settings_table")
        st.caption(f"{len(rows)} settings; those that were set stand first. README.md says what each accepts.")
