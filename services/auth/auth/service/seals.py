"""Seals the audit log, and verifies that it is as it was sealed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.domain.seals import GENESIS, Seal, fault_of, seal_of
from auth.repository import Seals
from kit.db import Connection, UnitOfWork

WINDOW: Final = 2000  # numbers at once


@dataclass(frozen=True, slots=True)
class Verified:
    """A log whose rows all agree with their seals.

    Attributes: rows: How many. last: The last seal; kept elsewhere, it shows that no later ones
    were cut off. unsealed: Rows too new to be sealed.
    """

    rows: int
    last: Seal
    unsealed: int


@dataclass(frozen=True, slots=True)
class AuditFault:
    """The first row that does not agree, and what is wrong with it."""

    position: int
    what: str


async def seal(uow: UnitOfWork, up_to: int) -> Seal:
    """Seal rows up to a number at most; return the last seal.

    No number up to `up_to` may still come: what is written later is never sealed.
    """
    seals = Seals(uow)
    await seals.one_by_one()
    last = await seals.last()
    made: list[Seal] = []
    for row in await seals.rows(last.position, min(up_to, last.position + WINDOW), uow.clock.now()):
        last = seal_of(last, row)
        made.append(last)
    await seals.add(made)
    return last


async def verify(connection: Connection, now: datetime) -> Verified | AuditFault:
    """Verify every sealed row of the log."""
    seals = Seals(connection)
    end, previous, rows = await seals.last(), GENESIS, 0
    for after in range(0, end.position, WINDOW):
        for row in await seals.rows(after, min(after + WINDOW, end.position), now):
            fault = fault_of(previous, row)
            if fault is not None:
                return AuditFault(row.position, fault)
            previous, rows = seal_of(previous, row), rows + 1
    return Verified(rows, end, await seals.unsealed(end.position))
