"""Saved views: filters under a name, each owner's own, in both installations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from nxcc.filters import Filters
from nxcc.small_tables import Place
from nxcc.views import LONGEST_NAME, Views, ViewsError

from .places import both, place

__all__ = ["place"]  # a fixture


@pytest.fixture
def views(place: Place) -> Iterator[Views]:
    opened = Views(place, "us")
    yield opened
    opened.close()


@both
def test_save__comes_back_by_name_whatever_its_case(views: Views) -> None:
    for name in ("zebra", "Apple", "客户", "apple pie"):
        views.save(name, replace(Filters(), find=f'"{name}" 100%'))
    found = views.all()
    assert [view.name for view in found] == ["Apple", "apple pie", "zebra", "客户"]
    assert [view.filters.find for view in found] == [f'"{view.name}" 100%' for view in found]


@both
def test_save__takes_the_place_of_what_had_the_name(views: Views) -> None:
    views.save("mine", replace(Filters(), find="first"))
    views.save(" mine ", replace(Filters(), find="second"))
    assert [(view.name, view.filters.find) for view in views.all()] == [("mine", "second")]


@both
def test_save__a_name_is_needed_and_cut(views: Views) -> None:
    with pytest.raises(ViewsError, match="needs a name"):
        views.save("  ", Filters())
    views.save("x" * 200, Filters())
    assert [len(view.name) for view in views.all()] == [LONGEST_NAME]


@both
def test_views__of_another_team_are_neither_shown_nor_removed(views: Views, place: Place) -> None:
    views.save("mine", Filters())
    theirs = Views(place, "them")
    theirs.save("mine", replace(Filters(), find="theirs"))
    (mine,) = views.all()
    theirs.remove(mine.id)
    assert [view.filters.find for view in theirs.all()] == ["theirs"]
    assert [view.id for view in views.all()] == [mine.id]
    views.remove(mine.id)
    assert views.all() == []
    theirs.close()


@both
def test_forget__every_owners_that_hold_it(views: Views, place: Place) -> None:
    theirs = Views(place, "them")
    views.save("Mr Chan 35757580", Filters())
    views.save("kept", Filters())
    theirs.save("found", replace(Filters(), find="35757580"))
    assert views.forget(lambda text: "35757580" in text, dry=True) == 2
    assert len(theirs.all()) == 1
    assert views.forget(lambda text: "35757580" in text) == 2
    assert [view.name for view in (*views.all(), *theirs.all())] == ["kept"]
    theirs.close()
