"""`python -m nxcc lookup --ids-file -` with its imports done before the clock starts, as for the others.

Prints nxcc's own JSON line (its `seconds` run from the first request to the last answer kept), then one for all that
the command did, opening and closing the archive included.
"""

from __future__ import annotations

import sys

import pandas as pd  # noqa: F401 - DuckDB imports these two when it is handed the first table
import pyarrow.dataset as ds  # noqa: F401

from nxcc.__main__ import main
from tests.bench.measured import measured

if __name__ == "__main__":
    with measured():
        code = main(["lookup", "--ids-file", "-"])
    sys.exit(code)
