"""Makes a database of years: users, wallets, payments, a ledger whose chains and sums are right.

Rows go in by COPY past the triggers, which would look at each. What it writes is what the services
would have written and kept: the ledger adds up to zero, every chain of hashes holds, and people's
books have what their wallets have moved. What is kept for days only (sagas that have ended, events,
answers, the inbox) is left out, and nobody can log in as these users.

    python -m tests.benchmarks.years    # into the stack that runs here; ENTRIES=1000000
"""

import asyncio
import os
import random
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple, Self, TypeVar
from uuid import UUID

import asyncpg
from deploy.stack import StackError
from deploy.stack.commands import own_stack
from tests.benchmarks import movements

from wallet.domain.hash_chain import GENESIS, entry_hash

OPENING_MINOR: Final = 1_000_000_00
YEARS: Final = 2
_SEED: Final = 7
_ROWS_AT_ONCE: Final = 20_000
_LARGEST_MINOR: Final = 5_000_00
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Whoever has read on in wallet's entries from before sees that somebody else has done so.
_ALL_IS_BOOKED: Final = """
INSERT INTO finance.feed_position (name, turn, after, stuck)
SELECT 'wallet', 1, max(position), '{}' FROM wallet.entry
ON CONFLICT (name) DO UPDATE SET turn = feed_position.turn + 1, after = excluded.after
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

    @classmethod
    def of(cls, entries: int) -> Self:
        """Return how much else there is with so many entries."""
        return cls(entries, entries // 10, max(entries // 100, 2))


class _Account:
    """A wallet, or the house's account of what came in, as its entries have left it."""

    __slots__ = ("balance", "hash", "id", "moved", "number", "owner", "seq")

    def __init__(self, id: bytes, owner: bytes | None, number: int) -> None:  # noqa: A002
        self.id, self.owner, self.number = id, owner, number  # the book's account has this id, too
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
    seqs: tuple[int, int]
    entries: tuple[str, str]  # their rows
    booked: tuple[str, ...]  # rows of the books of those who have one


async def fill(admin_url: str, size: Size, say: Say) -> None:
    """Write it all into a migrated database, in one transaction, while nobody's work is under way.

    With it finance has read all that was moved. What breaks off leaves nothing behind.

    Args:
        admin_url: Of the services' database, as a superuser.
        size: How much.
        say: Told what is being written, and the part that is done, 0 to 1.
    """
    await movements.all_booked(admin_url)
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await _Filling(connection, size, say).run()
        say("VACUUM, ANALYZE", 0)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        say("VACUUM, ANALYZE", 1)
    finally:
        await connection.close()


def bar(what: str, part: float) -> None:
    """Draw how far it is, on one line of a terminal."""
    done = "#" * round(part * 40)
    sys.stderr.write(f"\r{what:<20} [{done:<40}] {part:4.0%}{chr(10) if part >= 1 else ''}")
    sys.stderr.flush()


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
        await self._books(people)
        for table in ("auth.user_account", "wallet.account"):
            await self._connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), max(number))"
                f" FROM {table}"
            )
        await self._connection.execute(_ALL_IS_BOOKED)

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
            commands = (_row(one.id.hex(), one.id.hex(), *one.seqs, _at(one.at)) for one in moved)
            columns = "command_id transfer_id payer_seq payee_seq created_at"
            await self._send("wallet", "command", columns, commands)
            columns = """id user_id account_id type amount_minor currency date at origin
                movement_seq movement_kind reference counterparty_id version created_at
                updated_at"""
            booked = (row for one in moved for row in one.booked)
            await self._send("finance", "transaction", columns, booked)
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
                 *(("wallet", "Main") if one.owner else ("external", f"grown-{one.number}")),
                 "t" if one.owner else "f", one.balance, one.seq, _bytea(one.hash), _at(one.moved),
                 _at(self._began))
            for one in accounts
        )  # fmt: skip
        await self._copy("wallet", "account", columns, rows, len(accounts))

    async def _books(self, people: list[_Account]) -> None:
        """Write whose movements are booked, and how their accounts stand."""
        at = _at(self._began)
        books = (_row(_owner(one), "UTC", one.seq + 1, at) for one in people)
        columns = "user_id time_zone version created_at"
        await self._copy("finance", "book", columns, books, len(people))
        columns = """id user_id name kind currency opening_minor balance_minor wallet_id seq version
            created_at updated_at"""
        accounts = (
            _row(one.id.hex(), _owner(one), "Main", "wallet", "RUB", 0, one.balance, one.id.hex(),
                 one.seq, 1, at, at)
            for one in people
        )  # fmt: skip
        await self._copy("finance", "account", columns, accounts, len(people))

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
            booked = self._booked(id, payer, payee, -minor), self._booked(id, payee, payer, minor)
            seqs = payer.seq, payee.seq
            yield _Moved(id, payer, payee, minor, at, seqs, entries, (*booked[0], *booked[1]))

    def _booked(
        self, transfer: bytes, account: _Account, other: _Account, minor: int
    ) -> tuple[str, ...]:
        """Return the row of an account's latest entry in its owner's book."""
        if account.owner is None:
            return ()
        at = _at(account.moved)
        return (
            _row(
                self._id(account.moved).hex(),
                _owner(account),
                account.id.hex(),
                "income" if minor > 0 else "expense",
                minor,
                "RUB",
                at[:10],
                at,
                "wallet",
                account.seq,
                "top_up" if other.owner is None else "payment",
                transfer.hex(),
                _owner(other),
                1,
                at,
                at,
            ),
        )

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


def main() -> None:
    """Fill the stack that runs here."""
    entries = os.environ.get("ENTRIES", "1000000")
    if not re.fullmatch("[1-9][0-9]{3,9}", entries):
        raise StackError(f"ENTRIES is a number from 1000 on, not {entries!r}.")
    stack = own_stack()
    if not stack.is_ready():
        raise StackError("Nothing runs here; `make run DETACH=1` starts it.")
    saldo = f"{stack.postgres_url.rpartition('/')[0]}/saldo"
    asyncio.run(fill(saldo, Size.of(int(entries)), bar))


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(str(error))
