"""Texts with a number in them have an alias in addresses; all others stand there as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nxcc.aliases import Aliases
from nxcc.small_tables import Place

from .places import both, place

__all__ = ["place"]  # a fixture


@pytest.fixture
def aliases(place: Place) -> Iterator[Aliases]:
    opened = Aliases(place, "us")
    yield opened
    opened.close()


@both
@pytest.mark.parametrize("text", ["SO-1", "Agent hang-up", "", "客户挂机"])
def test_in_address__plain_text_is_itself(aliases: Aliases, text: str) -> None:
    assert aliases.in_address(text) == text
    assert aliases.meant(text) == text


@both
@pytest.mark.parametrize("text", ["+85298765432", "rang 9876 5432 twice", "98765", "~abc"])
def test_in_address__a_number_is_not_in_the_alias_and_comes_back(aliases: Aliases, text: str) -> None:
    said = aliases.in_address(text)
    assert said.startswith("~")
    assert "98765" not in said
    assert said == aliases.in_address(text)
    assert aliases.meant(said) == text


@both
def test_meant__an_alias_of_another_team_or_of_nobody(aliases: Aliases) -> None:
    said = aliases.in_address("+85298765432")
    assert Aliases(aliases.place, "them").meant(said) is None
    assert aliases.meant("~nothing") is None


@both
def test_forget(aliases: Aliases) -> None:
    said = aliases.in_address("+85298765432")
    other = aliases.in_address("+8613800138000")
    assert aliases.forget(lambda text: "98765432" in text) == 1
    assert aliases.meant(said) is None
    assert aliases.meant(other) == "+8613800138000"
