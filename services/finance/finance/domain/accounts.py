"""Defines an account, and decides how one may be changed or taken over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from finance.domain.amounts import require_balance, signed_minor_of, written
from finance.refusals import (
    AccountInUse,
    AccountLinked,
    AccountNotFound,
    AccountNotYours,
    AccountsSame,
    CurrenciesDiffer,
)

MOST_ACCOUNTS: Final = 100  # of one book, besides those that show wallets
MOVE_TO: Final = "query/move_to"


class AccountKind(StrEnum):
    """What an account is."""

    CASH = "cash"
    BANK = "bank"
    CARD = "card"
    SAVINGS = "savings"
    WALLET = "wallet"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceAccount:
    """Where money is.

    Attributes:
        opening_minor: What was on it before its first transaction; may be negative.
        balance_minor: The opening balance and the amounts of all its transactions.
        wallet_id: The wallet that it is; such an account is linked, and written by movements alone.
        seq: The last movement of its wallet that is in the book.
        version: 1, then one more with each edit; transactions are none.
    """

    id: UUID
    user_id: UUID
    name: str
    kind: AccountKind
    currency: str
    opening_minor: int
    balance_minor: int
    wallet_id: UUID | None
    seq: int
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def is_linked(self) -> bool:
        """Whether it is a wallet's, and read-only."""
        return self.wallet_id is not None


def usable(account: FinanceAccount | None, *, at: str = "account_id") -> FinanceAccount:
    """Return an account that its owner may book on; `at` is where it is named.

    Raises:
        AccountNotYours: there is none.
        AccountLinked: it is a wallet's.
    """
    if account is None:
        raise AccountNotYours(at)
    if account.is_linked:
        raise AccountLinked
    return account


def decide_account_change(
    found: FinanceAccount | None,
    changes: Mapping[str, Any],
    uses: Mapping[str, int],
    now: datetime,
) -> FinanceAccount:
    """Return the changed account, or raise the first refusal that applies.

    `changes` are fields of it, `opening_balance` as a decimal string, which moves the balance. An
    edit that changes nothing leaves the version.
    """
    account = own(found)
    opening = written(account.opening_minor, account.currency)
    fields = {"currency": account.currency, "opening_balance": opening, **changes}
    opening = fields.pop("opening_balance")
    opening_minor = signed_minor_of(opening, fields["currency"], at="opening_balance")
    changed = replace(account, **fields, opening_minor=opening_minor)
    if changed == account:
        return account
    if changed.currency != account.currency and uses:
        raise AccountInUse(uses)
    balance_minor = account.balance_minor + opening_minor - account.opening_minor
    require_balance(balance_minor)
    version = account.version + 1
    return replace(changed, balance_minor=balance_minor, version=version, updated_at=now)


def decide_merger(
    account: FinanceAccount, target: FinanceAccount | None, now: datetime
) -> FinanceAccount:
    """Return the account that takes over all of another, the opening balance too."""
    into = usable(target, at=MOVE_TO)
    if into.id == account.id:
        raise AccountsSame(MOVE_TO)
    if into.currency != account.currency:
        raise CurrenciesDiffer(MOVE_TO)
    balance_minor = into.balance_minor + account.balance_minor
    require_balance(balance_minor)
    opening_minor = into.opening_minor + account.opening_minor
    require_balance(opening_minor)
    return replace(
        into,
        opening_minor=opening_minor,
        balance_minor=balance_minor,
        version=into.version + 1,
        updated_at=now,
    )


def own(found: FinanceAccount | None) -> FinanceAccount:
    """Return an account that its owner may change or delete.

    Raises:
        AccountNotFound: there is none.
        AccountLinked: it is a wallet's.
    """
    if found is None:
        raise AccountNotFound
    if found.is_linked:
        raise AccountLinked
    return found
