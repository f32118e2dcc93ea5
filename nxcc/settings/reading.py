"""Where settings come from: the environment, `[nxcc]` in secrets.toml, defaults."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError

from nxcc import logs
from nxcc.errors import SettingsError
from nxcc.settings.model import ACCEPTS, PREFIX, PROJECT, Settings

SECRETS_FILE = PROJECT / ".streamlit" / "secrets.toml"
ELSEWHERE = "STREAMLIT_SECRETS_FILES"  # Streamlit's own setting: where it reads [auth], we read [nxcc]

Source = Literal["environment", "secrets.toml", "default"]
_SECRETS = ("access_key", "access_secret", "database_url", "notice_url")
_CREDENTIALS = ("access_key", "access_secret", "tenant_id")


def load(secrets_file: Path | None = None) -> Settings:
    """The settings of this installation.

    Raises `SettingsError` naming the setting and what it accepts: a wrong value, an unknown name in `[nxcc]`,
    credentials of which only a part is there, or a gateway without credentials.
    """
    secrets_file = secrets_file or _secrets_file()
    from_file = _from_secrets(secrets_file)
    try:
        settings = Settings(**from_file)
    except ValidationError as error:
        raise _sentence(error.errors()[0]["loc"], secrets_file) from None  # the original holds the value
    _whole_or_none(settings)
    return settings


def sources(secrets_file: Path | None = None) -> dict[str, Source]:
    """Where each setting comes from, by its field. Raises `SettingsError` as `load` does."""
    from_file = _from_secrets(secrets_file or _secrets_file())
    from_environment = {name.lower() for name, value in os.environ.items() if value}
    return {
        name: "environment"
        if (PREFIX + name).lower() in from_environment
        else "secrets.toml"
        if name in from_file
        else "default"
        for name in Settings.model_fields
    }


@dataclass(frozen=True, slots=True)
class ForLogs:
    """How to log, and what to keep out of it. `level` None = not set."""

    format: logs.Format
    level: logs.Level | None
    secrets: tuple[str, ...]


def for_logs(secrets_file: Path | None = None) -> ForLogs:
    """These settings, whatever is wrong with the others: the log has to say that, in its own format."""
    try:
        said = _from_secrets(secrets_file or _secrets_file())
    except SettingsError:
        said = {}
    for name in ("log_format", "log_level", *_SECRETS):
        if value := os.environ.get(PREFIX + name.upper()):
            said[name] = value
    text = {name: str(value).strip() for name, value in said.items()}
    format, level = text.get("log_format", "").lower(), text.get("log_level", "").lower()
    return ForLogs(
        cast(logs.Format, format) if format in get_args(logs.Format) else "plain",
        cast(logs.Level, level) if level in get_args(logs.Level) else None,
        tuple(text[name] for name in _SECRETS if name in text),
    )


def _secrets_file() -> Path:
    return Path(os.environ.get(ELSEWHERE) or SECRETS_FILE)


def _from_secrets(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("nxcc", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        where = str(error) if isinstance(error, OSError | tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise SettingsError(f"{path.name} cannot be read: {where}.", cure="Mend the file, or remove it.") from None
    if not isinstance(table, dict):
        raise SettingsError(f"nxcc in {path.name} is not a table.", cure="Begin it with a line [nxcc].")
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.lower().removeprefix(PREFIX.lower())
        if name not in Settings.model_fields:
            known = ", ".join(PREFIX + field.upper() for field in Settings.model_fields)
            raise SettingsError(
                f"{path.name} has a setting that does not exist in [nxcc]: {key}.",
                cure=f"There are: {known}.",
                name=key,
            )
        if value != "":
            values[name] = value
    return values


def _sentence(loc: tuple[int | str, ...], secrets_file: Path) -> SettingsError:
    field = str(loc[0]).lower().removeprefix(PREFIX.lower())
    name = PREFIX + field.upper()
    where = f"in the environment or in [nxcc] of {secrets_file.name}"
    return SettingsError(
        f"{name} has a value that cannot be used.", cure=f"It accepts {ACCEPTS[field]}. Set it {where}.", name=name
    )


def _whole_or_none(settings: Settings) -> None:
    if (settings.database_url is None) != (settings.lake_path is None):
        missing_one = "NXCC_LAKE_PATH" if settings.lake_path is None else "NXCC_DATABASE_URL"
        raise SettingsError(
            f"{missing_one} is missing: a team's installation needs a database and a shared folder.",
            cure="Set both; or neither, to keep all in the data folder.",
            name=missing_one,
        )
    missing = [name for name in _CREDENTIALS if getattr(settings, name) is None]
    some = len(missing) < len(_CREDENTIALS)
    if missing and (some or "base_url" in settings.model_fields_set):
        names = " and ".join(PREFIX + name.upper() for name in missing)
        given = "the credentials are there only in part" if some else "NXCC_BASE_URL is set but the credentials are not"
        raise SettingsError(
            f"{names} {'are' if len(missing) > 1 else 'is'} missing: {given}.",
            cure="Set them all; or none of them, nor NXCC_BASE_URL, to work on the sandbox.",
            name=PREFIX + missing[0].upper(),
        )
