"""A front end of somebody else's: it sends people to the login page and gets tokens for codes."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

Json = dict[str, Any]
HOME = "https://app.example/callback"
AUTHORIZE, TOKEN = "/v1/auth/authorize", "/v1/auth/token"
CLIENTS = "/v1/auth/clients"
REVOKE = "/v1/auth/revoke"


async def registered(
    http: httpx.AsyncClient, admin: dict[str, str], *, redirect_uri: str = HOME, **fields: Any
) -> "FrontEnd":
    """Have an administrator register one; `admin` are their headers."""
    body = {"name": "Ledger for Shops", "redirect_uris": [redirect_uri], **fields}
    answer = await http.post(CLIENTS, json=body, headers=admin)
    assert answer.status_code == 201, answer.text
    client = answer.json()
    return FrontEnd(http, client["client_id"], client["client_secret"], redirect_uri)


@dataclass
class FrontEnd:
    """One login at a registered client; without a secret it is public."""

    http: httpx.AsyncClient
    client_id: str
    secret: str | None = None
    redirect_uri: str = HOME
    state: str = "s t&ate"
    server: str = "http://localhost:8000"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def query(self) -> dict[str, str]:
        """What the browser is sent to the login page with."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }

    async def page(self, language: str = "en", **changes: str | None) -> httpx.Response:
        """Open the login page; None leaves a parameter out."""
        query = {name: value for name, value in (self.query | changes).items() if value is not None}
        headers = {"Accept-Language": language}
        return await self.http.get(AUTHORIZE, params=query, headers=headers)

    async def logged_in(self, username: str, password: str) -> str:
        """Log in by the page and return the code."""
        page = await self.page()
        assert page.status_code == 200, page.text
        answer = await self.submit(page, username=username, password=password)
        told = told_at(answer, self.redirect_uri)
        assert told["state"] == self.state
        return told["code"]

    async def submit(self, page: httpx.Response, /, **form: str) -> httpx.Response:
        """Press the button of a page that is open."""
        return await self.http.post(
            AUTHORIZE,
            data={"request": sealed_in(page), "decision": "allow", **form},
            headers={"Origin": self.server} | form_headers(page),
        )

    async def exchange(self, code: str, /, **changes: str | None) -> httpx.Response:
        """Ask for the tokens of a code, as the client that this is."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return await self.ask(**(form | changes))

    async def refresh(self, token: str, /, **changes: str | None) -> httpx.Response:
        """Ask for new tokens."""
        return await self.ask(**{"grant_type": "refresh_token", "refresh_token": token, **changes})

    async def revoke(self, token: str, /, **changes: str | None) -> httpx.Response:
        """Ask to end a session (RFC 7009)."""
        return await self.ask(REVOKE, **{"token": token, **changes})

    async def ask(self, path: str = TOKEN, /, **form: str | None) -> httpx.Response:
        """Send a form as this client; None leaves a field out."""
        own = {"client_id": self.client_id, "client_secret": self.secret}
        data = {name: value for name, value in (own | form).items() if value is not None}
        return await self.http.post(path, data=data)


def form_headers(page: httpx.Response) -> dict[str, str]:
    """Return what the browser says of the language that the page was in."""
    return {"Accept-Language": page.headers["content-language"]}


def sealed_in(page: httpx.Response) -> str:
    """Return the hidden field of a login page."""
    [found] = re.findall(r'name="request" value="([^"]+)"', page.text)
    return unescape(found)


def told_at(answer: httpx.Response, redirect_uri: str) -> dict[str, str]:
    """Return what a client is told by a redirect to its address."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(f"{redirect_uri}?"), location
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}
