"""`python -m nxcc lookup --ids-file -` with its imports done before the clock starts, as for the baseline.

    python -m tests.bench.command_line < ids

Prints nxcc's own JSON line, then one with the seconds and CPU seconds of all that the command did.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd  # noqa: F401 - DuckDB imports it when it is handed the first table

from nxcc.__main__ import main

if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    code = main(["lookup", "--ids-file", "-"])
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}))
    sys.exit(code)
