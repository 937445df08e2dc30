"""Shapes what the API of accounts takes and gives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from finance.domain.accounts import AccountKind, FinanceAccount
from finance.domain.amounts import signed_minor_of
from finance.domain.books import BookOwner
from finance.schemas.texts import EntryName, SignedAmountText
from kit.ids import new_id
from kit.money import DEFAULT_CURRENCY
from kit.web.fields import Changed, CurrencyCode, MoneyObject
from kit.web.schemas import Model

_EXAMPLE: dict[str, Any] = {
    "name": "Cash",
    "kind": "cash",
    "currency": "RUB",
    "opening_balance": "1500.00",
}


class FinanceAccountRequest(Model):
    """An account to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: EntryName
    kind: AccountKind = AccountKind.CASH
    currency: CurrencyCode = DEFAULT_CURRENCY
    opening_balance: SignedAmountText = "0"

    def account(self, owner: BookOwner, now: datetime) -> FinanceAccount:
        """Return the new account.

        Raises:
            ValidationFailed: the opening balance is no amount of its currency.
        """
        opening_minor = signed_minor_of(self.opening_balance, self.currency, at="opening_balance")
        return FinanceAccount(
            id=new_id(),
            user_id=owner.user_id,
            name=self.name,
            kind=self.kind,
            currency=self.currency,
            opening_minor=opening_minor,
            balance_minor=opening_minor,
            wallet_id=None,
            seq=0,
            version=1,
            created_at=now,
            updated_at=now,
        )


class FinanceAccountChange(Model):
    """The fields to change; fields not named stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Cash at home"}]})

    name: Changed[EntryName] = None
    kind: Changed[AccountKind] = None
    currency: Changed[CurrencyCode] = Field(
        None, description="Another one only while nothing is on the account."
    )
    opening_balance: Changed[SignedAmountText] = None

    def changes(self) -> dict[str, Any]:
        """Return the account's fields to change."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class FinanceAccountAnswer(Model):
    """An account of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
                    "opening_balance": {"amount": "1500.00", "currency": "RUB"},
                    "balance": {"amount": "1340.50", "currency": "RUB"},
                    "is_linked": False,
                    "wallet_id": None,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    kind: AccountKind
    currency: str
    opening_balance: MoneyObject
    balance: MoneyObject = Field(description="The opening balance and all transactions.")
    is_linked: bool = Field(description="Whether it shows a wallet, and is read-only.")
    wallet_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, account: FinanceAccount) -> "FinanceAccountAnswer":
        """Return the account as its owner sees it."""
        return cls.model_construct(
            id=account.id,
            name=account.name,
            kind=account.kind,
            currency=account.currency,
            opening_balance=MoneyObject.of(account.opening_minor, account.currency),
            balance=MoneyObject.of(account.balance_minor, account.currency),
            is_linked=account.is_linked,
            wallet_id=account.wallet_id,
            created_at=account.created_at,
            updated_at=account.updated_at,
        )
