"""Builds books and commands for tests of the ledger's rules."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.ids import new_id
from wallet.domain.book import Account, Book, Hold
from wallet.domain.commands import CaptureHold, Party, PlaceHold, ReleaseHold, Transfer
from wallet.domain.hash_chain import GENESIS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def account(balance: int = 0, **more: Any) -> Account:
    """Return an account of a stranger's, with this balance."""
    given: dict[str, Any] = {
        "id": new_id(),
        "owner_id": new_id(),
        "currency": "RUB",
        "kind": "wallet",
        "is_frozen": False,
        "balance_minor": balance,
        "held_minor": 0,
        "seq": 0,
        "last_hash": GENESIS,
        "moved_at": NOW,
    }
    return Account(**(given | more))


def external(**more: Any) -> Account:
    """Return an account that stands for the outside world."""
    return account(kind="external", owner_id=None, **more)


def debts(balance: int = 0, **more: Any) -> Account:
    """Return the house's account of what people owe."""
    return account(balance, kind="debts", owner_id=None, **more)


def hold_on(held: Account, amount: int, **more: Any) -> Hold:
    """Return a hold that is already placed on the account."""
    parts = {"captured_minor": 0, "released_minor": 0} | more
    hold = Hold(new_id(), held.id, amount, **parts, reference="r")
    held.held_minor += hold.remaining_minor
    return hold


def book_of(
    *accounts: Account,
    holds: Iterable[Hold] = (),
    now: datetime = NOW,
    houses: Iterable[Account] = (),
) -> Book:
    """Return a book in which nothing has been answered yet."""
    return Book(accounts, holds, now=now, houses=houses)


def party(of: Account) -> Party:
    """Return the account as its owner names it."""
    return Party(of.owner_id, of.id)


def transfer(payer: Account, payee: Account, amount: int = 100) -> Transfer:
    """Return a transfer in the payer's currency."""
    return Transfer(
        new_id(), new_id(), party(payer), party(payee), amount, payer.currency, "r", "payment", None
    )


def owed(payer: Account, payee: Account, amount: int = 100) -> Transfer:
    """Return a transfer of which the payer owes what they can't cover."""
    return transfer(payer, payee, amount)._replace(is_owed=True)


def place(payer: Account, amount: int = 100) -> PlaceHold:
    """Return a command to set an amount aside."""
    return PlaceHold(new_id(), new_id(), party(payer), amount, payer.currency, "r")


def capture(hold_id: UUID, payee: Account, amount: int = 100) -> CaptureHold:
    """Return a command to capture a hold."""
    return CaptureHold(
        new_id(), hold_id, new_id(), party(payee), amount, payee.currency, "r", "payment", None
    )


def release(placed: PlaceHold) -> ReleaseHold:
    """Return the command that takes a placed hold back."""
    return ReleaseHold(new_id(), placed.hold_id, placed.command_id)
