"""Computes and verifies the hash chain over the audit log; stores nothing.

Each seal covers a row and the seal before it, so a row that was changed, removed or slipped in is
found at its place.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from auth.domain.audit import origin_hash

AuditFact = str | int | list[str] | dict[str, str | int] | None


class Seal(NamedTuple):
    """The hash of the row at a position, and of all before it."""

    position: int
    hash: bytes


GENESIS: Final = Seal(0, bytes(32))  # stands for the seal before the first


class AuditPlace(NamedTuple):
    """Where a row's request came from, with the salt of its hash."""

    salt: bytes
    address: str
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """A row of the log, as far as it is there.

    Attributes: facts: Its columns in a fixed order; None where the row is gone. place: None where
    it was forgotten, which `may_be_forgotten` allows. seal: None where the row was never sealed.
    """

    position: int
    facts: Sequence[AuditFact] | None
    origin_hash: bytes
    place: AuditPlace | None
    may_be_forgotten: bool
    seal: bytes | None


def seal_of(previous: Seal, row: LoggedRow) -> Seal:
    """Return SHA-256 over the hash before, position, facts, and the origin's hash."""
    covered = [row.position, row.facts, row.origin_hash.hex()]
    line = json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()
    return Seal(row.position, sha256(previous.hash + line).digest())


def fault_of(previous: Seal, row: LoggedRow) -> str | None:
    """Return what is wrong with a row, after the seal before it; None if nothing is."""
    if row.facts is None:
        return "it is sealed, but gone"
    if row.seal is None:
        return "it is not sealed, though later rows are: it was slipped in"
    if row.seal != seal_of(previous, row).hash:
        return "its seal does not fit: it was changed, or one before it was removed"
    if row.place is None:
        return None if row.may_be_forgotten else "where it came from is gone"
    if row.origin_hash != origin_hash(*row.place):
        return "where it came from was changed"
    return None
