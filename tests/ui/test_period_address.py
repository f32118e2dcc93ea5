"""What Calls by time is asked for in its address, by whoever may see numbers and by whoever may not."""

from __future__ import annotations

import pytest

from nxcc.ui import explore_address, navigation, period_address, resources, seen

CALLER = "+85298765432"


@pytest.fixture(autouse=True)
def no_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "open_now", lambda: None)


@pytest.mark.parametrize(
    ("numbers", "address", "asked", "left_out"),
    [
        (True, [("caller", CALLER)], {"caller": CALLER}, []),
        (False, [("caller", CALLER), ("order", "A1")], {"order_id": "A1"}, ["caller"]),
        (False, [("callee", CALLER)], {}, ["callee"]),
        (True, [("direction", "inbound"), ("direction", "aicc")], {"direction": "inbound"}, []),
        (True, [("direction", "sideways")], {}, ["direction"]),
        (True, [("direction", ""), ("account", "")], {}, ["direction", "agent account"]),
        (False, [("account", CALLER)], {}, ["agent account"]),
        (True, [("account", CALLER)], {"agent": CALLER}, []),
        (False, [("account", "+852•••••432")], {}, ["agent account"]),
    ],
)
def test_current__asks_only_for_what_the_api_and_the_role_allow(
    monkeypatch: pytest.MonkeyPatch,
    numbers: bool,
    address: list[tuple[str, str]],
    asked: dict[str, str],
    left_out: list[str],
) -> None:
    monkeypatch.setattr(seen, "numbers", lambda: numbers)
    said = [("period", "2026-11-20_2026-11-21"), *address]
    monkeypatch.setattr(navigation, "address", lambda _page: said)
    found = period_address.asked(period_address.current())
    assert {
        name: text for name in ("direction", "agent", "caller", "callee", "order_id") if (text := getattr(found, name))
    } == asked
    assert period_address.unread() == left_out


def test_meant__no_number_for_whoever_may_not_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "numbers", lambda: False)
    assert explore_address.meant([("caller", CALLER), ("status", "busy")]) == ([("status", "busy")], ["caller"])
