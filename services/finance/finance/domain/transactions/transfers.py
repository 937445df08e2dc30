"""Decides what a transfer between two own accounts comes to: one linked pair."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from finance.domain.accounts import FinanceAccount
from finance.domain.amounts import minor_of
from finance.domain.dates.days import Dating
from finance.domain.transactions.transactions import Transaction, TransactionType
from finance.refusals import AccountsSame, ToAmountDiffers, ToAmountNeeded
from kit.ids import new_id

_OF_BOTH: Final = frozenset({"when", "description"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDraft:
    """A transfer as its owner writes it.

    Attributes:
        amount: What leaves, in the currency of the account that it leaves.
        to_amount: What arrives, where that account has another currency.
        when: A day, a moment, or None: today.
    """

    from_account_id: UUID
    to_account_id: UUID
    amount: str
    to_amount: str | None = None
    when: date | datetime | None = None
    description: str | None = None


def decide_transfer(
    draft: TransferDraft,
    leaves: FinanceAccount,
    arrives: FinanceAccount,
    *,
    zone: str,
    now: datetime,
) -> tuple[Transaction, Transaction]:
    """Return both sides of a transfer, what leaves first.

    Raises the first refusal that applies: AccountsSame, ValidationFailed, ToAmountNeeded,
    ToAmountDiffers, DateOutOfRange.
    """
    if leaves.id == arrives.id:
        raise AccountsSame("to_account_id")
    out_minor = minor_of(draft.amount, leaves.currency)
    in_minor = _arriving(draft, leaves, arrives, out_minor)
    dating = Dating.of(draft.when, zone, now)
    out = Transaction(
        id=new_id(),
        user_id=leaves.user_id,
        account_id=leaves.id,
        type=TransactionType.TRANSFER,
        amount_minor=-out_minor,
        currency=leaves.currency,
        description=draft.description,
        day=dating.day,
        at=dating.at,
        transfer_id=new_id(),
        created_at=now,
        updated_at=now,
    )
    return out, replace(
        out,
        id=new_id(),
        account_id=arrives.id,
        amount_minor=in_minor,
        currency=arrives.currency,
    )


def _arriving(
    draft: TransferDraft, leaves: FinanceAccount, arrives: FinanceAccount, out_minor: int
) -> int:
    is_exchanged = leaves.currency != arrives.currency
    if draft.to_amount is None:
        if is_exchanged:
            raise ToAmountNeeded
        return out_minor
    in_minor = minor_of(draft.to_amount, arrives.currency, at="to_amount")
    if not is_exchanged and in_minor != out_minor:
        raise ToAmountDiffers
    return in_minor


def decide_transfer_change(
    side: Transaction, changes: Mapping[str, Any], *, is_meant: bool, zone: str, now: datetime
) -> Transaction:
    """Return a side of a transfer as changes leave it: the one meant, or the other.

    Raises:
        DateOutOfRange: the new date is none that a book has.
    """
    kept = changes if is_meant else {name: changes[name] for name in _OF_BOTH & changes.keys()}
    fields = dict(kept)
    if "when" in fields:
        dating = Dating.of(fields.pop("when"), zone, now)
        fields |= {"day": dating.day, "at": dating.at}
    return side.edited(fields, now)
