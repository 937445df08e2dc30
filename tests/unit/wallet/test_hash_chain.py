"""The chain of hashes: what it covers, and that any change shows at its place."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from tests.unit.wallet.books import NOW, account, book_of, transfer

from kit.ids import new_id
from wallet.domain.hash_chain import GENESIS, ChainFault, Entry, entry_hash, verify_chain
from wallet.domain.posting import post


@pytest.fixture
def entries() -> list[Entry]:
    alice, bob = account(), account(1000)
    book = book_of(alice, bob)
    post(book, [transfer(bob, alice, amount) for amount in (100, 200, 300, 50)])
    return [entry for entry in book.entries if entry.account_id == alice.id]


def test_a_hash_covers_the_one_before_and_the_canonical_bytes_of_the_entry() -> None:
    account_id, transfer_id = new_id(), new_id()
    posted_at = NOW + timedelta(microseconds=7)
    since_1970 = int(NOW.timestamp()) * 1_000_000 + 7
    line = b"".join(
        (
            account_id.bytes,
            (7).to_bytes(8),
            transfer_id.bytes,
            (-150).to_bytes(8, signed=True),
            (850).to_bytes(8),
            since_1970.to_bytes(8),
        )
    )
    made = entry_hash(b"x" * 32, account_id, 7, transfer_id, -150, 850, posted_at)
    assert made == sha256(b"x" * 32 + line).digest()


def test_an_untouched_history_verifies_whole_and_in_parts(entries: list[Entry]) -> None:
    assert verify_chain(entries) is None
    second = entries[1]
    assert (
        verify_chain(
            entries[2:],
            seq=second.seq,
            balance_minor=second.balance_after_minor,
            previous=second.hash,
        )
        is None
    )
    assert verify_chain([]) is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"amount_minor": 201}, "balance"),
        ({"amount_minor": 201, "balance_after_minor": 301}, "hash"),
        ({"transfer_id": new_id()}, "hash"),
        ({"posted_at": NOW + timedelta(microseconds=1)}, "hash"),
        ({"account_id": new_id()}, "hash"),
        ({"hash": GENESIS}, "hash"),
        ({"seq": 3}, "sequence"),
    ],
)
def test_a_changed_entry_is_found_at_its_place(
    entries: list[Entry], change: dict[str, Any], what: str
) -> None:
    entries[1] = entries[1]._replace(**change)
    assert verify_chain(entries) == ChainFault(2, what)


def test_an_entry_taken_out_is_missed(entries: list[Entry]) -> None:
    del entries[1]
    assert verify_chain(entries) == ChainFault(2, "sequence")


def test_an_entry_hashed_again_breaks_the_next_one(entries: list[Entry]) -> None:
    first, forged = entries[0], entries[1]._replace(posted_at=NOW + timedelta(days=1))
    digest = entry_hash(first.hash, *forged[:5], forged.posted_at)
    entries[1] = forged._replace(hash=digest)
    assert verify_chain(entries) == ChainFault(3, "hash")
