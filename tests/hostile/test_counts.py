"""How many hostile inputs there are: each is distinct, and goes through what its kind names."""

from __future__ import annotations

import pytest

from tests.hostile import addresses, files, records, texts

LEAST = 500


def test_inputs__are_more_than_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """By hand and by tables; what hypothesis makes besides is not counted."""
    counts = {f"texts in every field of a record: {kind}": len(set(made)) for kind, made in texts.BY_KIND.items()}
    counts["order ids"] = len(set(texts.AS_IDS))
    counts["records with a wrong type"] = len(records.wrongly_typed())
    counts["answers"] = len(set(records.BODIES.values()))
    counts["words of the vendor"] = len(set(records.MESSAGES.values()))
    counts |= {f"files: {kind}": len(set(made.values())) for kind, made in files.BY_KIND.items()}
    counts["names of files"] = len(set(files.NAMES))
    counts["addresses"] = len(set(addresses.ALL))
    with capsys.disabled():
        print("\nhostile inputs:", *(f"{n:>6,}  {kind}" for kind, n in counts.items()), sep="\n")
        print(f"{sum(counts.values()):>6,}  in all")
    assert len(set(texts.ALL)) + counts["records with a wrong type"] + counts["answers"] >= LEAST  # records alone
    by_hand_files = sum(n for kind, n in counts.items() if kind.startswith("files"))
    assert by_hand_files >= 120
    assert len(set(texts.ALL)) >= 390
