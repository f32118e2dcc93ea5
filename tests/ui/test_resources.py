"""One desk for all sessions, and what happens to it when the settings change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nxcc.desk import Desk
from nxcc.errors import ArchiveError, SettingsError
from nxcc.outcome import Outcome
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings
from nxcc.ui import resources


@pytest.fixture
def current(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """What the settings say now; the process's desk is opened on them and closed in the end."""
    said = sandbox.credentials
    now: dict[str, object] = {
        "base_url": sandbox.base_url,
        "access_key": said.access_key,
        "access_secret": said.access_secret,
        "tenant_id": said.tenant_id,
        "data_dir": tmp_path,
    }

    def load() -> Settings:
        if not now:
            raise SettingsError("The file is broken.")
        return Settings(**now)

    monkeypatch.setattr(resources, "load", load)
    resources.close()
    yield now
    resources.close()


def test_follow_settings__the_same_settings_keep_the_desk(current: dict[str, object]) -> None:
    before = resources.opened()
    resources.follow_settings()
    assert resources.opened() is before


def test_follow_settings__a_cured_secret_is_used_without_a_restart(current: dict[str, object]) -> None:
    right, current["access_secret"] = current["access_secret"], "wrong"
    before = resources.opened()
    current["access_secret"] = right
    resources.follow_settings()
    desk = resources.opened()
    assert isinstance(desk, Desk)
    assert [outcome.word for batch in desk.lookup.run(["SAMPLE-VENDOR~cured"]) for outcome in batch] == ["found"]
    assert isinstance(before, Desk)
    with pytest.raises(ArchiveError):  # its file was let go, for the new one to open
        before.archive.orders([Outcome("A", "pending")])


def test_follow_settings__broken_ones_are_told_at_the_next_look(current: dict[str, object]) -> None:
    resources.opened()
    right = dict(current)
    current.clear()
    resources.follow_settings()
    assert isinstance(resources.opened(), SettingsError)
    current.update(right)
