"""What happened to one order, in words and figures: its calls in, sentences and tiles out. Pure.

in_order(table) -> calls   tell(outcome, calls) -> Story   figures(calls) -> tiles   phases_of(call) -> its parts
"""

from nxcc.story.calls import Call, Reach, in_order, reach
from nxcc.story.figures import Figure, figures
from nxcc.story.flagged import in_this_call
from nxcc.story.phases import KINDS, Phase, contradictory, phases_of, waited_s, zero_of
from nxcc.story.sentences import Story, tell

__all__ = [
    "KINDS",
    "Call",
    "Figure",
    "Phase",
    "Reach",
    "Story",
    "contradictory",
    "figures",
    "in_order",
    "in_this_call",
    "phases_of",
    "reach",
    "tell",
    "waited_s",
    "zero_of",
]
