"""What a payer can't cover is owed, and the next money that is available pays it off."""

from datetime import timedelta

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
    place,
    release,
    transfer,
)

from wallet.domain import commands as c
from wallet.domain.book import REPAYMENT, Account, Book
from wallet.domain.commands import Mark, Posted
from wallet.domain.hash_chain import verify_chain
from wallet.domain.posting import post


def lines(book: Book) -> list[tuple[str, int]]:
    """Return what moved, as kind of account and amount."""
    return [(book.accounts[e.account_id].kind, e.amount_minor) for e in book.entries]


def test_what_the_payer_can_not_cover_is_owed_and_the_payee_gets_all() -> None:
    payer, payee, house = account(30), account(), debts()
    book = book_of(payer, payee, houses=[house])
    command = owed(payer, payee, 100)
    marks = Mark(1, 0), Mark(1, 100)
    known = (command.transfer_id, NOW, payer.id, payee.id, 70)
    assert post(book, [command]) == [Posted(*known, *marks)]
    assert (payer.balance_minor, payer.owed_minor) == (0, 70)
    assert (payee.balance_minor, house.balance_minor) == (100, -70)
    [row], [legs] = book.transfers, book.legs
    assert (row.payer_account_id, row.payee_account_id, row.owed_minor) == (payer.id, payee.id, 70)
    assert [(e.account_id, e.amount_minor) for e in legs] == [
        (payer.id, -30),
        (house.id, -70),
        (payee.id, 100),
    ]


def test_who_has_nothing_owes_it_all_without_an_entry_of_nothing() -> None:
    payer, payee, house = account(), account(), debts()
    book = book_of(payer, payee, houses=[house])
    first, _ = post(book, [owed(payer, payee, 100), owed(payer, payee, 50)])
    assert isinstance(first, Posted)
    assert (first.payer_entry, first.payee_entry) == (None, Mark(1, 100))
    assert lines(book) == [("debts", -100), ("wallet", 100), ("debts", -50), ("wallet", 50)]
    assert payer.owed_minor == 150
    assert payer.id in book.touched


def test_what_is_covered_is_paid_and_nothing_owed() -> None:
    payer, payee = account(100), account()
    book = book_of(payer, payee)
    assert post(book, [owed(payer, payee, 100)])[0].owed_minor == 0  # type: ignore[union-attr]
    assert (payer.balance_minor, payer.owed_minor, payee.balance_minor) == (0, 0, 100)


def test_a_frozen_wallet_pays_what_is_owed_and_keeps_what_is_held() -> None:
    payer, payee = account(100, is_frozen=True), account()
    hold_on(payer, 60)
    book = book_of(payer, payee, houses=[debts()])
    assert isinstance(post(book, [owed(payer, payee, 100)])[0], Posted)
    assert (payer.balance_minor, payer.held_minor, payer.owed_minor) == (60, 60, 60)


def test_the_house_owes_nothing_to_itself() -> None:
    fees, bank, payee = account(10, kind="fees", owner_id=None), external(), account()
    book = book_of(fees, bank, payee, houses=[debts()])
    outcomes = post(book, [owed(fees, payee, 100), owed(bank, payee, 100)])
    assert outcomes[0] == c.INSUFFICIENT_FUNDS
    assert isinstance(outcomes[1], Posted)
    assert bank.owed_minor == fees.owed_minor == 0


@pytest.mark.parametrize(("credit", "left", "balance"), [(40, 30, 0), (70, 0, 0), (100, 0, 30)])
def test_a_credit_pays_off_the_debt_first(credit: int, left: int, balance: int) -> None:
    payer, payee, house = account(), account(500), debts()
    book = book_of(payer, payee, houses=[house])
    command = transfer(payee, payer, credit)
    post(book, [owed(payer, payee, 70), command])
    assert (payer.owed_minor, payer.balance_minor, house.balance_minor) == (left, balance, -left)
    repayment = book.transfers[-1]
    assert (repayment.kind, repayment.reference) == (REPAYMENT, str(payer.id))
    assert book.repayments == {repayment.id: command.command_id}
    assert lines(book)[-2:] == [("wallet", left - 70), ("debts", 70 - left)]


def test_a_released_hold_pays_off_the_debt() -> None:
    payer, payee, house = account(100), account(), debts()
    book = book_of(payer, payee, houses=[house])
    placed = place(payer, 100)
    undo = release(placed)
    post(book, [placed, owed(payer, payee, 70), undo])
    assert (payer.balance_minor, payer.held_minor, payer.owed_minor) == (30, 0, 0)
    assert [*book.repayments.values()] == [undo.command_id]


def test_the_freed_rest_of_a_capture_pays_off_the_debt() -> None:
    payer, payee, house = account(100), account(), debts()
    book = book_of(payer, payee, houses=[house])
    placed = place(payer, 100)
    part = capture(placed.hold_id, payee, 20)._replace(release_rest=True)
    post(book, [placed, owed(payer, payee, 70), part])
    assert (payer.balance_minor, payer.held_minor, payer.owed_minor) == (10, 0, 0)
    assert house.balance_minor == 0


def test_who_owes_can_neither_hold_nor_pay() -> None:
    payer, payee = account(), account()
    book = book_of(payer, payee, houses=[debts()])
    outcomes = post(book, [owed(payer, payee, 70), place(payer, 1), transfer(payer, payee, 1)])
    assert outcomes[1:] == [c.INSUFFICIENT_FUNDS, c.INSUFFICIENT_FUNDS]


def test_two_who_owe_each_other_are_settled_in_one_batch() -> None:
    alice, bob, house = account(), account(), debts()
    book = book_of(alice, bob, houses=[house])
    post(book, [owed(alice, bob, 70), owed(bob, alice, 100)])
    # Bob paid his 70 and owes 30; Alice's debt of 70 was paid off first.
    assert (alice.balance_minor, alice.owed_minor) == (30, 0)
    assert (bob.balance_minor, bob.owed_minor) == (0, 30)
    assert house.balance_minor == -30


def test_the_chains_of_all_accounts_hold_and_times_never_go_back() -> None:
    later = NOW + timedelta(seconds=3)
    bank, alice, bob, house = external(), account(), account(), debts(moved_at=later)
    book = book_of(bank, alice, bob, houses=[house])
    post(book, [transfer(bank, alice, 10), owed(alice, bob, 70), transfer(bob, alice, 70)])
    assert [row.posted_at for row in book.transfers] == [NOW, later, later, later]
    for one in (alice, bob, house):
        assert verify_chain(e for e in book.entries if e.account_id == one.id) is None


def test_other_refusals_stay() -> None:
    payer, payee = account(), account(currency="USD")
    stranger: Account = account()
    book = book_of(payer, payee, houses=[debts()])
    assert post(book, [owed(payer, payee), owed(payer, stranger), owed(payer, payer)]) == [
        c.CURRENCY_MISMATCH,
        c.WALLET_NOT_FOUND,
        c.SAME_ACCOUNT,
    ]
    assert payer.owed_minor == 0
