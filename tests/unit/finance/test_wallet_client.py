"""What wallet answers is taken for an answer only where it can be one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from finance.clients.wallet import WalletClient
from finance.domain.feed.movements import BookMovement
from kit.db.tail import Tail
from kit.ids import new_id
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 300}


@asynccontextmanager
async def answering(said: httpx.Response) -> AsyncIterator[WalletClient]:
    """Open a client whose wallet always says the same."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=TOKEN) if "token" in request.url.path else said

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        token = ServiceToken(client, "http://auth.test", "finance", SecretStr("made-up"))
        yield WalletClient(client, token, "http://wallet.test")


async def told(page: Any) -> Sequence[BookMovement]:
    """Return what a page of a wallet's movements is read as."""
    async with answering(httpx.Response(200, json=page)) as wallet:
        return await wallet.of_wallet(new_id(), 0)


@pytest.mark.parametrize(
    "said",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200),
        httpx.Response(200, json={"movements": []}),
        httpx.Response(200, json={"items": [{"id": "1"}]}),
        httpx.Response(502, json={}),
    ],
)
async def test_what_is_no_answer_is_as_if_wallet_were_away(said: httpx.Response) -> None:
    async with answering(said) as wallet:
        with pytest.raises(Unavailable):
            await wallet.balances(None)
        with pytest.raises(Unavailable):
            await wallet.read_on(Tail(0))
        with pytest.raises(Unavailable):
            await wallet.of_wallet(new_id(), 0)


async def test_a_movement_of_an_account_that_is_not_told_is_no_movement() -> None:
    entry = {
        "position": 1,
        "account_id": str(new_id()),
        "seq": 1,
        "amount_minor": 100,
        "balance_after_minor": 100,
    }
    transfer = {
        "id": str(new_id()),
        "kind": "payment",
        "reference": "tea",
        "description": None,
        "purpose": None,
        "posted_at": "2026-01-31T12:00:00Z",
        "payer_account_id": str(new_id()),
        "payee_account_id": entry["account_id"],
        "entries": [entry],
    }
    owner = {"owner_id": str(new_id()), "currency": "RUB", "name": "Default", "kind": "wallet"}
    sides = [transfer["payer_account_id"], transfer["payee_account_id"]]
    accounts = [{"id": one, **owner} for one in sides]
    assert len(await told({"transfers": [transfer], "accounts": accounts})) == 1
    houses = {**accounts[1], "owner_id": None}
    for faulty in ([], accounts[:1], accounts[1:], [accounts[0], houses]):
        with pytest.raises(Unavailable):
            await told({"transfers": [transfer], "accounts": faulty})
