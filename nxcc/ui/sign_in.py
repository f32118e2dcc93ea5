"""Who looks at the page: Streamlit's sign-in (OIDC), our lists, and what a role may do here."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from nxcc import access
from nxcc.access import May, Viewer
from nxcc.errors import NxccError, SettingsError
from nxcc.jobs import whoever_runs_this
from nxcc.settings import Settings, load
from nxcc.ui import resources

Why = Literal["", "signed out", "ended", "not listed", "not set up"]

log = logging.getLogger(__name__)

# What the cookie said with which a browser connected. Files are made in threads that know of no session.
_connected_with: ContextVar[Mapping[str, Any]] = ContextVar("nxcc_connected_with", default=MappingProxyType({}))


class NotAllowed(NxccError):
    """Somebody did what their role may not, perhaps because their sign-in has ended meanwhile."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who it is; None with the reason: not signed in, signed in too long ago, on no list, or settings are wrong."""

    viewer: Viewer | None
    why: Why = ""
    who: str = ""


def configured() -> bool:
    """Whether `[auth]` is in the secrets: then nobody sees anything before they have signed in."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def standing() -> Standing:
    """Where whoever looks at this page stands, now."""
    if not configured():
        return Standing(_here())
    drawing = get_script_run_ctx(suppress_warning=True) is not None
    return of_claims(st.user.to_dict() if drawing else _connected_with.get())


def connects_with(claims: Mapping[str, Any]) -> None:
    """For a connection of a browser: all that is done for it from now on is done for whoever has these claims."""
    _connected_with.set(claims)


def of_claims(claims: Mapping[str, Any]) -> Standing:
    """Where somebody with these claims stands, where sign-in is configured."""
    if not claims.get("is_logged_in"):
        return Standing(None, "signed out")
    who = access.who(claims)
    desk = resources.open_now()
    try:
        settings = desk.settings if desk else load()
    except SettingsError:
        return Standing(None, "not set up", who)
    if _ended(claims, settings) or (desk and desk.sign_outs and desk.sign_outs.has_ended(claims)):
        return Standing(None, "ended", who)
    role = access.role_of(claims, settings.people)
    return Standing(Viewer(who, role)) if role else Standing(None, "not listed", who)


def viewer() -> Viewer | None:
    """Who looks at this page; None when they may see nothing."""
    return standing().viewer


def signed_in() -> bool:
    """Whether whoever looks at this page has signed in, rather than being alone on this machine."""
    someone = viewer()
    return someone is not None and someone.signed_in


def may(what: May) -> bool:
    """Whether whoever looks at this page may do this."""
    someone = viewer()
    return someone is not None and someone.may(what)


def must(what: May) -> Viewer:
    """Who looks at this page. Raises `NotAllowed` when they may not: a click can come after the sign-in has ended."""
    someone = viewer()
    if someone is None:
        raise NotAllowed("Your sign-in has ended, so this was not done.", cure="Reload the page and sign in again.")
    if not someone.may(what):
        raise NotAllowed(f"Your role ({someone.role.word}) may not {what}.", cure=cure(what))
    return someone


def cure(what: May) -> str:
    """What to do about it."""
    return f"It takes the role {access.least(what).word}: ask whoever runs this installation."


def _ended(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the sign-in is too old: Streamlit's cookie holds for 30 days, whatever the provider said."""
    issued, expires = claims.get("iat"), claims.get("exp")
    if settings.sign_in_s:
        return not isinstance(issued, int | float) or time.time() >= issued + settings.sign_in_s
    return not isinstance(expires, int | float) or time.time() >= expires


@lru_cache(maxsize=1)
def _here() -> Viewer:
    return access.here(whoever_runs_this())
