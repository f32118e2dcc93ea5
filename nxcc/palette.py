"""Roles of colour. A role is told by its word and shape; colour comes on top, safe for colour-blind readers.

The seven named colours of the theme (.streamlit/config.toml) are these roles, so badges, tables and charts agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nxcc.hangup import Result
from nxcc.outcome import Word

Mode = Literal["light", "dark"]
Colour = Literal["blue", "gray", "red", "yellow", "green", "orange", "violet"]


@dataclass(frozen=True, slots=True)
class Role:
    """How an outcome or a result is shown. `colour` is the theme's name of its colour, `icon` a Material symbol."""

    label: str
    shape: str
    colour: Colour
    icon: str
    meaning: str = ""

    @property
    def tag(self) -> str:
        """Shape and word."""
        return f"{self.shape}  {self.label}"


OUTCOMES: dict[Word, Role] = {
    "found": Role("Found", "●", "blue", "check_circle", "The API answered with at least one call."),
    "no_calls": Role("No calls", "○", "gray", "phone_disabled", "The API answered: it knows of no call."),
    "failed": Role("Failed", "▲", "red", "error", "Asked, but no answer that can be trusted. Can be retried."),
    "invalid": Role("Invalid", "◆", "yellow", "block", "Never sent: the id cannot be right. The row says why."),
    "pending": Role("Pending", "◌", "gray", "hourglass_empty", "Not asked yet."),
}
RESULTS: dict[Result, Role] = {
    "answered": Role("Answered", "●", "green", "call"),
    "no_answer": Role("No answer", "○", "gray", "ring_volume"),
    "busy": Role("Busy", "■", "violet", "phone_locked"),
    "abandoned": Role("Abandoned", "▲", "orange", "phone_missed"),
    "other": Role("Other", "◇", "gray", "help"),
}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode: `mark` fills shapes, `text` writes words in a role's colour (4.5:1 or more).

    `scale` goes from low to high and is no role's; in the dark, high is bright.
    """

    mark: Mapping[str, str]
    text: Mapping[str, str]
    scale: tuple[str, ...]


LIGHT = Palette(
    mark={
        "found": "#2463DB", "no_calls": "#8391A5", "failed": "#B4232C", "invalid": "#C48808", "pending": "#D3DAE3",
        "answered": "#00776C", "abandoned": "#E2703A", "no_answer": "#8391A5", "busy": "#6D3B8E", "other": "#D3DAE3",
        "queue": "#D3DAE3", "ring": "#5FAEA4", "talk": "#00776C",
        "customer": "#3E4C63", "agent": "#7E8DA6", "unknown": "#C3CCD8",
        "ink": "#111823", "muted": "#5B6678", "grid": "#EDF0F4", "axis": "#C9D0DA", "hover": "#FFFFFF",
        "canvas": "#FFFFFF",
    },
    text={
        "found": "#1B4FB3", "no_calls": "#56637A", "failed": "#9C1C25", "invalid": "#7F5700", "pending": "#56637A",
        "answered": "#00655C", "abandoned": "#A2430F", "no_answer": "#56637A", "busy": "#5E3079", "other": "#56637A",
    },
    scale=(
        "#EFF7F6", "#D9EEEB", "#BDE1DC", "#9BD1CA", "#74BEB5", "#4CA99F", "#299489", "#00776C", "#005D54", "#00433D",
    ),
)  # fmt: skip
DARK = Palette(
    mark={
        "found": "#5B93F5", "no_calls": "#6C7B92", "failed": "#EB5A62", "invalid": "#F2C14E", "pending": "#3A4454",
        "answered": "#34BFAD", "abandoned": "#EE7F45", "no_answer": "#6C7B92", "busy": "#BE8EE6", "other": "#3A4454",
        "queue": "#3A4454", "ring": "#1F7F75", "talk": "#34BFAD",
        "customer": "#B7C2D3", "agent": "#77859B", "unknown": "#465164",
        "ink": "#E4E8EE", "muted": "#98A4B6", "grid": "#1E2530", "axis": "#3A4454", "hover": "#1A202A",
        "canvas": "#10141B",
    },
    text={
        "found": "#8DB4FA", "no_calls": "#A3AFC0", "failed": "#F58D93", "invalid": "#F5CF75", "pending": "#A3AFC0",
        "answered": "#63DBCA", "abandoned": "#F5A277", "no_answer": "#A3AFC0", "busy": "#CFAAEF", "other": "#A3AFC0",
    },
    scale=(
        "#142220", "#15302D", "#16413D", "#17544E", "#1A6961", "#1F8075", "#279889", "#34B2A2", "#53CDBC", "#8FE6D9",
    ),
)  # fmt: skip
PALETTES: dict[Mode, Palette] = {"light": LIGHT, "dark": DARK}
