"""What a batch leaves in its book, to the last field: that is what is written to the database."""

from datetime import timedelta

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

from kit.ids import derived_id, new_id
from wallet.domain.book import Hold, TransferRow
from wallet.domain.commands import Posted
from wallet.domain.posting import MAX_BALANCE_MINOR, MAX_HOUSE_MINOR, post


def test_a_transfer_is_written_down_as_it_was_asked_for() -> None:
    alice, bob = account(100), account()
    book = book_of(alice, bob)
    command = transfer(alice, bob, 60)._replace(
        reference="order-7", kind="gift", description="For tea"
    )
    post(book, [command])
    assert book.transfers == [
        TransferRow(command.transfer_id, "gift", "order-7", "For tea", "RUB", NOW, alice.id, bob.id)
    ]


def test_a_capture_is_written_down_as_it_was_asked_for() -> None:
    alice, bob = account(100), account()
    hold = hold_on(alice, 60)
    book = book_of(alice, bob, holds=[hold])
    command = capture(hold.id, bob, 60)._replace(
        reference="order-7", kind="gift", description="For tea"
    )
    post(book, [command])
    assert book.transfers == [
        TransferRow(command.transfer_id, "gift", "order-7", "For tea", "RUB", NOW, alice.id, bob.id)
    ]


def test_a_placed_hold_is_written_down_as_it_was_asked_for() -> None:
    alice = account(100)
    book = book_of(alice)
    command = place(alice, 60)._replace(reference="order-7")
    post(book, [command])
    assert book.placed_holds == {
        command.hold_id: Hold(command.hold_id, alice.id, 60, 0, 0, "order-7")
    }


def test_the_holds_of_an_account_add_up() -> None:
    alice = account(100)
    post(book_of(alice), [place(alice, 60), place(alice, 30)])
    assert (alice.held_minor, alice.available_minor) == (90, 10)


def test_every_account_that_changed_is_touched_and_no_other() -> None:
    alice, bob, carol, stranger = account(100), account(100), account(100), account(100)
    hold = hold_on(carol, 50)
    book = book_of(alice, bob, carol, stranger, holds=[hold])
    placed = place(bob, 10)
    post(book, [placed])
    assert book.touched == {bob.id: bob}
    post(book, [release(placed._replace(hold_id=hold.id, command_id=new_id()))])
    assert book.touched == {bob.id: bob, carol.id: carol}
    post(book, [transfer(alice, bob, 10)])
    assert book.touched == {one.id: one for one in (alice, bob, carol)}


def test_who_only_owes_more_is_touched_without_an_entry() -> None:
    payer, payee, house = account(), account(), debts()
    book = book_of(payer, payee, houses=[house])
    post(book, [owed(payer, payee, 100)])
    assert book.touched == {one.id: one for one in (payer, payee, house)}


def test_a_hold_placed_in_the_batch_is_written_once_and_an_older_one_is_changed() -> None:
    alice, bob = account(1000), account()
    older = hold_on(alice, 100)
    book = book_of(alice, bob, holds=[older])
    placed = place(alice, 60)
    post(book, [placed, capture(placed.hold_id, bob, 10), capture(older.id, bob, 20)])
    assert list(book.placed_holds) == [placed.hold_id]
    assert book.changed_holds == {older.id: older}


def test_a_hold_released_in_parts_is_released_by_their_sum() -> None:
    alice = account(300)
    hold = hold_on(alice, 300, captured_minor=50, released_minor=100)
    book = book_of(alice, holds=[hold])
    post(book, [release(place(alice)._replace(hold_id=hold.id))])
    assert (hold.released_minor, hold.remaining_minor, alice.held_minor) == (250, 0, 0)


def test_an_entry_is_dated_when_the_batch_runs_where_the_last_one_is_older() -> None:
    earlier = NOW - timedelta(days=1)
    alice, bob = account(100, moved_at=earlier), account(moved_at=earlier)
    book = book_of(alice, bob)
    post(book, [transfer(alice, bob, 1)])
    assert [row.posted_at for row in book.transfers] == [NOW]


def test_a_debt_of_the_smallest_amount_is_repaid() -> None:
    debtor, payer = account(owed_minor=1), account(1)
    post(book_of(debtor, payer, houses=[debts(-1)]), [transfer(payer, debtor, 1)])
    assert (debtor.owed_minor, debtor.balance_minor) == (0, 0)


def test_a_repayment_is_named_after_the_account_and_the_number_of_its_entry() -> None:
    debtor, payer, house = account(owed_minor=50, seq=6), account(30), debts(-50)
    book = book_of(debtor, payer, houses=[house])
    command = transfer(payer, debtor, 30)
    post(book, [command])
    # The money that came is the seventh entry, the repayment the eighth.
    repayment = derived_id(debtor.id, 8, "debt_repayment")
    assert [row.id for row in book.transfers] == [command.transfer_id, repayment]
    assert book.repayments == {repayment: command.command_id}


def test_a_repayment_out_of_a_freed_hold_names_the_capture_that_freed_it() -> None:
    debtor, payee = account(100, owed_minor=70), account()
    hold = hold_on(debtor, 100)
    book = book_of(debtor, payee, holds=[hold], houses=[debts(-70)])
    command = capture(hold.id, payee, 40)._replace(release_rest=True)
    post(book, [command])
    assert (debtor.owed_minor, debtor.balance_minor) == (10, 0)
    assert list(book.repayments.values()) == [command.command_id]


def test_an_account_of_the_house_holds_more_than_a_wallet_may() -> None:
    alice, bank = account(100), external(balance_minor=MAX_BALANCE_MINOR)
    book = book_of(alice, bank)
    [outcome] = post(book, [transfer(alice, bank, 100)])
    assert isinstance(outcome, Posted)
    assert bank.balance_minor == MAX_BALANCE_MINOR + 100


def test_an_account_of_the_house_goes_down_to_its_limit() -> None:
    bank, alice = external(balance_minor=100 - MAX_HOUSE_MINOR), account()
    [outcome] = post(book_of(bank, alice), [transfer(bank, alice, 100)])
    assert isinstance(outcome, Posted)
    assert bank.balance_minor == -MAX_HOUSE_MINOR
