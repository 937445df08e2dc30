"""Makes a database of years: users, wallets, payments, a ledger whose chains and sums are right.

Rows go in by COPY past the triggers, which would look at each. What it writes is what the services
would have written: the ledger adds up to zero, and every chain of hashes holds.
"""

import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
from deploy.stack import Stack
from tests.benchmarks import cost, cpu, lists, payments, wallet_core
from tests.benchmarks.report import Table

from testkit.people import Person
from wallet.domain.hash_chain import GENESIS, entry_hash

ENTRIES: Final = int(os.environ.get("ENTRIES", "10000000"))
OPENING_MINOR: Final = 1_000_000_00
YEARS: Final = 2
_SEED: Final = 7
_ROWS_AT_ONCE: Final = 20_000
_LARGEST_MINOR: Final = 5_000_00
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

TRANSFERS: Final = 20_000
OLD_OWNERS: Final = 10_000  # far more than there are before, so that their pages are not at hand
_OLD: Final = """
SELECT owner_id FROM wallet.account WHERE kind = 'wallet' AND balance_minor >= 10000
ORDER BY random() LIMIT $1
"""

T = TypeVar("T")
Say = Callable[[str, float], None]


class Size(NamedTuple):
    """How much there is to be.

    Attributes:
        entries: Of the ledger: two for each transfer.
        payments: The latest transfers that are payments, too.
        users: Each with one wallet.
    """

    entries: int
    payments: int
    users: int


class _Account:
    """A wallet, or the house's account of what came in, as its entries have left it."""

    __slots__ = ("balance", "hash", "id", "moved", "number", "owner", "seq")

    def __init__(self, id: bytes, owner: bytes | None, number: int) -> None:  # noqa: A002
        self.id, self.owner, self.number = id, owner, number
        self.balance = self.seq = self.moved = 0
        self.hash = GENESIS

    def enter(self, transfer: bytes, amount: int, at: int) -> str:
        """Return the row of the next entry."""
        self.seq += 1
        self.balance += amount
        self.moved = at
        self.hash = entry_hash(
            self.hash,
            UUID(bytes=self.id),
            self.seq,
            UUID(bytes=transfer),
            amount,
            self.balance,
            _moment(at),
        )
        return _row(
            self.id.hex(),
            self.seq,
            transfer.hex(),
            amount,
            self.balance,
            _bytea(self.hash),
            _at(at),
        )


class _Moved(NamedTuple):
    id: bytes
    payer: _Account
    payee: _Account
    minor: int
    at: int  # in microseconds since 1970
    entries: tuple[str, str]  # their rows


async def fill(admin_url: str, size: Size, say: Say) -> None:
    """Write it all into a migrated database with nobody's work under way.

    Args:
        admin_url: Of the services' database, as a superuser.
        size: How much.
        say: Told what is being written, and the part that is done, 0 to 1.
    """
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await _Filling(connection, size, say).run()
    finally:
        await connection.close()


class _Filling:
    def __init__(self, connection: asyncpg.Connection, size: Size, say: Say) -> None:
        self._connection = connection
        self._size = size
        self._say = say
        self._random = random.Random(_SEED)
        self._now = int((datetime.now(UTC) - _EPOCH).total_seconds() * 1_000_000)
        self._began = self._now - int(timedelta(days=365 * YEARS).total_seconds() * 1_000_000)

    async def run(self) -> None:
        number = await self._connection.fetchval(
            "SELECT coalesce(max(number), 1000) FROM wallet.account"
        )
        people = [
            _Account(self._id(self._began), self._id(self._began), number + 2 + place)
            for place in range(self._size.users)
        ]
        house = _Account(self._id(self._began), None, number + 1)
        await self._users(people)
        await self._ledger(people, house)
        await self._accounts([house, *people])
        for table in ("auth.user_account", "wallet.account"):
            await self._connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), max(number))"
                f" FROM {table}"
            )
        self._say("VACUUM, ANALYZE", 0)
        await self._connection.execute("VACUUM ANALYZE")
        self._say("VACUUM, ANALYZE", 1)

    async def _users(self, people: list[_Account]) -> None:
        columns = """id number username username_key search_key password_hash status roles
            created_at updated_at activated_at username_skeleton"""
        at = _at(self._began)
        hash_of_nothing = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43

        def rows() -> Iterator[str]:
            for one in people:
                name = f"grown-{one.number}"
                yield _row(
                    _owner(one), one.number, name, name, name, hash_of_nothing, "active", "{user}",
                    at, at, at, name,
                )  # fmt: skip

        await self._copy("auth", "user_account", columns, rows(), len(people))
        parties = (_row(_owner(one), f"grown-{one.number}", f"grown-{one.number}", "active", 2)
                   for one in people)  # fmt: skip
        columns = "user_id username username_key status version"
        await self._copy("payments", "party", columns, parties, len(people))
        wallets = (_row(one.id.hex(), _owner(one), "RUB") for one in people)
        columns = "account_id owner_id currency"
        await self._copy("payments", "wallet_owner", columns, wallets, len(people))

    async def _ledger(self, people: list[_Account], house: _Account) -> None:
        count = max(self._size.entries // 2, len(people))
        written = 0
        for moved in _packs(self._transfers(people, house, count), _ROWS_AT_ONCE):
            entries = (row for one in moved for row in one.entries)
            columns = "account_id seq transfer_id amount_minor balance_after_minor hash posted_at"
            await self._send("wallet", "entry", columns, entries)
            transfers = (
                _row(one.id.hex(), _kind(one), one.id.hex(), "RUB", _at(one.at), one.payer.id.hex(),
                     one.payee.id.hex())
                for one in moved
            )  # fmt: skip
            columns = "id kind reference currency posted_at payer_account_id payee_account_id"
            await self._send("wallet", "transfer", columns, transfers)
            written += len(moved)
            paid = moved[max(0, count - self._size.payments - written + len(moved)) :]
            await self._payments([one for one in paid if one.payer.owner is not None])
            self._say("transfers", written / count)

    async def _payments(self, moved: list[_Moved]) -> None:
        columns = """id status payer_id payee_id payer_account_id payee_account_id amount_minor
            paid_minor currency transfer_id version created_at expires_at processing_at paid_at
            debited_account_id credited_account_id"""
        rows = (
            _row(one.id.hex(), "paid", _owner(one.payer), _owner(one.payee), one.payer.id.hex(),
                 one.payee.id.hex(), one.minor, one.minor, "RUB", one.id.hex(), 3, _at(one.at),
                 _at(one.at + 86_400_000_000), _at(one.at), _at(one.at), one.payer.id.hex(),
                 one.payee.id.hex())
            for one in moved
        )  # fmt: skip
        await self._send("payments", "payment", columns, rows)

    async def _accounts(self, accounts: list[_Account]) -> None:
        columns = """id number owner_id currency kind name is_default balance_minor seq last_hash
            moved_at created_at"""
        rows = (
            _row(one.id.hex(), one.number, _owner(one), "RUB",
                 "wallet" if one.owner else "external", "Main" if one.owner else "grown",
                 "t" if one.owner else "f", one.balance, one.seq, _bytea(one.hash), _at(one.moved),
                 _at(self._began))
            for one in accounts
        )  # fmt: skip
        await self._copy("wallet", "account", columns, rows, len(accounts))

    def _transfers(self, people: list[_Account], house: _Account, count: int) -> Iterator[_Moved]:
        """Yield everybody's opening balance, then what they pay each other, oldest first."""
        step = (self._now - self._began) / count
        for place in range(count):
            at = self._began + int(place * step)
            if place < len(people):
                payer, payee, minor = house, people[place], OPENING_MINOR
            else:
                payer, payee, minor = self._drawn(people)
            id = self._id(at)  # noqa: A001 - as its column
            entries = payer.enter(id, -minor, at), payee.enter(id, minor, at)
            yield _Moved(id, payer, payee, minor, at, entries)

    def _drawn(self, people: list[_Account]) -> tuple[_Account, _Account, int]:
        """Return who pays whom how much, by chance, of what they have."""
        draw = self._random.random
        while True:
            payer = people[int(draw() * len(people))]
            payee = people[int(draw() * len(people))]
            minor = 1 + int(draw() * _LARGEST_MINOR)
            if payer is not payee and payer.balance >= minor:
                return payer, payee, minor

    def _id(self, at: int) -> bytes:
        """Return a UUIDv7 of a time (RFC 9562 §5.7)."""
        drawn = self._random.getrandbits(74)
        number = at // 1000 << 80 | 7 << 76 | drawn >> 62 << 64 | 2 << 62 | drawn & (1 << 62) - 1
        return number.to_bytes(16, "big")

    async def _copy(
        self, schema: str, table: str, columns: str, rows: Iterator[str], count: int
    ) -> None:
        for done, pack in enumerate(_packs(rows, _ROWS_AT_ONCE)):
            await self._send(schema, table, columns, iter(pack))
            self._say(table, min(1.0, (done + 1) * _ROWS_AT_ONCE / count))

    async def _send(self, schema: str, table: str, columns: str, rows: Iterator[str]) -> None:
        async def source() -> AsyncIterator[bytes]:
            yield "".join(rows).encode()

        await self._connection.copy_to_table(
            table, schema_name=schema, columns=columns.split(), source=source()
        )


def _kind(one: _Moved) -> str:
    return "payment" if one.payer.owner is not None else "top_up"


def _packs(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while pack := list(islice(items, size)):
        yield pack


def _owner(account: _Account) -> str:
    return r"\N" if account.owner is None else account.owner.hex()


def _bytea(value: bytes) -> str:
    return rf"\\x{value.hex()}"


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _at(microseconds: int) -> str:
    return _moment(microseconds).isoformat()


def _row(*values: object) -> str:
    return "\t".join(map(str, values)) + "\n"


def bar(what: str, part: float) -> None:
    """Draw how far it is, on one line of a terminal."""
    done = "#" * round(part * 40)
    sys.stderr.write(f"\r{what:<20} [{done:<40}] {part:4.0%}{chr(10) if part >= 1 else ''}")
    sys.stderr.flush()


async def measure(stack: Stack, everybody: Sequence[Person], seconds: float, table: Table) -> None:
    """Add what payments, transfers and lists cost before there are years of them, and after."""
    size = Size(ENTRIES, ENTRIES // 10, ENTRIES // 100)
    saldo = f"{stack.postgres_url.rpartition('/')[0]}/saldo"
    core = wallet_core.Core(stack.rabbitmq_url, saldo)
    owners = await core.fund(UUID(everybody[0].user_id))
    small = await _figures(stack, everybody, seconds) | await _moved(stack, core, owners)
    began = time.monotonic()
    await fill(saldo, size, bar)
    table.add(f"{ENTRIES:,} entries written", f"{time.monotonic() - began:,.0f} s")
    everybody = await payments.people(stack.gateway_url, len(everybody))  # tokens are over by now
    large = await _figures(stack, everybody, seconds)
    large |= await _moved(stack, core, await _owners_of_old(saldo))
    for what, before in small.items():
        after = large[what]
        table.add(
            f"… {what}", f"{after:,.2f}", f"before {before:,.2f}", f"{after / before:.2f}", "≤ 1.3"
        )


async def _figures(stack: Stack, everybody: Sequence[Person], seconds: float) -> dict[str, float]:
    await payments.run(stack.gateway_url, payments.spread(everybody), 3)  # warm-up
    spent = await cost.micros_of_each(stack, everybody, seconds)
    pair = payments.Pair(everybody[0], everybody[1])
    latency = await payments.pay_latency(stack.gateway_url, pair, 200)
    found = {"µs of CPU for one settled payment": sum(spent.values())}
    found["… of PostgreSQL"] = spent["postgres"]
    found["pay → paid, ms"] = latency.percentile(0.5)
    of_lists = await lists.run(stack.gateway_url, everybody[0])
    return found | {f"{path}, ms": millis for path, millis in of_lists.items()}


async def _moved(stack: Stack, core: wallet_core.Core, owners: Sequence[UUID]) -> dict[str, float]:
    """Return what a transfer between these owners costs, in the wallet and in PostgreSQL."""
    movers = ("wallet", "postgres")
    await core.run(owners, TRANSFERS // 4, hot=False)  # warm-up
    before = cpu.used(stack.processes, movers)
    await core.run(owners, TRANSFERS, hot=False)
    spent = cpu.spent(before, cpu.used(stack.processes, movers))
    return {"µs of CPU for one transfer": sum(spent.values()) / TRANSFERS * 1e6}


async def _owners_of_old(admin_url: str) -> list[UUID]:
    """Return owners of wallets of all ages, by chance, who can pay."""
    connection = await asyncpg.connect(admin_url)
    try:
        rows = await connection.fetch(_OLD, OLD_OWNERS)
    finally:
        await connection.close()
    return [UUID(bytes=row["owner_id"].bytes) for row in rows]
