"""An installation, carried over: out of a data folder into a team's database and lake, and back.

Nothing is changed where it comes from. What has arrived is written once, so that it may be run again after it was
interrupted, at whatever point.
"""

from nxcc.moving.carrying import Part, carry_over

__all__ = ["Part", "carry_over"]
