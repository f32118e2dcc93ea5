"""Files and pasted text -> order ids. Everything is text: `007`, `1E5` and 19-digit ids survive.

read(file) -> Reading, and the table   propose(columns, sample) -> which column holds the ids
check(table, column) -> Check, and the list: what each row asks for, or why it does not
"""

from nxcc.intake.cells import sample
from nxcc.intake.checking import CLEANINGS, Check, check, problems
from nxcc.intake.dates import Dates, dates_in
from nxcc.intake.dialects import DELIMITERS, QUOTES
from nxcc.intake.encodings import ENCODINGS
from nxcc.intake.headers import propose
from nxcc.intake.ids import INVALID, LONGEST, LOST, PROBLEMS, Asked, asked, clean, explain, problem, reason, split
from nxcc.intake.limits import LARGEST_BYTES, MOST_COLUMNS, MOST_ROWS, IntakeError
from nxcc.intake.reading import Overrides, Reading, read

__all__ = [
    "CLEANINGS",
    "DELIMITERS",
    "ENCODINGS",
    "INVALID",
    "LARGEST_BYTES",
    "LONGEST",
    "LOST",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "PROBLEMS",
    "QUOTES",
    "Asked",
    "Check",
    "Dates",
    "IntakeError",
    "Overrides",
    "Reading",
    "asked",
    "check",
    "clean",
    "dates_in",
    "explain",
    "problem",
    "problems",
    "propose",
    "read",
    "reason",
    "sample",
    "split",
]
