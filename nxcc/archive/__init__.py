"""Every answer ever fetched: an append-only ledger that is also the cache."""

from nxcc.archive.asked_again import orders_to_ask_again
from nxcc.archive.explored import Explored
from nxcc.archive.lake import Lake
from nxcc.archive.ledger import Archive
from nxcc.archive.listed import Figures, Listed, Reason, Tally
from nxcc.archive.standing import Standing, standing, standing_of_file
from nxcc.archive.tallied import Look, Options, Tallied
from nxcc.archive.window import Freshness, Window

__all__ = [
    "Archive",
    "Explored",
    "Figures",
    "Freshness",
    "Lake",
    "Listed",
    "Look",
    "Options",
    "Reason",
    "Standing",
    "Tallied",
    "Tally",
    "Window",
    "orders_to_ask_again",
    "standing",
    "standing_of_file",
]
