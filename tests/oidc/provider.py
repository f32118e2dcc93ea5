"""The provider as a server in a thread of this process: discovery, authorize, token, keys, userinfo, end_session."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.oidc.people import PEOPLE, Person

CLIENT_ID = "nxcc-tests"
CLIENT_SECRET = "a secret of the client's, 7f3c"
CODE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a code stands for, until it is used or too old."""

    person: Person
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


class Provider:
    """A context manager. Its name is `localhost` while the app's is 127.0.0.1: two sites, as in earnest.

    `people` may be changed while it runs; `seen` are the paths that were asked for.
    """

    def __init__(self) -> None:
        self.people = dict(PEOPLE)
        self.seen: list[str] = []
        self._key = RSAKey.generate_key(2048, {"kid": "published", "use": "sig", "alg": "RS256"})
        self._unknown_key = RSAKey.generate_key(2048, {"kid": "published", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, Person] = {}
        tenant = "/{tenant}"
        self._app = Starlette(
            routes=[
                Route(f"{tenant}/.well-known/openid-configuration", self._discovery),
                Route(f"{tenant}/authorize", self._authorize, methods=["GET", "POST"]),
                Route(f"{tenant}/token", self._token, methods=["POST"]),
                Route(f"{tenant}/keys", self._keys),
                Route(f"{tenant}/userinfo", self._userinfo),
                Route(f"{tenant}/end_session", self._end_session),
            ]
        )

    def secrets(self, *, cookie_secret: str, tenant: str = "desk") -> str:
        """The section of a secrets file by which an app on any port of 127.0.0.1 signs people in here."""
        return f"""[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{cookie_secret}"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
server_metadata_url = "{self.issuer(tenant)}/.well-known/openid-configuration"
"""

    def issuer(self, tenant: str = "desk") -> str:
        return f"{self.base_url}/{tenant}"

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://localhost:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self._app, ws="none", lifespan="off", log_config=None))
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="oidc", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _discovery(self, request: Request) -> Response:
        issuer = self._note(request)
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "end_session_endpoint": f"{issuer}/end_session",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        """A page with a button for each person; what it is asked with must be right, and with a code challenge."""
        self._note(request)
        asked = request.query_params
        if asked.get("client_id") != CLIENT_ID or not _is_ours(asked.get("redirect_uri", "")):
            return Response("unknown client or redirect_uri", 400)
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return Response("not an OpenID Connect request", 400)
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge") or not asked.get("nonce"):
            return Response("code challenge and nonce are needed", 400)
        if request.method == "GET":
            return HTMLResponse(_choice(self.people))
        async with request.form() as form:
            who = str(form.get("person", ""))
        answer = {"state": asked.get("state", "")}
        if who in self.people:
            answer["code"] = secrets.token_urlsafe(24)
            self._codes[answer["code"]] = _Grant(
                self.people[who],
                asked["redirect_uri"],
                asked["nonce"],
                asked["code_challenge"],
                time.monotonic() + CODE_S,
            )
        else:
            answer |= {"error": "access_denied", "error_description": "Nobody was chosen."}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    async def _token(self, request: Request) -> Response:
        issuer = self._note(request)
        if not _is_the_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401)
        async with request.form() as form:
            said = {name: str(form.get(name, "")) for name in ("grant_type", "code", "redirect_uri", "code_verifier")}
        grant = self._codes.pop(said["code"], None)  # a code is good once
        if (
            grant is None
            or said["grant_type"] != "authorization_code"
            or grant.until < time.monotonic()
            or grant.redirect_uri != said["redirect_uri"]
            or not secrets.compare_digest(grant.challenge, _s256(said["code_verifier"]))
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(24)
        self._tokens[access_token] = grant.person
        return JSONResponse(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": max(1, int(grant.person.lasts_s)),
                "id_token": self._id_token(grant, issuer, access_token),
            },
            headers={"cache-control": "no-store"},
        )

    def _id_token(self, grant: _Grant, issuer: str, access_token: str) -> str:
        person, now = grant.person, time.time()
        claims = dict(person.claims) | {
            "iss": f"{issuer.rpartition('/')[0]}/{person.tenant}",
            "sub": person.sub,
            "aud": CLIENT_ID,
            "iat": int(now) + min(0, int(person.lasts_s)),
            "exp": int(now + person.lasts_s),
            "nonce": grant.nonce,
            "at_hash": _base64(hashlib.sha256(access_token.encode()).digest()[:16]),
        }
        key = self._key if person.known_key else self._unknown_key
        return jwt.encode({"alg": "RS256", "kid": "published"}, claims, key)

    async def _keys(self, request: Request) -> Response:
        self._note(request)
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    async def _userinfo(self, request: Request) -> Response:
        self._note(request)
        person = self._tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({**person.claims, "sub": person.sub})

    async def _end_session(self, request: Request) -> Response:
        self._note(request)
        back = request.query_params.get("post_logout_redirect_uri", "")
        if request.query_params.get("client_id") != CLIENT_ID or not _is_ours(back):
            return Response("unknown client or post_logout_redirect_uri", 400)
        return RedirectResponse(back, 303)

    def _note(self, request: Request) -> str:
        self.seen.append(request.url.path)
        return self.issuer(request.path_params["tenant"])


def _choice(people: dict[str, Person]) -> str:
    buttons = "".join(
        f'<button name="person" value="{html.escape(who)}">{html.escape(who)}</button> ' for who in people
    )
    return (
        '<!doctype html><title>Who are you?</title><form method="post">'
        f'{buttons}<button name="person" value="">nobody</button></form>'
    )


def _is_ours(redirect_uri: str) -> bool:
    return redirect_uri.startswith("http://127.0.0.1:") and redirect_uri.endswith("/oauth2callback")


def _is_the_client(authorization: str) -> bool:
    kind, _, said = authorization.partition(" ")
    if kind.lower() != "basic":
        return False
    who, _, secret = base64.b64decode(said).decode().partition(":")
    return secrets.compare_digest(f"{unquote(who)}:{unquote(secret)}", f"{CLIENT_ID}:{CLIENT_SECRET}")


def _s256(verifier: str) -> str:
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
