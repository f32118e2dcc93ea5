"""The report is one file, loads nothing, and shows all data as text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest

from nxcc import charts
from nxcc.charts import Chart
from nxcc.charts.page import script
from nxcc.palette import PALETTES, Mode
from nxcc.report import report_html
from nxcc.wording import Money
from tests.charts.rows import costs, days, reasons

HOSTILE = "</script><img src=x onerror=\"document.title='run'\"><b>'&{{ 7*7 }}"


@dataclass(frozen=True)
class Tile:
    label: str
    text: str
    basis: str
    formula: str
    change: str = ""


class Seen(HTMLParser):
    """Tags, attributes and texts as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._in = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._in = tag
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        self.tags += [f"on:{name}" for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._in == "script" else self.texts).append(data)


def drawn(mode: Mode = "light") -> list[Chart]:
    palette = PALETTES[mode]
    return [
        charts.calls_by_day(days(("2026-11-01", "answered", 30), ("2026-11-02", "busy", 4)), palette, "UTC+8"),
        charts.hangups(reasons((HOSTILE, 1, "agent", 30, 2), (None, None, "unknown", 4, 0)), palette),
        charts.cost_by("agent", costs((HOSTILE, 3, 1, 30, 4)), palette, Money("HKD", 2)),
        charts.hangups(reasons(), palette),
    ]


def made(mode: Mode = "light") -> str:
    return report_html(
        f"Explore {HOSTILE}",
        [("Agent", HOSTILE), (HOSTILE, "x")],
        [Tile("Calls", "34", "n 34 calls", "Number of calls.", "+6.1 %"), Tile(*[HOSTILE] * 5)],
        drawn(mode),
        [("Zone", "Asia/Shanghai, UTC+8"), ("Archive of", HOSTILE)],
        mode,
    ).decode()


def test_report__hostile_texts_stay_texts() -> None:
    seen = Seen(made())
    assert "img" not in seen.tags
    assert "b" not in seen.tags
    assert [tag for tag in seen.tags if tag.startswith("on:")] == []
    assert "".join(seen.texts).count(HOSTILE) >= 9  # title twice, filters, tile, definition, facts
    assert seen.tags.count("script") == 3 + 2  # a block of data for each figure, plotly, and what starts it


def test_report__loads_nothing_and_its_policy_lets_only_its_own_scripts_run() -> None:
    page = made()
    seen = Seen(page)
    assert seen.addresses == []
    assert "link" not in seen.tags
    assert "@import" not in page.split("</style>", maxsplit=1)[0]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = set(re.findall(r"sha256-([^&#]+?=)", policy[1]))
    run = [text for text in seen.scripts if not text.startswith("{")]
    assert {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run} == allowed
    assert policy[1].startswith("default-src &#39;none&#39;;")
    assert "unsafe-eval" not in policy[1]


def test_report__plotly_fits_into_a_script_element() -> None:
    assert "</script" not in script().lower()
    assert "\r" not in script()


def test_report__says_figures_changes_definitions_filters_and_facts() -> None:
    texts = [text.strip() for text in Seen(made()).texts]
    for said in (
        "34",
        "+6.1 %",
        "n 34 calls",
        "Number of calls.",
        "Asia/Shanghai, UTC+8",
        "n 34 calls · 2 contradictory",
    ):
        assert said in texts
    assert "No calls" in texts  # the chart with nothing to draw


def test_report__no_filter_is_said() -> None:
    page = report_html("Calls", [], [], [], [], "light").decode()
    assert "None: all calls." in page
    assert 'class="tiles"' not in page


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_report__is_in_the_mode_given(mode: Mode) -> None:
    page = made(mode)
    assert f"--canvas: {PALETTES[mode].mark['canvas']}" in page
    assert f"color-scheme: {mode};" in page


def test_report__control_and_direction_characters_are_seen() -> None:
    page = report_html("A\u202eB\x00C", [("Agent", "x\ny")], [], [], [], "light").decode()
    assert "A\ufffdB\ufffdC" in page
    assert "<td>x y</td>" in page
