"""A local stand-in for the vendor's API, as strict as the vendor, with a world of its own: for demo and tests."""

from nxcc.sandbox.asgi import Seen
from nxcc.sandbox.checks import SandboxCredentials
from nxcc.sandbox.crowd import Crowd
from nxcc.sandbox.examples import Example
from nxcc.sandbox.faults import RESERVED, Reserved
from nxcc.sandbox.pages import MANNERS, Arrived, Manner
from nxcc.sandbox.server import Sandbox
from nxcc.sandbox.world import World

__all__ = [
    "MANNERS",
    "RESERVED",
    "Arrived",
    "Crowd",
    "Example",
    "Manner",
    "Reserved",
    "Sandbox",
    "SandboxCredentials",
    "Seen",
    "World",
]
