"""Shapes wallets' requests and answers, with examples."""

import unicodedata
from collections.abc import Iterable
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
from kit.web.card_pages import NextAction, ReturnUrl
from kit.web.fields import AmountFields, CurrencyCode, MoneyObject, refuse_field
from kit.web.schemas import Model
from wallet.domain.book import TransferRow
from wallet.domain.wallets import Wallet, WalletStatus
from wallet.repository.bank_credits import BankCredit
from wallet.repository.history import EntryLine, TransferEntry
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
    """Refuse times outside the years 1970 to 9000."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise refuse_field(
            "time_out_of_range",
            f"The year must be from {_FIRST_YEAR} to {_LAST_YEAR}.",
            f"Год должен быть от {_FIRST_YEAR} до {_LAST_YEAR}.",
        )
    return moment


WalletName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        json_schema_extra={
            "pattern": r"^[^\s\u0000-\u001f\u007f-\u009f]"
            r"([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$"
        },
        examples=["Holidays"],
    ),
    AfterValidator(_printable),
]
ReasonableMoment = Annotated[times.Moment, AfterValidator(within_reason)]


class OpenWallet(Model):
    """A wallet to open; the first of its currency becomes the default one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"currency": "RUB", "name": "Holidays"}]}
    )

    currency: CurrencyCode = DEFAULT_CURRENCY
    name: WalletName


class TopUpRequest(AmountFields):
    """Money to put into a wallet, by default into the currency's default one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "1000.00", "currency": "RUB"}]}
    )

    wallet_id: UUID | None = None
    method: Literal["sandbox", "card"] = Field(
        default="sandbox",
        description="`sandbox`: play money, outside production only. `card`: a card is charged.",
    )
    return_url: ReturnUrl | None = Field(
        default=None,
        description="Where the card page sends the owner back to; required for `card`.",
    )

    @model_validator(mode="after")
    def _needs_a_way_back(self) -> Self:
        if self.method == "card" and self.return_url is None:
            raise refuse_field(
                "required",
                "Needed where a card is to be charged.",
                "Нужен для оплаты картой.",
                field="return_url",
            )
        return self


class WalletAnswer(Model):
    """A wallet; `available` is what may be spent: `balance` less `held`.

    `owed` is what the owner could not cover when money was taken back, for instance by a
    chargeback. It is not part of the balance; money that comes in pays it off first.
    """

    id: UUID = Field(examples=[_WALLET_ID])
    number: int = Field(description="A short number for banks and people.", examples=[1001])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    name: str = Field(examples=["Main"])
    currency: str = Field(examples=["RUB"])
    status: WalletStatus
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


class CardTopUpAnswer(Model):
    """A started card charge; the money comes once it has succeeded.

    `next_action` is null until the provider has answered; the same request with the same
    Idempotency-Key asks again.
    """

    charge_id: UUID = Field(examples=[_TRANSFER_ID])
    wallet_id: UUID = Field(examples=[_WALLET_ID])
    next_action: NextAction | None


class BankCreditRequest(AmountFields):
    """A bank's credit to a wallet, which is named by its id or its number."""

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
    """A booked credit; `to` is `suspense` if no wallet could take it."""

    transaction_id: str = Field(examples=["bank-42"])
    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    to: Literal["wallet", "suspense"]


class EntryAnswer(Model):
    """An entry of a wallet; `amount` is negative where money left."""

    seq: int = Field(description="The entry's number: from 1, without a gap.")
    transfer_id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    reference: str = Field(description="A payment's id, or a provider.", examples=["sandbox"])
    description: str | None = Field(examples=["Dinner"])
    amount: str = Field(examples=["-150.00"])
    balance_after: str = Field(examples=["850.00"])
    currency: str = Field(examples=["RUB"])
    posted_at: datetime

    @classmethod
    def of(cls, line: EntryLine, currency: str) -> Self:
        """Show an entry."""
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


class ListedWallet(WalletAnswer):
    """A wallet of a list, with its ten latest `entries`, null where nobody asks."""

    entries: list[EntryAnswer] | None = None

    @classmethod
    def listed(cls, wallet: Wallet, lines: Iterable[EntryLine] | None) -> Self:
        """Show a wallet, and entries of it where there are to be any."""
        shown = cls.of(wallet)
        if lines is None:
            return shown
        entries = [EntryAnswer.of(line, wallet.currency) for line in lines]
        return shown.model_copy(update={"entries": entries})


class BalanceAnswer(Model):
    """A wallet's balance after all that was posted until `at`, `at` included."""

    wallet_id: UUID = Field(examples=[_WALLET_ID])
    at: datetime
    balance: MoneyObject


class StatementAnswer(Model):
    """A statement; `from_at` is included, `to_at` not; items are oldest first."""

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
    """What other services may know about a wallet."""

    id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID = Field(examples=[_OWNER_ID])
    currency: str = Field(examples=["RUB"])
    status: WalletStatus


class KnownAccount(KnownWallet):
    """What other services may know about the wallet of a payer."""

    available_minor: int = Field(examples=[15000])
    room_minor: int = Field(
        description="How much more it can take, in minor units.", examples=[10**18 - 15000]
    )


class AccountsQuery(Model):
    """The accounts on which entries are looked up."""

    accounts: str = Field(
        pattern=r"^[0-9a-f-]{36}(,[0-9a-f-]{36}){0,3}$",
        description="Up to four ids, separated by commas.",
        examples=[_WALLET_ID],
    )

    _ids: list[UUID] = PrivateAttr()

    @model_validator(mode="after")
    def _read_ids(self) -> Self:
        self._ids = [UUID(one) for one in dict.fromkeys(self.accounts.split(","))]
        return self

    @property
    def ids(self) -> list[UUID]:
        """The accounts' ids, without repetitions."""
        return self._ids


class KnownEntry(Model):
    """An entry of a transfer."""

    account_id: UUID = Field(examples=[_WALLET_ID])
    owner_id: UUID | None = Field(examples=[_OWNER_ID])
    seq: int = Field(examples=[2])
    amount_minor: int = Field(
        description="In minor units, negative where money left.", examples=[-15000]
    )


class KnownTransfer(Model):
    """What the service that caused a transfer may know about it."""

    id: UUID = Field(examples=[_TRANSFER_ID])
    kind: str = Field(examples=["payment"])
    currency: str = Field(examples=["RUB"])
    posted_at: datetime
    entries: list[KnownEntry]

    @classmethod
    def of(cls, moved: TransferRow, legs: list[TransferEntry]) -> Self:
        """Show a transfer."""
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
