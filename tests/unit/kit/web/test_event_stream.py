"""kit.web.event_stream: what is written between a server and a browser (WHATWG HTML §9.2)."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from kit.web.event_stream import EventStream, event, moved, named


class Source:
    """A stream of one event, which may go on in silence, and notes that it was closed."""

    def __init__(self, *, is_endless: bool) -> None:
        self._is_endless = is_endless
        self.is_closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            yield moved(1)
            if self._is_endless:
                await asyncio.Event().wait()
        finally:
            self.is_closed = True


class Receiver:
    """What is sent to it, until it leaves: after the first event, or never."""

    def __init__(self, *, leaves: bool) -> None:
        self._leaves = leaves
        self._has_read = asyncio.Event()
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        await self._has_read.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(dict(message))
        if self._leaves and "body" in message:
            self._has_read.set()

    async def take(self, source: Source) -> None:
        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await EventStream(source.events())(scope, self.receive, self.send)


def test_an_event_says_from_where_to_resume_after_it() -> None:
    assert event(b'{"n":1}', 7) == b'id: 7\ndata: {"n":1}\n\n'


def test_the_position_moves_on_without_an_event() -> None:
    assert moved(8) == b"id: 8\n\n"


def test_an_event_may_be_its_name_alone() -> None:
    assert named("lagging", 9) == b"event: lagging\nid: 9\ndata: {}\n\n"


async def test_a_stream_that_ends_is_sent_whole_and_no_proxy_holds_it_back() -> None:
    source, receiver = Source(is_endless=False), Receiver(leaves=False)
    await receiver.take(source)
    start, *parts = receiver.sent
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"x-accel-buffering"] == b"no"
    assert [part["body"] for part in parts] == [moved(1), b""]
    assert source.is_closed


async def test_the_source_is_closed_once_the_receiver_has_left() -> None:
    source, receiver = Source(is_endless=True), Receiver(leaves=True)
    async with asyncio.timeout(20):
        await receiver.take(source)
    assert [part["body"] for part in receiver.sent[1:]] == [moved(1)]
    assert source.is_closed


async def test_a_source_of_which_nothing_could_be_sent_is_closed_too() -> None:
    contents = Source(is_endless=True).events()

    async def send(_: Any) -> None:
        raise OSError("the receiver has left")

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        await EventStream(contents)(scope, Receiver(leaves=False).receive, send)
    with pytest.raises(StopAsyncIteration):
        await anext(contents)
