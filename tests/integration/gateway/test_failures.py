"""What callers see while a service is away, slow, or breaks off: never more than one effect."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Scripted:
    """A service of bare sockets: each connection does what the next line of the script says."""

    script: list[Handle] = field(default_factory=list)
    port: int = 0
    connections: int = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Scripted"]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handle = self.script[min(self.connections, len(self.script) - 1)]
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await handle(reader, writer)
        writer.close()


async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    await writer.drain()


async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def stay_silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def say(text: bytes) -> Handle:
    async def saying(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return saying


def say_and_stay(text: bytes) -> Handle:
    async def saying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await reader.read()

    return saying


@pytest.fixture
async def scripted() -> AsyncIterator[Scripted]:
    async with Scripted().open() as scripted:
        yield scripted


async def door_to(scripted: Scripted, open_door: Any, **settings: Any) -> Any:
    return await open_door(payments_url=f"http://127.0.0.1:{scripted.port}", **settings)


async def test_a_service_that_is_away_is_unavailable(open_door: Any, unused_tcp_port: int) -> None:
    door = await open_door(payments_url=f"http://127.0.0.1:{unused_tcp_port}")
    refused = await door.get("/v1/payments")
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert (await door.get("/v1/wallets")).status_code == 200


async def test_the_refusal_is_in_the_language_of_the_caller(
    open_door: Any, unused_tcp_port: int
) -> None:
    door = await open_door(payments_url=f"http://127.0.0.1:{unused_tcp_port}")
    refused = await door.get("/v1/payments", headers={"Accept-Language": "ru-RU, en;q=0.5"})
    assert refused.json()["title"] == "Сервис недоступен"
    assert refused.headers["content-language"] == "ru"


@pytest.mark.check(64)
async def test_a_service_is_found_again_when_it_is_back(
    open_door: Any, unused_tcp_port: int
) -> None:
    door = await open_door(payments_url=f"http://127.0.0.1:{unused_tcp_port}")
    assert (await door.get("/v1/payments")).status_code == 503
    server = await asyncio.start_server(Scripted([answer])._connected, "127.0.0.1", unused_tcp_port)
    assert (await door.get("/v1/payments")).text == "ok"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_what_may_be_done_twice_is_sent_again_once(
    scripted: Scripted, open_door: Any, method: str
) -> None:
    scripted.script = [hang_up, answer]
    door = await door_to(scripted, open_door)
    assert (await door.request(method, "/v1/payments/7")).text == "ok"
    assert scripted.connections == 2


async def test_it_is_not_sent_a_third_time(scripted: Scripted, open_door: Any) -> None:
    scripted.script = [hang_up]
    door = await door_to(scripted, open_door)
    refused = await door.get("/v1/payments")
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
    assert scripted.connections == 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_not_be_done_twice_is_sent_once(
    scripted: Scripted, open_door: Any, method: str
) -> None:
    scripted.script = [hang_up, answer]
    door = await door_to(scripted, open_door)
    refused = await door.request(method, "/v1/payments", content=b"{}")
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
    assert "Idempotency-Key" in refused.json()["detail"]
    assert scripted.connections == 1


async def test_a_body_that_was_streamed_is_not_sent_again(
    scripted: Scripted, open_door: Any
) -> None:
    scripted.script = [hang_up, answer]
    door = await door_to(scripted, open_door)
    refused = await door.request("PUT", "/v1/payments/7", content=b"x" * 500_000)
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")
    assert scripted.connections == 1


async def test_a_service_that_stops_reading_a_body_is_given_up(
    scripted: Scripted, open_door: Any
) -> None:
    gone = asyncio.Event()

    async def read_no_more(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await gone.wait()

    scripted.script = [read_no_more]
    door = await door_to(scripted, open_door, upstream_timeout_seconds=0.3)
    async with asyncio.timeout(10):
        refused = await door.request("POST", "/v1/payments/bulk", content=b"x" * 32 * 1024 * 1024)
    gone.set()
    assert (refused.status_code, refused.json()["code"]) == (504, "upstream_timeout")


async def test_a_connection_closed_while_idle_is_not_used(
    scripted: Scripted, open_door: Any
) -> None:
    scripted.script = [answer]  # each connection is closed behind its answer
    door = await door_to(scripted, open_door)
    for number in range(1, 4):
        assert (await door.request("POST", "/v1/payments", content=b"{}")).text == "ok"
        assert scripted.connections == number
        await asyncio.sleep(0)


async def test_a_silent_service_times_out_and_is_not_asked_again(
    scripted: Scripted, open_door: Any
) -> None:
    scripted.script = [stay_silent]
    door = await door_to(scripted, open_door, upstream_timeout_seconds=0.2)
    refused = await door.get("/v1/payments")
    assert (refused.status_code, refused.json()["code"]) == (504, "upstream_timeout")
    assert scripted.connections == 1


async def test_a_service_that_falls_silent_within_a_small_answer_times_out(
    scripted: Scripted, open_door: Any
) -> None:
    scripted.script = [say_and_stay(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")]
    door = await door_to(scripted, open_door, upstream_timeout_seconds=0.2)
    refused = await door.get("/v1/payments")
    assert (refused.status_code, refused.json()["code"]) == (504, "upstream_timeout")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
    ],
)
async def test_half_an_answer_and_no_http_are_unavailable_and_not_passed_on(
    scripted: Scripted, open_door: Any, text: bytes
) -> None:
    scripted.script = [say(text)]
    door = await door_to(scripted, open_door)
    refused = await door.request("POST", "/v1/payments", content=b"{}")
    assert (refused.status_code, refused.json()["code"]) == (503, "upstream_unavailable")


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nbeginning",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nbeginning\r\n",
    ],
)
async def test_a_streamed_answer_that_breaks_off_breaks_off_for_the_caller_too(
    scripted: Scripted, open_door: Any, text: bytes
) -> None:
    scripted.script = [say(text)]
    door = await door_to(scripted, open_door)
    with pytest.raises(httpx.RemoteProtocolError):
        await door.get("/v1/payments/export.csv")


async def test_a_streamed_answer_that_falls_silent_breaks_off(
    scripted: Scripted, open_door: Any
) -> None:
    scripted.script = [say_and_stay(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nbegin")]
    door = await door_to(scripted, open_door, upstream_timeout_seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        await door.get("/v1/payments/export.csv")


async def test_a_small_answer_in_chunks_gets_its_length(scripted: Scripted, open_door: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    scripted.script = [say(head + b"2\r\nok\r\n0\r\n\r\n")]
    door = await door_to(scripted, open_door)
    answered = await door.get("/v1/payments")
    assert (answered.text, answered.headers["content-length"]) == ("ok", "2")
    assert "transfer-encoding" not in answered.headers


async def test_an_interim_answer_is_not_the_answer(scripted: Scripted, open_door: Any) -> None:
    scripted.script = [say(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK)]
    door = await door_to(scripted, open_door)
    assert (await door.get("/v1/payments")).text == "ok"


class BrokenTokens:
    """A verifier with a bug."""

    async def verify(self, _: str) -> None:
        raise RuntimeError("secret")


@pytest.mark.check(58)
async def test_an_error_of_the_gateways_own_shows_nothing_of_itself(
    open_door: Any, service: Any
) -> None:
    door = await open_door(tokens=BrokenTokens())
    refused = await door.get("/v1/wallets")
    assert (refused.status_code, refused.json()["code"]) == (500, "internal_error")
    for telling in ("secret", "RuntimeError", "Traceback", ".py"):
        assert telling not in refused.text
    assert service.seen == []


async def test_a_caller_that_leaves_while_sending_leaves_no_trace_at_the_service(
    door: Any, service: Any
) -> None:
    token = door.desk.mint.user().encode()
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
        b"Content-Length: 100\r\n\r\nhalf" % token
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await door.get("/v1/wallets")).status_code == 200
    assert [seen.path for seen in service.seen] == ["/v1/wallets"]


async def refuse_half_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer at the beginning of a body, take some of the rest, close on what is left."""
    writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
    await writer.drain()
    await reader.readexactly(300_000)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


@pytest.mark.parametrize("sent", [bytes, _pieces])
async def test_a_refusal_half_way_reaches_the_caller(
    scripted: Scripted, open_door: Any, sent: Callable[[bytes], Any]
) -> None:
    scripted.script = [refuse_half_way]
    door = await door_to(scripted, open_door)
    answer = await door.request("POST", "/v1/payments", content=sent(b"x" * 1_000_000))
    assert (answer.status_code, answer.content) == (413, b"no")
    assert scripted.connections == 1
