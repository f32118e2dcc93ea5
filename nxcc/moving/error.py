"""What can go wrong with moving."""

from __future__ import annotations

from nxcc.errors import NxccError


class MoveError(NxccError):
    """An installation cannot be carried over, or did not arrive whole."""
