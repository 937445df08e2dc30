"""The runner's servers as real processes: roles, crashes, strangers."""

import os
import signal
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
from deploy.stack import Stack, StackError
from deploy.stack.locks import held
from deploy.stack.ports import is_open
from deploy.stack.processes import waited

from kit.redis import RedisLine, RedisRefusedError

ROOT = Path(__file__).parents[3]
SERVERS = ["epmd", "postgres", "rabbitmq", "redis", "storage"]


# One stack serves all, so one worker runs all.
pytestmark = pytest.mark.xdist_group("runner")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(ROOT, tmp_path_factory.mktemp("stack") / "local")
    yield made
    made.reset()


@pytest.fixture
def stack(shared: Stack) -> Stack:
    if not shared.infrastructure.is_alive:
        shared.start_infrastructure()
    return shared


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def connected(stack: Stack, role: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the services' database as `wallet`, as `wallet_owner`, …, or as `postgres`."""
    service = role.removesuffix("_owner")
    kind = "MIGRATION_URL" if role.endswith("_owner") else "DATABASE_URL"
    url = (
        stack.postgres_url.removesuffix("/postgres") + "/saldo"
        if role == "postgres"
        else stack.env_of(service)[f"{service.upper()}_{kind}"]
    )
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def table(stack: Stack) -> AsyncIterator[str]:
    """A table, a sequence and a function, created by wallet's owner as a migration would."""
    async with connected(stack, "wallet_owner") as owner:
        await owner.execute(
            "CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, note text)"
        )
        await owner.execute("CREATE FUNCTION answer() RETURNS int LANGUAGE sql RETURN 42")
    yield "thing"
    async with connected(stack, "wallet_owner") as owner:
        await owner.execute("DROP TABLE thing")
        await owner.execute("DROP FUNCTION answer")


async def test_a_service_reads_and_writes_the_rows_of_its_own_schema(
    stack: Stack, table: str
) -> None:
    async with connected(stack, "wallet") as wallet:
        await wallet.execute(f"INSERT INTO {table} (note) VALUES ('one')")
        await wallet.execute(f"UPDATE {table} SET note = 'two'")
        assert await wallet.fetchval(f"DELETE FROM {table} RETURNING note") == "two"
        assert await wallet.fetchval("SELECT answer()") == 42
        assert await wallet.fetchval("SELECT current_schema()") == "wallet"


@pytest.mark.check(70)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE thing ADD COLUMN more text",
        "DROP TABLE thing",
        "TRUNCATE thing",
        "CREATE INDEX ON thing (note)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER ROLE wallet SUPERUSER",
        "CREATE ROLE mine",
    ],
)
async def test_a_service_can_not_change_what_there_is(
    stack: Stack, table: str, statement: str
) -> None:
    async with connected(stack, "wallet") as wallet:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await wallet.execute(statement)


@pytest.mark.check(70)
@pytest.mark.parametrize("role", ["auth", "auth_owner", "payments", "payments_owner"])
async def test_no_other_service_can_read_or_write_it(stack: Stack, table: str, role: str) -> None:
    async with connected(stack, role) as other:
        for statement in (f"SELECT * FROM wallet.{table}", f"DELETE FROM wallet.{table}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await other.execute(statement)


async def test_the_roles_can_be_set_up_again_around_what_is_there(stack: Stack, table: str) -> None:
    stack.start_infrastructure()
    async with connected(stack, "wallet") as wallet:
        assert await wallet.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_services_reach_postgresql_by_its_socket_which_nobody_else_may_enter(
    stack: Stack,
) -> None:
    async with connected(stack, "wallet") as wallet:
        assert await wallet.fetchval("SELECT inet_server_addr()") is None
    address = urlsplit(stack.env_of("wallet")["WALLET_DATABASE_URL"])
    folder = Path(parse_qs(address.query)["host"][0])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("is_by_socket", [True, False], ids=["by its socket", "by TCP"])
@pytest.mark.parametrize("role", ["wallet", "wallet_owner", "postgres"])
async def test_a_wrong_password_is_refused_by_postgresql(
    stack: Stack, role: str, *, is_by_socket: bool
) -> None:
    place = stack.env_of("wallet")["WALLET_DATABASE_URL"].partition("@")[2]
    tcp = urlsplit(stack.postgres_url)
    if not is_by_socket:
        place = f"{tcp.hostname}:{tcp.port}/saldo"
    for password in (role, "", "postgres"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://{role}@{place}", password=password)


def test_services_reach_redis_by_its_socket_which_nobody_else_may_enter(stack: Stack) -> None:
    for service in ("gateway", "wallet"):
        address = urlsplit(stack.env_of(service)["REDIS_URL"])
        assert address.scheme == "unix"
        assert Path(address.path).is_socket()
        assert stat.S_IMODE(Path(address.path).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("is_by_socket", [True, False], ids=["by its socket", "by TCP"])
async def test_a_wrong_password_is_refused_by_redis(stack: Stack, *, is_by_socket: bool) -> None:
    nameless = f"redis://127.0.0.1:{urlsplit(stack.redis_url).port}"
    if is_by_socket:
        nameless = f"unix://{urlsplit(stack.env_of('gateway')['REDIS_URL']).path}"
    with closing(RedisLine(nameless)) as line, pytest.raises(RedisRefusedError, match="NOAUTH"):
        await line.call("PING")


async def test_the_broker_knows_our_user_and_no_guest(stack: Stack) -> None:
    address = urlsplit(stack.rabbitmq_api_url)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{address.port}") as client:
        ours = await client.get("/api/overview", auth=("saldo", address.password or ""))
        guest = await client.get("/api/overview", auth=("guest", "guest"))
    assert (ours.status_code, guest.status_code) == (200, 401)


async def test_fsync_is_on(stack: Stack) -> None:
    async with connected(stack, "postgres") as postgres:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await postgres.fetchval(f"SHOW {setting}") == "on"


async def test_a_crash_of_all_is_survived_with_what_was_committed(stack: Stack, table: str) -> None:
    async with connected(stack, "wallet") as wallet:
        await wallet.execute(f"INSERT INTO {table} (note) VALUES ('kept')")
    for server in SERVERS:
        identity = stack.processes.identity_of(server)
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
    assert waited(lambda: stack.processes.names() == [], seconds=20)
    stack.start_infrastructure()
    assert stack.processes.names() == SERVERS
    async with connected(stack, "wallet") as wallet:
        assert await wallet.fetchval(f"SELECT note FROM {table}") == "kept"


def test_a_lock_file_that_names_a_stranger_is_in_nobodys_way(stack: Stack) -> None:
    postgres = stack.infrastructure.postgres
    postgres.stop(signal.SIGQUIT)
    account = postgres.account
    with subprocess.Popen(
        ["/bin/sleep", "60"],
        user=account.uid if account else None,
        cwd="/",
    ) as stranger:
        lock = postgres.data / "cluster" / "postmaster.pid"
        of_socket = postgres.data / f".s.PGSQL.{postgres.port}.lock"
        for left in (lock, of_socket):
            left.write_text(f"{stranger.pid}\n{postgres.data}/cluster\n1\n{postgres.port}\n\n\n")
        postgres.start()
        assert postgres.is_ready()
        postgres.stop(signal.SIGQUIT)
        of_socket.write_text(f"{stranger.pid}\n")  # that alone, too
        postgres.start()
        assert postgres.is_ready()
        assert stranger.poll() is None
        stranger.kill()


def test_two_commands_do_not_work_on_one_stack_at_once(stack: Stack) -> None:
    with (
        held(stack.local / "lock", "unused"),
        pytest.raises(StackError, match="by another command"),
    ):
        stack.stop()


def test_nobody_is_given_the_port_that_the_gateway_must_have(tmp_path: Path) -> None:
    port = free_port()
    wanted = dict.fromkeys(("auth", "sandbox_smtp", "rabbitmq_api"), port)
    stack = Stack(ROOT, tmp_path / "local", gateway_port=port, preferred_ports=wanted)
    stack.start_infrastructure()
    try:
        assert urlsplit(stack.gateway_url).port == port
        others = [stack.url_of("auth"), stack.rabbitmq_api_url]
        assert port not in [urlsplit(url).port for url in others]
        assert stack.env_of("sandbox")["SANDBOX_SMTP_PORT"] != str(port)
    finally:
        stack.reset()


@pytest.mark.parametrize("server", ["rabbitmq_api", "postgres"])
def test_a_port_that_another_program_takes_at_the_last_moment_is_changed_for_another(
    tmp_path: Path, server: str
) -> None:
    told: list[str] = []
    with ExitStack() as others:

        def be_quicker(text: str) -> None:
            told.append(text)
            if len(told) == 1:
                others.enter_context(socket.create_server(("127.0.0.1", port_of(server))))

        stack = Stack(ROOT, tmp_path / "local", say=be_quicker)

        def port_of(name: str) -> int:
            url = {"rabbitmq_api": stack.rabbitmq_api_url, "postgres": stack.postgres_url}[name]
            return urlsplit(url).port or 0

        try:
            stack.start_infrastructure()
            assert any("another program took port" in text for text in told)
            answer = httpx.get(f"{stack.rabbitmq_api_url}/api/overview")
            assert answer.status_code == 200
        finally:
            stack.reset()


def test_servers_without_a_record_are_found_and_ended(stack: Stack) -> None:
    for record in stack.processes.records.glob("*.json"):
        record.unlink()
    (told,) = stack.stop()
    assert told.startswith("forgotten processes: ")
    ports = [
        urlsplit(url).port
        for url in (stack.postgres_url, stack.rabbitmq_url, stack.redis_url, stack.bucket_url)
    ]
    assert [port for port in ports if port is None or is_open(port)] == []
