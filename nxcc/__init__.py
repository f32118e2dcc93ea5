"""The call-record desk for call centres on NXCC: ask for order ids, keep the answers, explain the calls."""

__version__ = "0.1.0"
