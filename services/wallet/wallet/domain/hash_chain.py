"""Computes and verifies the hash chain of one account's entries; stores nothing.

Each hash covers the one before it, so any account's history can be verified alone, and a changed or
missing row is found at its place.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from kit.moments import microseconds_of

GENESIS = bytes(32)  # stands for the hash before an account's first entry

# account id, seq, transfer id, amount, balance after, microseconds since 1970; big-endian
_CANONICAL = Struct(">16sq16sqqq")


class Entry(NamedTuple):
    """One entry of one account; amounts in minor units, negative where money left."""

    account_id: UUID
    seq: int
    transfer_id: UUID
    amount_minor: int
    balance_after_minor: int
    hash: bytes
    posted_at: datetime


class ChainFault(NamedTuple):
    """The first entry that does not follow from the one before it."""

    seq: int
    what: str  # "sequence", "balance" or "hash"


def entry_hash(  # noqa: PLR0913, PLR0917 (the six fields covered, and the hash before)
    previous: bytes,
    account_id: UUID,
    seq: int,
    transfer_id: UUID,
    amount_minor: int,
    balance_after_minor: int,
    posted_at: datetime,
) -> bytes:
    """Return SHA-256 over the previous hash and the entry's canonical 64 bytes."""
    microseconds = microseconds_of(posted_at)
    line = _CANONICAL.pack(
        account_id.bytes, seq, transfer_id.bytes, amount_minor, balance_after_minor, microseconds
    )
    return sha256(previous + line).digest()


def verify_chain(
    entries: Iterable[Entry], *, seq: int = 0, balance_minor: int = 0, previous: bytes = GENESIS
) -> ChainFault | None:
    """Return the first fault of one account's entries, or None.

    The entries are given in order of `seq`. To verify only a part, pass seq, balance and hash of
    the entry before it.
    """
    for entry in entries:
        seq += 1
        balance_minor += entry.amount_minor
        if entry.seq != seq:
            return ChainFault(seq, "sequence")
        if entry.balance_after_minor != balance_minor:
            return ChainFault(seq, "balance")
        previous = entry_hash(
            previous,
            entry.account_id,
            seq,
            entry.transfer_id,
            entry.amount_minor,
            balance_minor,
            entry.posted_at,
        )
        if entry.hash != previous:
            return ChainFault(seq, "hash")
    return None
