"""The sandbox over ASGI, and a hook that its card provider tells."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import respx

from sandbox.app import build
from sandbox.settings import Settings

HOOK, BANK = "http://payments.test/hook", "http://wallet.test/bank"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    service = build(Settings(webhook_url=HOOK, WALLET_BANK_SECRET="bank", bank_url=BANK))
    [opened] = service.resources
    transport = httpx.ASGITransport(app=service.web)
    async with (
        opened(service),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client,
    ):
        yield client


@pytest.fixture
def hook() -> Iterator[respx.Route]:
    with respx.mock(assert_all_called=False) as router:
        yield router.post(HOOK).respond(200)
