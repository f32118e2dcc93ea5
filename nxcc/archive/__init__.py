"""Every answer ever fetched: an append-only ledger that is also the cache."""

from nxcc.archive.ledger import Archive
from nxcc.archive.listed import Figures, Listed, Reason, Tally
from nxcc.archive.window import Freshness, Window

__all__ = ["Archive", "Figures", "Freshness", "Listed", "Reason", "Tally", "Window"]
