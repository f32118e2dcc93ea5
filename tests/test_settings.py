"""Settings: environment over secrets.toml over defaults; what is wrong is told in a sentence that holds no secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nxcc.access import Role
from nxcc.account import Credentials
from nxcc.errors import SettingsError
from nxcc.settings import ACCEPTS, PROJECT, ForLogs, Settings, for_logs, load, masked_key, shown, sources

Secrets = Callable[[str], Path]
ACCOUNT = {"ACCESS_KEY": "env-key", "ACCESS_SECRET": "env-secret", "TENANT_ID": "7"}


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    """Writes a secrets.toml."""

    def write(text: str) -> Path:
        path = tmp_path / "secrets.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_all(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"NXCC_{name}", value)

    return set_all


def test_load__defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml")
    assert settings.credentials is None
    assert settings.model_dump() == {
        "base_url": "https://api2.nxcloud.com", "access_key": None, "access_secret": None, "tenant_id": None,
        "sign_algorithm": "md5", "rate_per_second": 10, "concurrency": 8, "timeout_s": 10, "attempts": 5,
        "fresh_found_s": 86400, "fresh_no_calls_s": 300, "data_dir": PROJECT / ".nxcc", "timezone": None,
        "short_talk_s": 10, "service_level_s": 20, "currency": "", "viewers": (), "analysts": (), "leads": (),
        "admins": (), "sign_in_s": 0, "allow_anonymous": False, "keep_days": 0, "database_url": None,
        "lake_path": None, "notice_url": None, "public_url": None, "log_format": "plain", "log_level": "info",
    }  # fmt: skip


def test_load__a_team_needs_a_database_and_a_folder(environment: Callable[..., None], tmp_path: Path) -> None:
    none = tmp_path / "none.toml"
    environment(DATABASE_URL="postgres://amy:pass-word@db.example.com:5433/nxcc")
    with pytest.raises(SettingsError, match="NXCC_LAKE_PATH is missing"):
        load(none)
    environment(LAKE_PATH=str(tmp_path))
    settings = load(none)
    assert settings.team
    assert settings.team.database_url == "postgresql://amy:pass-word@db.example.com:5433/nxcc"
    assert (settings.team.host, settings.team.folder) == ("db.example.com:5433/nxcc", tmp_path)
    assert "pass-word" not in f"{settings!r} {settings.team!r} {shown(settings, 'database_url')}"
    environment(LAKE_PATH="s3://bucket/nxcc")
    with pytest.raises(SettingsError, match="NXCC_LAKE_PATH has a value") as refused:
        load(none)
    assert "a folder that all machines share" in refused.value.cure
    environment(LAKE_PATH=str(tmp_path), DATABASE_URL="mysql://amy:pass-word@db.example.com/nxcc")
    with pytest.raises(SettingsError, match="NXCC_DATABASE_URL has a value") as told:
        load(none)
    assert "pass-word" not in f"{told.value} {told.value.cure}"


def test_load__where_notices_go(environment: Callable[..., None], tmp_path: Path) -> None:
    none = tmp_path / "none.toml"
    environment(NOTICE_URL=" https://hooks.example.com/services/T0/the-token ", PUBLIC_URL="https://calls.example.com/")
    settings = load(none)
    assert settings.notice_url
    assert settings.notice_url.get_secret_value() == "https://hooks.example.com/services/T0/the-token"
    assert settings.public_url == "https://calls.example.com"
    assert shown(settings, "notice_url") == "set, never shown"
    assert "the-token" not in repr(settings)
    assert settings.notice_url.get_secret_value() in for_logs(none).secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTICE_URL", "ftp://hooks.example.com/the-token"),
        ("NOTICE_URL", "hooks.example.com/the-token"),
        ("NOTICE_URL", "https:///the-token"),
        ("NOTICE_URL", "https://hooks.example.com/the-token#part"),
        ("NOTICE_URL", "https://hooks.example.com:0/the-token"),
        ("NOTICE_URL", "https://hooks.example.com/a the-token"),
        ("PUBLIC_URL", "calls.example.com"),
        ("PUBLIC_URL", "https://amy@calls.example.com/the-token"),
        ("PUBLIC_URL", "https://calls.example.com/?the-token"),
    ],
)
def test_load__an_address_that_cannot_be_used(
    environment: Callable[..., None], tmp_path: Path, name: str, value: str
) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError, match=f"NXCC_{name} has a value") as refused:
        load(tmp_path / "none.toml")
    assert "the-token" not in str(refused.value)


def test_load__environment_over_file_over_default(secrets: Secrets, environment: Callable[..., None]) -> None:
    path = secrets("[nxcc]\nrate_per_second = 3\nconcurrency = 4\nNXCC_ATTEMPTS = 2\n")
    environment(CONCURRENCY="16", FRESH_FOUND_S=" 60 ")
    settings = load(path)
    assert (settings.rate_per_second, settings.concurrency, settings.attempts) == (3, 16, 2)
    assert (settings.fresh_found_s, settings.timeout_s) == (60, 10)


def test_load__people_in_the_environment_and_in_the_file(secrets: Secrets, environment: Callable[..., None]) -> None:
    environment(LEADS=" lee@example.com , groups=leads ,")
    settings = load(secrets('[nxcc]\nviewers = ["@example.com", "@example.org"]\nadmins = "ann@example.com"\n'))
    assert settings.people == {
        Role.VIEWER: ("@example.com", "@example.org"),
        Role.ANALYST: (),
        Role.LEAD: ("lee@example.com", "groups=leads"),
        Role.ADMIN: ("ann@example.com",),
    }


@pytest.mark.parametrize("text", ["example.com", "ann@example.com lee@example.com", "=desk"])
def test_load__people_that_cannot_be_told(environment: Callable[..., None], tmp_path: Path, text: str) -> None:
    environment(ADMINS=text)
    with pytest.raises(SettingsError, match="NXCC_ADMINS"):
        load(tmp_path / "none.toml")


def test_load__the_file_that_streamlit_reads(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(secrets("[nxcc]\nattempts = 3\n")))
    assert load().attempts == 3


def test_load__other_tables_are_others_business(secrets: Secrets) -> None:
    assert load(secrets('[auth]\ncookie_secret = "x"\n[connections.db]\nurl = "y"\n')) == load(secrets(""))


def test_load__credentials(secrets: Secrets, environment: Callable[..., None]) -> None:
    path = secrets('[nxcc]\naccess_key = " file-key "\naccess_secret = "file-secret"\ntenant_id = 7\n')
    assert load(path).credentials == Credentials("https://api2.nxcloud.com", "file-key", "file-secret", 7)
    environment(BASE_URL="https://api-hk.nxlink.ai/", ACCESS_SECRET="env-secret", SIGN_ALGORITHM="SHA256")
    assert load(path).credentials == Credentials("https://api-hk.nxlink.ai", "file-key", "env-secret", 7, "sha256")


def test_load__blank_is_not_set(secrets: Secrets, environment: Callable[..., None]) -> None:
    environment(ACCESS_KEY="", ACCESS_SECRET="", TENANT_ID="", TIMEZONE="", BASE_URL="", DATA_DIR="")
    assert load(secrets('[nxcc]\naccess_key = ""\ntenant_id = ""\ncurrency = ""\n')) == load(secrets(""))


WRONG = [
    *(("BASE_URL", value) for value in ("api-hk.nxlink.ai", "ftp://x", "https://", "https://u:p@x", "http://x?a=1",
                                        "http://x#a", "http://x:99999", "http://[::1")),
    ("ACCESS_KEY", "schlüssel"),
    ("ACCESS_SECRET", "two\nlines"),
    *(("TENANT_ID", value) for value in ("0", "-1", "abc", "1.5", str(2**63))),
    ("SIGN_ALGORITHM", "sha1"),
    *(("RATE_PER_SECOND", value) for value in ("-1", "fast", "nan", "inf", "100001")),
    *(("CONCURRENCY", value) for value in ("0", "257", "1.5")),
    *(("TIMEOUT_S", value) for value in ("0", "-1", "601", "inf", "10s")),
    *(("ATTEMPTS", value) for value in ("0", "21", "many")),
    *(("FRESH_FOUND_S", value) for value in ("-1", "1d", "99999999999")),
    *(("FRESH_NO_CALLS_S", value) for value in ("-1", "0.5")),
    *(("TIMEZONE", value) for value in ("Hong Kong", "Asia", "+08:00", "../etc/passwd")),
    ("CURRENCY", "dollars and cents"),
    ("LOG_FORMAT", "xml"),
    ("LOG_LEVEL", "loud"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_load__a_wrong_value_is_named_with_what_is_accepted(
    tmp_path: Path, environment: Callable[..., None], name: str, value: str
) -> None:
    environment(**ACCOUNT)
    environment(**{name: value})
    with pytest.raises(SettingsError) as failed:
        load(tmp_path / "secrets.toml")
    error = failed.value
    assert error.name == f"NXCC_{name}"
    assert f"NXCC_{name}" in error.what
    assert ACCEPTS[name.lower()] in error.cure
    assert error.__cause__ is None


def test_load__the_example_as_it_stands_is_the_sandbox() -> None:
    assert load(PROJECT / ".streamlit" / "secrets.toml.example").credentials is None


def test_load__a_truth_is_no_team(secrets: Secrets) -> None:
    with pytest.raises(SettingsError, match="NXCC_TENANT_ID"):
        load(secrets("[nxcc]\ntenant_id = true"))


@pytest.mark.parametrize("name", ["ACCESS_KEY", "ACCESS_SECRET"])
def test_load__a_secret_is_never_told(secrets: Secrets, environment: Callable[..., None], name: str) -> None:
    environment(**ACCOUNT)
    environment(**{name: "hush-hüsh"})
    with pytest.raises(SettingsError) as failed:
        load(secrets(""))
    assert "hush" not in f"{failed.value!r} {failed.value} {failed.value.cure}"


@pytest.mark.parametrize("value", ["12345", "['hush']", "true", "{a = 'hush'}"])
def test_load__a_secret_of_the_wrong_type_is_never_told(secrets: Secrets, value: str) -> None:
    path = secrets(f"[nxcc]\naccess_key = 'k'\ntenant_id = 1\naccess_secret = {value}\n")
    with pytest.raises(SettingsError, match="NXCC_ACCESS_SECRET") as failed:
        load(path)
    assert "hush" not in str(failed.value)
    assert "12345" not in str(failed.value)


def test_settings__repr_shows_no_secret(environment: Callable[..., None], tmp_path: Path) -> None:
    environment(**ACCOUNT)
    settings = load(tmp_path / "none.toml")
    shown = f"{settings!r} {settings} {settings.credentials!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert "env-key" not in shown
    assert "env-secret" not in shown


HALVES = [
    ({"ACCESS_KEY": "k"}, "NXCC_ACCESS_SECRET and NXCC_TENANT_ID are missing"),
    ({"ACCESS_KEY": "k", "TENANT_ID": "1"}, "NXCC_ACCESS_SECRET is missing"),
    ({"ACCESS_KEY": "k", "ACCESS_SECRET": "  ", "TENANT_ID": "1"}, "NXCC_ACCESS_SECRET is missing"),
    ({"TENANT_ID": "1"}, "NXCC_ACCESS_KEY and NXCC_ACCESS_SECRET are missing"),
    ({"BASE_URL": "https://x"}, "NXCC_BASE_URL is set but the credentials are not"),
]


@pytest.mark.parametrize(("given", "told"), HALVES, ids=str)
def test_load__half_configured_is_an_error_never_the_sandbox(
    tmp_path: Path, environment: Callable[..., None], given: dict[str, str], told: str
) -> None:
    environment(**given)
    with pytest.raises(SettingsError, match="missing") as failed:
        load(tmp_path / "none.toml")
    assert told in failed.value.what
    assert "sandbox" in failed.value.cure


def test_load__an_unknown_name_is_told_with_those_there_are(secrets: Secrets) -> None:
    with pytest.raises(SettingsError, match="secret_key") as failed:
        load(secrets("[nxcc]\nsecret_key = 'hush'\n"))
    assert "NXCC_ACCESS_SECRET" in failed.value.cure
    assert "hush" not in str(failed.value)


BROKEN = ["[nxcc\nrate = 1", "[nxcc]\naccess_secret = 'hush", "[nxcc]\naccess_secret = hush", "nxcc = 'hush'"]


@pytest.mark.parametrize("text", BROKEN)
def test_load__a_broken_file_is_told(secrets: Secrets, text: str) -> None:
    with pytest.raises(SettingsError, match=r"secrets\.toml") as failed:
        load(secrets(text))
    assert failed.value.cure
    assert "hush" not in str(failed.value)


@pytest.mark.parametrize("content", [b"[nxcc]\ncurrency = '\xff'", None], ids=["not UTF-8", "a folder"])
def test_load__an_unreadable_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secrets.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"secrets\.toml cannot be read"):
        load(path)


def test_settings__cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path / "none.toml").concurrency = 99  # type: ignore[misc]


def test_settings__each_has_a_description_and_says_what_it_accepts() -> None:
    assert set(ACCEPTS) == set(Settings.model_fields)
    assert all(field.description and field.description.endswith(".") for field in Settings.model_fields.values())


def test_sources__of_each_setting(secrets: Secrets, environment: Callable[..., None]) -> None:
    path = secrets('[nxcc]\nrate_per_second = 3\nconcurrency = 4\ncurrency = ""\n')
    environment(CONCURRENCY="16", TIMEOUT_S="")
    found = sources(path)
    assert list(found) == list(Settings.model_fields)
    assert (found["rate_per_second"], found["concurrency"]) == ("secrets.toml", "environment")
    assert {name for name, source in found.items() if source != "default"} == {"rate_per_second", "concurrency"}


def test_shown__neither_key_nor_secret(secrets: Secrets, environment: Callable[..., None]) -> None:
    environment(**ACCOUNT)
    environment(ACCESS_KEY="AK-3f9d0c71", ADMINS="ann@example.com, @example.org", TIMEOUT_S="2.5")
    settings = load(secrets(""))
    said = {name: shown(settings, name) for name in Settings.model_fields}
    assert said["access_key"] == "AK•••71"
    assert "env-secret" not in "".join(said.values())
    assert (said["timeout_s"], said["admins"], said["allow_anonymous"]) == ("2.5", "ann@example.com, @example.org", "0")
    assert (said["timezone"], said["tenant_id"]) == ("", "7")
    assert masked_key("short") == "•••"


def test_for_logs__whatever_else_is_wrong(secrets: Secrets, environment: Callable[..., None]) -> None:
    path = secrets('[nxcc]\nlog_format = "JSON"\naccess_secret = "file-secret"\nconcurrency = 0\n')
    environment(LOG_LEVEL="Debug", ACCESS_KEY="env-key", TIMEOUT_S="fast")
    assert for_logs(path) == ForLogs("json", "debug", ("env-key", "file-secret"))
    environment(LOG_LEVEL="loud", LOG_FORMAT="xml")
    assert for_logs(path) == ForLogs("plain", None, ("env-key", "file-secret"))
    assert for_logs(secrets("[nxcc\n")) == ForLogs("plain", None, ("env-key",))
