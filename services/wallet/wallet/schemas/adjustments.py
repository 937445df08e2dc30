"""Shapes adjustments' requests and answers, with examples."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.money import decimal_text
from kit.web.fields import AmountFields, refuse_field
from kit.web.schemas import Model
from wallet.domain.book import Book
from wallet.domain.wallets import HOUSE_NAMES
from wallet.repository.adjustments import Adjustment, AdjustmentStatus
from wallet.schemas.ledger import HouseName
from wallet.service.adjustments import Proposal, Side

_ACCOUNT_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a91"
_ADJUSTMENT_ID = "019abf60-91d4-7f10-8c8e-64b1f3a0d2e8"
_REASON = "Paid out to the deleted owner's bank account, case 117"

# To some readers of patterns U+0085 is no blank, so that controls are named apart.
_SEEN: Final = r"[^\s\x00-\x1f\x7f-\x9f]"
Reason = Annotated[
    str,
    Field(
        min_length=3,
        max_length=500,
        pattern=rf"^{_SEEN}[^\x00-\x1f\x7f-\x9f]*{_SEEN}$",
        examples=[_REASON],
    ),
]


class AdjustmentSide(Model):
    """A wallet, or a house account.

    Debts are not moved by hand: a credit to the wallet that owes pays them off.
    """

    wallet_id: UUID | None = Field(default=None, examples=[_ACCOUNT_ID])
    house: Literal["clearing", "suspense", "fees"] | None = Field(
        default=None, examples=[None], description="A house account, by its kind."
    )
    provider: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        examples=[None],
        description="The account's provider, as `GET /v1/ledger/accounts` shows it. If left out: "
        "for `suspense` the account of deleted owners' money, for `fees` the only one.",
    )

    @model_validator(mode="after")
    def _names_one_account(self) -> Self:
        is_wallet, is_house = self.wallet_id is not None, self.house is not None
        needs_provider = self.house == "clearing" and self.provider is None
        if is_wallet == is_house or needs_provider or (is_wallet and self.provider is not None):
            raise refuse_field(
                "exactly_one",
                "Name a wallet by wallet_id, or house and (for clearing always) provider.",
                "Укажите кошелёк полем wallet_id, или house и (для clearing всегда) provider.",
            )
        return self

    @property
    def side(self) -> Side:
        """The side, as the verbs take it."""
        return Side(self.wallet_id, self.house, self.provider)


class AdjustmentRequest(AmountFields):
    """Money to move by hand; a dry run shows what would be posted, and posts nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": {"house": "suspense"},
                    "to": {"house": "fees"},
                    "amount": "150.00",
                    "currency": "RUB",
                    "reason": "Claimed by nobody for three years, case 117",
                    "dry_run": True,
                }
            ]
        }
    )

    from_: AdjustmentSide = Field(alias="from")
    to: AdjustmentSide
    reason: Reason
    dry_run: bool = False

    @property
    def proposal(self) -> Proposal:
        """The proposal, as the verbs take it."""
        return Proposal(self.from_.side, self.to.side, self.money, self.reason)


class ForeseenEntry(Model):
    """An entry that would be posted, with the account's balance before and after it."""

    account_id: UUID = Field(examples=[_ACCOUNT_ID])
    kind: Literal["wallet", "merchant"] | HouseName
    owner_id: UUID | None
    transfer_kind: str = Field(examples=["adjustment"])
    amount: str = Field(examples=["-150.00"])
    balance_before: str = Field(examples=["1000.00"])
    balance_after: str = Field(examples=["850.00"])
    currency: str = Field(examples=["RUB"])


class AdjustmentForeseen(Model):
    """What an adjustment would post now; nothing is written."""

    dry_run: Literal[True] = True
    entries: list[ForeseenEntry]

    @classmethod
    def of(cls, book: Book) -> Self:
        """Show what would be posted, including the repayment of a debt."""
        entries = []
        for row, legs in zip(book.transfers, book.legs, strict=True):
            for leg in legs:
                account = book.accounts[leg.account_id]
                before = leg.balance_after_minor - leg.amount_minor
                entries.append(
                    ForeseenEntry(
                        account_id=leg.account_id,
                        kind=HOUSE_NAMES.get(account.kind, account.kind),
                        owner_id=account.owner_id,
                        transfer_kind=row.kind,
                        amount=decimal_text(leg.amount_minor, row.currency),
                        balance_before=decimal_text(before, row.currency),
                        balance_after=decimal_text(leg.balance_after_minor, row.currency),
                        currency=row.currency,
                    )
                )
        return cls(entries=entries)


class AdjustmentAnswer(Model):
    """An adjustment: `pending` until another administrator confirms it."""

    id: UUID = Field(examples=[_ADJUSTMENT_ID])
    from_account_id: UUID = Field(examples=[_ACCOUNT_ID])
    to_account_id: UUID = Field(examples=[_ACCOUNT_ID])
    amount: str = Field(examples=["150.00"])
    currency: str = Field(examples=["RUB"])
    reason: str = Field(examples=[_REASON])
    status: AdjustmentStatus
    proposed_by: UUID
    decided_by: UUID | None
    transfer_id: UUID | None = Field(description="The transfer, once it is posted.")
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, made: Adjustment) -> Self:
        """Show an adjustment."""
        return cls(
            id=made.id,
            from_account_id=made.payer_account_id,
            to_account_id=made.payee_account_id,
            amount=decimal_text(made.amount_minor, made.currency),
            currency=made.currency,
            reason=made.reason,
            status=made.status,
            proposed_by=made.proposed_by,
            decided_by=made.decided_by,
            transfer_id=made.transfer_id,
            created_at=made.created_at,
            expires_at=made.expires_at,
            decided_at=made.decided_at,
        )
