"""Sign-ins that were ended by hand stay ended, each for itself."""

from __future__ import annotations

from nxcc.sign_outs import SignOuts
from nxcc.small_tables import Place

from .places import both, place, run_sql

__all__ = ["place"]  # a fixture

CLAIMS = {"iss": "https://id.example", "sub": "1", "iat": 1, "exp": 2, "nonce": "a"}


@both
def test_end__this_sign_in_and_no_other(place: Place) -> None:
    ended = SignOuts(place)
    assert not ended.has_ended(CLAIMS)
    assert ended.end(CLAIMS)
    assert not ended.end(CLAIMS)
    assert ended.has_ended({**CLAIMS})
    assert ended.has_ended(CLAIMS | {"tokens": {"id": "x"}})
    assert not ended.has_ended(CLAIMS | {"nonce": "b"})
    ended.close()


@both
def test_end__holds_after_a_restart(place: Place) -> None:
    first = SignOuts(place)
    first.end(CLAIMS)
    first.close()
    again = SignOuts(place)
    assert again.has_ended(CLAIMS)
    again.close()
    assert "id.example" not in str(run_sql(place, "SELECT * FROM sign_outs"))
