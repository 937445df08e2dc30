"""HEAD: what GET answers, without its body (RFC 9110 §9.3.2)."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import pytest
from fastapi import Query
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from kit.web.event_stream import EventStream
from kit.web.identity import Caller
from kit.web.routes import Router

from .conftest import asgi, bearer, serve, till


@pytest.fixture
def operations(router: Router) -> Router:
    @router.get("/v1/coins", access="public", operation_id="coins", summary="Coins")
    async def coins(limit: Annotated[int, Query(ge=1)] = 20) -> dict[str, Any]:
        return {"limit": limit}

    @router.get("/v1/mine", access="user", operation_id="mine", summary="Mine")
    async def mine(caller: Caller) -> dict[str, Any]:
        return {"subject": caller.subject}

    @router.get("/v1/text", access="public", operation_id="text", summary="Text")
    async def text() -> Response:
        return PlainTextResponse("hello", headers={"X-Kind": "text"})

    @router.post("/v1/drop", access="public", operation_id="drop", summary="Drop")
    async def drop() -> None:
        """Drop."""

    return router


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/v1/coins?limit=7", None, 200),
        ("/v1/coins/", None, 200),
        ("/v1/coins?limit=0", None, 422),
        ("/v1/mine", "alice", 200),
        ("/v1/mine", None, 401),
        ("/v1/text", None, 200),
        ("/v1/nothing", None, 404),
        ("/health/live", None, 200),
        ("/openapi.json", None, 200),
    ],
)
async def test_head_answers_as_get_does_without_a_body(
    operations: Router, path: str, token: str | None, status: int
) -> None:
    headers = {**(bearer(token) if token else {}), "X-Request-Id": "one"}
    async with serve(till(operations)) as client:
        got = await client.get(path, headers=headers)
        head = await client.head(path, headers=headers)

    assert got.status_code == head.status_code == status
    assert got.content
    assert head.content == b""
    assert head.headers == got.headers  # with the length that the body would have


async def test_where_there_is_no_get_there_is_no_head(operations: Router) -> None:
    async with serve(till(operations)) as client:
        answer = await client.head("/v1/drop")

    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("kind", [StreamingResponse, EventStream])
async def test_a_stream_is_not_begun_for_its_head(
    router: Router, kind: type[StreamingResponse]
) -> None:
    begun = []

    async def endless() -> AsyncGenerator[bytes, None]:
        begun.append(True)
        while True:
            yield b":\n\n"

    contents = endless()

    @router.get("/v1/events", access="public", operation_id="events", summary="Events")
    async def events() -> Response:
        return kind(contents)

    start, body = await asgi(till(router), {"method": "HEAD", "path": "/v1/events"})

    assert (start["status"], body["body"], begun) == (200, b"", [])
    with pytest.raises(StopAsyncIteration):  # what it held is given up
        await anext(contents)
