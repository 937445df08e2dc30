"""Lists payments of one person, of all or of a transfer, each along an index."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from kit.ids import LAST_ID
from kit.money import CURRENCIES
from payments.domain.filters import Direction, ListScope, PaymentFilter
from payments.domain.payment import Payment, PaymentStatus
from payments.repository.payments import ROW, payments_of

# One side of a list, read along an index of its own. The other filters narrow on the way. Amounts
# are compared in whole units of the currency.
_SIDE: Final = """
(SELECT * FROM payment
WHERE {side}
  AND {range}
  AND ($8::text IS NULL OR currency = $8)
  AND (($9::numeric IS NULL AND $10::numeric IS NULL)
       OR amount_minor / CASE WHEN currency = ANY($11::text[]) THEN 1
                              WHEN currency = ANY($12::text[]) THEN 1000
                              WHEN currency = ANY($13::text[]) THEN 10000 ELSE 100 END::numeric
          BETWEEN coalesce($9, 0) AND coalesce($10, 'infinity'::numeric))
  AND ($14::text IS NULL OR description ILIKE $14)
  AND ($15::uuid IS NULL OR payer_id = $15)
  AND ($16::uuid IS NULL OR payee_id = $16)
  AND ($17::uuid IS NULL OR $17 IN (payer_account_id, payee_account_id, debited_account_id,
                                    credited_account_id))
  AND ($18::uuid IS NULL OR $18 IN (payer_id, payee_id))
  AND ($19::boolean IS NULL OR (disputed_at IS NOT NULL) = $19)
ORDER BY {order} LIMIT $2)
"""
# What is paid is found soon along the index by time; everybody's of another status may be few
# among millions, and are in an index of their own.
_IS_RARE: Final = "listed_as <> 'paid'"
_BY_TIME: Final = {
    "range": """($7::text IS NULL OR status = $7)
  AND created_at >= coalesce($3, '-infinity'::timestamptz)
  AND created_at < coalesce($4, 'infinity'::timestamptz)
  AND (created_at, id) < (coalesce($5, 'infinity'::timestamptz), $6)""",
    "order": "created_at DESC, id DESC",
}
# Along an index by status and time. Written as a range of (listed_as, created_at, id), which is the
# order of no other index: with `listed_as = …` a planner whose statistics have seen only one status
# takes the index by time, and reads all rows to find none of another status.
_BY_STATUS_AND_TIME: Final = {
    "range": """($7::text IS NULL OR $7 NOT IN ('created', 'processing') OR status = $7)
  AND (listed_as, created_at) >= ({word}, coalesce($3, '-infinity'::timestamptz))
  AND (listed_as, created_at, id) < (
      {word},
      least($4::timestamptz, coalesce($5, 'infinity'::timestamptz)),
      CASE WHEN $4 <= coalesce($5, 'infinity'::timestamptz)
           THEN '00000000-0000-0000-0000-000000000000'::uuid ELSE $6 END)""",
    "order": "listed_as DESC, created_at DESC, id DESC",
}
# One person's payments are in no index without the status: each new payment, and each that ends,
# would be two more entries. A page of all is the newest of each word of `listed_as`: six.
_OF_EACH: Final = """
(SELECT found.* FROM unnest($20::text[]) AS listed (word) CROSS JOIN LATERAL {side} AS found)
"""
_PAID: Final = "payer_id = $1"
_RECEIVED: Final = "payee_id = $1"
_BY_ID: Final = {
    Direction.OUT: ("id = ANY($1::uuid[]) AND payer_id = $18",),
    Direction.IN: ("id = ANY($1::uuid[]) AND payee_id = $18",),
    Direction.ALL: ("id = ANY($1::uuid[])",),
}
_EVERYBODYS: Final = ("$1::uuid IS NULL",)
_OF_ONE: Final = {
    Direction.OUT: (_PAID,),
    Direction.IN: (_RECEIVED,),
    Direction.ALL: (_PAID, _RECEIVED),  # nobody pays themselves, so nothing comes twice
}


def _page(sides: tuple[str, ...], *, by_status: bool) -> str:
    parts = _BY_STATUS_AND_TIME if by_status else _BY_TIME
    found = [_SIDE.format(side=side, **parts) for side in sides]
    if by_status and sides == _EVERYBODYS:  # the planner has to see that the index holds them
        rare = f"{_EVERYBODYS[0]} AND {_IS_RARE}"
        found = [_SIDE.format(side=rare, **parts).format(word="($20::text[])[1]")]
    elif by_status:
        found = [_OF_EACH.format(side=side.format(word="word")) for side in found]
    return f"""
WITH payment AS (
    SELECT * FROM ({" UNION ALL ".join(found)}) AS found
    ORDER BY created_at DESC, id DESC LIMIT $2)
SELECT {ROW} FROM payment ORDER BY created_at DESC, id DESC
"""


_PAGES: Final = {
    (sides, by_status): _page(sides, by_status=by_status)
    for along, by_status in (
        (_OF_ONE.values(), True),
        (_BY_ID.values(), False),
        ((_EVERYBODYS,), True),
        ((_EVERYBODYS,), False),
    )
    for sides in along
}
_OF_TRANSFER: Final = """
SELECT id FROM payment WHERE transfer_id = $1
UNION ALL SELECT payment_id FROM refund WHERE transfer_id = $1
UNION ALL SELECT payment_id FROM movement JOIN charge ON charge.id = charge_id
    WHERE movement.transfer_id = $1 AND payment_id IS NOT NULL
LIMIT 1
"""
_BY_DECIMALS: Final = [
    [code for code, exponent in CURRENCIES.items() if exponent == decimals]
    for decimals in (0, 3, 4)
]
_OPEN: Final = {PaymentStatus.CREATED, PaymentStatus.PROCESSING}
_LITERAL: Final = re.compile(r"[\\%_]")  # what LIKE takes for more than itself


class Lists:
    """Stored payments by the page; reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_transfer(self, transfer_id: UUID) -> UUID | None:
        """Return the payment that a transfer has paid or given back."""
        found: UUID | None = await self._connection.fetchval(_OF_TRANSFER, transfer_id)
        return found

    async def page(
        self,
        scope: ListScope,
        wanted: PaymentFilter,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Payment]:
        """Return a page of payments, newest first, by one statement along an index.

        ``after`` is created_at and id of the payment that the page before ended with.
        """
        sides, subject = _along(scope, wanted)
        by_status = _is_by_status(sides, wanted.status)
        before_at, before_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(
            _PAGES[sides, by_status],
            subject,
            limit,
            wanted.created_from,
            wanted.created_to,
            before_at,
            before_id,
            wanted.status,
            wanted.currency,
            wanted.amount_min,
            wanted.amount_max,
            *_BY_DECIMALS,
            None if wanted.search is None else _holding(wanted.search),
            scope.payer_id,
            scope.payee_id,
            scope.wallet_id,
            scope.viewer_id,
            wanted.is_disputed,
            *([_words(wanted.status)] if by_status else ()),
        )
        return payments_of(rows)


def _is_by_status(sides: tuple[str, ...], status: PaymentStatus | None) -> bool:
    """Tell whether the side is read along an index by status and time."""
    return sides in _OF_ONE.values() or (
        sides == _EVERYBODYS and status not in {None, PaymentStatus.PAID}
    )


def _words(status: PaymentStatus | None) -> list[str]:
    """Return the words under which the indexes have the status, or all.

    What is open is under one, so that to claim it changes none of them.
    """
    statuses = PaymentStatus if status is None else [status]
    return list({"open" if one in _OPEN else one.value for one in statuses})


def _along(
    scope: ListScope, wanted: PaymentFilter
) -> tuple[tuple[str, ...], UUID | Sequence[UUID] | None]:
    """Return which sides to read, and whose: those of the fewest rows that may match."""
    if scope.payment_ids is not None:
        return _BY_ID[wanted.direction], scope.payment_ids
    if scope.viewer_id is not None:
        return _OF_ONE[wanted.direction], scope.viewer_id
    if scope.payer_id is not None:
        return _OF_ONE[Direction.OUT], scope.payer_id
    if scope.payee_id is not None:
        return _OF_ONE[Direction.IN], scope.payee_id
    if scope.owner_id is not None:
        return _OF_ONE[Direction.ALL], scope.owner_id
    return _EVERYBODYS, None


def _holding(text: str) -> str:
    """Return the LIKE pattern of texts that hold this one, letter by letter."""
    return "%" + _LITERAL.sub(lambda found: "\\" + found.group(), text) + "%"
