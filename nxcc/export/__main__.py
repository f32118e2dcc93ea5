"""`python -m nxcc.export IN.parquet OUT FORMAT ZONE SHEET`: a file in another format. Prints its number of rows.

For `convert_apart`. An error is said on stderr (what happened, and in a second line its cure) with exit code 2.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from nxcc import wording
from nxcc.export.apart import STOPPED
from nxcc.export.formats import ExportError, Format
from nxcc.export.writing import convert

NICER = 10


def main(source: str, path: str, format: str, zone: str, sheet: str) -> int:
    """Makes the file and returns the exit code."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICER)
    try:
        rows = convert(Path(source), Path(path), cast("Format", format), ZoneInfo(zone), sheet=sheet)
    except ExportError as error:
        sys.stderr.write(f"{wording.plain(error.what)}\n{wording.plain(error.cure)}\n")
        return STOPPED
    sys.stdout.write(f"{rows}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
