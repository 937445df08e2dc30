"""Debian's nginx, with the files of deploy/nginx, before the real gateway."""

import asyncio
import contextlib
import gzip
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from deploy.generate.edge import MAX_BODY_BYTES
from deploy.stack import Stack
from deploy.stack.environment import surroundings
from deploy.stack.ports import is_open, settle
from deploy.stack.processes import Program
from tests.e2e.conftest import ROOT
from tests.e2e.test_many_payments import listen

from gateway.settings import Settings
from kit.tasks import spawn, stop
from payments.api.bulk import MAX_BYTES
from testkit.keepers import PRODUCTS, Keeper
from testkit.people import PASSWORD, Person, eventually

GATEWAY, NGINX = "edge-gateway", "nginx"
# Addresses of this machine; nginx itself comes to the gateway from 127.0.0.1.
SOMEWHERE, ELSEWHERE = "127.0.0.3", "127.0.0.4"
RUSSIAN = {"Accept-Language": "ru-RU,ru;q=0.9"}


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost that signs itself, and who trusts it."""

    path: Path
    key: Path

    @classmethod
    def made(cls, folder: Path) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        certificate = cls(folder / "certificate.pem", folder / "key.pem")
        certificate.path.write_bytes(made.public_bytes(pem))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        certificate.key.write_bytes(key.private_bytes(pem, form, plain))
        return certificate

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.path)


@dataclass
class Edge:
    """nginx, and a gateway that trusts it, beside those of the stack."""

    stack: Stack
    folder: Path
    certificate: Certificate
    ports: dict[str, int] = field(default_factory=dict)

    def prepare(self) -> None:
        for name in ("gateway", "http", "https"):
            settle(self.ports, name)

    def start_gateway(self) -> None:
        told = {
            "GATEWAY_PORT": str(self.ports["gateway"]),
            "GATEWAY_TRUSTED_PROXIES": '["127.0.0.1/32"]',
        }
        environment = self.stack.env_of("gateway") | told
        self.run(GATEWAY, [sys.executable, "-m", "gateway", "all"], environment, "gateway")
        # Its port is open before it has the keys of tokens: until then who is logged in gets a 503.
        self.stack.processes.wait_until(GATEWAY, self.is_ready, 60, "was not ready")

    def is_ready(self) -> bool:
        """Whether the gateway can tell who calls."""
        url = f"http://127.0.0.1:{self.ports['gateway']}/health/ready"
        return httpx.get(url, trust_env=False).is_success

    def start_nginx(self, *, tls: bool, upstream: int | None = None, silence: str = "60s") -> None:
        told = {
            "EDGE_UPSTREAM": f"127.0.0.1:{upstream or self.ports['gateway']}",
            "EDGE_HTTP": f"127.0.0.1:{self.ports['http']}",
            "EDGE_HTTPS": f"127.0.0.1:{self.ports['https']}",
            "EDGE_PUBLIC_HTTPS": str(self.ports["https"]),
            "EDGE_FOLDER": str(self.folder / "nginx"),
            "EDGE_SILENCE": silence,
        }
        if tls:
            told |= {
                "EDGE_CERTIFICATE": str(self.certificate.path),
                "EDGE_KEY": str(self.certificate.key),
            }
        start = ["sh", str(ROOT / "deploy" / "nginx" / "start.sh")]
        self.run(NGINX, start, surroundings() | told, "https" if tls else "http")

    def run(self, name: str, command: list[str], environment: dict[str, str], port: str) -> None:
        self.end(name)
        self.stack.processes.start(Program(name, command, environment, self.folder))
        self.stack.processes.wait_until(name, lambda: is_open(self.ports[port]), 60, "took nothing")

    def end(self, name: str) -> None:
        self.stack.processes.end(name, signal.SIGTERM, 20)

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def secure(self) -> str:
        return f"https://127.0.0.1:{self.ports['https']}"

    def lines(self) -> list[dict[str, Any]]:
        """What nginx has logged of requests."""
        log = self.stack.log_of(NGINX).read_text().splitlines()
        return [orjson.loads(line) for line in log if line.startswith("{")]

    @contextlib.asynccontextmanager
    async def caller(self, url: str, address: str = SOMEWHERE) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody at `address`."""
        transport = httpx.AsyncHTTPTransport(
            local_address=address, verify=self.certificate.trusted()
        )
        async with httpx.AsyncClient(base_url=url, transport=transport, timeout=30) as client:
            yield client


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Edge]:
    folder = Path(tempfile.mkdtemp(prefix="saldo-edge-", dir="/var/tmp"))
    folder.chmod(0o755)  # nginx's workers run as nobody
    edge = Edge(stack, folder, Certificate.made(folder))
    edge.prepare()
    try:
        edge.start_gateway()
        yield edge
    finally:
        edge.end(NGINX)
        edge.end(GATEWAY)
        shutil.rmtree(folder)


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
    [line] = [one for one in running.lines() if one["request_id"] == paid.headers["x-request-id"]]
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
        looks = {"here": here, "there": there, "round-about": round_about}
        for name, client in looks.items():
            headers = admin.headers | made_up | {"X-Request-Id": f"{name}-{olga.user_id}"}
            await client.get(f"/v1/users/{olga.user_id}", headers=headers)
        log = (await admin.get("/v1/auth/audit", owner_id=olga.user_id)).json()["items"]
    addresses = {one["request_id"].removesuffix(f"-{olga.user_id}"): one["address"] for one in log}
    assert addresses == {"here": SOMEWHERE, "there": ELSEWHERE, "round-about": ELSEWHERE}
