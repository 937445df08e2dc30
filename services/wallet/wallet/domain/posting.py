"""Decides ledger commands one after another, in their order; pure.

Each `decide_*` checks in one order: shape, existence, state, limits. Every exit is a named refusal
and the happy path is the last line. `post` checks idempotency before all of them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from wallet.domain.book import Account, Book, DecidedMove, Hold, Release, Reservation
from wallet.domain.commands import (
    AMOUNT_INVALID,
    BALANCE_LIMIT,
    CURRENCY_MISMATCH,
    HOLD_CAPTURED,
    HOLD_CLOSED,
    HOLD_EXCEEDED,
    HOLD_NOT_FOUND,
    INSUFFICIENT_FUNDS,
    SAME_ACCOUNT,
    UNDONE,
    WALLET_FROZEN,
    WALLET_NOT_FOUND,
    CaptureHold,
    CommandOutcome,
    LedgerCommand,
    PlaceHold,
    Refused,
    ReleaseHold,
    Transfer,
)

# For people's accounts: a thousand times the largest amount.
MAX_BALANCE_MINOR = 10**18
# For house accounts, above and below zero: it still fits PostgreSQL's bigint. None gets there,
# see `domain.wallets.HOUSE_IS_FULL_MINOR`.
MAX_HOUSE_MINOR = 9 * 10**18


def post(book: Book, commands: Iterable[LedgerCommand]) -> list[CommandOutcome]:
    """Decide and apply commands in order; return one outcome for each.

    A refusal changes nothing, so it does not affect the other commands. A command that was answered
    before, in this batch or ever, gets the same answer again.
    """
    outcomes = []
    for command in commands:
        outcome = book.answered.get(command.command_id)
        if outcome is None:
            outcome = _settle(book, command)
            book.answered[command.command_id] = outcome
        outcomes.append(outcome)
    return outcomes


def _settle(book: Book, command: LedgerCommand) -> CommandOutcome:
    decided = _DECIDE[type(command)](book, command)
    if isinstance(decided, Refused):
        return decided
    outcome = book.apply(decided, command.command_id)
    if isinstance(decided, Release):
        book.answered.setdefault(decided.undo_of, UNDONE)
    return outcome


def decide_place_hold(book: Book, command: PlaceHold) -> Reservation | Refused:
    """Decide to set an amount aside, if it is available."""
    if command.amount_minor <= 0:
        return AMOUNT_INVALID
    payer = book.account_of(command.payer)
    if payer is None or payer.is_closed:
        return WALLET_NOT_FOUND
    if payer.currency != command.currency:
        return CURRENCY_MISMATCH
    if payer.is_frozen:
        return WALLET_FROZEN
    if not _affords(payer, command.amount_minor):
        return INSUFFICIENT_FUNDS
    return Reservation(
        payer,
        Hold(command.hold_id, payer.id, command.amount_minor, 0, 0, command.reference),
    )


def decide_capture_hold(  # noqa: PLR0911 (one exit for each check)
    book: Book, command: CaptureHold
) -> DecidedMove | Refused:
    """Decide to move held money; a frozen payer still gives what was held."""
    if command.amount_minor <= 0:
        return AMOUNT_INVALID
    hold = book.holds.get(command.hold_id)
    if hold is None:
        return HOLD_NOT_FOUND
    payer = book.accounts[hold.account_id]
    payee = book.account_of(command.payee)
    if payee is None:
        return WALLET_NOT_FOUND
    if payer is payee:
        return SAME_ACCOUNT
    if not payer.currency == payee.currency == command.currency:
        return CURRENCY_MISMATCH
    if not hold.remaining_minor:
        return HOLD_CLOSED
    if command.amount_minor > hold.remaining_minor:
        return HOLD_EXCEEDED
    receiver = _receiver(book, payee, command.amount_minor)
    if _overflows(payer, receiver, command.amount_minor):
        return BALANCE_LIMIT
    return DecidedMove(
        command.transfer_id,
        payer,
        receiver,
        command.amount_minor,
        command.kind,
        command.reference,
        command.description,
        hold,
        command.release_rest,
        meant=None if receiver is payee else payee,
        purpose=command.purpose,
    )


def decide_release_hold(book: Book, command: ReleaseHold) -> Release | Refused:
    """Decide to give back what is left of a hold.

    A hold with nothing left is fine, unless all of it was captured.
    """
    hold = book.holds.get(command.hold_id)
    if hold is not None and hold.captured_minor == hold.amount_minor:
        return HOLD_CAPTURED
    return Release(command.hold_id, hold, command.undo_of)


def decide_transfer(  # noqa: PLR0911 (one exit for each check)
    book: Book, command: Transfer
) -> DecidedMove | Refused:
    """Decide to move available money; with `is_owed`, the rest becomes a debt.

    A provider or a court has taken owed money already, so a frozen wallet gives it too.
    """
    if command.amount_minor <= 0:
        return AMOUNT_INVALID
    if command.payer.account_id == command.payee.account_id:
        return SAME_ACCOUNT
    payer = book.account_of(command.payer)
    payee = book.account_of(command.payee)
    if payer is None or payee is None or (payer.is_closed and not command.is_owed):
        return WALLET_NOT_FOUND
    if not payer.currency == payee.currency == command.currency:
        return CURRENCY_MISMATCH
    if payer.is_frozen and not (command.is_owed or command.even_frozen):
        return WALLET_FROZEN
    owed = _owed(payer, command.amount_minor) if command.is_owed else 0
    if not _affords(payer, command.amount_minor - owed):
        return INSUFFICIENT_FUNDS
    receiver = _receiver(book, payee, command.amount_minor)
    if receiver is payer:
        return SAME_ACCOUNT
    if _overflows(payer, receiver, command.amount_minor):
        return BALANCE_LIMIT
    return DecidedMove(
        command.transfer_id,
        payer,
        receiver,
        command.amount_minor,
        command.kind,
        command.reference,
        command.description,
        owed_minor=owed,
        meant=None if receiver is payee else payee,
        purpose=command.purpose,
    )


def _receiver(book: Book, payee: Account, amount_minor: int) -> Account:
    """Return the account that gets the money: the payee's, or a suspense account.

    Suspense stands in for a closed wallet: the payer can't know that it is closed, and has paid. A
    closed wallet itself gets only what its debt uses up entirely, so that it stays empty.
    """
    if payee.is_closed and amount_minor > payee.owed_minor:
        return book.houses["suspense", payee.currency]
    return payee


def _owed(payer: Account, amount_minor: int) -> int:
    """Return what a person can't cover, in minor units; 0 for the house."""
    return 0 if payer.owner_id is None else max(0, amount_minor - payer.available_minor)


def _affords(account: Account, amount_minor: int) -> bool:
    return account.available_minor >= amount_minor or not account.has_floor


def _overflows(payer: Account, payee: Account, amount_minor: int) -> bool:
    most = MAX_BALANCE_MINOR if payee.has_floor else MAX_HOUSE_MINOR
    return (
        payee.balance_minor + amount_minor > most
        or payer.balance_minor - amount_minor < -MAX_HOUSE_MINOR
    )


_Decide = Callable[[Book, Any], Reservation | DecidedMove | Release | Refused]

_DECIDE: dict[type[LedgerCommand], _Decide] = {
    PlaceHold: decide_place_hold,
    CaptureHold: decide_capture_hold,
    ReleaseHold: decide_release_hold,
    Transfer: decide_transfer,
}
