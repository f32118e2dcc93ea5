"""Addresses as an enemy would send them to somebody: the parameters of each page, and what stands behind them."""

from __future__ import annotations

from nxcc.aliases import MARK
from nxcc.filters import NAMES
from tests.hostile import texts

Said = dict[str, list[str]]

# Values of any length and type. Half characters do not come this far: the browser and the server replace them.
VALUES: tuple[str, ...] = (
    "",
    " ",
    "0",
    "-1",
    "007",
    "1e309",
    "nan",
    "9" * 5_000,
    "x" * 100_000,
    "<b>" * 30_000,
    "\x00",
    "\ufffd",
    "a\x00b\r\nSet-Cookie: x=y",
    "%00%ff%ed%a0%80",
    "[]",
    "{}",
    "null",
    "true",
    "_",
    "__",
    "_1_2_",
    "1_",
    "_-1",
    "nan_inf",
    "1e308_1e309",
    "²-3",
    "٣-٣",
    "9-99",
    "2026-02-30_2026-01-01",
    "0001-01-01_9999-12-31",
    "2999-12-30",
    "2026-W53-7",
    "__class__",
    "__init__.__globals__",
    "../../etc/passwd",
    "0123456789abcdef",
    "fedcba9876543210/../x",
    MARK,
    f"{MARK}x",
    f"{MARK}{'a' * 5_000}",
    *texts.HTML[:8],
    *texts.MARKDOWN[:8],
    *texts.FORMULAS[:4],
    *texts.DIRECTIONS[:3],
    *texts.TEMPLATES[:8],
    *texts.SQL[:10],
    *texts.LINKS[:4],
)
PARAMETERS: dict[str, tuple[str, ...]] = {
    "lookup": ("orders",),
    "bulk": ("job", "upload"),
    "jobs": ("job",),
    "explore": NAMES,
    "order": ("order",),
    "status": ("check",),
}


def of(page: str) -> list[Said]:
    """Each value behind each parameter of a page, several at once; each parameter twice, and some that are none."""
    names = PARAMETERS[page]
    odd = {"__class__": ["x"], "embed": ["true"], "a[]": ["1", "2"], "": ["x"], "<b>": ["<b>"], "x" * 5_000: ["x"]}
    found: list[Said] = []
    for n, value in enumerate(VALUES):
        said: Said = {name: [VALUES[n - 1], value] for name in names}
        found.append(said | odd if n % 8 == 0 else said)
    return found


ALL: tuple[tuple[str, str, str], ...] = tuple(
    (page, name, value) for page, names in PARAMETERS.items() for name in names for value in dict.fromkeys(VALUES)
)
