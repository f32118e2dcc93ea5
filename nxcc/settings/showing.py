"""Settings as they may be shown."""

from __future__ import annotations

from pydantic import SecretStr

from nxcc.settings.model import Settings

_SHOWN_FROM = 8  # characters; of a shorter key nothing is shown


def shown(settings: Settings, name: str) -> str:
    """The value of a setting as it may be shown: of the key its ends, of the secret only whether it is there."""
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return masked_key(value.get_secret_value()) if name == "access_key" else "set, never shown"
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(int(value) if isinstance(value, bool) else value)


def masked_key(key: str) -> str:
    """So much of an access key that two can be told apart."""
    return f"{key[:2]}•••{key[-2:]}" if len(key) >= _SHOWN_FROM else "•••"
