"""Stores what events tell of people and wallets, and reads it for new payments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.bulk import BulkInsert
from payments.domain.parties import Ends, Parties, Person, Wallet, username_key
from payments.repository.listeners import ALL_ARE_KNOWN

# A username that two rows have names nobody here: their events have crossed, and auth is asked.
_PARTIES: Final = """
SELECT payer.user_id AS payer_id, payer.username AS payer_username,
    CASE WHEN closed_payer.user_id IS NULL THEN payer.status ELSE 'closed' END AS payer_status,
    payee.user_id AS payee_id, payee.username AS payee_username,
    CASE WHEN closed_payee.user_id IS NULL THEN payee.status ELSE 'closed' END AS payee_status,
    from_wallet.account_id AS from_id, from_wallet.owner_id AS from_owner_id,
    from_wallet.currency AS from_currency,
    to_wallet.account_id AS to_id, to_wallet.owner_id AS to_owner_id,
    to_wallet.currency AS to_currency,
    (SELECT count(*) FROM (
        SELECT FROM payment WHERE payment.payer_id = asked.payer_id
        AND payment.listed_as IN ('open', 'scheduled') AND payment.status <> 'processing'
        LIMIT $6) AS open) >= $6 AS is_full,
    payee.user_id IS NULL
        OR EXISTS (SELECT FROM listener WHERE user_id IN (asked.payer_id, payee.user_id))
        OR NOT EXISTS (SELECT FROM listener WHERE user_id = $7) AS are_heard
FROM unnest((SELECT $1::uuid[]), $2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) WITH ORDINALITY
    AS asked (payer_id, from_id, to_id, payee_id, username_key, position)
LEFT JOIN party AS payer ON payer.user_id = asked.payer_id
LEFT JOIN wallet_owner AS from_wallet ON from_wallet.account_id = asked.from_id
LEFT JOIN wallet_owner AS to_wallet ON to_wallet.account_id = asked.to_id
LEFT JOIN party AS payee ON payee.user_id = coalesce(asked.payee_id, to_wallet.owner_id, (
    SELECT (array_agg(user_id))[1] FROM party
    WHERE username_key = asked.username_key HAVING count(*) = 1))
LEFT JOIN closed_party AS closed_payer ON closed_payer.user_id = payer.user_id
LEFT JOIN closed_party AS closed_payee ON closed_payee.user_id = payee.user_id
ORDER BY position
"""

_ANY: Final = 2**62

_WALLET: Final = "SELECT account_id, owner_id, currency FROM wallet_owner WHERE account_id = $1"

_NAMED: Final = """
SELECT (array_agg(user_id))[1] FROM party WHERE username_key = $1 HAVING count(*) = 1
"""

_PEOPLE: Final = BulkInsert(
    "party",
    """
    ON CONFLICT (user_id) DO UPDATE SET username = excluded.username,
        username_key = excluded.username_key, status = excluded.status, version = excluded.version
    WHERE party.version < excluded.version
    """,
    user_id="uuid",
    username="text",
    username_key="text",
    status="text",
    version="bigint",
)

_WALLETS: Final = BulkInsert(
    "wallet_owner",
    "ON CONFLICT (account_id) DO NOTHING",
    account_id="uuid",
    owner_id="uuid",
    currency="text",
)

_FORGET_HOLDERS: Final = """
UPDATE payment SET card_holder = NULL WHERE payer_id = ANY($1) AND card_holder IS NOT NULL
"""

_FORGET_OLD_HOLDERS: Final = """
UPDATE payment SET card_holder = NULL WHERE id IN (
    SELECT id FROM payment
    WHERE card_holder IS NOT NULL AND created_at < $1
        AND status IN ('paid', 'failed', 'cancelled', 'refunded')
    ORDER BY created_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
"""


class KnownPeople:
    """People and wallets as far as events have told; auth and wallet own them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def parties(self, asked: Sequence[Ends], most_open: int = _ANY) -> list[Parties]:
        """Return what is known of the ends of new payments, in order, by one statement.

        ``most_open`` is how many payments of one payer may wait to be paid.
        """
        rows = await self._connection.fetch(
            _PARTIES,
            [ends.payer_id for ends in asked],
            [ends.from_wallet_id for ends in asked],
            [ends.payee.wallet_id for ends in asked],
            [ends.payee.user_id for ends in asked],
            [_key(ends.payee.username) for ends in asked],
            most_open,
            ALL_ARE_KNOWN,
        )
        return [
            Parties(
                payer=_person(row, "payer"),
                payee=_person(row, "payee"),
                payer_wallet=_wallet(row, "from"),
                payee_wallet=_wallet(row, "to"),
                is_payer_full=row["is_full"],
                are_heard=row["are_heard"],
            )
            for row in rows
        ]

    async def wallet(self, account_id: UUID) -> Wallet | None:
        """Return a wallet; None where no event has told of it."""
        row = await self._connection.fetchrow(_WALLET, account_id)
        return None if row is None else Wallet(**row)

    async def named(self, username: str) -> UUID | None:
        """Return who has this username, however it is spelt; None if nobody or two have."""
        found: UUID | None = await self._connection.fetchval(_NAMED, username_key(username))
        return found

    async def knows(self, user_id: UUID) -> bool:
        """Tell whether auth has told of this person."""
        found = await self._connection.fetchval("SELECT 1 FROM party WHERE user_id = $1", user_id)
        return found is not None

    async def remember_people(self, told: Sequence[tuple[Person, int]]) -> None:
        """Store the newest version of each person; each may be given once."""
        people = sorted(told, key=lambda pair: pair[0].user_id)  # one lock order for all writers
        rows = [
            (one.user_id, one.username, _key(one.username), one.status, version)
            for one, version in people
        ]
        await _PEOPLE.insert(self._connection, rows)

    async def remember_wallets(self, wallets: Iterable[Wallet]) -> None:
        """Store whose wallets these are, and their currencies; neither ever changes."""
        ordered = sorted(wallets, key=lambda wallet: wallet.account_id)
        await _WALLETS.insert_objects(self._connection, ordered)

    async def forget_card_holders(self, user_ids: Iterable[UUID]) -> None:
        """Delete the card holders' names of deleted people; amounts and dates stay."""
        await self._connection.execute(_FORGET_HOLDERS, list(user_ids))

    async def forget_old_card_holders(self, before: datetime, limit: int) -> int:
        """Delete the card holders' names of ended payments made before; return how many."""
        return await self._connection.execute(_FORGET_OLD_HOLDERS, before, limit)


def _key(username: str | None) -> str | None:
    return None if username is None else username_key(username)


def _person(row: Any, side: str) -> Person | None:
    user_id = row[f"{side}_id"]
    if user_id is None:
        return None
    return Person(user_id, row[f"{side}_username"], row[f"{side}_status"])


def _wallet(row: Any, side: str) -> Wallet | None:
    account_id = row[f"{side}_id"]
    if account_id is None:
        return None
    return Wallet(account_id, row[f"{side}_owner_id"], row[f"{side}_currency"])
