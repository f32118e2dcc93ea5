"""What can be set, and what each setting takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from nxcc import logs
from nxcc.access import Role, is_entry
from nxcc.account import Algorithm, Credentials
from nxcc.team.place import Team

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "NXCC_"
SLOWEST_PER_S = 0.001
LONGEST_S = 3_153_600_000  # a hundred years

People = Annotated[tuple[str, ...], NoDecode]  # commas between them in the environment, or a list in TOML

_WEB = ("http", "https")


class Settings(BaseSettings):
    """Everything that can be set. Each field's description says what it means, `ACCEPTS` what it takes."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    base_url: str = Field("https://api2.nxcloud.com", description="The vendor's gateway of your region.")
    access_key: SecretStr | None = Field(None, description="The account's access key.")
    access_secret: SecretStr | None = Field(None, description="The account's access secret; it is never shown.")
    tenant_id: int | None = Field(None, ge=1, le=2**63 - 1, description="The team id.")
    sign_algorithm: Algorithm = Field("md5", description="How requests are signed.")
    rate_per_second: float = Field(
        10, ge=0, le=100_000, allow_inf_nan=False, description="Requests a second at the most; 0 = no limit."
    )
    concurrency: int = Field(8, ge=1, le=256, description="Requests under way at once.")
    timeout_s: float = Field(
        10, gt=0, le=600, allow_inf_nan=False, description="Longest wait for a connection, and for an answer."
    )
    attempts: int = Field(5, ge=1, le=20, description="How often one order id is asked before it counts as failed.")
    fresh_found_s: int = Field(
        86_400, ge=0, le=LONGEST_S, description="How long an answer with calls is not asked again."
    )
    fresh_no_calls_s: int = Field(
        300, ge=0, le=LONGEST_S, description="How long an answer without calls is not asked again."
    )
    data_dir: Path = Field(PROJECT / ".nxcc", description="Folder of the archive.")
    timezone: str | None = Field(None, description="Zone of all times on the screen and in files.")
    short_talk_s: float = Field(
        10, gt=0, le=3_600, allow_inf_nan=False, description="Answered calls with less talk count as short."
    )
    service_level_s: float = Field(
        20, gt=0, le=3_600, allow_inf_nan=False, description="The service level counts calls answered within this."
    )
    currency: str = Field("", max_length=8, description="Name of the account's currency, for headers.")
    viewers: People = Field((), description="Who may read the archive, with masked numbers, once signed in.")
    analysts: People = Field((), description="Who may look up and start jobs as well.")
    leads: People = Field((), description="Who may see whole numbers, play recordings and delete as well.")
    admins: People = Field((), description="Who may see status, settings and the audit as well.")
    sign_in_s: int = Field(
        0, ge=0, le=LONGEST_S, description="How long a sign-in holds; 0 = until the provider's token expires."
    )
    allow_anonymous: bool = Field(
        False, description="Serve beyond this machine without sign-in: whoever reaches the app may do everything."
    )
    keep_days: int = Field(
        0, ge=0, le=36_500, description="How many days calls, uploads and jobs are kept; 0 = for ever."
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL of a team's installation, with user and password; it is never shown."
    )
    lake_path: str | None = Field(
        None, description="Folder of a team's archive and uploads, which all its machines reach under this path."
    )
    notice_url: SecretStr | None = Field(
        None, description="Where schedules post what happened (Slack's incoming webhook, say); it is never shown."
    )
    public_url: str | None = Field(None, description="The app's own address, for links in what is posted there.")
    log_format: logs.Format = Field("plain", description="How the log on stderr is written: plain, or a JSON a line.")
    log_level: logs.Level = Field("info", description="What is logged: debug has a line for each request.")

    @field_validator("base_url")
    @classmethod
    def _gateway(cls, value: str) -> str:
        return _web_place(value)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if not text:
            return None
        if len(_address(text, ("postgresql", "postgres")).path) < 2:
            raise ValueError
        return SecretStr(f"postgresql://{text.partition('://')[2]}")

    @field_validator("notice_url")
    @classmethod
    def _notices(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if not text:
            return None
        _address(text, _WEB)
        return SecretStr(text)

    @field_validator("public_url")
    @classmethod
    def _own_address(cls, value: str | None) -> str | None:
        return _web_place(value) if value else None

    @field_validator("lake_path")
    @classmethod
    def _lake(cls, value: str | None) -> str | None:
        if value and "://" in value:  # a bucket is no folder
            raise ValueError
        return str(Path(value).expanduser().absolute()) if value else None

    @field_validator("access_key", "access_secret")
    @classmethod
    def _header_text(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if not (text.isascii() and text.isprintable()):
            raise ValueError
        return SecretStr(text) if text else None

    @field_validator("rate_per_second")
    @classmethod
    def _some_pace(cls, value: float) -> float:
        if 0 < value < SLOWEST_PER_S:
            raise ValueError
        return value

    @field_validator("tenant_id", mode="before")
    @classmethod
    def _no_truth(cls, value: object) -> object:
        if isinstance(value, bool):  # `true` in a TOML file would be team 1
            raise ValueError
        return value

    @field_validator("sign_algorithm", "log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("viewers", "analysts", "leads", "admins", mode="before")
    @classmethod
    def _people(cls, value: object) -> object:
        entries = value.split(",") if isinstance(value, str) else value
        if not isinstance(entries, list | tuple) or not all(isinstance(entry, str) for entry in entries):
            raise ValueError
        people = tuple(entry.strip() for entry in entries if entry.strip())
        if not all(map(is_entry, people)):
            raise ValueError
        return people

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        try:
            return ZoneInfo(value).key if value else None
        except (LookupError, OSError) as error:  # an unknown name, or that of a folder of names
            raise ValueError from error

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # What `load` passes in comes out of secrets.toml: the environment stands above it.
        return env_settings, init_settings

    @property
    def people(self) -> dict[Role, tuple[str, ...]]:
        """Who is on which list."""
        return {
            Role.VIEWER: self.viewers,
            Role.ANALYST: self.analysts,
            Role.LEAD: self.leads,
            Role.ADMIN: self.admins,
        }

    @property
    def team(self) -> Team | None:
        """What several processes share; None = all is in the data folder, which one process has."""
        if self.database_url is None or self.lake_path is None:
            return None
        return Team(self.database_url.get_secret_value(), self.lake_path)

    @property
    def credentials(self) -> Credentials | None:
        """The account to ask with; None = nothing configured, so the sandbox answers."""
        if self.access_key is None or self.access_secret is None or self.tenant_id is None:
            return None
        return Credentials(
            self.base_url,
            self.access_key.get_secret_value(),
            self.access_secret.get_secret_value(),
            self.tenant_id,
            self.sign_algorithm,
        )


_PEOPLE = "a list, with commas between, of addresses (ann@example.com), domains (@example.com) or claims (groups=desk)"
ACCEPTS: dict[str, str] = {
    "base_url": "an address such as https://api-hk.nxlink.ai, without user, query or fragment",
    "access_key": "the key as the vendor shows it: printable ASCII characters",
    "access_secret": "the secret as the vendor shows it: printable ASCII characters",
    "tenant_id": "the team id: a whole number from 1",
    "sign_algorithm": "md5 or sha256",
    "rate_per_second": f"a number from {SLOWEST_PER_S} to 100000, or 0 for no limit",
    "concurrency": "a whole number from 1 to 256",
    "timeout_s": "seconds, a number over 0 and up to 600",
    "attempts": "a whole number from 1 to 20",
    "fresh_found_s": f"seconds, a whole number from 0 to {LONGEST_S}",
    "fresh_no_calls_s": f"seconds, a whole number from 0 to {LONGEST_S}",
    "data_dir": "the path of a folder",
    "timezone": "a zone name such as Asia/Shanghai or UTC",
    "short_talk_s": "seconds, a number over 0 and up to 3600",
    "service_level_s": "seconds, a number over 0 and up to 3600",
    "currency": "a name of up to 8 letters such as HKD",
    "viewers": _PEOPLE,
    "analysts": _PEOPLE,
    "leads": _PEOPLE,
    "admins": _PEOPLE,
    "sign_in_s": f"seconds, a whole number from 0 to {LONGEST_S}",
    "allow_anonymous": "1 or 0",
    "keep_days": "days, a whole number from 1 to 36500, or 0 to keep everything",
    "database_url": "an address such as postgresql://user:password@host:5432/nxcc",
    "lake_path": "the path of a folder that all machines share",
    "notice_url": "an address such as https://hooks.slack.com/services/...",
    "public_url": "the app's address, such as https://calls.example.com, without user, query or fragment",
    "log_format": "plain or json",
    "log_level": "debug, info, warning or error",
}


def _address(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address with a host. Raises `ValueError`."""
    parts = urlsplit(text)
    if (
        parts.scheme not in schemes
        or not parts.hostname
        or parts.fragment
        or (parts.port is not None and not parts.port)
    ):
        raise ValueError
    if not text.isprintable() or " " in text:
        raise ValueError
    return parts


def _web_place(text: str) -> str:
    """An address that paths are put after. Raises `ValueError`."""
    parts = _address(text, _WEB)
    if parts.query or parts.username or parts.password:
        raise ValueError
    return text.rstrip("/")
