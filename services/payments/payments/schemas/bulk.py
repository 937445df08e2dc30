"""Shapes what the API of bulks takes and gives; a bulk comes as JSON or as CSV."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.refusals import Language, catalogue
from kit.web.fields import AmountFields
from kit.web.items import read_items
from kit.web.schemas import Model, Page
from kit.web.serving.bodies import ForeignBody, as_it_is
from payments import refusals
from payments.domain.bulk import MOST_ROWS, Bulk, RowOutcome, is_done
from payments.domain.creation import PaymentOrder
from payments.domain.parties import PayeeName
from payments.domain.reasons import status_label
from payments.schemas.creation import PayeeRequest
from payments.schemas.payments import OutgoingPayment, shown
from payments.schemas.texts import CardHolder, CardLast4, Metadata, PaymentPurpose

_ID = "0197a1e0-5c10-7a01-9b1c-2d3e4f5a6b07"
_ROW: dict[str, Any] = {
    "payee": {"username": "bob"},
    "amount": "150.00",
    "currency": "RUB",
    "description": "Salary for May",
}
_WORDS = {
    "en": {"waiting": "Waiting", "refused": "Refused"},
    "ru": {"waiting": "Ожидает", "refused": "Не принят"},
}


class BulkPaymentRequest(AmountFields):
    """One row of a bulk: a payment to create and pay."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ROW]})

    payee: PayeeRequest
    from_wallet_id: UUID | None = Field(
        None,
        description="One of the payer's wallets; if not given, the default one of the currency.",
    )
    card_last4: CardLast4 | None = None
    card_holder: CardHolder | None = None
    description: PaymentPurpose | None = None
    metadata: Metadata | None = None

    def order(self, payer_id: UUID) -> PaymentOrder:
        """Return the row as an order of the domain."""
        return PaymentOrder(
            payer_id=payer_id,
            payee=PayeeName(**dict(self.payee)),
            amount=self.money,
            from_wallet_id=self.from_wallet_id,
            card_last4=self.card_last4,
            card_holder=self.card_holder,
            description=self.description,
            metadata=self.metadata,
        )


BulkRows = Annotated[
    list[BulkPaymentRequest], Field(min_length=1, max_length=MOST_ROWS, examples=[[_ROW]])
]


# Bytes: a row with every text at its longest, in any script, in UTF-8.
LONGEST_ROW: Final = 64 * 1024


def read_rows(body: bytes) -> ForeignBody:
    """Return the rows of a JSON body, read one by one.

    Raises:
        BodyUnreadable, BodyTooComplex, BodyTooLarge, ValidationFailed: see `kit.web.items`.
    """
    return ForeignBody(read_items(body, most=MOST_ROWS, longest=LONGEST_ROW), as_it_is)


class BulkRequest(Model):
    """A whole bulk: what an Idempotency-Key stands for."""

    payments: BulkRows


class BulkCounts(Model):
    """How many rows have each status: those of payments, and two that come before."""

    waiting: int = Field(0, description="Rows that were not worked on yet.")
    refused: int = Field(0, description="Rows that made no payment; their `code` says why.")
    processing: int = 0
    paid: int = 0
    failed: int = 0
    cancelled: int = 0
    refunded: int = 0


class BulkAnswer(Model):
    """A bulk and how far it has got."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "status": "processing",
                    "total": 3,
                    "counts": BulkCounts(waiting=1, processing=1, paid=1).model_dump(),
                    "created_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    status: Literal["processing", "done"] = Field(
        description="`done` once every row is refused or its payment has ended."
    )
    total: int
    counts: BulkCounts
    created_at: datetime


class BulkItem(Model):
    """What became of one row, counted from 1."""

    row: int
    status: str = Field(description="`waiting`, `refused`, or the status of the payment.")
    status_label: str = Field(description="The status in the caller's language.")
    code: str | None = Field(None, description="Why it was refused: a stable code.")
    detail: str | None = Field(None, description="The same in the caller's language.")
    payment: OutgoingPayment | None = None


class BulkWithRows(Page[BulkItem], BulkAnswer):
    """A bulk, how far it has got, and a page of its rows."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "status": "done",
                    "total": 1,
                    "counts": BulkCounts(refused=1).model_dump(),
                    "created_at": "2026-01-31T12:00:00Z",
                    "items": [
                        {
                            "row": 1,
                            "status": "refused",
                            "status_label": "Refused",
                            "code": "payee_not_found",
                            "detail": "Payee not found",
                            "payment": None,
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )


def summary(bulk: Bulk, counts: dict[str, int]) -> dict[str, Any]:
    """Return the fields of a BulkAnswer."""
    named = {name: count for name, count in counts.items() if name in BulkCounts.model_fields}
    return {
        "id": bulk.id,
        "status": "done" if is_done(counts) else "processing",
        "total": bulk.total,
        "counts": BulkCounts(**named),
        "created_at": bulk.created_at,
    }


def item(outcome: RowOutcome, viewer_id: UUID, language: Language) -> BulkItem:
    """Return what the bulk's sender sees of a row."""
    payment = outcome.payment
    if payment is None:
        label = _WORDS[language][outcome.status]
    else:
        label = status_label(payment.status, language)
    return BulkItem.model_construct(
        row=outcome.position,
        status=outcome.status,
        status_label=label,
        code=outcome.code,
        detail=None if outcome.code is None else _BY_CODE[outcome.code].title(language),
        payment=None
        if payment is None
        else cast("OutgoingPayment", shown(payment, viewer_id, language)),
    )


_BY_CODE = {one.code: one for one in catalogue(refusals)}
