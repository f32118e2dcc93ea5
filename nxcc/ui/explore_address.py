"""The filters of Explore in an address, in which no phone number stands."""

from __future__ import annotations

from nxcc import masking
from nxcc.aliases import MARK
from nxcc.filters import FOREIGN, Filters
from nxcc.ui import resources, seen

Said = list[tuple[str, str]]
_NUMBERS = ("caller", "callee")


def of(filters: Filters) -> Said:
    """Names and values. Raises `AliasesError`."""
    desk = resources.open_now()
    aliases = desk.aliases if desk else None
    if aliases is None:
        return [(name, text) for name, text in filters.address() if name not in FOREIGN]
    return [(name, aliases.in_address(text) if name in FOREIGN else text) for name, text in filters.address()]


def meant(address: Said) -> tuple[Said, list[str]]:
    """What an address means to whoever opens it, and the names of what it does not say to them. Raises `AliasesError`.

    Whoever may not see whole numbers does not find calls by one, and picks among masked texts.
    """
    desk = resources.open_now()
    aliases = desk.aliases if desk else None
    found: Said = []
    unknown: list[str] = []
    for name, said in address:
        text: str | None = said
        if name in FOREIGN and said.startswith(MARK):
            text = aliases.meant(said) if aliases else None
            if text is not None and not seen.numbers():
                text = None if name == "find" else masking.text(text)
        if name in _NUMBERS and not seen.numbers():
            text = None
        if text is None:
            unknown.append(name)
        else:
            found.append((name, text))
    return found, unknown
