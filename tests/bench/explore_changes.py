"""Ten changes of filters, as an analyst makes them."""

from __future__ import annotations

from datetime import date

from nxcc.filters import Filters

MONTH = (date(2026, 10, 28), date(2026, 11, 24))
QUARTER = (date(2026, 8, 27), date(2026, 11, 24))
YEAR = (date(2025, 11, 25), date(2026, 11, 24))
CHANGES = (
    Filters(period=MONTH),
    Filters(period=MONTH, direction=("outbound",)),
    Filters(period=MONTH, reason=("No answer",)),
    Filters(period=QUARTER),
    Filters(period=QUARTER, agent=("agent-7",)),
    Filters(period=YEAR, direction=("inbound",)),
    Filters(period=YEAR, answered=True),
    Filters(period=YEAR, talk=(60, 300)),
    Filters(period=YEAR, agent=("agent-7", "agent-8", "agent-9")),
    Filters(period=YEAR),
)
EVERYTHING = Filters()
