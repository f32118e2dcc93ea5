"""Signing in at a real provider: who is let in, for how long, and that nobody else gets anything."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from nxcc.sandbox import Sandbox
from tests.browser.on_page import download, settled
from tests.browser.person import somebody
from tests.browser.server import PROJECT
from tests.oidc import PEOPLE, Provider
from tests.oidc.guarded import Filled, Guarded, choose, guarded_app, sign_in, sign_in_undrawn, signed
from tests.oidc.wire import Ear, told

USER, TOKENS = "_streamlit_user", "_streamlit_user_tokens"
ON_A_LIST = {"vera", "anna", "leo", "ada", "upper", "grouped", "groups-text", "many", "nameless", "brief"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser in which nobody has signed in yet."""
    with somebody(browser) as context:
        yield context.new_page()


def links(filled: Filled) -> list[str]:
    """Addresses of every page, with and without what they can be asked for."""
    order, other = filled.orders[0], filled.orders[1]
    return [
        "/",
        f"/?orders={quote(order)},{quote(other)}",
        f"/lookup?orders={quote(order)}",
        "/bulk",
        f"/bulk?job={filled.job}",
        f"/bulk?upload={filled.upload}",
        "/jobs",
        "/explore",
        "/explore?days=2026-01-01..2026-12-31&direction=2&answered=yes&find=44",
        "/order",
        f"/order?order={quote(order)}",
        *(f"/{page}" for page in more_pages()),
    ]


def more_pages() -> list[str]:
    """Pages by their files, beyond those above."""
    known = {"__init__", "lookup", "bulk", "jobs", "explore", "order"}
    return sorted(file.stem for file in (PROJECT / "pages").glob("*.py") if file.stem not in known)


def holds(heard: bytes, filled: Filled) -> list[str]:
    """What there is of the archive, the jobs and the navigation in what a browser got."""
    secret = [*filled.orders, *filled.numbers, *filled.recordings, "done.csv", "checked.csv", "Order story"]
    return [one for one in secret if one.encode() in heard]


def let_in(address: str, held: Mapping[str, str]) -> bool:
    """Whether these cookies open the doors to files; one that is not there is not found, rather than forbidden."""
    answer = requests.get(f"{address}/media/nothing.csv", cookies=dict(held), timeout=10)
    assert answer.status_code in (403, 404)
    return answer.status_code == 404


def door(page: Page, says: str) -> None:
    expect(page.locator(".st-key-front_door")).to_contain_text(says)
    expect(page.locator("[data-testid=stSidebar] p")).to_have_count(0)


def test_each_deep_link_of_a_fresh_server__gives_nothing_before_and_itself_after(
    page: Page, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, provider: Provider
) -> None:
    """Nobody has signed in at this server when the links are opened: no page has been drawn on it."""
    with guarded_app(tmp_path_factory.mktemp("fresh"), sandbox, provider) as fresh:
        asked, ear = len(sandbox.requests), Ear(page)
        for link in links(fresh.filled):
            assert not holds(told(fresh.address, link, {}), fresh.filled), link
        for link in links(fresh.filled):
            assert sign_in_undrawn(fresh.address, "leo", link).address == fresh.address + link
        link = f"/order?order={quote(fresh.filled.orders[0])}"
        page.goto(fresh.address + link)
        door(page, "Sign in to see order calls")
        settled(page)
        assert not holds(ear.heard(), fresh.filled)
        choose(page, fresh.address, "leo")
        assert page.url == fresh.address + link
        expect(page.locator(".st-key-order_summary")).to_contain_text("Found")
        assert fresh.filled.orders[0] in holds(ear.heard(), fresh.filled)
        assert len(sandbox.requests) == asked


def test_people__are_let_in_by_address_domain_or_claim_only(guarded: Guarded) -> None:
    found = {who for who in PEOPLE if let_in(guarded.address, guarded.cookies(who))}
    assert found == ON_A_LIST
    for who in ("tenant", "forger", ""):  # another issuer, another key, and somebody who gave up at the provider
        assert sign_in_undrawn(guarded.address, who) == ({}, f"{guarded.address}/")


def test_not_on_the_list__is_told_who_they_are_and_can_come_as_somebody_else(page: Page, guarded: Guarded) -> None:
    ear = Ear(page)
    sign_in(page, guarded.address, "evil", "/explore")
    door(page, "You are signed in, but not on the list")
    door(page, "vera@evil-example.com")
    assert not holds(ear.heard(), guarded.filled)
    page.locator(".st-key-sign_out button").click()
    door(page, "Sign in to see order calls")
    choose(page, guarded.address, "vera")
    expect(page.locator("[data-testid=stSidebar]")).to_contain_text("vera@example.com")


def test_sign_out__ends_it_here_in_the_other_tab_and_in_a_copy(page: Page, guarded: Guarded) -> None:
    sign_in(page, guarded.address, "vera", "/jobs")
    expect(page.locator(".st-key-jobs_list")).to_contain_text("done.csv")
    copied = {cookie["name"]: cookie["value"] for cookie in page.context.cookies(guarded.address)}
    other, quiet = page.context.new_page(), page.context.new_page()
    other.goto(f"{guarded.address}/order")
    quiet.goto(f"{guarded.address}/jobs")
    expect(quiet.locator(".st-key-jobs_list")).to_contain_text("done.csv")
    expect(other.locator(".st-key-order_empty")).to_be_visible()
    assert let_in(guarded.address, copied)
    page.locator("[data-testid=stSidebar] .st-key-sign_out button").click()
    door(page, "Sign in to see order calls")
    other.get_by_role("link", name="Explore").click()
    door(other, "Your sign-in has ended")
    door(quiet, "Your sign-in has ended")  # the list looks for news by itself, and finds the door
    assert not let_in(guarded.address, copied)
    assert not holds(told(guarded.address, "/jobs", copied), guarded.filled)
    assert "/desk/end_session" in guarded.provider.seen
    choose(other, guarded.address, "vera")
    expect(other.locator("[data-testid=stSidebar]")).to_be_visible()


def test_expired__ends_an_open_page_by_itself_and_after_a_reload(page: Page, guarded: Guarded) -> None:
    ear = Ear(page)
    sign_in(page, guarded.address, "expired", "/explore")
    door(page, "Your sign-in has ended")
    assert not holds(ear.heard(), guarded.filled)
    held = sign_in_undrawn(guarded.address, "brief").cookies
    page.context.add_cookies([{"name": name, "value": held[name], "url": guarded.address} for name in held])
    page.goto(f"{guarded.address}/jobs")
    expect(page.locator(".st-key-jobs_list")).to_contain_text("done.csv")
    door(page, "Your sign-in has ended")
    assert not let_in(guarded.address, held)
    ear.heard()
    page.reload()
    door(page, "Your sign-in has ended")
    assert not holds(ear.heard(), guarded.filled)


def test_forged_cookies__open_nothing(page: Page, guarded: Guarded) -> None:
    real = guarded.cookies("ada")
    now = int(time.time())
    claims = {
        "email": "ada@example.com", "email_verified": True, "sub": "ada", "iat": now, "exp": now + 3600,
        "is_logged_in": True, "provider": "default", "origin": guarded.address,
    }  # fmt: skip
    plain = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    forged = {
        "another secret": {USER: signed(USER, claims, "a secret that somebody guessed, long enough")},
        "an empty secret": {USER: signed(USER, claims, "")},
        "another cookie's": {USER: signed("nxcc_back", claims), TOKENS: real[TOKENS]},
        "the tokens": {USER: real[TOKENS]},
        "not signed": {USER: plain},
        "half a signature": {USER: real[USER][:-4]},
        "changed": {USER: "A" + real[USER][1:]},
        "chunks, none": {USER: signed(USER, "chunks-0")},
        "not logged in": {USER: signed(USER, claims | {"is_logged_in": False})},
        "no end": {USER: signed(USER, {name: value for name, value in claims.items() if name != "exp"})},
        "an end that is text": {USER: signed(USER, claims | {"exp": str(now + 3600)})},
        "no end, ever": {USER: signed(USER, claims | {"exp": True})},
        "nothing": {},
    }
    assert let_in(guarded.address, {USER: signed(USER, claims)})  # made as the app makes them, it is good
    opened = [name for name, held in forged.items() if let_in(guarded.address, held)]
    assert opened == []
    for name, held in forged.items():
        assert not holds(told(guarded.address, "/jobs", held), guarded.filled), name
    page.context.add_cookies([{"name": USER, "value": forged["another secret"][USER], "url": guarded.address}])
    page.goto(f"{guarded.address}/jobs")
    door(page, "Sign in to see order calls")


def test_websocket__gives_pages_to_cookies_that_are_good_only(guarded: Guarded) -> None:
    held = guarded.cookies("leo")
    assert not holds(told(guarded.address, "/jobs", {}), guarded.filled)
    assert holds(told(guarded.address, "/jobs", held), guarded.filled)
    assert not holds(told(guarded.address, "/jobs", held, with_token=False), guarded.filled)


def test_files_and_uploads__are_for_who_may_see_pages(page: Page, guarded: Guarded) -> None:
    page = guarded.context(page.context.browser, "leo").new_page()  # type: ignore[arg-type]
    files: list[str] = []
    page.on("request", lambda request: files.append(request.url) if "/media/" in request.url else None)
    page.goto(f"{guarded.address}/bulk?job={guarded.filled.job}")
    page.locator(".st-key-bulk_calls [data-testid=stDataFrame]").wait_for()
    settled(page)
    content = download(page, "bulk_calls_csv")
    whole = [url for url in files if urlsplit(url).path.startswith("/media/")]
    got = {url: requests.get(url, cookies=guarded.cookies("leo"), timeout=10) for url in whole}
    assert content in [answer.content for answer in got.values()]
    for url in whole:
        for held in ({}, guarded.cookies("stranger"), guarded.cookies("expired")):
            answer = requests.get(url, cookies=held, timeout=10)
            assert (answer.status_code, answer.text) == (403, "Sign in first."), url
    page.context.close()
    for method in ("PUT", "POST", "DELETE", "GET"):
        answer = requests.request(method, f"{guarded.address}/_stcore/upload_file/any/file", data=b"x", timeout=10)
        assert (answer.status_code, answer.text) == (403, "Sign in first."), method
    metrics = requests.get(f"{guarded.address}/_stcore/metrics", cookies=guarded.cookies("ada"), timeout=10)
    assert (metrics.status_code, metrics.text) == (403, "Closed.")


def test_nobody__sees_icons_and_fonts_at_the_door(page: Page, guarded: Guarded) -> None:
    bad: list[str] = []
    page.on("response", lambda answer: bad.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{guarded.address}/")
    door(page, "Sign in to see order calls")
    settled(page)
    page.wait_for_load_state("networkidle")
    assert [url for url in bad if not url.endswith((".map", "/favicon.ico"))] == []


def test_way_back__leads_to_no_other_server(guarded: Guarded) -> None:
    for elsewhere in (
        "http://evil.test/explore",
        f"http://evil.test@{urlsplit(guarded.address).netloc}/",
        f"{guarded.address}//evil.test/",
        f"{guarded.address}/\\evil.test/",
    ):
        assert sign_in_undrawn(guarded.address, "vera", elsewhere).address == f"{guarded.address}/", elsewhere
