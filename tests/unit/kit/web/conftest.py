"""A made-up service to send requests to: a till with a few operations of every kind."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic_settings import SettingsConfigDict

from kit.ids import derived_id
from kit.money import Money
from kit.refusals import TokenInvalid
from kit.settings import WebSettings
from kit.web.app import WebApp, create_app
from kit.web.routes import Router

ALICE = derived_id("alice")
ROOT = derived_id("root")


class TillSettings(WebSettings):
    """The till's settings."""

    model_config = SettingsConfigDict(env_prefix="TILL_")


@dataclass(frozen=True)
class StatedClaims:
    """Claims as a test states them."""

    subject: str
    user_id: UUID | None = None
    session_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    service: str | None = None
    auth_time: datetime | None = None
    amr: tuple[str, ...] = ()
    scope: frozenset[str] | None = None
    wallet_ids: frozenset[UUID] | None = None
    per_day: Money | None = None
    has_factor: bool = False
    confirm_above: dict[str, int] = field(default_factory=dict)


@dataclass
class StatedTokens:
    """Knows the tokens that it was told."""

    known: dict[str, StatedClaims] = field(default_factory=dict)

    async def verify(self, token: str) -> StatedClaims:
        if token not in self.known:
            raise TokenInvalid
        return self.known[token]


TOKENS = StatedTokens(
    {
        "alice": StatedClaims(str(ALICE), user_id=ALICE, roles=frozenset({"user"})),
        "root": StatedClaims(str(ROOT), user_id=ROOT, roles=frozenset({"user", "admin"})),
        "payments": StatedClaims(
            "svc:payments", roles=frozenset({"service", "admin"}), service="payments"
        ),
        "reading key": StatedClaims(
            str(ALICE), ALICE, roles=frozenset({"user"}), scope=frozenset({"coins:read"})
        ),
        "limited root": StatedClaims(
            str(ROOT), ROOT, roles=frozenset({"user", "admin"}), scope=frozenset({"coins:read"})
        ),
    }
)


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


def till(*routers: Router, **settings: Any) -> WebApp:
    """Put the till together from some operations."""
    app = create_app(
        name="till",
        title="Till",
        description="A till.",
        settings=TillSettings(**settings),
        refusals=[],
        routers=routers,
    )
    app.state.tokens = TOKENS
    return app


Serve = Callable[[WebApp], AbstractAsyncContextManager[httpx.AsyncClient]]


@asynccontextmanager
async def serve(app: WebApp) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an app, called in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://till") as client:
        yield client


async def asgi(
    app: WebApp, scope: dict[str, Any], messages: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Send a bare ASGI request, for what no client would send; returns what was answered."""
    sent: list[dict[str, Any]] = []
    waiting = list(messages) or [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    whole: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    await app(whole | scope, receive, send)
    return sent


@pytest.fixture
def router() -> Router:
    """Give an empty router."""
    return Router(tags=["till"])
