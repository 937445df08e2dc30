"""A made-up till over HTTP whose coins lie in a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from starlette.requests import Request

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.ids import derived_id
from kit.refusals import Refusal, TokenInvalid
from kit.settings import IdempotencySettings, WebSettings
from kit.web.answers import Answer
from kit.web.app import create_app
from kit.web.idempotency import idempotently, is_answered
from kit.web.identity import Caller
from kit.web.routes import Router
from kit.web.schemas import Model
from testkit.clock import FakeClock
from testkit.databases import Cluster

SCHEMA = "kit"

_COINS = """
    CREATE TABLE IF NOT EXISTS kit.coin (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        owner text NOT NULL,
        worth text NOT NULL,
        CONSTRAINT uq_coin_worth UNIQUE (owner, worth) DEFERRABLE INITIALLY DEFERRED
    );
    GRANT SELECT, INSERT ON kit.coin TO kit;
"""


class Coin(Model):
    worth: str = Field(max_length=20)
    note: str | None = None


class Receipt(Model):
    id: UUID
    worth: str


class TillClosed(Refusal):
    code = "till_closed"
    status = 409
    title_en = title_ru = "Till closed"
    detail_en = detail_ru = "The till is closed."


class TillSettings(IdempotencySettings, WebSettings):
    model_config = SettingsConfigDict(env_prefix="TILL_")


@dataclass(frozen=True)
class StatedClaims:
    subject: str
    user_id: UUID
    session_id: None = None
    roles: frozenset[str] = frozenset({"user"})
    service: None = None
    auth_time: None = None
    amr: tuple[str, ...] = ()
    scope: None = None
    wallet_ids: None = None
    per_day: None = None
    has_factor: bool = False
    confirm_above: dict[str, int] = field(default_factory=dict)


class AnyName:
    """Takes any token but “wrong” for the name of a user."""

    async def verify(self, token: str) -> StatedClaims:
        if token == "wrong":
            raise TokenInvalid
        user_id = derived_id(token)
        return StatedClaims(str(user_id), user_id)


@dataclass
class Till:
    """The till: a client, its database, its clock, and hooks for what shall happen."""

    http: httpx.AsyncClient
    database: Database
    clock: FakeClock
    hooks: dict[str, Any] = field(default_factory=dict)

    async def drop(self, body: Any, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Drop a coin as Alice."""
        headers = {"Authorization": f"Bearer {more.pop('user', 'alice')}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        path = more.pop("path", "/v1/coins")
        return await self.http.post(path, json=body, headers=headers, **more)

    async def coins(self) -> int:
        """Return how many coins there are."""
        async with self.database.read() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM coin")
            return count

    async def stored(self) -> list[Any]:
        """Return the stored answers."""
        async with self.database.read() as connection:
            return await connection.fetch("SELECT * FROM idempotency ORDER BY key")


def coin_router(hooks: dict[str, Any]) -> Router:
    """Declare the operations; what stands in `hooks` runs inside the unit of work."""
    router = Router(tags=["coins"])

    async def drop(uow: UnitOfWork, owner: str, coin: Coin) -> Answer:
        if "before" in hooks:
            await hooks["before"](uow)
        coin_id = await uow.fetchval(
            "INSERT INTO coin (owner, worth) VALUES ($1, $2) RETURNING id", owner, coin.worth
        )
        if "after" in hooks:
            return await hooks["after"](uow)  # type: ignore[no-any-return]
        receipt = Receipt(id=coin_id, worth=coin.worth)
        return Answer(201, receipt, {"Location": f"/v1/coins/{coin_id}"})

    def declare(path: str, operation_id: str) -> None:
        @router.post(
            path,
            access="user",
            operation_id=operation_id,
            summary="Drop a coin",
            is_idempotent=True,
            response_model=Receipt,
        )
        async def operation(coin: Coin, caller: Caller, request: Request) -> Answer:
            if "known" in hooks:
                hooks["known"].append(await is_answered(request, caller, operation=operation_id))
            return await idempotently(
                request,
                caller,
                operation=operation_id,
                body=coin,
                work=lambda uow: drop(uow, caller.subject, coin),
                stands=hooks.get("stands"),
            )

    declare("/v1/coins", "drop_coin")
    declare("/v1/tokens", "drop_token")
    declare("/v1/tills/{id}/coins", "drop_into")

    @router.post("/v1/kicks", access="user", operation_id="kick", summary="Kick the till")
    async def kick(caller: Caller, request: Request) -> Answer:
        return await idempotently(
            request, caller, operation="kick", body=None, work=lambda _: answer_plainly()
        )

    return router


async def answer_plainly() -> Answer:
    """Answer without a body."""
    return Answer(204)


@asynccontextmanager
async def opened(cluster: Cluster, **settings: Any) -> AsyncIterator[Till]:
    """Open the till with no coins in it."""
    await cluster.prepare(SCHEMA)
    await cluster.as_superuser(_COINS)
    clock = FakeClock()
    hooks: dict[str, Any] = {}
    app = create_app(
        name="till",
        title="Till",
        description="A till.",
        settings=TillSettings(**settings),
        refusals=[],
        routers=[coin_router(hooks)],
    )
    app.state.tokens = AnyName()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        cluster.database(SCHEMA, clock=clock) as database,
        httpx.AsyncClient(transport=transport, base_url="http://till") as client,
    ):
        app.state.database = database
        yield Till(client, database, clock, hooks)


@pytest.fixture
async def till(cluster: Cluster) -> AsyncIterator[Till]:
    """Give the till."""
    async with opened(cluster) as made:
        yield made


@pytest.fixture
async def full_till(cluster: Cluster) -> AsyncIterator[Till]:
    """Give a till that keeps one answer for each caller."""
    async with opened(cluster, idempotency_keys=1) as made:
        yield made
