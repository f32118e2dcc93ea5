"""`python -m nxcc check`: whether this installation is well, for a person or for whatever watches over it."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from nxcc import __version__, checks, wording
from nxcc.checks import Check
from nxcc.command.said import DONE, STOPPED

_INDENT = " " * 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `check`."""
    parser.description = (
        "Looks at settings, API, clock, disk, archive and jobs, and changes nothing. One signed request goes to the "
        "API, for an order id that nobody has. Exit code: 0 all is well, or there are only warnings; 2 something "
        "failed."
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--offline", action="store_true", help="ask the API nothing")


def run(arguments: argparse.Namespace) -> int:
    """Looks, and says what was found; returns the exit code."""
    found = checks.run(offline=arguments.offline)
    state = checks.worst(found)
    if arguments.json:
        said = {
            "state": state,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "checks": [_as_json(check) for check in found],
        }
        print(json.dumps(said), flush=True)
    else:
        print("\n".join(line for check in found for line in _lines(check)), flush=True)
    return STOPPED if state == "fail" else DONE


def _as_json(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "state": check.state,
        "what": check.what,
        "cure": check.cure,
        "value": check.value,
    }


def _lines(check: Check) -> list[str]:
    first = f"{check.state:<5} {check.name:<9} {wording.plain(check.what)}"
    return [first, *([_INDENT + wording.plain(check.cure)] if check.cure else [])]
