"""The ledger's rules, decided in memory: what is refused, in which order, and what is posted."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.wallet.books import (
    NOW,
    account,
    book_of,
    capture,
    debts,
    external,
    hold_on,
    owed,
    party,
    place,
    release,
    transfer,
)

from kit.ids import new_id
from wallet.domain import commands as c
from wallet.domain.book import Account, Book
from wallet.domain.commands import Held, Mark, Party, Posted, Refused, Released, Repeated
from wallet.domain.hash_chain import verify_chain
from wallet.domain.posting import MAX_BALANCE_MINOR, MAX_HOUSE_MINOR, post


def one(book: Book, command: Any) -> Any:
    return post(book, [command])[0]


def test_a_transfer_moves_the_amount_from_payer_to_payee() -> None:
    alice, bob = account(1000), account(5)
    book = book_of(alice, bob)
    command = transfer(alice, bob, 150)
    outcome = one(book, command)
    marks = Mark(1, 850), Mark(1, 155)
    assert outcome == Posted(command.transfer_id, NOW, alice.id, bob.id, 0, *marks)
    assert (alice.balance_minor, bob.balance_minor) == (850, 155)
    assert [(e.account_id, e.seq, e.amount_minor, e.balance_after_minor) for e in book.entries] == [
        (alice.id, 1, -150, 850),
        (bob.id, 1, 150, 155),
    ]
    assert [row.id for row in book.transfers] == [command.transfer_id]


def test_the_whole_balance_can_be_spent_and_not_one_more() -> None:
    alice, bob = account(100), account()
    assert one(book_of(alice, bob), transfer(alice, bob, 101)) == c.INSUFFICIENT_FUNDS
    assert isinstance(one(book_of(alice, bob), transfer(alice, bob, 100)), Posted)
    assert alice.balance_minor == 0


def test_what_is_held_cannot_be_spent_or_held_again() -> None:
    alice, bob = account(100), account()
    book = book_of(alice, bob)
    assert isinstance(one(book, place(alice, 60)), Held)
    assert one(book, transfer(alice, bob, 41)) == c.INSUFFICIENT_FUNDS
    assert one(book, place(alice, 41)) == c.INSUFFICIENT_FUNDS
    assert isinstance(one(book, transfer(alice, bob, 40)), Posted)


@pytest.mark.parametrize("kind", ["external", "suspense", "debts"])
def test_an_account_that_stands_for_others_goes_below_zero(kind: str) -> None:
    house, alice = account(kind=kind, owner_id=None), account()
    assert isinstance(one(book_of(house, alice), transfer(house, alice, 100)), Posted)
    assert (house.balance_minor, alice.balance_minor) == (-100, 100)


def test_the_fees_of_the_house_do_not_go_below_zero() -> None:
    fees, alice = account(kind="fees", owner_id=None), account()
    assert one(book_of(fees, alice), transfer(fees, alice, 100)) == c.INSUFFICIENT_FUNDS


def test_a_capture_takes_what_was_held_and_leaves_the_rest_held() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    placed = place(alice, 300)
    taken = capture(placed.hold_id, bob, 100)
    held, first = post(book, [placed, taken])
    assert held == Held(placed.hold_id, alice.id)
    assert isinstance(first, Posted)
    hold = book.holds[placed.hold_id]
    assert (hold.captured_minor, hold.remaining_minor) == (100, 200)
    assert (alice.balance_minor, alice.held_minor, bob.balance_minor) == (900, 200, 100)


def test_a_capture_of_a_part_may_free_the_rest_and_close_the_hold() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    placed = place(alice, 300)
    part = capture(placed.hold_id, bob, 100)._replace(release_rest=True)
    outcomes = post(book, [placed, part, capture(placed.hold_id, bob, 1), release(placed)])
    assert isinstance(outcomes[1], Posted)
    assert outcomes[2:] == [c.HOLD_CLOSED, Released(placed.hold_id)]
    hold = book.holds[placed.hold_id]
    assert (hold.captured_minor, hold.released_minor, hold.remaining_minor) == (100, 200, 0)
    assert (alice.balance_minor, alice.held_minor, bob.balance_minor) == (900, 0, 100)


def test_a_capture_may_not_exceed_what_is_left_of_the_hold() -> None:
    alice, bob = account(1000), account()
    hold = hold_on(alice, 300, captured_minor=250)
    book = book_of(alice, bob, holds=[hold])
    assert one(book, capture(hold.id, bob, 51)) == c.HOLD_EXCEEDED
    assert isinstance(one(book, capture(hold.id, bob, 50)), Posted)
    assert one(book, capture(hold.id, bob, 1)) == c.HOLD_CLOSED


def test_a_frozen_wallet_gives_what_was_held_and_takes_credits_but_starts_nothing() -> None:
    alice, bob = account(1000, is_frozen=True), account(1000)
    hold = hold_on(alice, 100)
    book = book_of(alice, bob, holds=[hold])
    assert one(book, place(alice, 1)) == c.WALLET_FROZEN
    assert one(book, transfer(alice, bob, 1)) == c.WALLET_FROZEN
    assert isinstance(one(book, capture(hold.id, bob, 100)), Posted)
    assert isinstance(one(book, transfer(bob, alice, 1)), Posted)


def test_a_release_gives_back_what_is_left() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    placed = place(alice, 300)
    outcomes = post(book, [placed, capture(placed.hold_id, bob, 100), release(placed)])
    assert outcomes[2] == Released(placed.hold_id)
    assert (alice.held_minor, alice.balance_minor) == (0, 900)
    assert one(book, capture(placed.hold_id, bob, 1)) == c.HOLD_CLOSED


def test_capture_is_refused_after_release() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    placed = place(alice, 300)
    assert post(book, [placed, release(placed), capture(placed.hold_id, bob, 300)])[2] == (
        c.HOLD_CLOSED
    )
    assert bob.balance_minor == 0


def test_a_second_release_is_as_good_as_the_first() -> None:
    alice = account(1000)
    book = book_of(alice)
    placed = place(alice, 300)
    outcomes = post(book, [placed, release(placed), release(placed)])
    assert outcomes[1] == outcomes[2] == Released(placed.hold_id)
    assert (alice.held_minor, alice.balance_minor) == (0, 1000)


def test_release_is_refused_once_all_is_captured() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    placed = place(alice, 300)
    outcomes = post(book, [placed, capture(placed.hold_id, bob, 300), release(placed)])
    assert outcomes[2] == c.HOLD_CAPTURED
    assert bob.balance_minor == 300


def test_a_hold_released_before_it_was_placed_is_never_placed() -> None:
    alice = account(1000)
    book = book_of(alice)
    placed = place(alice, 300)
    assert post(book, [release(placed), placed]) == [Released(placed.hold_id), c.UNDONE]
    assert alice.held_minor == 0
    assert [(row.command_id, row.hold_id) for row in book.barriers] == [
        (placed.command_id, placed.hold_id)
    ]


def test_two_releases_of_a_hold_never_placed_leave_one_barrier() -> None:
    alice = account(1000)
    book = book_of(alice)
    placed = place(alice, 300)
    assert post(book, [release(placed), release(placed)]) == [Released(placed.hold_id)] * 2
    assert len(book.barriers) == 1


def test_a_release_of_a_refused_hold_leaves_no_barrier() -> None:
    alice = account(10)
    book = book_of(alice)
    placed = place(alice, 300)
    assert post(book, [placed, release(placed)]) == [
        c.INSUFFICIENT_FUNDS,
        Released(placed.hold_id),
    ]
    assert book.barriers == []


def test_a_repeated_command_gets_its_first_answer_and_has_no_effect() -> None:
    alice, bob = account(1000), account()
    book = book_of(alice, bob)
    command = transfer(alice, bob, 100)
    first, again = post(book, [command, command])
    assert first == again
    assert alice.balance_minor == 900
    assert len(book.transfers) == 1


def test_a_command_answered_in_another_batch_is_not_looked_at_again() -> None:
    alice, bob = account(1000), account()
    command = transfer(alice, bob, 100)
    kept = Repeated("as before")
    book = Book([alice, bob], answered={command.command_id: kept}, now=NOW)
    assert one(book, command) is kept
    assert (alice.balance_minor, book.transfers, book.touched) == (1000, [], {})


def test_a_refusal_touches_neither_its_accounts_nor_its_neighbours() -> None:
    alice, bob, carol = account(100), account(), account()
    book = book_of(alice, bob, carol)
    outcomes = post(
        book, [transfer(alice, bob, 60), transfer(alice, carol, 60), transfer(alice, carol, 40)]
    )
    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    assert (alice.balance_minor, bob.balance_minor, carol.balance_minor) == (0, 60, 40)
    assert alice.seq == 2


def test_money_received_in_a_batch_can_be_spent_later_in_it() -> None:
    alice, bob, carol = account(100), account(), account()
    book = book_of(alice, bob, carol)
    outcomes = post(book, [transfer(alice, bob, 100), transfer(bob, carol, 100)])
    assert [type(outcome) for outcome in outcomes] == [Posted, Posted]
    assert carol.balance_minor == 100


def test_an_entry_is_never_dated_before_the_one_under_it() -> None:
    later = NOW + timedelta(seconds=5)
    alice, bob, carol = account(100), account(moved_at=later), account(100)
    book = book_of(alice, bob, carol)
    post(book, [transfer(alice, bob, 1), transfer(carol, alice, 1)])
    assert [row.posted_at for row in book.transfers] == [later, later]


def test_the_entries_of_each_account_are_a_chain() -> None:
    alice, bob = account(), account()
    bank = external()
    book = book_of(alice, bob, bank)
    post(book, [transfer(bank, alice, 500), transfer(alice, bob, 100), transfer(bob, alice, 30)])
    for one_account in (alice, bob, bank):
        own = [entry for entry in book.entries if entry.account_id == one_account.id]
        assert verify_chain(own) is None
        assert own[-1].hash == one_account.last_hash


UNKNOWN = Party(new_id(), new_id())


def _place(faults: Collection[str], alice: Account, _: Account, amount: int) -> Any:
    made = place(alice, amount)
    if "wallet_not_found" in faults:
        made = made._replace(payer=UNKNOWN)
    return made._replace(currency="USD") if "currency_mismatch" in faults else made


def _capture(faults: Collection[str], alice: Account, bob: Account, amount: int) -> Any:
    made = capture(new_id(), bob, amount)._replace(currency="RUB")
    if "same_account" in faults:
        made = made._replace(payee=party(alice))
    return made._replace(payee=UNKNOWN) if "wallet_not_found" in faults else made


def _transfer(faults: Collection[str], alice: Account, bob: Account, amount: int) -> Any:
    made = transfer(alice, bob, amount)
    if "wallet_not_found" in faults:
        made = made._replace(payer=UNKNOWN)
    return made._replace(payee=made.payer) if "same_account" in faults else made


def _faulty(command: str, *faults: str) -> tuple[Book, Any]:
    """Return a command with all of the given faults at once, and the book it fails on."""
    is_full = "balance_limit" in faults
    alice = account(
        -MAX_HOUSE_MINOR if is_full else 1000,
        is_frozen="wallet_frozen" in faults,
        kind="external" if is_full else "wallet",
    )
    bob = account(currency="USD" if "currency_mismatch" in faults else "RUB")
    amount = 2000 if {"insufficient_funds", "hold_exceeded"} & {*faults} else 100
    build = {"place_hold": _place, "capture_hold": _capture, "transfer": _transfer}[command]
    made = build(faults, alice, bob, amount)
    if "amount_invalid" in faults:
        made = made._replace(amount_minor=0)
    hold = hold_on(alice, 100, captured_minor=100 if "hold_closed" in faults else 0)
    if command == "capture_hold" and "hold_not_found" not in faults:
        hold.id = made.hold_id
    return book_of(alice, bob, holds=[hold]), made


PRECEDENCE = {
    "place_hold": [
        "amount_invalid",
        "wallet_not_found",
        "currency_mismatch",
        "wallet_frozen",
        "insufficient_funds",
    ],
    "capture_hold": [
        "amount_invalid",
        "hold_not_found",
        "wallet_not_found",
        "same_account",
        "currency_mismatch",
        "hold_closed",
        "hold_exceeded",
    ],
    "transfer": [
        "amount_invalid",
        "same_account",
        "wallet_not_found",
        "currency_mismatch",
        "wallet_frozen",
        "insufficient_funds",
    ],
}


@pytest.mark.parametrize(
    ("command", "faults"),
    [(name, ladder[at:]) for name, ladder in PRECEDENCE.items() for at in range(len(ladder))],
)
def test_of_several_faults_the_first_of_the_ladder_is_named(
    command: str, faults: list[str]
) -> None:
    book, made = _faulty(command, *faults)
    assert one(book, made) == Refused(faults[0])
    assert (book.transfers, book.touched, book.placed_holds) == ([], {}, {})


@pytest.mark.parametrize("command", ["capture_hold", "transfer"])
def test_no_account_goes_past_the_balance_limit(command: str) -> None:
    book, made = _faulty(command, "balance_limit")
    assert one(book, made) == c.BALANCE_LIMIT


def test_no_wallet_is_filled_past_the_balance_limit() -> None:
    alice, bob = account(100), account(MAX_BALANCE_MINOR - 99)
    assert one(book_of(alice, bob), transfer(alice, bob, 100)) == c.BALANCE_LIMIT
    assert isinstance(one(book_of(alice, bob), transfer(alice, bob, 99)), Posted)


def test_another_owners_account_is_as_a_missing_one() -> None:
    alice, bob = account(100), account()
    stranger = Party(new_id(), alice.id)
    stolen = transfer(alice, bob)._replace(payer=stranger)
    assert one(book_of(alice, bob), stolen) == c.WALLET_NOT_FOUND
    assert one(book_of(alice, bob), place(alice)._replace(payer=stranger)) == c.WALLET_NOT_FOUND


def test_money_for_a_closed_wallet_goes_to_suspense_and_says_for_whom_it_was() -> None:
    alice, gone = account(500), account(is_closed=True)
    waiting = account(kind="suspense", owner_id=None)
    hold = hold_on(alice, 200)
    book = book_of(alice, gone, holds=[hold], houses=[waiting])
    outcomes = post(book, [transfer(alice, gone, 100), capture(hold.id, gone, 200)])
    assert all(isinstance(outcome, Posted) for outcome in outcomes)
    assert {outcome.payee_account_id for outcome in outcomes} == {waiting.id}  # type: ignore[union-attr]
    assert (alice.balance_minor, gone.balance_minor, waiting.balance_minor) == (200, 0, 300)
    assert {row.meant_account_id for row in book.transfers} == {gone.id}


def test_a_closed_wallet_takes_only_what_its_debt_swallows_whole() -> None:
    alice, gone = account(500), account(is_closed=True, owed_minor=100)
    waiting = account(kind="suspense", owner_id=None)
    book = book_of(alice, gone, houses=[waiting, debts(-100)])
    post(book, [transfer(alice, gone, 60), transfer(alice, gone, 41), transfer(alice, gone, 40)])
    assert (gone.owed_minor, gone.balance_minor, waiting.balance_minor) == (0, 0, 41)


def test_a_closed_wallet_pays_only_what_it_owes() -> None:
    alice, gone = account(), account(is_closed=True)
    book = book_of(alice, gone, houses=[debts(), account(kind="suspense", owner_id=None)])
    assert post(book, [transfer(gone, alice), place(gone)]) == [c.WALLET_NOT_FOUND] * 2
    assert isinstance(one(book, owed(gone, alice, 100)), Posted)
    assert (gone.owed_minor, alice.balance_minor) == (100, 100)


def test_a_suspense_account_does_not_pay_itself() -> None:
    gone, waiting = account(is_closed=True), account(100, kind="suspense", owner_id=None)
    assert one(book_of(gone, houses=[waiting]), transfer(waiting, gone)) == c.SAME_ACCOUNT
