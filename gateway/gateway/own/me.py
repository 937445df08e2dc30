"""Answers GET /v1/me: the caller with wallets, entries, and orders if asked for.

The answer is composed of the services' own; where one of them refuses, its refusal is the answer.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from gateway.forwarding.forwarder import ServiceRefused, ask
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from gateway.own.operations import OwnOperation
from gateway.own.parameters import EXPAND, expand_parameter, is_expanded, refuse_unknown
from gateway.refusals import RateLimited, RequestTooSlow, UpstreamTimeout, UpstreamUnavailable
from kit.refusals import (
    InternalError,
    NotAuthenticated,
    NotFound,
    QueryInvalid,
    TokenInvalid,
    TooManyRequests,
    Unavailable,
    ValidationFailed,
)
from kit.scopes import ScopeMissing
from kit.tasks import all_of

ORDERS: Final = "orders"
LATEST_ORDERS: Final = 10
MOST_WALLETS: Final = 100

_OK: Final = 200


class MeWallet(BaseModel):
    """A wallet as `GET /v1/wallets/{wallet_id}` shows it, and its entries."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    entries: list[Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]]


class Me(BaseModel):
    """The caller as `GET /v1/auth/me` shows them, wallets, and orders if asked for."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    username: Annotated[str | None, WithJsonSchema({"type": ["string", "null"]})]
    wallets: list[MeWallet]
    orders: list[Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]] = Field(
        default_factory=list, description="With `expand=orders`; else it is not there."
    )


OPERATION: Final = OwnOperation(
    "/v1/me",
    operation_id="get_me_with_wallets",
    tag=("me", "The caller."),
    summary="The caller, with wallets and their latest entries",
    description="Auth's `/v1/auth/me`, and beside it `wallets`: those of `/v1/wallets`, each "
    "with its ten latest `entries`; with `expand=orders` also `orders`, the caller's ten latest of "
    "`/v1/shop/orders`.",
    parameters=(expand_parameter(ORDERS, "Adds the caller's ten latest `orders`."),),
    access="user",
    answer=Me,
    answers="The caller",
    example={
        "id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
        "username": "alice",
        "wallets": [{"id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c073990", "entries": []}],
    },
    refusals=(
        NotAuthenticated,
        TokenInvalid,
        ScopeMissing,
        NotFound,
        QueryInvalid,
        ValidationFailed,
        RequestTooSlow,
        RateLimited,
        TooManyRequests,
        UpstreamUnavailable,
        Unavailable,
        UpstreamTimeout,
        InternalError,
    ),
)


class MeWithWallets:
    """The composed answer."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._auth = upstreams["auth"]
        self._wallet = upstreams["wallet"]
        self._shop = upstreams["shop"]

    async def answer(self, exchange: ProxiedRequest) -> None:
        """Answer auth's `/v1/auth/me` with `wallets`, each with its latest `entries`.

        Raises:
            QueryInvalid, ValidationFailed: something else than orders is asked for beside it.
        """
        refuse_unknown(exchange.query, (EXPAND,))
        parts = [self._caller, self._wallets]
        if is_expanded(exchange.query, ORDERS):
            parts.append(self._orders)
        try:
            answered = await all_of(part(exchange) for part in parts)
        except ServiceRefused as refused:
            await refused.pass_on(exchange)
            return
        me = {name: value for part in answered for name, value in part.items()}
        await exchange.answer_json(_OK, orjson.dumps(me))

    async def _caller(self, exchange: ProxiedRequest) -> dict[str, Any]:
        me, _ = await ask(exchange, self._auth, "/v1/auth/me")
        return me

    async def _orders(self, exchange: ProxiedRequest) -> dict[str, Any]:
        path = f"/v1/shop/orders?mine=true&limit={LATEST_ORDERS}"
        page, _ = await ask(exchange, self._shop, path)
        return {"orders": page["items"]}

    async def _wallets(self, exchange: ProxiedRequest) -> dict[str, Any]:
        # By owner, because an admin would otherwise be shown everybody's.
        owner = exchange.claims.subject if exchange.claims else ""
        path = f"/v1/wallets?owner_id={owner}&limit={MOST_WALLETS}&expand=entries"
        page, _ = await ask(exchange, self._wallet, path)
        return {"wallets": page["items"]}
