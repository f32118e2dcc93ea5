"""The scan for secrets: a new one is red wherever it stands, a known one is not."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lint import secret_scan
from tests.lint.secret_scan import KNOWN, PROJECT, files, known, scan

# In parts, so that this file is clean itself.
WORD, HEX = "4fJ2" + "kq8ZpLw", hashlib.sha256(b"a cookie").hexdigest()
LEAKS = {
    "aws.py": f'key = "AKIA{"IOSFODNN7EXAMPLE"}"\n',
    "key.pem": f"-----BEGIN RSA {'PRIVATE'} KEY-----\nMIIB\n",
    "hub.sh": f"export TOKEN=ghp_{'a1B2' * 9}\n",
    "secrets.toml": f'[nxcc]\naccess_{"secret"} = "{WORD}"\n',
    "auth.toml": f'[auth]\nclient_{"secret"} = "{WORD}"\n',
    "settings.env": f"NXCC_ACCESS_{'SECRET'}={WORD}\n",
    "compose.yaml": f'environment:\n  NXCC_ACCESS_{"SECRET"}: "{WORD}"\n',
    "proxy.py": f'PROXY = "http://me:{WORD}@proxy.example:3128"\n',
    "cookie.py": f'value = "{HEX}"\n',
    "jwt.md": f"`{'eyJhbGciOiJIUzI1NiJ9'}.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLWhlcmU`\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize("name", LEAKS)
def test_scan__finds_a_new_secret(repository: Path, name: str) -> None:
    (repository / name).write_text(LEAKS[name])
    assert [one.file for one in scan(files(repository), repository)] == [name]


def test_scan__passes_what_is_none(repository: Path) -> None:
    (repository / "a.py").write_text('access_key = ""\nname = "order-1"\nsecret = settings.access_secret\n')
    assert scan(files(repository), repository) == []


def test_files__what_git_ignores_is_not_looked_at_and_what_it_would_add_is(repository: Path) -> None:
    (repository / ".gitignore").write_text("secrets.toml\n")
    (repository / "secrets.toml").write_text(LEAKS["secrets.toml"])
    (repository / "new.toml").write_text("a = 1\n")
    assert files(repository) == [".gitignore", "new.toml"]


def test_main__a_known_secret_moved_is_green_and_another_in_its_place_is_red(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = repository / "known.toml"
    listed.write_text("")
    monkeypatch.setattr(secret_scan, "files", lambda: ["a.toml"])
    monkeypatch.setattr(secret_scan, "scan", lambda names: scan(names, repository))
    monkeypatch.setattr(secret_scan, "KNOWN", listed)
    monkeypatch.setattr(secret_scan, "known", lambda: known(listed))
    leak = repository / "a.toml"
    leak.write_text(LEAKS["secrets.toml"])
    assert secret_scan.main([]) == 1
    assert "a.toml:2: Secret Keyword" in capsys.readouterr().out
    assert secret_scan.main(["--know", 'made "up"']) == 0
    leak.write_text("\n\n" + LEAKS["secrets.toml"])
    assert secret_scan.main([]) == 0
    leak.write_text(LEAKS["secrets.toml"].replace(WORD, WORD.swapcase()))
    assert secret_scan.main([]) == 1
    assert WORD not in capsys.readouterr().out + listed.read_text()


def test_known__holds_no_text_of_a_secret_and_says_why_it_is_none() -> None:
    assert all(len(digest) == 40 and why and why != "TODO" for (_, digest), why in known().items())
    assert {file for file, _ in known()} <= set(files())


def test_lint__is_red_with_a_secret_in_the_tree(repository: Path) -> None:
    """The command of `make lint`, in a copy of what it needs."""
    package = repository / "tests/lint"
    package.mkdir(parents=True)
    for file in (package.parent / "__init__.py", package / "__init__.py", package / KNOWN.name):
        file.touch()
    shutil.copy(PROJECT / "tests/lint/secret_scan.py", package)

    def lint() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.lint.secret_scan"]
        return subprocess.run(command, cwd=repository, check=False, capture_output=True, text=True)

    assert lint().returncode == 0
    (repository / "deploy.env").write_text(LEAKS["settings.env"])
    red = lint()
    assert (red.returncode, red.stdout.splitlines()[0]) == (1, "deploy.env:1: Secret Keyword")
