"""One call in full: what the record says, its recording and voicemail, and the record itself."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
import streamlit as st

from nxcc import wording
from nxcc.access import May
from nxcc.palette import RESULTS
from nxcc.reading import is_link
from nxcc.records import BY_NAME
from nxcc.story import Call
from nxcc.ui import deeds, order_address, order_values, sign_in, tables
from nxcc.wording import Money

_ALWAYS = ("caller", "callee")
_WHEN_THERE = ("call_status", "dtmf_keys", "intent", "other", "task_id", "said_order_id", "call_id")
_LABELS = {
    "said_order_id": "Its order ID",
    "queued_at": "In queue",
    "dequeued_at": "Out of queue",
    "answered_at": "Answered",
}
_TIMES = ("queued_at", "dequeued_at", "rang_at", "answered_at", "ended_at")
MOST_SHOWN = 60_000  # characters of a record on the page; the file holds all of it
_TURNS = {ord(c): f"\\u{ord(c):04x}" for c in wording.DIRECTION}


def draw(n: int, call: Call, zone: ZoneInfo, money: Money) -> None:
    """The card beside the table of calls."""
    role = RESULTS[call["result"]]
    direction = tables.DIRECTIONS.get(call["direction"], call["direction"] or "")
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f"**Call {n}**", width="content")
        st.badge(role.label, icon=f":material/{role.icon}:", color=role.colour)
        if direction:
            st.badge(wording.in_markdown(wording.cut(direction, 20)), color="gray")
    _sound("Recording", call["record_url"], wording.duration(call["talk_s"]) if call["talk_s"] else "", n)
    _sound("Voicemail", call["voicemail_url"], "", n)
    if not sign_in.may(May.RECORDINGS):
        st.caption(f":material/lock: Recordings are not for the role you have. {sign_in.cure(May.RECORDINGS)}")
    st.table(_fields(call, zone, money), border="horizontal", alt=f"Fields of call {n}")
    _raw(n, call["raw"] or "")


def _sound(name: str, url: str | None, length: str, n: int) -> None:
    """A player whose browser fetches the sound itself; what is no plain link stands there as text.

    It comes after a click: a browser asks for the beginning of a sound as soon as there is a player, and no address out
    of a record is asked because a page was opened. Of whoever signed in, the click is noted.
    """
    if not url:
        return
    if not is_link(url):
        st.caption(f"{name}: not an http or https link, so it is only shown")
        st.text(wording.cut(wording.plain(url), order_values.LONGEST))
        return
    if not _opened(name, n):
        return
    st.audio(url, alt=f"{name} of this call")  # the address goes to the browser as it is: nothing is fetched here
    host = wording.in_markdown(_host(url))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", wrap=False):
        st.caption(
            f"{name}{f' {length}' if length else ''}, from {host} · played by your browser, never fetched by this "
            "server",
            width="stretch",
        )
        st.link_button(":material/open_in_new:", url, key=f"order_open_{name.lower()}")


def _host(url: str) -> str:
    """Where a link leads, in ASCII: letters of other alphabets can look like ours."""
    host = urlsplit(url).hostname or ""
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return ascii(host)[1:-1]


def _opened(name: str, n: int) -> bool:
    """Whether this sound was asked for; a button that does."""
    opened = f"order_played_{name.lower()}_{order_address.current()}_{n}"
    if st.button(f"Play {name.lower()}", icon=":material/play_circle:", key=f"order_play_{name.lower()}"):
        deeds.must(May.RECORDINGS, "played", name.lower(), count=1)
        st.session_state[opened] = True
    return bool(st.session_state.get(opened))


def _fields(call: Call, zone: ZoneInfo, money: Money) -> dict[str, str]:
    def said(name: str) -> str:
        return order_values.shown(name, call[name], zone, money)

    fields = {BY_NAME[name].label: said(name) for name in _ALWAYS}
    fields["Agent"] = _agent(call)
    fields["Hang-up"] = _hangup(call)
    fields["Queue, ring, talk"] = ", ".join(said(name) for name in ("queue_s", "ring_s", "talk_s"))
    fields["Cost"] = said("cost")
    fields["Started"] = said("started_at")
    fields |= {
        _LABELS.get(name, BY_NAME[name].label): said(name) for name in (*_TIMES, *_WHEN_THERE) if call[name] is not None
    }
    return {f":gray[{label}]": wording.in_markdown(text) for label, text in fields.items()}


def _agent(call: Call) -> str:
    nick, account = call["agent_nick"], call["agent"]
    if nick and account and nick != account:
        return f"{wording.plain(nick)}, account {wording.plain(account)}"
    return wording.plain(nick or account or wording.NOTHING)


def _hangup(call: Call) -> str:
    """`1002 · User hang-up · by the customer`."""
    code, reason, party = call["hangup_code"], call["hangup_reason"], call["hangup_party"]
    parts = [str(code) if code is not None else "", wording.cut(wording.plain(reason or ""), order_values.LONGEST)]
    if party in ("customer", "agent"):
        parts.append(f"by the {party}")
    return " · ".join(part for part in parts if part) or wording.NOTHING


def _raw(n: int, raw: str) -> None:
    """The record as it came, indented; made only when it is looked at."""
    with st.expander("Raw JSON", icon=":material/data_object:", key="order_raw", on_change="rerun") as opened:
        if not opened.open:
            return
        text = pretty(raw)
        if len(text) > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN:,} of {len(text):,} characters; the file holds all of them.")
        st.code(text[:MOST_SHOWN], language="json", height=320, wrap_lines=True)
        st.download_button(
            "Download",
            partial(_file, text),
            file_name=f"call {n}.json",
            mime="application/json",
            icon=":material/download:",
            key="order_raw_file",
            on_click="ignore",
        )


def _file(text: str) -> str:
    deeds.must(May.READ, "exported", "a record, JSON", count=1)
    return text


def pretty(raw: str) -> str:
    """The kept record, indented and else as it is; signs that turn the direction of text are written as escapes."""
    return orjson.dumps(orjson.loads(raw or "{}"), option=orjson.OPT_INDENT_2).decode().translate(_TURNS)
