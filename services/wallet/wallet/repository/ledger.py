"""Owns the SQL of posting: it reads, locks and writes a batch set by set.

A hold changes only under the lock of its account, so holds need no lock of their own.
"""

# ruff: noqa: S608 (texts are put together from the constants of this file, at import)

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from kit.db.bulk import COPIED_FROM, BulkInsert, columns_of
from kit.db.unit_of_work import LastWrite, UnitOfWork
from wallet.domain.book import Account, Book, Hold
from wallet.domain.commands import Mark, Posted
from wallet.domain.wallets import WalletKey

# Rows are locked after the sort, in id order, so batches wait for each other but never deadlock.
# NO KEY: rows that only refer to an account need not wait.
_LOCK = """
SELECT id, owner_id, currency, kind, status = 'frozen', balance_minor, held_minor, seq, last_hash,
       moved_at, owed_minor, status = 'closed'{more}
FROM account WHERE id = ANY({ids}) AND {condition} ORDER BY id FOR NO KEY UPDATE
"""

# A hold never changes its account, nor an owner the default wallet. Where one is still missing no
# row is locked: wallets are opened before any lock, so that no two batches wait for each other.
# Arrays come through sub-selects: a plan for one length looks no cheaper then, and is made once.
_LOCK_FIRST = """
WITH named AS MATERIALIZED (
    SELECT account.id FROM unnest((SELECT $2::uuid[]), $3::text[]) AS given (owner_id, currency)
    JOIN account USING (owner_id, currency) WHERE is_default)
""" + _LOCK.format(
    more=""", is_default, EXISTS (
        SELECT FROM command WHERE command_id = ANY((SELECT $5::uuid[])::uuid[]))""",
    ids="""ARRAY(
    SELECT unnest($1::uuid[]) UNION ALL SELECT id FROM named
    UNION ALL SELECT account_id FROM hold WHERE hold.id = ANY((SELECT $4::uuid[])::uuid[]))""",
    condition="""kind NOT IN ('debts', 'suspense')
    AND (SELECT count(*) FROM named) = cardinality($2)""",
)
# Only locked accounts of people show whether the accounts that stand in for them are needed. So
# every batch locks these last, and all batches keep one order.
_LOCK_LAST = _LOCK.format(more="", ids="$1", condition="kind IN ('debts', 'suspense')")

_HOLDS = """
SELECT id, account_id, amount_minor, captured_minor, released_minor, reference
FROM hold WHERE id = ANY($1)
"""

_KEPT_REPLIES = """
SELECT command_id, reply_type, reply, transfer_id FROM command
WHERE command_id = ANY((SELECT $1::uuid[])::uuid[])
"""

_KEPT_POSTINGS = """
SELECT command_id, transfer.id, transfer.posted_at, payer_account_id, payee_account_id, owed_minor,
       payer.seq, payer.balance_after_minor, payee.seq, payee.balance_after_minor
FROM command JOIN transfer ON transfer.id = command.transfer_id
LEFT JOIN entry AS payer ON (payer.account_id, payer.seq) = (payer_account_id, payer_seq)
LEFT JOIN entry AS payee ON (payee.account_id, payee.seq) = (payee_account_id, payee_seq)
WHERE command_id = ANY($1)
"""

_TRANSFERS = BulkInsert(
    "transfer",
    id="uuid",
    kind="text",
    reference="text",
    description="text",
    currency="text",
    posted_at="timestamptz",
    payer_account_id="uuid",
    payee_account_id="uuid",
    owed_minor="bigint",
    meant_account_id="uuid",
    purpose="text",
)

_ENTRIES = BulkInsert(
    "entry",
    account_id="uuid",
    seq="bigint",
    transfer_id="uuid",
    amount_minor="bigint",
    balance_after_minor="bigint",
    hash="bytea",
    posted_at="timestamptz",
)

_COMMANDS = BulkInsert(
    "command",
    command_id="uuid",
    reply_type="text",
    reply="jsonb",
    transfer_id="uuid",
    payer_seq="bigint",
    payee_seq="bigint",
    created_at="timestamptz",
)

_HOLDS_PLACED = BulkInsert(
    "hold",
    id="uuid",
    account_id="uuid",
    amount_minor="bigint",
    captured_minor="bigint",
    released_minor="bigint",
    reference="text",
    created_at="timestamptz",
    updated_at="timestamptz",
)

_UPDATE_HOLDS = """
UPDATE hold SET captured_minor = given.captured_minor, released_minor = given.released_minor,
    updated_at = given.updated_at
FROM unnest((SELECT $1::uuid[]), $2::bigint[], $3::bigint[], $4::timestamptz[])
    AS given (id, captured_minor, released_minor, updated_at)
WHERE hold.id = given.id
"""

_UPDATE_ACCOUNTS = """
UPDATE account SET balance_minor = given.balance_minor, held_minor = given.held_minor,
    owed_minor = given.owed_minor, seq = given.seq, last_hash = given.last_hash,
    moved_at = given.moved_at
FROM unnest((SELECT $1::uuid[]), $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
            $6::bytea[], $7::timestamptz[])
    AS given (id, balance_minor, held_minor, owed_minor, seq, last_hash, moved_at)
WHERE account.id = given.id
"""


class KeptReply(NamedTuple):
    """The kept reply to a command: the message's type and its content.

    `reply` is the message before it is written, and its JSON after it was read. Of a posted
    transfer none is kept but its id, and the numbers of the entries that the reply names.
    """

    command_id: UUID
    reply_type: str | None
    reply: Any
    transfer_id: UUID | None = None
    payer_seq: int | None = None
    payee_seq: int | None = None


class KeptPosting(NamedTuple):
    """The transfer that a command has posted, with the entries that its reply names."""

    command_id: UUID
    posted: Posted


class Locked(NamedTuple):
    """Locked accounts, and which of them are default wallets.

    `may_repeat` is False where none of the commands was answered when the locks were asked for.
    """

    accounts: list[Account]
    defaults: Mapping[WalletKey, UUID]
    may_repeat: bool


class HoldAppearedError(Exception):
    """A hold appeared on an account that is not locked here; a retry will see it."""


class Ledger:
    """Reads and writes the ledger's rows within one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def lock_for_posting(
        self,
        account_ids: Collection[UUID],
        hold_ids: Collection[UUID],
        command_ids: Collection[UUID],
        keys: Collection[WalletKey] = (),
    ) -> Locked:
        """Lock accounts in id order until the unit of work ends, and return them.

        They are those of the ids, of the holds, and the default wallets of the keys; all but the
        accounts that `lock_last` locks. If any key has no wallet yet, none is locked. What was
        saved before is written first, to be read again.
        """
        await self.write_now()
        owners, currencies = columns_of(keys, 2)
        rows = await self._uow.fetch(
            _LOCK_FIRST, account_ids, owners, currencies, hold_ids, command_ids
        )
        return Locked(
            [Account(*row[:-2]) for row in rows],
            {WalletKey(row[1], row[2]): row[0] for row in rows if row[-2]},
            may_repeat=not rows or rows[0][-1],
        )

    async def write_now(self) -> None:
        """Write what was saved and waits for COMMIT."""
        await self._uow.write_now(_accounts_moved, _holds_changed, _HOLDS_PLACED.last)

    async def lock_last(self, account_ids: Collection[UUID]) -> list[Account]:
        """Lock the `debts` and `suspense` accounts among these and return them.

        Nothing may be locked after them.
        """
        return [Account(*row) for row in await self._uow.fetch(_LOCK_LAST, account_ids)]

    async def kept_replies(self, command_ids: Collection[UUID]) -> list[KeptReply | KeptPosting]:
        """Return the kept replies to these commands; transfers take a statement more."""
        found = [KeptReply(*row) for row in await self._uow.fetch(_KEPT_REPLIES, command_ids)]
        kept: list[KeptReply | KeptPosting] = [one for one in found if one.transfer_id is None]
        if len(kept) < len(found):
            posted = [one.command_id for one in found if one.transfer_id is not None]
            kept += map(_kept_posting, await self._uow.fetch(_KEPT_POSTINGS, posted))
        return kept

    async def holds(self, hold_ids: Collection[UUID], locked: Iterable[Account]) -> list[Hold]:
        """Return the holds.

        Raises:
            HoldAppearedError: the account of one is not locked.
        """
        if not hold_ids:
            return []
        holds = [Hold(*row) for row in await self._uow.fetch(_HOLDS, hold_ids)]
        if not {hold.account_id for hold in holds} <= {account.id for account in locked}:
            raise HoldAppearedError
        return holds

    async def save(self, book: Book, replies: Sequence[KeptReply] = ()) -> None:
        """Write all that the book has added and changed, and replies to give again.

        Few transfers, and all holds, wait for the one statement before COMMIT. The primary key of
        `command` raises if a reply is kept already.
        """
        accounts = [
            (
                row.id,
                row.balance_minor,
                row.held_minor,
                row.owed_minor,
                row.seq,
                row.last_hash,
                row.moved_at,
            )
            for row in book.touched.values()
        ]
        # Sorted, so that two batches with the same commands wait for each other and never deadlock.
        commands = [
            (*kept, book.now) for kept in sorted(replies, key=lambda kept: kept.command_id.bytes)
        ]
        self._save_holds(book)
        if len(book.transfers) < COPIED_FROM:
            _TRANSFERS.insert_last(self._uow, book.transfers)
            _ENTRIES.insert_last(self._uow, book.entries)
            _COMMANDS.insert_last(self._uow, commands)
            self._uow.before_commit(_accounts_moved, accounts)
            return
        await _TRANSFERS.insert(self._uow, book.transfers)
        await _ENTRIES.insert(self._uow, book.entries)
        await self._uow.execute(_UPDATE_ACCOUNTS, *columns_of(accounts, 7))
        await _COMMANDS.insert(self._uow, commands)

    def _save_holds(self, book: Book) -> None:
        if placed := book.placed_holds.values():
            _HOLDS_PLACED.insert_last(
                self._uow,
                [
                    (
                        hold.id,
                        hold.account_id,
                        hold.amount_minor,
                        hold.captured_minor,
                        hold.released_minor,
                        hold.reference,
                        book.now,
                        book.now,
                    )
                    for hold in placed
                ],
            )
        if changed := book.changed_holds.values():
            rows = [(one.id, one.captured_minor, one.released_minor, book.now) for one in changed]
            self._uow.before_commit(_holds_changed, rows)


def _accounts_moved(_: UnitOfWork, moved: list[Any]) -> LastWrite:
    return LastWrite(_UPDATE_ACCOUNTS, columns_of(chain.from_iterable(moved), 7))


def _holds_changed(_: UnitOfWork, changed: list[Any]) -> LastWrite:
    return LastWrite(_UPDATE_HOLDS, columns_of(chain.from_iterable(changed), 4))


def _kept_posting(row: Iterable[Any]) -> KeptPosting:
    command_id, transfer_id, posted_at, payer, payee, owed_minor, *entries = row
    marks = _mark(*entries[:2]), _mark(*entries[2:])
    return KeptPosting(command_id, Posted(transfer_id, posted_at, payer, payee, owed_minor, *marks))


def _mark(seq: int | None, balance_after_minor: int) -> Mark | None:
    return None if seq is None else Mark(seq, balance_after_minor)
