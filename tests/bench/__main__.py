"""`make bench`: figures of this machine, each beside a baseline, taken in turns in one run.

    python -m tests.bench [asking] [files] [million] [explore] [kill] [team] [period] [--rounds 3] [--orders 2000]

Two windows where ids are asked: the asking (seconds from the first request to the last answer, kept in the archive;
CPU of all that the program does once its imports are done), and the whole process from start to exit, as the operating
system counts it.
"""

from __future__ import annotations

import argparse
from importlib import import_module

SECTIONS = ("asking", "files", "million", "explore", "kill", "team", "period")


def main() -> None:
    parser = argparse.ArgumentParser(description="Print figures beside a baseline.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; none = all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, help="ids to ask for at each delay (2,000; 3,000 at 100 ms)")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(unknown)}")
    for section in arguments.sections or SECTIONS:
        program = import_module(f"tests.bench.{section}")
        if section == "asking":
            program.main(arguments.rounds, arguments.orders)
        else:
            program.main()


if __name__ == "__main__":
    main()
