"""The server's protocol: what goes over the wire, by bare sockets."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.web.serving.cycle import HttpCycle
from kit.web.serving.protocol import HttpProtocol
from testkit.servers import serving

GET = b"GET /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE_SECONDS = 10.0


class Caller:
    """A bare connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, served: set[Any]
    ) -> None:
        self.reader, self.writer = reader, writer
        self.served = served  # the connections that the server has

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)

    async def head(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self) -> tuple[int, bytes]:
        """Return status and body of an answer that says its length."""
        head = await self.head()
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        async with asyncio.timeout(PATIENCE_SECONDS):
            return int(head[9:12]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.reader.read()


@asynccontextmanager
async def calling(app: ASGIApp, keep_alive_seconds: int = 60) -> AsyncIterator[Caller]:
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=keep_alive_seconds,
    )
    server = uvicorn.Server(config)
    async with serving(server) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Caller(reader, writer, server.server_state.connections)
        finally:
            writer.close()


async def body_of(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        body += message["body"]
        more = message["more_body"]
    return body


async def begin(send: Send, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def go_on(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = b"%s %s|" % (scope["method"].encode(), scope["raw_path"]) + await body_of(receive)
    await begin(send, (b"content-length", b"%d" % len(body)))
    await go_on(send, body)


def saying(*parts: bytes, headers: tuple[tuple[bytes, bytes], ...] = (), status: int = 200) -> Any:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await begin(send, *headers, status=status)
        for part in parts:
            await go_on(send, part, more=True)
        await go_on(send, b"")

    return app


async def test_the_scope_says_what_came() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await echo(scope, receive, send)

    async with calling(app) as caller:
        caller.say(
            b"POST /a%20b/%C3%A9?c=d%20e#f HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"
        )
        assert await caller.answer() == (200, b"POST /a%20b/%C3%A9|")
        own = caller.writer.get_extra_info("sockname")
    [scope] = scopes
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/a b/é",
        b"/a%20b/%C3%A9",
        b"c=d%20e",
    )
    assert scope["headers"] == [(b"host", b"x"), (b"x-two", b"1"), (b"x-two", b"2")]
    assert (scope["client"], scope["scheme"], scope["http_version"]) == (own, "http", "1.1")


async def test_head_and_body_leave_in_one_packet() -> None:
    async with calling(echo) as caller:
        caller.say(GET)
        assert (await caller.reader.read(65536)).endswith(b"GET /a%20b|")


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_request_may_come_in_pieces_and_the_next_follows(size: int) -> None:
    body = b"x" * 3000
    request = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n" + body
    async with calling(echo) as caller:
        for _ in range(2):
            for at in range(0, len(request), size):
                caller.say(request[at : at + size])
                await asyncio.sleep(0)
            assert await caller.answer() == (200, b"POST /p|" + body)


async def test_requests_that_come_at_once_are_answered_one_after_the_other() -> None:
    order: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        order.append(f"began {scope['raw_path'].decode()}")
        await asyncio.sleep(0.01)
        order.append(f"ended {scope['raw_path'].decode()}")
        await echo(scope, receive, send)

    async with calling(app) as caller:
        one = b"POST /%d HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n%d\r\n0\r\n\r\n"
        caller.say(b"".join(one % (number, number) for number in range(4)))
        for number in range(4):
            assert await caller.answer() == (200, b"POST /%d|%d" % (number, number))
    assert order == [f"{did} /{number}" for number in range(4) for did in ("began", "ended")]


ANSWERS = {
    "chunks": (saying(b"ab", b"c"), b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
    "nothing at all": (saying(), b"0\r\n\r\n"),
    "a length": (saying(b"ab", b"c", headers=((b"Content-Length", b"3"),)), b"abc"),
    "no content": (saying(b"ab", status=204), b""),
    "not modified": (saying(status=304, headers=((b"content-length", b"9"),)), b""),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_a_body_is_framed_as_its_head_says(what: str) -> None:
    app, sent = ANSWERS[what]
    async with calling(app) as caller:
        caller.say(GET)
        head = (await caller.head()).lower()
        assert (b"transfer-encoding: chunked" in head) == sent.endswith(b"0\r\n\r\n")
        assert await caller.reader.readexactly(len(sent)) == sent
        caller.say(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b"connection: close" in (await caller.head()).lower()
        assert await caller.rest() == sent


async def test_head_is_answered_without_a_body_and_keeps_the_connection() -> None:
    async with calling(saying(b"abc", headers=((b"content-length", b"3"),))) as caller:
        caller.say(GET.replace(b"GET", b"HEAD"), GET)
        assert b"content-length: 3" in await caller.head()
        assert await caller.answer() == (200, b"abc")


async def test_to_http_1_0_a_body_without_a_length_ends_with_the_connection() -> None:
    async with calling(saying(b"ab", b"c")) as caller:
        caller.say(b"GET / HTTP/1.0\r\n\r\n")
        head = await caller.head()
        assert b"chunked" not in head
        assert await caller.rest() == b"abc"


async def test_a_stream_begins_with_its_head() -> None:
    ended = asyncio.Event()

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        await begin(send)
        await go_on(send, b"", more=True)
        assert (await receive())["type"] == "http.disconnect"
        await go_on(send, b"too late")
        ended.set()

    async with calling(app) as caller:
        caller.say(GET)
        assert (await caller.head()).startswith(b"HTTP/1.1 200 OK\r\n")
        caller.writer.close()
        await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)


async def test_who_expects_a_go_ahead_gets_it_once_the_body_is_asked_for() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["raw_path"] == b"/no":
            await saying(headers=((b"connection", b"close"),), status=413)(scope, receive, send)
        else:
            await echo(scope, receive, send)

    ask = b"POST /%b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
    async with calling(app) as caller:
        caller.say(ask % b"yes")
        assert await caller.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.say(b"ok")
        assert await caller.answer() == (200, b"POST /yes|ok")
        caller.say(ask % b"no")
        assert (await caller.head()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "header",
    [
        (b"x-a", b"1\r\nx-b: 2"),
        (b"x-a", b"1\nx-b: 2"),
        (b"x-a", b"1\r"),
        (b"x-a\r\nx-b", b"2"),
        (b"x-a", b"\0"),
    ],
)
@pytest.mark.check(44)
async def test_a_header_that_would_be_two_is_never_sent(header: tuple[bytes, bytes]) -> None:
    async with calling(saying(b"body", headers=(header,))) as caller:
        caller.say(GET)
        sent = await caller.rest()
        assert sent.startswith(b"HTTP/1.1 500 ")
        assert b"x-" not in sent


async def fail(_: Scope, __: Receive, ___: Send) -> None:
    raise ValueError("secret")


async def say_nothing(_: Scope, __: Receive, ___: Send) -> None:
    """Return without an answer."""


async def begin_alone(_: Scope, __: Receive, send: Send) -> None:
    await begin(send, (b"content-length", b"2"))


async def say_too_much(_: Scope, __: Receive, send: Send) -> None:
    await begin(send, (b"content-length", b"2"))
    await go_on(send, b"abc")


async def say_too_little(_: Scope, __: Receive, send: Send) -> None:
    await begin(send, (b"content-length", b"2"))
    await go_on(send, b"a")


async def begin_with_the_body(_: Scope, __: Receive, send: Send) -> None:
    await go_on(send, b"a")


async def begin_twice(_: Scope, __: Receive, send: Send) -> None:
    await begin(send)
    await begin(send)


@pytest.mark.parametrize(
    "app",
    [
        fail,
        say_nothing,
        begin_alone,
        say_too_much,
        say_too_little,
        begin_with_the_body,
        begin_twice,
    ],
)
async def test_an_application_that_fails_is_answered_for(app: ASGIApp) -> None:
    async with calling(app) as caller:
        caller.say(GET)
        sent = await caller.rest()
        assert sent.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert sent.endswith(b"\r\n\r\n")
        assert b"secret" not in sent


async def fail_half_way(_: Scope, __: Receive, send: Send) -> None:
    await begin(send)
    await go_on(send, b"ab", more=True)
    raise ValueError


async def stop_half_way(_: Scope, __: Receive, send: Send) -> None:
    await begin(send)
    await go_on(send, b"ab", more=True)


@pytest.mark.parametrize("app", [fail_half_way, stop_half_way])
async def test_an_answer_that_is_not_finished_is_seen_not_to_be(app: ASGIApp) -> None:
    async with calling(app) as caller:
        caller.say(GET)
        await caller.head()
        assert await caller.rest() == b"2\r\nab\r\n"


async def test_more_after_the_end_is_an_error_of_the_application() -> None:
    raised: list[Exception] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await begin(send, (b"content-length", b"0"))
        await go_on(send, b"")
        try:
            await go_on(send, b"more")
        except RuntimeError as error:
            raised.append(error)

    async with calling(app) as caller:
        for _ in range(2):
            caller.say(GET)
            assert await caller.answer() == (200, b"")
    assert len(raised) == 2


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff\r\n\r\n", b"GET\r\n\r\n"],
)
async def test_what_is_no_http_is_refused_and_closed(sent: bytes) -> None:
    async with calling(echo) as caller:
        caller.say(sent)
        assert (await caller.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_an_upgrade_is_not_made() -> None:
    async with calling(echo) as caller:
        caller.say(GET.replace(b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"))
        assert await caller.answer() == (200, b"GET /a%20b|")


async def test_a_trailer_is_no_header_of_the_request() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        seen.append(list(scope["headers"]))

    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with calling(app) as caller:
        caller.say(chunked + b"2\r\nab\r\n0\r\nX-User: eve\r\n\r\n")
        assert await caller.answer() == (200, b"POST /|ab")
    assert seen == [[(b"host", b"x"), (b"transfer-encoding", b"chunked")]]


async def test_a_body_that_nobody_reads_is_not_held() -> None:
    may_read = asyncio.Event()
    size = 30_000_000

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await may_read.wait()
        await echo(scope, receive, send)

    async with calling(app) as caller:
        caller.say(b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        caller.say(b"x" * size)
        held = -1
        while held != caller.writer.transport.get_write_buffer_size():
            held = caller.writer.transport.get_write_buffer_size()
            await asyncio.sleep(0.05)
        assert held > size / 2
        may_read.set()
        code, body = await caller.answer()
        assert (code, len(body)) == (200, size + len(b"POST /p|"))


async def test_a_caller_who_does_not_read_holds_the_application_up() -> None:
    sent = 0

    async def app(_: Scope, __: Receive, send: Send) -> None:
        nonlocal sent
        await begin(send)
        while sent < 300:
            await go_on(send, b"x" * 100_000, more=True)
            sent += 1
        await go_on(send, b"")

    async with calling(app) as caller:
        caller.say(GET)
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.05)
        assert sent < 200
        await caller.head()
        while not (await caller.reader.read(1 << 20)).endswith(b"0\r\n\r\n"):
            pass
    assert sent == 300


async def test_an_idle_connection_is_closed_and_one_in_use_is_not() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(1.2)
        await echo(scope, receive, send)

    async with calling(app, keep_alive_seconds=1) as caller:
        for _ in range(2):
            caller.say(GET)
            assert (await caller.answer())[0] == 200
        assert await caller.rest() == b""


async def test_an_application_hears_that_its_caller_has_left_with_another_request_behind() -> None:
    began, left = asyncio.Event(), asyncio.Event()

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await body_of(receive)
        await begin(send)
        await go_on(send, b"", more=True)
        began.set()
        assert (await receive())["type"] == "http.disconnect"
        left.set()

    async with calling(app) as caller:
        caller.say(GET, GET)
        await asyncio.wait_for(began.wait(), PATIENCE_SECONDS)
        caller.writer.close()
        await asyncio.wait_for(left.wait(), PATIENCE_SECONDS)


async def test_of_many_requests_that_come_at_once_few_are_begun_and_all_are_answered() -> None:
    number, may_answer = 9000, asyncio.Event()
    behind: list[int] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await may_answer.wait()
        behind.append(sum(isinstance(one, HttpCycle) for one in gc.get_objects()))
        await begin(send, (b"content-length", b"0"))
        await go_on(send, b"")

    async with calling(app) as caller:
        caller.say(b"GET / HTTP/1.1\r\n\r\n" * number)
        await asyncio.sleep(0.2)
        may_answer.set()
        for _ in range(20):
            assert await caller.answer() == (200, b"")
        most = max(behind)
        caller.writer.transport.abort()
    assert most < 1000


async def test_many_requests_that_come_at_once_are_all_answered() -> None:
    one = b"POST /%d HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    async with calling(echo) as caller:
        caller.say(b"".join(one % number for number in range(3000)))
        for number in range(3000):
            assert await caller.answer() == (200, b"POST /%d|abc" % number)


@pytest.mark.parametrize("headers", [[], [(b"connection", b"close")]])
async def test_who_takes_no_answer_is_not_kept_for_ever(headers: list[tuple[bytes, bytes]]) -> None:
    size = 30_000_000

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await begin(send, (b"content-length", b"%d" % size), *headers)
        await go_on(send, b"x" * size)

    async with calling(app, keep_alive_seconds=1) as caller:
        caller.say(GET)
        await caller.head()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while caller.served:
                await asyncio.sleep(0.05)


async def test_who_takes_an_answer_slowly_gets_it_whole() -> None:
    size = 12_000_000

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await begin(send, (b"content-length", b"%d" % size), (b"connection", b"close"))
        await go_on(send, b"x" * size)

    async with calling(app, keep_alive_seconds=1) as caller:
        caller.say(GET)
        await caller.head()
        taken = 0
        for _ in range(6):
            await asyncio.sleep(0.5)
            taken += len(await caller.reader.readexactly(size // 6))
        assert taken == size
        assert await caller.rest() == b""


async def test_what_is_no_http_is_refused_after_the_answers_before_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await echo(scope, receive, send)

    async with calling(app) as caller:
        caller.say(GET, GET, b"\x16\x03\x01\r\n\r\n")
        assert await caller.answer() == (200, b"GET /a%20b|")
        assert await caller.answer() == (200, b"GET /a%20b|")
        assert (await caller.rest()).startswith(b"HTTP/1.1 400 ")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_body_that_breaks_is_refused_in_its_turn() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await echo(scope, receive, send)

    async with calling(app) as caller:
        caller.say(GET, CHUNKED, b"zz\r\n")
        assert await caller.answer() == (200, b"GET /a%20b|")
        assert (await caller.rest()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("after", ["an answer", "the beginning of one"])
async def test_a_body_that_breaks_after_its_answer_began_gets_no_other_one(after: str) -> None:
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await begin(send, (b"content-length", b"2"))
        await go_on(send, b"no", more=after != "an answer")
        while (await receive())["type"] != "http.disconnect":
            pass

    async with calling(app) as caller:
        caller.say(CHUNKED, b"1\r\na\r\n")
        assert await caller.answer() == (200, b"no")
        caller.say(b"zz\r\n")
        assert await caller.rest() == b""


async def test_a_connection_whose_body_ends_after_its_answer_is_idle_then() -> None:
    async with calling(
        saying(headers=((b"content-length", b"0"),)), keep_alive_seconds=1
    ) as caller:
        caller.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        assert await caller.answer() == (200, b"")
        caller.say(b"b")
        assert await caller.rest() == b""


EXPECTING = b"POST / HTTP/%b\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"


async def test_http_1_0_gets_no_go_ahead() -> None:
    async with calling(echo) as caller:
        caller.say(EXPECTING % b"1.0")
        await asyncio.sleep(0.05)
        caller.say(b"ok")
        assert await caller.answer() == (200, b"POST /|ok")


async def test_who_was_refused_instead_of_told_to_go_on_sends_nothing_more() -> None:
    no = saying(status=403, headers=((b"content-length", b"0"),))
    async with calling(no) as caller:
        caller.say(EXPECTING % b"1.1")
        assert (await caller.rest()).lower().count(b"connection: close") == 1
    async with calling(no) as caller:  # but what has come whole leaves no doubt
        caller.say(EXPECTING % b"1.1", b"ok", GET)
        assert [(await caller.answer())[0] for _ in range(2)] == [403, 403]
