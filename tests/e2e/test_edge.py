"""Debian's nginx, with the files of deploy/nginx, before the real gateway."""

import asyncio
import contextlib
import gzip
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from deploy.generate.edge import MAX_BODY_BYTES
from deploy.stack import Stack
from tests.e2e.edge import ELSEWHERE, GATEWAY, NGINX, SOMEWHERE, Edge
from tests.e2e.test_many_payments import listen

from gateway.settings import Settings
from kit.tasks import spawn, stop
from payments.api.bulk import MAX_BYTES
from testkit.keepers import PRODUCTS, Keeper
from testkit.people import PASSWORD, Person, eventually

RUSSIAN = {"Accept-Language": "ru-RU,ru;q=0.9"}


@pytest.fixture(params=["http", "https"])
async def door(running: Edge, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    is_secure = request.param == "https"
    running.start_nginx(tls=is_secure)
    async with running.caller(running.secure if is_secure else running.plain) as client:
        yield client


@pytest.fixture
def edge(running: Edge) -> Edge:
    """It without TLS."""
    running.start_nginx(tls=False)
    return running


async def line_of(edge: Edge, answer: httpx.Response) -> dict[str, Any]:
    """Return the gateway's line about a request, which it writes after its answer."""

    async def look() -> list[dict[str, Any]]:
        request_id = answer.headers["x-request-id"]
        return [one for one in edge.lines() if one["request_id"] == request_id]

    [line] = await eventually(look, bool)
    return line


async def test_the_main_job_goes_through_it(running: Edge, door: httpx.AsyncClient) -> None:
    olga, pavel = await Person.arrive(door, "olga"), await Person.arrive(door, "pavel")
    topped_up = await olga.top_up("1000.00")
    assert topped_up.status_code == 201, topped_up.text
    paid = await olga.pay((await olga.create(pavel, "150.00"))["id"], wait=10)
    assert paid.json()["status"] == "paid"
    cancelled = await olga.cancel((await olga.create(pavel, "150.00"))["id"])
    assert cancelled.json()["status"] == "cancelled"
    assert (await olga.wallet())["balance"]["amount"] == "850.00"
    assert ("strict-transport-security" in paid.headers) == (door.base_url.scheme == "https")
    line = await line_of(running, paid)
    assert (line["method"], line["status"], line["address"]) == ("POST", 200, SOMEWHERE)


async def test_an_event_arrives_as_it_happens(door: httpx.AsyncClient) -> None:
    olga, pavel = await Person.arrive(door, "olga"), await Person.arrive(door, "pavel")
    await olga.top_up("10.00")
    told: list[dict[str, Any]] = []
    opened = asyncio.Event()
    listening = spawn(listen(pavel, told, opened=opened), "listener")

    async def paid() -> int:
        return sum(one["status"] == "paid" for one in told)

    try:
        await asyncio.wait_for(opened.wait(), 10)
        for count in (1, 2):  # the second comes on a stream that is open still
            await olga.pay((await olga.create(pavel, "1.00"))["id"], wait=10)
            await eventually(paid, lambda seen, count=count: seen == count)
    finally:
        await stop([listening])


async def test_http_leads_to_https_with_method_and_body(running: Edge) -> None:
    running.start_nginx(tls=True)
    async with running.caller(running.plain) as client:
        answer = await client.post("/v1/auth/login?a=b", json={})
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{running.secure}/v1/auth/login?a=b"


def test_tls_is_modern_and_speaks_http_2(running: Edge) -> None:
    running.start_nginx(tls=True)
    context = running.certificate.trusted()
    context.set_alpn_protocols(["h2", "http/1.1"])
    address = ("127.0.0.1", running.ports["https"])
    with context.wrap_socket(socket.create_connection(address), server_hostname="localhost") as one:
        assert (one.selected_alpn_protocol(), one.version()) == ("h2", "TLSv1.3")
    old = running.certificate.trusted()
    old.set_ciphers("AES256-SHA256")  # no forward secrecy
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        old.wrap_socket(socket.create_connection(address), server_hostname="localhost")


async def test_answers_are_compressed_and_their_tags_still_name_the_object(
    edge: Edge, stack: Stack
) -> None:
    async with edge.caller(edge.plain) as client:
        keeper = await Keeper.hire(client, stack.env_of("auth"))
        product = await keeper.make(
            PRODUCTS,
            name=f"Lamp {keeper.mark}",
            price="1.00",
            currency="RUB",
            description="bright " * 300,
        )
        path = f"{PRODUCTS}/{product['id']}"
        async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert orjson.loads(gzip.decompress(packed))["id"] == product["id"]
        tag = answer.headers["etag"]
        assert tag.startswith("W/")
        changed = await keeper.ask("PATCH", path, {"name": "Torch"}, If_Match=tag)
        assert changed.status_code == 200, changed.text
        stale = await keeper.ask("PATCH", path, {"name": "Candle"}, If_Match=tag)
        assert (stale.status_code, stale.json()["code"]) == (412, "edit_stale")


async def test_an_import_passes_and_what_is_too_large_is_refused_by_who_knows_it(
    edge: Edge,
) -> None:
    largest = Settings().max_import_bytes
    async with edge.caller(edge.plain) as client:
        olga = await Person.arrive(client, "olga")
        headers = olga.headers | {"Content-Type": "text/csv"}

        async def send(size: int) -> httpx.Response:
            return await client.post("/v1/payments/bulk", content=b"x" * size, headers=headers)

        reached = await send(MAX_BYTES)
        assert (reached.status_code, reached.headers["content-type"]) == (
            422,
            "application/problem+json",
        )
        for size, limit in ((largest + 1, largest), (MAX_BODY_BYTES + 1, MAX_BODY_BYTES)):
            refused = await send(size)
            assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
            assert str(limit) in refused.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("TRACE", "/", {}, 400, "request_refused"),
        ("GET", "/" + "a" * 20_000, {}, 414, "uri_too_long"),
        ("GET", "/", {"X-Long": "a" * 20_000}, 431, "headers_too_large"),
        ("GET", "/", {"Host": "a b"}, 400, "request_refused"),
    ],
)
async def test_what_nginx_itself_refuses_is_a_problem_as_all_others(  # noqa: PLR0913, PLR0917
    edge: Edge, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with edge.caller(edge.plain) as client:
        answer = await client.request(method, path, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_where_the_gateway_is_away_callers_are_told_so_in_their_language(edge: Edge) -> None:
    edge.end(GATEWAY)
    try:
        async with edge.caller(edge.plain) as client:
            headers = RUSSIAN | {"X-Request-Id": "mine"}
            answer = await client.get("/v1/me?secret=hidden", headers=headers)
    finally:
        edge.start_gateway()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, "upstream_unavailable")
    assert (problem["title"], problem["request_id"]) == ("Сервис недоступен", "mine")
    for name, value in (
        ("content-type", "application/problem+json"),
        ("content-language", "ru"),
        ("retry-after", "1"),
        ("x-request-id", "mine"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ):
        assert answer.headers.get_list(name) == [value]
    assert "hidden" not in edge.stack.log_of(NGINX).read_text()
    assert edge.lines()[-1]["status"] == 503


async def test_connections_are_kept_on_both_sides(running: Edge) -> None:
    opened = 0

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        with contextlib.suppress(asyncio.IncompleteReadError), contextlib.closing(writer):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    gateway = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with gateway:
        running.start_nginx(tls=False, upstream=gateway.sockets[0].getsockname()[1])
        opened = 0  # without those of others before
        async with running.caller(running.plain) as client:
            found = set[tuple[str, Any]]()
            for _ in range(20):
                answer = await client.get("/")
                stream = answer.extensions["network_stream"]
                found.add((answer.text, stream.get_extra_info("client_addr")))
        running.end(NGINX)
    assert [text for text, _ in found] == ["ok"]  # from one address
    assert opened == 1


async def test_where_the_gateway_is_silent_callers_are_told_so(running: Edge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        running.start_nginx(tls=False, upstream=mute.getsockname()[1], silence="1s")
        async with running.caller(running.plain) as client:
            answer = await client.get("/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (504, "upstream_timeout")


@pytest.mark.check(53)
async def test_the_callers_address_reaches_locks_and_audit_and_no_made_up_one_does(
    edge: Edge, stack: Stack
) -> None:
    direct = f"http://127.0.0.1:{edge.ports['gateway']}"
    async with (
        edge.caller(edge.plain) as here,
        edge.caller(edge.plain, ELSEWHERE) as there,
        edge.caller(direct, ELSEWHERE) as round_about,
        # As who comes by a bridge, whose addresses the gateway believes.
        edge.caller(edge.plain, "127.0.0.1") as bridged,
    ):
        olga = await Person.arrive(here, "olga")
        right = {"username": olga.username, "password": PASSWORD}
        made_up = {"X-Forwarded-For": ELSEWHERE, "Forwarded": f"for={ELSEWHERE}"}
        for _ in range(10):
            wrong = right | {"password": "wrong password"}
            await here.post("/v1/auth/login", json=wrong, headers=made_up)
        locked = await here.post("/v1/auth/login", json=right, headers=made_up)
        assert (locked.status_code, locked.json()["code"]) == (429, "login_locked")
        as_if_here = {"X-Forwarded-For": SOMEWHERE, "Forwarded": f"for={SOMEWHERE}"}
        for client in (there, round_about):
            free = await client.post("/v1/auth/login", json=right, headers=as_if_here)
            assert free.status_code == 200
        admin = (await Keeper.hire(here, stack.env_of("auth"))).person
        looks = {"here": here, "there": there, "round-about": round_about, "bridged": bridged}
        for name, client in looks.items():
            headers = admin.headers | made_up | {"X-Request-Id": f"{name}-{olga.user_id}"}
            await client.get(f"/v1/users/{olga.user_id}", headers=headers)
        log = (await admin.get("/v1/auth/audit", owner_id=olga.user_id, action="get_user")).json()[
            "items"
        ]
    addresses = {one["request_id"].removesuffix(f"-{olga.user_id}"): one["address"] for one in log}
    assert addresses == {
        "here": SOMEWHERE,
        "there": ELSEWHERE,
        "round-about": ELSEWHERE,
        "bridged": "127.0.0.1",
    }


@pytest.mark.check(53)
@pytest.mark.parametrize(("balancers", "seen"), [(f"{SOMEWHERE}/32", "203.0.113.9"), ("", None)])
async def test_a_balancer_before_nginx_is_believed_where_it_is_named(
    running: Edge, balancers: str, seen: str | None
) -> None:
    running.start_nginx(tls=False, balancers=balancers)
    async with running.caller(running.plain) as client:
        answer = await client.get("/v1/currencies", headers={"X-Forwarded-For": "203.0.113.9"})
    line = await line_of(running, answer)
    assert line["address"] == (seen or SOMEWHERE)


async def dribbled(edge: Edge, start: bytes, address: str = SOMEWHERE) -> bytes:
    """Return what nginx answers to who goes on with a byte now and then, until it answers."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", edge.ports["http"], local_addr=(address, 0)
    )

    async def dribble() -> None:
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.2)

    writer.write(start)
    found, dribbling = b"", spawn(dribble(), "dribble")
    with contextlib.suppress(ConnectionError), contextlib.closing(writer):
        async with asyncio.timeout(60):
            while part := await reader.read(65536):
                found += part
                # nginx would take what is sent after its answer, and not close, for half a minute;
                # meanwhile this would not be a request under way.
                await stop([dribbling])
                if not writer.is_closing():
                    writer.write_eof()
    await stop([dribbling])
    return found


SLOW_HEAD = b"GET /v1/currencies HTTP/1.1\r\nHost: x\r\nX-Slow: "
SLOW_BODY = b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n"


@pytest.mark.check(66)
async def test_who_sends_slowly_is_cut_and_others_are_served_meanwhile(running: Edge) -> None:
    running.start_nginx(tls=False, head="2s")
    async with running.caller(running.plain, ELSEWHERE) as other, asyncio.TaskGroup() as tasks:
        heads = [tasks.create_task(dribbled(running, SLOW_HEAD)) for _ in range(20)]
        bodies = [tasks.create_task(dribbled(running, SLOW_BODY)) for _ in range(20)]
        served = [(await other.get("/v1/currencies")).status_code for _ in range(20)]
    assert served == [200] * 20
    # nginx closes on a head that does not end without a word; the gateway says why it ends a body.
    assert {head.result() for head in heads} <= {b""}
    for body in bodies:
        assert body.result().startswith(b"HTTP/1.1 408 ")
        assert b'"code":"request_too_slow"' in body.result()


@pytest.mark.check(66)
async def test_one_address_has_no_more_than_its_part_of_the_requests_under_way(
    running: Edge,
) -> None:
    running.start_nginx(tls=False, connections="3")
    is_seen = asyncio.Event()

    async def hold() -> list[bytes]:
        """Have a request under way, and another one where the gateway has ended it."""
        ended = []
        while not is_seen.is_set():
            ended.append(await dribbled(running, SLOW_BODY))
        return ended

    async with (
        running.caller(running.plain) as same,
        running.caller(running.plain, ELSEWHERE) as other,
        asyncio.TaskGroup() as tasks,
    ):
        held = [tasks.create_task(hold()) for _ in range(3)]

        async def refused() -> httpx.Response:
            return await same.get("/v1/currencies", headers=RUSSIAN)

        answer = await eventually(refused, lambda seen: seen.status_code == 503)
        is_seen.set()
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-language"] == "ru"
        assert (await other.get("/v1/currencies")).status_code == 200
    answers = {answer[:13] for one in held for answer in one.result()}
    assert answers - {b"HTTP/1.1 503 "} == {b"HTTP/1.1 408 "}  # one may have come too many
