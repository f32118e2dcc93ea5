"""Finds what looks like a key, a password or a token in the project's files: `python -m tests.lint.secret_scan`.

Made-up credentials of the sandbox and of tests stand in `known_secrets.toml` by file and hash, never by their text.
`--know "why"` adds what is found now to that list, for whoever has looked at each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings, get_settings, transient_settings

PROJECT = Path(__file__).parents[2]
KNOWN = Path(__file__).with_name("known_secrets.toml")
_NO_TEXT = (".png", ".woff2", ".xlsx", ".gz")
_HASHES = ("requirements.lock", f"tests/lint/{KNOWN.name}")  # nothing but hashes, all of which look like keys
_LOOKED_FOR = {
    "AWSKeyDetector", "AzureStorageKeyDetector", "Base64HighEntropyString", "BasicAuthDetector", "GitHubTokenDetector",
    "GitLabTokenDetector", "HexHighEntropyString", "JwtTokenDetector", "KeywordDetector", "OpenAIDetector",
    "PrivateKeyDetector", "PypiTokenDetector", "SlackDetector", "StripeDetector", "TwilioKeyDetector",
}  # fmt: skip


class Found(NamedTuple):
    """Something that looks like a secret; `line` is not part of what it is, for lines move."""

    file: str
    hash: str
    kind: str
    line: int


def files(project: Path = PROJECT) -> list[str]:
    """What would be committed: everything that git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in sorted(set(listed.split("\0")))
        if (project / name).is_file() and not name.endswith(_NO_TEXT) and name not in _HASHES
    ]


def scan(names: Sequence[str], project: Path = PROJECT) -> list[Found]:
    """What looks like a secret in these files."""
    with default_settings():
        everything = get_settings().json()
    wanted = [plugin for plugin in everything["plugins_used"] if plugin["name"] in _LOOKED_FOR]
    assert len(wanted) == len(_LOOKED_FOR), "a kind of secret is not known to detect-secrets any more"
    with transient_settings(everything | {"plugins_used": wanted}):
        secrets = SecretsCollection(root=str(project))
        secrets.scan_files(*names, num_processors=2)
    return sorted(
        Found(Path(name).relative_to(project).as_posix() if Path(name).is_absolute() else name, *rest)
        for name, one in secrets
        for rest in [(one.secret_hash, one.type, one.line_number)]
    )


def known(path: Path = KNOWN) -> dict[tuple[str, str], str]:
    """File and hash of what is known, with the reason why it is no secret."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("known", [])
    return {(entry["file"], entry["hash"]): entry["why"] for entry in entries}


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 1 when there is a secret that is not known."""
    parser = argparse.ArgumentParser(prog="python -m tests.lint.secret_scan", description=__doc__)
    parser.add_argument("--know", metavar="WHY", help="list what is found as no secret, for this reason")
    arguments = parser.parse_args(argv)
    names, listed = files(), known()
    found = scan(names)
    new = [one for one in found if (one.file, one.hash) not in listed]
    if arguments.know:
        _write({key: listed.get(key, arguments.know) for key in sorted({(one.file, one.hash) for one in found})})
        print(f"known_secrets.toml: {len(new)} new, {len({(one.file, one.hash) for one in found})} in all.")
        return 0
    for one in new:
        print(f"{one.file}:{one.line}: {one.kind}")
    if new:
        print(
            "Looks like a secret. Take it out, and make it void if it is real: git keeps it. If it is made up, "
            'python -m tests.lint.secret_scan --know "why it is no secret"'
        )
        return 1
    print(f"No secret in {len(names)} files.")
    return 0


def _write(entries: dict[tuple[str, str], str]) -> None:
    KNOWN.write_text("".join(_lines(entries)), encoding="utf-8")


def _lines(entries: dict[tuple[str, str], str]) -> Iterable[str]:
    yield "# What looks like a secret and is none; by file and SHA-1 of the text. See secret_scan.py.\n"
    for (file, digest), why in entries.items():
        quoted = why.replace("\\", "\\\\").replace('"', '\\"')
        yield f'\n[[known]]\nfile = "{file}"\nhash = "{digest}"\nwhy = "{quoted}"\n'


if __name__ == "__main__":
    sys.exit(main())
