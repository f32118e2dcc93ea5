"""The parts put together by the settings."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

from nxcc.archive import Archive
from nxcc.desk import open_desk
from nxcc.errors import ArchiveError, ConfigurationError
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings

from .conftest import outcomes_of, own, seen


@pytest.fixture
def configured(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """Settings of an account at the sandbox."""
    account = sandbox.credentials
    return Settings(
        base_url=sandbox.base_url,
        access_key=account.access_key,  # type: ignore[arg-type]
        access_secret=account.access_secret,  # type: ignore[arg-type]
        tenant_id=account.tenant_id,
        sign_algorithm="sha256",
        rate_per_second=500,
        concurrency=3,
        timeout_s=0.2,
        attempts=1,
        data_dir=tmp_path / "data",
    )


def test_open_desk__no_search_for_garbage_goes_through_what_is_imported(configured: Settings) -> None:
    open_desk(configured).close()
    frozen = gc.get_freeze_count()
    assert frozen
    open_desk(configured).close()
    assert gc.get_freeze_count() <= frozen  # what a person's session needs for a while is not kept for ever


def sandboxes() -> int:
    return sum(thread.name == "nxcc-sandbox" for thread in threading.enumerate())


def test_open_desk__the_settings_reach_their_parts(sandbox: Sandbox, configured: Settings, tmp_path: Path) -> None:
    desk = open_desk(configured)
    try:
        late, found = own("FAIL-TIMEOUT"), own("SAMPLE-VENDOR")
        outcomes = outcomes_of(desk.lookup.run([late, found]))
        assert (outcomes[late].word, outcomes[late].attempts) == ("failed", 1)
        assert "0.2 s" in outcomes[late].reason
        assert outcomes[found].word == "found"
        assert {request.algorithm for request in seen(sandbox, late, found)} == {"sha256"}
        assert (desk.client.pace.per_second, desk.client.concurrency) == (500, 3)
        assert desk.sandbox is None
        assert desk.archive.path == tmp_path / "data" / "archive.duckdb"
    finally:
        desk.close()


@pytest.mark.parametrize(("kind", "field"), [("SAMPLE-VENDOR", "fresh_found_s"), ("SHAPE-LIST", "fresh_no_calls_s")])
def test_open_desk__each_freshness_is_its_own(sandbox: Sandbox, configured: Settings, kind: str, field: str) -> None:
    desk = open_desk(configured.model_copy(update={field: 0}))
    other = own("SHAPE-LIST" if kind == "SAMPLE-VENDOR" else "SAMPLE-VENDOR")
    asked_again = own(kind)
    try:
        for _ in range(2):
            outcomes_of(desk.lookup.run([asked_again, other]))
    finally:
        desk.close()
    assert (len(seen(sandbox, asked_again)), len(seen(sandbox, other))) == (2, 1)


def test_open_desk__without_credentials_on_a_sandbox_of_its_own(tmp_path: Path) -> None:
    before = sandboxes()
    desk = open_desk(Settings(data_dir=tmp_path))
    try:
        assert desk.sandbox
        (outcome,) = outcomes_of(desk.lookup.run(["SAMPLE-VENDOR"])).values()
        assert (outcome.word, outcome.calls) == ("found", 2)
        assert desk.archive.path == tmp_path / "sandbox.duckdb"  # made-up calls never beside real ones
    finally:
        desk.close()
    assert sandboxes() == before
    Archive(tmp_path / "sandbox.duckdb", "gateway", 1).close()  # the file is free again


def test_open_desk__two_on_one_machine_have_two_sandboxes(tmp_path: Path) -> None:
    first, second = open_desk(Settings(data_dir=tmp_path / "1")), open_desk(Settings(data_dir=tmp_path / "2"))
    try:
        assert first.sandbox and second.sandbox
        assert first.sandbox.base_url != second.sandbox.base_url
    finally:
        first.close()
        second.close()


def test_open_desk__an_archive_that_cannot_be_had_leaves_no_sandbox_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    before = sandboxes()
    with pytest.raises(ArchiveError):
        open_desk(Settings(data_dir=tmp_path / "file"))
    assert sandboxes() == before


def test_open_desk__an_address_that_cannot_be_used_is_told(configured: Settings) -> None:
    with pytest.raises(ConfigurationError, match="NXCC_BASE_URL"):
        open_desk(configured.model_copy(update={"base_url": "http://a b"}))
