"""Defines the commands of the ledger and their outcomes.

Parties are accounts here: default wallets have been found or opened before.
"""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Party(NamedTuple):
    """An account and the owner it must have; None for a house account."""

    owner_id: UUID | None
    account_id: UUID


class PlaceHold(NamedTuple):
    """Set aside an amount of the payer's money."""

    command_id: UUID
    hold_id: UUID
    payer: Party
    amount_minor: int
    currency: str
    reference: str


class CaptureHold(NamedTuple):
    """Move held money to the payee, as the transfer `transfer_id`."""

    command_id: UUID
    hold_id: UUID
    transfer_id: UUID
    payee: Party
    amount_minor: int
    currency: str
    reference: str
    kind: str
    description: str | None
    release_rest: bool = False
    purpose: str | None = None


class ReleaseHold(NamedTuple):
    """Give back the rest of a hold, or keep it from ever being placed."""

    command_id: UUID
    hold_id: UUID
    undo_of: UUID


class Transfer(NamedTuple):
    """Move money at once.

    With `is_owed`, what the payer can't cover becomes their debt. `even_frozen` also takes from a
    frozen wallet; an administrator's adjustment sets it. `purpose` is kept unread.
    """

    command_id: UUID
    transfer_id: UUID
    payer: Party
    payee: Party
    amount_minor: int
    currency: str
    reference: str
    kind: str
    description: str | None
    is_owed: bool = False
    even_frozen: bool = False
    purpose: str | None = None


LedgerCommand = PlaceHold | CaptureHold | ReleaseHold | Transfer


class Held(NamedTuple):
    """The hold is placed."""

    hold_id: UUID
    account_id: UUID


class Mark(NamedTuple):
    """Names an entry of a person's account."""

    seq: int
    balance_after_minor: int


class Posted(NamedTuple):
    """The transfer is posted; the payer could not cover `owed_minor` and owes it.

    House accounts have no marks, nor has a payer who owes all of it.
    """

    transfer_id: UUID
    posted_at: datetime
    payer_account_id: UUID
    payee_account_id: UUID
    owed_minor: int = 0
    payer_entry: Mark | None = None
    payee_entry: Mark | None = None


class Released(NamedTuple):
    """Nothing is left of the hold."""

    hold_id: UUID


class Refused(NamedTuple):
    """Nothing was done; `code` is one of the codes below and says why."""

    code: str


class Repeated(NamedTuple):
    """This command was answered before; `reply` is that answer."""

    reply: Any


CommandOutcome = Held | Posted | Released | Refused | Repeated

AMOUNT_INVALID = Refused("amount_invalid")
SAME_ACCOUNT = Refused("same_account")
WALLET_NOT_FOUND = Refused("wallet_not_found")
HOLD_NOT_FOUND = Refused("hold_not_found")
CURRENCY_MISMATCH = Refused("currency_mismatch")
WALLET_FROZEN = Refused("wallet_frozen")
HOLD_CLOSED = Refused("hold_closed")
HOLD_CAPTURED = Refused("hold_captured")
UNDONE = Refused("undone")
HOLD_EXCEEDED = Refused("hold_exceeded")
INSUFFICIENT_FUNDS = Refused("insufficient_funds")
BALANCE_LIMIT = Refused("balance_limit")
