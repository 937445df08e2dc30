"""Services are stopped while somebody listens: the stream ends whole, and nobody logs an error."""

import asyncio

import httpx
import pytest
from deploy.stack import Stack

from kit.tasks import spawn
from testkit.people import Person


@pytest.mark.parametrize("service", ["gateway", "payments"])
async def test_a_stream_ends_whole_when_a_service_under_it_is_stopped(
    stack: Stack, http: httpx.AsyncClient, service: str
) -> None:
    alice = await Person.arrive(http, "alice")
    logged = stack.log_of(service).stat().st_size
    async with http.stream("GET", "/v1/payments/events", headers=alice.headers) as stream:
        chunks = stream.aiter_bytes()
        await anext(chunks)
        stopping = spawn(asyncio.to_thread(stack.stop_service, service), "stopping")
        async for _ in chunks:  # raises where the stream is cut off
            pass
        await stopping
    with stack.log_of(service).open() as log:
        log.seek(logged)
        said = log.read()
    await asyncio.to_thread(stack.start_service, service)
    assert "stopping" in said
    assert "[error" not in said
    assert "Traceback" not in said
    bob = await Person.arrive(http, "bob")
    assert (await bob.get("/v1/payments")).status_code == 200
