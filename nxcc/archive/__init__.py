"""Every answer ever fetched: an append-only ledger that is also the cache."""

from nxcc.archive.ledger import Archive, Freshness

__all__ = ["Archive", "Freshness"]
