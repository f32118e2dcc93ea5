"""Calls by time, from the gateway into the archive: a period in stretches, each page after page."""

from nxcc.importing.importer import Importer, Passed
from nxcc.importing.reading import PageSize

__all__ = ["Importer", "PageSize", "Passed"]
