"""Roles: what each may do, and which one the claims of a sign-in give."""

from __future__ import annotations

from typing import Any

import pytest

from nxcc.access import May, Role, Viewer, here, is_entry, role_of, who

LISTS = {
    Role.VIEWER: ("@example.com",),
    Role.ANALYST: ("ann@example.com", "groups=desk"),
    Role.LEAD: ("Lee@Example.com",),
    Role.ADMIN: ("sub=42",),
}


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"email": "someone@example.com"}, Role.VIEWER),
        ({"email": "SOMEONE@EXAMPLE.COM"}, Role.VIEWER),
        ({"email": "ann@example.com"}, Role.ANALYST),
        ({"email": "lee@example.com"}, Role.LEAD),
        ({"email": "lee@example.com", "groups": ["desk"]}, Role.LEAD),
        ({"groups": ["desk", "other"]}, Role.ANALYST),
        ({"groups": "desk"}, Role.ANALYST),
        ({"sub": "42"}, Role.ADMIN),
        ({"email": "someone@evil-example.com"}, None),
        ({"email": "someone@sub.example.com"}, None),
        ({"email": "someone@example.com.evil.org"}, None),
        ({"email": "someone@example.com@evil.org"}, None),
        ({"email": "@example.com"}, Role.VIEWER),
        ({"email": "someone@example.com", "email_verified": False}, None),
        ({"email": "someone@example.com", "email_verified": "false"}, None),
        ({"email": "someone@example.com", "email_verified": True}, Role.VIEWER),
        ({"email": "someone@example.com", "email_verified": False, "groups": ["desk"]}, Role.ANALYST),
        ({"email": ["someone@example.com"]}, None),
        ({"groups": {"desk": 1}}, None),
        ({"groups": "desks"}, None),
        ({"sub": 42}, None),
        ({}, None),
    ],
)
def test_role_of(claims: dict[str, Any], role: Role | None) -> None:
    assert role_of(claims, LISTS) == role


def test_role_of__nobody_is_listed() -> None:
    assert role_of({"email": "ann@example.com"}, dict.fromkeys(Role, ())) is None


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.VIEWER, {May.READ}),
        (Role.ANALYST, {May.READ, May.ASK}),
        (Role.LEAD, {May.READ, May.ASK, May.NUMBERS, May.RECORDINGS, May.DELETE}),
        (Role.ADMIN, set(May)),
    ],
)
def test_may__what_each_role_reaches(role: Role, allowed: set[May]) -> None:
    assert {what for what in May if Viewer("x", role).may(what)} == allowed


def test_here__whoever_is_at_the_machine_may_do_everything_and_has_not_signed_in() -> None:
    viewer = here("ann")
    assert all(viewer.may(what) for what in May)
    assert not viewer.signed_in


def test_who__the_address_else_the_providers_id() -> None:
    assert who({"email": "Ann@Example.com", "sub": "1"}) == "ann@example.com"
    assert who({"sub": "1"}) == "1"
    assert who({}) == ""


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("ann@example.com", True), ("@example.com", True), ("groups=desk", True), ("https://x/claim=desk", True),
        ("example.com", False), ("ann@", False), ("=desk", False), ("groups=", False),
        ("a b@example.com", False), ("", False),
    ],
)  # fmt: skip
def test_is_entry(text: str, valid: bool) -> None:
    assert is_entry(text) is valid
