"""Shapes the ledger's answers to operators, with examples."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from kit.money import decimal_text
from kit.web.fields import MoneyObject
from kit.web.schemas import Model
from wallet.domain.book import TransferRow
from wallet.domain.wallets import HOUSE_NAMES
from wallet.repository.history import EntryLine, TransferEntry
from wallet.repository.houses import House
from wallet.schemas.wallets import EntryAnswer

_ACCOUNT_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a91"
_TRANSFER_ID = "019abf60-91d4-7f10-8c8e-64b1f3a0d2e7"

HouseName = Literal["clearing", "suspense", "fees", "debts"]


class HouseAccountAnswer(Model):
    """A house account.

    `clearing` stands for a provider's money outside, and is negative while that money is in
    wallets. `suspense` holds money that somebody has to look at. `debts` is negative by what people
    owe.
    """

    id: UUID = Field(examples=[_ACCOUNT_ID])
    house: HouseName
    provider: str = Field(description="A provider, or the account's use.", examples=["sandbox"])
    currency: str = Field(examples=["RUB"])
    generation: int = Field(description="Counts accounts of the same name; the last is in use.")
    balance: MoneyObject
    entries: int = Field(description="How many entries it has.")
    oldest_at: datetime | None = Field(
        description="When the oldest part of the balance came (first in, first out); null if the "
        "balance is 0. If that is over 1,000 entries ago, it is at least this old."
    )
    age_seconds: int | None = Field(description="How long ago that was.", examples=[3600])
    moved_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, house: House, now: datetime) -> Self:
        """Show an account."""
        oldest = house.oldest_at
        return cls(
            id=house.id,
            house=HOUSE_NAMES[house.kind],
            provider=house.name,
            currency=house.currency,
            generation=house.generation,
            balance=MoneyObject.of(house.balance_minor, house.currency),
            entries=house.entries,
            oldest_at=oldest,
            age_seconds=None if oldest is None else max(0, int((now - oldest).total_seconds())),
            moved_at=house.moved_at,
            created_at=house.created_at,
        )


class LedgerEntryAnswer(EntryAnswer):
    """An entry of an account, for operators."""

    meant_wallet_id: UUID | None = Field(
        description="The closed wallet that should have got the money.", examples=[_ACCOUNT_ID]
    )

    @classmethod
    def of(cls, line: EntryLine, currency: str) -> Self:
        """Show an entry."""
        shown = EntryAnswer.of(line, currency).model_dump()
        return cls(**shown, meant_wallet_id=line.meant_account_id)


class TransferEntryAnswer(Model):
    """An entry of a transfer; `amount` is negative where money left."""

    account_id: UUID = Field(examples=[_ACCOUNT_ID])
    kind: Literal["wallet", "merchant", "clearing", "suspense", "fees", "debts"]
    owner_id: UUID | None = Field(description="Null for a house account.")
    seq: int = Field(examples=[2])
    amount: str = Field(examples=["-150.00"])
    balance_after: str = Field(examples=["850.00"])
    currency: str = Field(examples=["RUB"])

    @classmethod
    def of(cls, leg: TransferEntry, currency: str) -> Self:
        """Show an entry."""
        return cls(
            account_id=leg.account_id,
            kind=HOUSE_NAMES.get(leg.kind, leg.kind),
            owner_id=leg.owner_id,
            seq=leg.seq,
            amount=decimal_text(leg.amount_minor, currency),
            balance_after=decimal_text(leg.balance_after_minor, currency),
            currency=currency,
        )


class TransferAnswer(Model):
    """A posted transfer; a user sees only their own entries, an administrator all."""

    id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    reference: str = Field(description="A payment's id, or a provider.", examples=["sandbox"])
    description: str | None = Field(examples=["Dinner"])
    amount: str = Field(description="The amount that the payee got.", examples=["150.00"])
    owed_amount: str | None = Field(
        description="What the payer could not cover, and owes; null for everybody else.",
        examples=["0.00"],
    )
    currency: str = Field(examples=["RUB"])
    meant_wallet_id: UUID | None = Field(
        description="The closed wallet whose money went to suspense; null for users.",
        examples=[_ACCOUNT_ID],
    )
    entries: list[TransferEntryAnswer]
    posted_at: datetime

    @classmethod
    def of(
        cls, moved: TransferRow, legs: Sequence[TransferEntry], mine: Collection[UUID] | None
    ) -> Self:
        """Show a transfer to the owner of the accounts `mine`; None shows all."""
        currency = moved.currency
        is_payer = mine is None or moved.payer_account_id in mine
        return cls(
            id=moved.id,
            kind=moved.kind,
            reference=moved.reference,
            description=moved.description,
            amount=decimal_text(legs[-1].amount_minor, currency),
            owed_amount=decimal_text(moved.owed_minor, currency) if is_payer else None,
            currency=currency,
            meant_wallet_id=moved.meant_account_id if mine is None else None,
            entries=[
                TransferEntryAnswer.of(leg, currency)
                for leg in legs
                if mine is None or leg.account_id in mine
            ],
            posted_at=moved.posted_at,
        )
