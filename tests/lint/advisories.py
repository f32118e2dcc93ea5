"""Are there published weaknesses in what is shipped? `python -m tests.lint.advisories` asks, by pip-audit.

Findings fail. Where the advisories cannot be reached (offline, or behind a mirror without them) nothing is known: that
is said loudly and passes, so that lint works anywhere; `--must` makes it fail, for a release.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).parents[2]
LOCK = PROJECT / "requirements.lock"
SOURCES = ("osv", "pypi")  # OSV has the advisories of PyPI's packages and more
LONGEST_S = 40.0
# Advisory -> why it does not touch us. Look at each again when its package is updated.
ACCEPTED: dict[str, str] = {}


class Answer(NamedTuple):
    """What one source of advisories said: how many packages it knows, how many not, and a line for each finding."""

    checked: int
    unchecked: int
    findings: tuple[str, ...]


def read(report: str) -> Answer | None:
    """Takes pip-audit's JSON; None when it is none, or when no package could be looked up at all."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    checked = [package for package in packages if "skip_reason" not in package]
    if not checked:  # a mirror that answers "no such package" for each is not good news
        return None
    return Answer(len(checked), len(packages) - len(checked), tuple(_lines(checked)))


def _lines(packages: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version'}"
        for package in packages
        for weakness in package["vulns"]
        if not {weakness["id"], *weakness.get("aliases", ())} & ACCEPTED.keys()
    ]


def ask(source: str, *options: str) -> str:
    """pip-audit's JSON from one source, empty when it came to none in time."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip",
        "--vulnerability-service", source, "--format", "json", "--progress-spinner", "off", "--timeout", "5", *options,
    ]  # fmt: skip
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S / 2, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""


def judge(answer: Answer | None, *, must: bool) -> tuple[int, str]:
    """Exit code, and what to print."""
    if answer is None:
        text = "NOT CHECKED: advisories cannot be reached from here, so weaknesses of packages are not known."
        return (1 if must else 0), text
    if answer.findings:
        return 1, "\n".join(
            (*answer.findings, "Update the package (make lock), or say in ACCEPTED why it does not matter.")
        )
    said = f"No published weakness in {answer.checked} packages."
    if answer.unchecked:
        return (1 if must else 0), f"{said} NOT CHECKED: {answer.unchecked} more, which the advisories do not know."
    return 0, said


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 on findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.lint.advisories", description=__doc__)
    parser.add_argument("--must", action="store_true", help="fail when advisories cannot be reached")
    arguments = parser.parse_args(argv)
    answers = (read(ask(source)) for source in SOURCES)
    code, text = judge(next((answer for answer in answers if answer), None), must=arguments.must)
    print(text, file=sys.stderr if code or "NOT CHECKED" in text else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
