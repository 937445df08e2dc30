"""What wallet answers is taken for an answer only where it can be one."""

import httpx
import pytest
from pydantic import SecretStr

from finance.clients.wallet import WalletClient
from kit.db.tail import Tail
from kit.ids import new_id
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TOKEN = {"access_token": "x", "token_type": "Bearer", "expires_in": 300}


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
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=TOKEN) if "token" in request.url.path else said

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        token = ServiceToken(client, "http://auth.test", "finance", SecretStr("made-up"))
        wallet = WalletClient(client, token, "http://wallet.test")
        with pytest.raises(Unavailable):
            await wallet.balances(None)
        with pytest.raises(Unavailable):
            await wallet.read_on(Tail(0))
        with pytest.raises(Unavailable):
            await wallet.of_wallet(new_id(), 0)
