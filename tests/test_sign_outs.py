"""Sign-ins that were ended by hand stay ended, each for itself."""

from __future__ import annotations

from pathlib import Path

from nxcc.sign_outs import SignOuts

CLAIMS = {"iss": "https://id.example", "sub": "1", "iat": 1, "exp": 2, "nonce": "a"}


def test_end__this_sign_in_and_no_other(tmp_path: Path) -> None:
    ended = SignOuts(tmp_path / "jobs.sqlite")
    assert not ended.has_ended(CLAIMS)
    assert ended.end(CLAIMS)
    assert not ended.end(CLAIMS)
    assert ended.has_ended({**CLAIMS})
    assert ended.has_ended(CLAIMS | {"tokens": {"id": "x"}})
    assert not ended.has_ended(CLAIMS | {"nonce": "b"})
    ended.close()


def test_end__holds_after_a_restart(tmp_path: Path) -> None:
    first = SignOuts(tmp_path / "jobs.sqlite")
    first.end(CLAIMS)
    first.close()
    again = SignOuts(tmp_path / "jobs.sqlite")
    assert again.has_ended(CLAIMS)
    again.close()
    assert b"id.example" not in (tmp_path / "jobs.sqlite").read_bytes()
