"""Names that cannot do harm: of columns in Parquet, of files on a reader's disk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from nxcc.export.formats import Format

MOST_CHARACTERS = 80
_MOST_BYTES = 240  # file systems take 255

_NO_BEGINNINGS = " .-~=+@"  # hidden, an option, a home, or a formula to who handles the file by its name
_RESERVED = re.compile(r'[<>:"|?*]')
_ENDINGS = re.compile(r"\.(csv|tsv|txt|xlsx|xlsm|xls|parquet|gz)$", re.IGNORECASE)


def file_name(base: str, suffix: str, format: Format) -> str:
    """A download's name out of an uploaded file's: `crm/export nov.csv.gz`, `orders` -> `export nov orders.xlsx`.

    At most 80 characters, without folders, control and direction characters and what Windows reserves. It is never
    empty.
    """
    stem = re.split(r"[/\\]", base)[-1]
    while (shorter := _ENDINGS.sub("", stem.rstrip(" ."))) != stem:
        stem = shorter
    ending = f".{format}"
    room = MOST_CHARACTERS - len(ending)
    suffix = _cut(_clean(suffix), room)
    stem = _cut(_clean(stem).lstrip(_NO_BEGINNINGS), room - len(suffix) - 1)
    return (f"{stem} {suffix}".strip() or "orders") + ending


def unique(names: Sequence[str]) -> list[str]:
    """The names as Parquet's readers need them: none blank, none twice (upper and lower case are the same to some).

    A second `name` becomes `name_2`, a blank one `column_3` by its place; a name that is alone stays as it is.
    """
    named = [name if name.strip() else f"column_{n}" for n, name in enumerate(names, 1)]
    all_names = {name.casefold() for name in named}
    taken: set[str] = set()
    made = []
    for name in named:
        mine, n = name, 1
        while mine.casefold() in taken or (n > 1 and mine.casefold() in all_names):
            n += 1
            mine = f"{name}_{n}"
        taken.add(mine.casefold())
        made.append(mine)
    return made


def _clean(text: str) -> str:
    """Without reserved characters; control, format (those that turn the direction) and line characters are dropped."""
    kept = "".join(c for c in text if c in "\t\n " or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return " ".join(_RESERVED.sub(" ", kept.replace("/", " ").replace("\\", " ")).split()).strip(" .")


def _cut(text: str, most: int) -> str:
    """`text` cut to a number of characters, and to what a file system takes."""
    return text[: max(most, 0)].encode()[: _MOST_BYTES - MOST_CHARACTERS].decode(errors="ignore").strip(" .")
