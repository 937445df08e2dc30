"""What wallet's operations take and answer, with examples. It decides nothing."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from kit.money import DEFAULT_CURRENCY, decimal_text
from kit.web import times
from kit.web.fields import AmountFields, CurrencyCode, MoneyObject, refuse_field, return_url
from kit.web.schemas import Model
from wallet.domain.wallets import Status, Wallet
from wallet.repository.bank_credits import BankCredit
from wallet.repository.history import EntryLine, Moved, TransferEntry
from wallet.service.history import Statement

_WALLET_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a91"
_OWNER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"
_TRANSFER_ID = "019abf60-91d4-7f10-8c8e-64b1f3a0d2e7"
_FIRST_YEAR, _LAST_YEAR = 1970, 9000

When = TypeVar("When", bound=datetime | date)


def _printable(name: str) -> str:
    if name != name.strip() or any(unicodedata.category(one) == "Cc" for one in name):
        raise refuse_field(
            "name_invalid",
            "A name has no control characters and no spaces around it.",
            "В названии нет управляющих знаков и пробелов по краям.",
        )
    return name


def within_reason(moment: When) -> When:
    """Let through times of years that money is counted in."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise refuse_field(
            "time_out_of_range",
            f"The year must be from {_FIRST_YEAR} to {_LAST_YEAR}.",
            f"Год должен быть от {_FIRST_YEAR} до {_LAST_YEAR}.",
        )
    return moment


WalletName = Annotated[
    str, AfterValidator(_printable), Field(min_length=1, max_length=64, examples=["Holidays"])
]
Moment = Annotated[times.Moment, AfterValidator(within_reason)]


class OpenWallet(Model):
    """A wallet to open; the first of its currency becomes the default one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"currency": "RUB", "name": "Holidays"}]}
    )

    currency: CurrencyCode = DEFAULT_CURRENCY
    name: WalletName


class TopUpRequest(AmountFields):
    """Money to put into a wallet: the given one, or the default one of the currency."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "1000.00", "currency": "RUB"}]}
    )

    wallet_id: UUID | None = None
    method: Literal["sandbox", "card"] = Field(
        default="sandbox",
        description="`sandbox`: made-up money, outside production only. `card`: a card is charged.",
    )
    return_url: str | None = Field(
        default=None,
        max_length=2000,
        description="Where the owner comes back to from the card page; needed for `card`.",
        examples=["https://shop.example/thanks"],
    )

    @model_validator(mode="after")
    def _needs_a_way_back(self) -> Self:
        if self.method == "card":
            return_url(self.return_url or "", field="return_url")
        return self


class WalletAnswer(Model):
    """A wallet. `available` is what may be spent: `balance` less `held`.

    `owed` is what the owner could not cover when money was taken back, by a chargeback for
    instance. It is no part of the balance; money that comes in pays it off first.
    """

    id: UUID = Field(examples=[_WALLET_ID])
    number: int = Field(description="Short number for banks and people.", examples=[1001])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    name: str = Field(examples=["Main"])
    currency: str = Field(examples=["RUB"])
    status: Status
    is_default: bool
    balance: MoneyObject
    held: MoneyObject
    available: MoneyObject
    owed: MoneyObject
    created_at: datetime

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        """Show a wallet."""
        return cls(
            id=wallet.id,
            number=wallet.number,
            owner_id=wallet.owner_id,
            name=wallet.name,
            currency=wallet.currency,
            status=wallet.status,
            is_default=wallet.is_default,
            balance=MoneyObject.of(wallet.balance_minor, wallet.currency),
            held=MoneyObject.of(wallet.held_minor, wallet.currency),
            available=MoneyObject.of(wallet.available_minor, wallet.currency),
            owed=MoneyObject.of(wallet.owed_minor, wallet.currency),
            created_at=wallet.created_at,
        )


class TopUpAnswer(Model):
    """A posted top-up and the wallet after it."""

    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    wallet: WalletAnswer


class NextAction(Model):
    """What the owner has to do next: be sent to this address."""

    type: Literal["redirect"] = "redirect"
    url: str = Field(examples=["https://pay.example/c/42"])


class CardTopUpAnswer(Model):
    """A card is to be charged; the money comes once that has succeeded.

    `next_action` is null while the provider has not answered; the same request under the same
    Idempotency-Key asks again.
    """

    charge_id: UUID = Field(examples=[_TRANSFER_ID])
    wallet_id: UUID = Field(examples=[_WALLET_ID])
    next_action: NextAction | None


class BankCreditRequest(AmountFields):
    """What a bank has credited to a wallet, named by its id or its number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "transaction_id": "bank-42",
                    "wallet_number": 1001,
                    "amount": "150.00",
                    "currency": "RUB",
                }
            ]
        }
    )

    transaction_id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$", examples=["bank-42"])
    wallet_id: UUID | None = Field(default=None, examples=[_WALLET_ID])
    wallet_number: int | None = Field(default=None, ge=1, le=2**63 - 1, examples=[1001])

    @model_validator(mode="after")
    def _names_one_wallet(self) -> Self:
        if (self.wallet_id is None) == (self.wallet_number is None):
            raise refuse_field(
                "exactly_one",
                "Name the wallet by wallet_id or wallet_number.",
                "Укажите кошелёк полем wallet_id или wallet_number.",
            )
        return self

    def credit(self, provider: str, transfer_id: UUID) -> BankCredit:
        """Return the credit as it is stored."""
        wallet = self.wallet_number if self.wallet_id is None else self.wallet_id
        return BankCredit(
            provider,
            self.transaction_id,
            str(wallet),
            self.money.minor,
            self.currency,
            transfer_id,
        )


class BankCreditAnswer(Model):
    """A credit that is booked, now or before; `to` is `suspense` where no wallet could take it."""

    transaction_id: str = Field(examples=["bank-42"])
    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    to: Literal["wallet", "suspense"]


class EntryAnswer(Model):
    """One line of a wallet's history; `amount` is negative where money left."""

    seq: int = Field(description="Counts the wallet's entries from 1, without a gap.")
    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    reference: str = Field(
        description="What it was for: a payment's id, or a provider.", examples=["sandbox"]
    )
    description: str | None = Field(examples=["Dinner"])
    amount: str = Field(examples=["-150.00"])
    balance_after: str = Field(examples=["850.00"])
    currency: str = Field(examples=["RUB"])
    posted_at: datetime

    @classmethod
    def of(cls, line: EntryLine, currency: str) -> Self:
        """Show a line."""
        return cls(
            seq=line.seq,
            transfer_id=line.transfer_id,
            kind=line.kind,
            reference=line.reference,
            description=line.description,
            amount=decimal_text(line.amount_minor, currency),
            balance_after=decimal_text(line.balance_after_minor, currency),
            currency=currency,
            posted_at=line.posted_at,
        )


class BalanceAnswer(Model):
    """A wallet's balance right after everything posted at or before `at`."""

    wallet_id: UUID = Field(examples=[_WALLET_ID])
    at: datetime
    balance: MoneyObject


class StatementAnswer(Model):
    """What happened in a period, `from_at` included and `to_at` not; items are oldest first."""

    wallet_id: UUID = Field(examples=[_WALLET_ID])
    number: int = Field(examples=[1001])
    from_at: datetime
    to_at: datetime
    opening_balance: MoneyObject
    closing_balance: MoneyObject
    items: list[EntryAnswer]

    @classmethod
    def of(cls, found: Statement, lines: list[EntryLine]) -> Self:
        """Show a statement."""
        currency = found.wallet.currency
        return cls(
            wallet_id=found.wallet.id,
            number=found.wallet.number,
            from_at=found.period.begin,
            to_at=found.period.end,
            opening_balance=MoneyObject.of(found.opening_minor, currency),
            closing_balance=MoneyObject.of(found.closing_minor, currency),
            items=[EntryAnswer.of(line, currency) for line in lines],
        )


class KnownWallet(Model):
    """What other services may know of a wallet."""

    id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    currency: str = Field(examples=["RUB"])
    status: Status


class KnownAccount(KnownWallet):
    """What another service may know of the wallet that a payment would come from."""

    available_minor: int = Field(examples=[15000])
    room_minor: int = Field(description="How much more it can hold.", examples=[10**18 - 15000])


class AccountsQuery(Model):
    """On which accounts entries are looked for."""

    accounts: str = Field(
        pattern=r"^[0-9a-f-]{36}(,[0-9a-f-]{36}){0,3}$",
        description="Up to four ids, with commas between them.",
        examples=[_WALLET_ID],
    )

    _ids: list[UUID] = PrivateAttr()

    @model_validator(mode="after")
    def _read_ids(self) -> Self:
        self._ids = [UUID(one) for one in dict.fromkeys(self.accounts.split(","))]
        return self

    @property
    def ids(self) -> list[UUID]:
        """The accounts, each once."""
        return self._ids


class KnownEntry(Model):
    """One entry of a transfer."""

    account_id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID | None = Field(examples=[_OWNER_ID])
    seq: int = Field(examples=[2])
    amount_minor: int = Field(description="Signed, in minor units.", examples=[-15000])


class KnownTransfer(Model):
    """What a service that caused a transfer may know of it."""

    id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    currency: str = Field(examples=["RUB"])
    posted_at: datetime
    entries: list[KnownEntry]

    @classmethod
    def of(cls, moved: Moved, legs: list[TransferEntry]) -> Self:
        """Describe a transfer."""
        return cls(
            id=moved.id,
            kind=moved.kind,
            currency=moved.currency,
            posted_at=moved.posted_at,
            entries=[
                KnownEntry(
                    account_id=leg.account_id,
                    owner_id=leg.owner_id,
                    seq=leg.seq,
                    amount_minor=leg.amount_minor,
                )
                for leg in legs
            ],
        )
