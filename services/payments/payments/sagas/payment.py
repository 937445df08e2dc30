"""Defines the payment saga as data: what it asks of whom, and how that is undone.

It runs nothing. The saga's id is the payment's. Its data are ``facts``, and what replies add; once
it has completed, nothing.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import convert

from contracts.wallet import (
    HOUSE,
    AccountRef,
    CaptureHold,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    PlaceHold,
    PostedTransfer,
    ReleaseHold,
    Transfer,
    TransferPosted,
    TransferRefused,
)
from kit.ids import new_id_text
from kit.messaging.messages import Command
from kit.saga import Saga, Step, Task, Wait
from kit.saga.definition import Ask, Data
from payments.domain.cards.charges import CHARGE_DEADLINE
from payments.domain.payment import Method, Payment
from payments.domain.reasons import CARD_TIMED_OUT, CHECK_UNAVAILABLE, EXPIRED, WALLET_UNAVAILABLE

OUTSIDE_CHECKS: Final = "outside_checks"
RESERVE: Final = "reserve"
CONFIRM: Final = "confirm"
CHARGE: Final = "charge"  # this step waits for a signal: the charge's outcome
TRANSFER_KIND: Final = "payment"  # the ledger's
CHECK_DEADLINE: Final = timedelta(seconds=10)


def facts(payment: Payment, *, is_checked: bool, provider: str | None = None) -> dict[str, Any]:
    """Return what the saga must know of its payment; JSON values only.

    What a payment has no value for is left out, as it would be written for each. ``provider`` is
    whose card page the payer was sent to, where it is paid by card.
    """
    known: dict[str, Any] = {
        "payer_id": str(payment.payer_id),
        "payee_id": str(payment.payee_id),
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "transfer_id": new_id_text(),
    }
    if is_checked:
        known["is_checked"] = True
    may_be_said = {
        "payer_account_id": optional_text(payment.payer_account_id),
        "payee_account_id": optional_text(payment.payee_account_id),
        "description": payment.description,
        "purpose": payment.purpose,
    }
    known |= {name: value for name, value in may_be_said.items() if value is not None}
    if payment.is_reserved:
        known |= {"is_reserved": True, "expires_at": payment.expires_at.isoformat()}
    if payment.method is Method.CARD:
        known |= {"method": payment.method.value, "provider": provider}
    if _is_held(known):
        known["hold_id"] = new_id_text()
    return known


def confirmed(amount_minor: int, *, is_checked: bool) -> dict[str, Any]:
    """Return what a waiting saga learns when its payment is paid, maybe in part."""
    return {"capture_minor": amount_minor, "is_checked": is_checked}


def captured_minor(data: Data) -> int:
    """Return how many minor units are paid: all, unless a part was named."""
    minor: int = data.get("capture_minor", data["amount_minor"])
    return minor


def optional_text(account_id: UUID | None) -> str | None:
    """Return an id as text, and None as None."""
    return None if account_id is None else str(account_id)


def _is_checked(data: Data) -> bool:
    return bool(data.get("is_checked"))


def _is_reserved(data: Data) -> bool:
    return bool(data.get("is_reserved"))


def is_by_card(data: Data) -> bool:
    """Tell whether the saga's payment is paid by card."""
    return data.get("method") == Method.CARD


def _is_held(data: Data) -> bool:
    return (_is_checked(data) or _is_reserved(data)) and not is_by_card(data)


def _expires_at(data: Data) -> datetime:
    return datetime.fromisoformat(data["expires_at"])


def side(data: Data, name: str) -> AccountRef:
    """Return the wallet of the `payer` or of the `payee`, as ``facts`` named it."""
    ref = {"owner_id": data[f"{name}_id"], "account_id": data.get(f"{name}_account_id")}
    return convert(ref, AccountRef)


def purpose(data: Data) -> str | None:
    """Return the purpose of the transfer, if it has one."""
    found: str | None = data.get("purpose")
    return found


def hold_id(data: Data) -> UUID:
    """Return the id of the hold."""
    return UUID(data["hold_id"])


def _place_hold(ask: Ask) -> Command:
    return PlaceHold(
        command_id=ask.command_id,
        hold_id=hold_id(ask.data),
        payer=side(ask.data, "payer"),
        amount_minor=ask.data["amount_minor"],
        currency=ask.data["currency"],
        reference=str(ask.saga_id),
    )


def release_hold(ask: Ask) -> Command:
    """Ask wallet to release the hold."""
    return ReleaseHold(command_id=ask.command_id, hold_id=hold_id(ask.data), undo_of=ask.action_id)


def _settle(ask: Ask) -> Command:
    data = ask.data
    if _is_held(data):
        return CaptureHold(
            command_id=ask.command_id,
            hold_id=hold_id(ask.data),
            payee=side(data, "payee"),
            amount_minor=captured_minor(data),
            currency=data["currency"],
            reference=str(ask.saga_id),
            kind=TRANSFER_KIND,
            description=data.get("description"),
            release_rest=_is_reserved(data),
            purpose=purpose(data),
            is_told_by_asker=True,
        )
    return Transfer(
        command_id=ask.command_id,
        transfer_id=UUID(data["transfer_id"]),
        payer=_source(data),
        payee=side(data, "payee"),
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        reference=str(ask.saga_id),
        kind=TRANSFER_KIND,
        description=data.get("description"),
        purpose=purpose(data),
        is_told_by_asker=True,
    )


def movement(saga_id: UUID, data: Data) -> PostedTransfer | None:
    """Return what the settled saga's transfer has moved on people's accounts.

    None where wallet tells of it: asked before there was a choice, it said nothing of entries.
    """
    minor = captured_minor(data)
    entries = [
        {
            "account_id": data[f"{side_of}_account_id"],
            "owner_id": data[f"{side_of}_id"],
            "amount_minor": amount_minor,
            **data[f"{side_of}_entry"],
        }
        for side_of, amount_minor in (("payer", -minor), ("payee", minor))
        if data.get(f"{side_of}_entry") is not None
    ]
    if not entries:
        return None
    moved = {
        "transfer_id": data["transfer_id"],
        "kind": TRANSFER_KIND,
        "reference": str(saga_id),
        "description": data.get("description"),
        "currency": data["currency"],
        "entries": entries,
        "posted_at": data["posted_at"],
    }
    return convert(moved, PostedTransfer)


def _source(data: Data) -> AccountRef:
    if is_by_card(data):
        return AccountRef(owner_id=HOUSE, provider=data["provider"])
    return side(data, "payer")


_RESERVE: Final = Step(
    name=RESERVE,
    applies=_is_held,
    applies_when="paid from a wallet: outside checks apply, or it was created with `reserve: true`",
    asks=_place_hold,
    asks_words="wallet `place_hold`",
    done=HoldPlaced,
    refused=HoldRefused,
    undo=release_hold,
    undo_words="wallet `release_hold`",
    undone=HoldReleased,
    deadline=timedelta(seconds=30),
    timed_out=WALLET_UNAVAILABLE,
)
_CONFIRM: Final = Step(
    name=CONFIRM,
    applies=_is_reserved,
    applies_when="it was created with `reserve: true`",
    asks=Wait(until=_expires_at, until_words="the payment's `expires_at`"),
    asks_words="nobody: the payer pays, all or a part",
    no_undo_because="nothing was asked for",
    timed_out=EXPIRED,
)
_CHECK: Final = Step(
    name="check",
    applies=_is_checked,
    applies_when="outside checks apply",
    asks=Task(OUTSIDE_CHECKS),
    asks_words="both verification services, by HTTP, at once",
    no_undo_because="asking changes nothing outside",
    deadline=CHECK_DEADLINE,
    timed_out=CHECK_UNAVAILABLE,
)
_CHARGE: Final = Step(
    name=CHARGE,
    applies=is_by_card,
    applies_when="it is paid by card",
    asks=Wait(),
    asks_words="the payer, on the provider's card page",
    no_undo_because="a charge called off is cancelled, or refunded, by its own loop",
    deadline=CHARGE_DEADLINE,
    timed_out=CARD_TIMED_OUT,
)
_SETTLE: Final = Step(
    name="settle",
    asks=_settle,
    asks_words="wallet `capture_hold`, or `transfer` where nothing was reserved",
    done=TransferPosted,
    refused=TransferRefused,
    deadline=timedelta(seconds=30),
    is_point_of_no_return=True,
)

# What a completed saga has learnt is in the payment's row or wallet's.
_KEPT: Final = ()

PAYMENT: Final = Saga(
    name="payment",
    version=2,
    steps=(_RESERVE, _CONFIRM, _CHECK, _CHARGE, _SETTLE),
    keeps=_KEPT,
)

# Payments under way may have begun with an earlier version.
EARLIER: Final = (
    Saga(
        name="payment",
        version=1,
        steps=(
            replace(_RESERVE, applies=_is_checked, applies_when="outside checks apply"),
            _CHECK,
            _SETTLE,
        ),
        keeps=_KEPT,
    ),
)
