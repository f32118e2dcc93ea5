"""Reading an uploaded CSV file, in a process of its own: `python -m tests.bench.intake nxcc|pandas FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measured import measured


def main() -> None:
    way, source = sys.argv[1], Path(sys.argv[2])
    if way == "pandas":
        import pandas as pd

        with measured() as said:
            said["rows"] = len(pd.read_csv(source, dtype=str))
        return
    from nxcc import intake

    cells, ids = source.with_name("cells.parquet"), source.with_name("ids.parquet")
    with measured() as said:
        reading = intake.read(source, source.name, cells)
        said["rows"] = intake.check(cells, reading.columns.index("order_id"), ids).ids


if __name__ == "__main__":
    main()
