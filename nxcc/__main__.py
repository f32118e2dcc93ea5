"""The command line: `python -m nxcc lookup ...` asks for order ids, `python -m nxcc sandbox` runs the local API."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from nxcc import __version__, command, logs
from nxcc.settings import for_logs


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the process's exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    _begin_logs()
    parser = argparse.ArgumentParser(prog="python -m nxcc", description="The call-record desk for NXCC.")
    parser.add_argument("--version", action="version", version=f"nxcc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    lookup = commands.add_parser("lookup", help="ask for order ids and write what became of them")
    command.add_arguments(lookup)
    lookup.set_defaults(run=command.run)
    sandbox = commands.add_parser("sandbox", help="run a local stand-in for the vendor's API")
    if given[:1] == ["sandbox"]:  # it brings a web server along, which a lookup need not wait for
        from nxcc.sandbox import command as sandbox_command

        sandbox_command.add_arguments(sandbox)
        sandbox.set_defaults(run=sandbox_command.run)
    others = {
        "check": "whether settings, API, clock, disk, archive and jobs are well",
        "backup": "all that is kept, in one file",
        "restore": "put a backup back",
        "forget": "remove an order or a phone number from everything that is kept",
        "move": "carry all that is kept over to a team's database and lake, or back",
        "keep": "remove what is older than NXCC_KEEP_DAYS",
        "worker": "run the bulk lookups of a team's installation",
    }
    for name, does in others.items():
        known = commands.add_parser(name, help=does)
        if given[:1] == [name]:  # what they bring, nobody else need wait for
            module = importlib.import_module(f"nxcc.command.{name}")
            module.add_arguments(known)
            known.set_defaults(run=module.run)
    arguments = parser.parse_args(given)
    try:
        code: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return command.INTERRUPTED
    except BrokenPipeError:  # whoever read the output has gone; Python must not try to write the rest at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return command.INTERRUPTED
    return code


def _begin_logs() -> None:
    """Errors only, unless something else is set: all else is said in sentences."""
    wanted = for_logs()
    logs.begin(wanted.format, wanted.level or "error")
    logs.hide(*wanted.secrets)


if __name__ == "__main__":
    sys.exit(main())
