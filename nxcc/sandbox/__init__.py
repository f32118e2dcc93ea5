"""A local stand-in for the vendor's API, as strict as the vendor, with a world of its own: for demo and tests."""

from nxcc.sandbox.asgi import Seen
from nxcc.sandbox.checks import SandboxCredentials
from nxcc.sandbox.examples import Example
from nxcc.sandbox.faults import RESERVED, Reserved
from nxcc.sandbox.server import Sandbox
from nxcc.sandbox.world import World

__all__ = ["RESERVED", "Example", "Reserved", "Sandbox", "SandboxCredentials", "Seen", "World"]
