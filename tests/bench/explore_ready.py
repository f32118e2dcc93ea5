"""Makes an archive's calls ready to be explored."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from nxcc.archive import Explored
from tests.bench.many_calls import open_archive
from tests.bench.measured import measured

with measured(), closing(open_archive(Path(sys.argv[1]))) as archive:
    Explored(archive).refresh()
