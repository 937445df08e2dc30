"""A payment is written as its documented shape says, whoever writes it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from asyncpg.pgproto.pgproto import UUID as DRIVERS
from msgspec.structs import replace
from pydantic import TypeAdapter
from tests.unit.payments.samples import NOW, PAID

from kit.web.answers import Answer
from kit.web.card_pages import NextAction
from kit.web.schemas import Page
from payments.domain.payment import Method, Payment, PaymentStatus
from payments.schemas.payments import AnyPayment, IncomingPayment, OutgoingPayment, shown

PAYER, PAYEE = PAID.payer_id, PAID.payee_id
LATER = NOW + timedelta(microseconds=7)
BY_CARD = replace(
    PAID,
    id=DRIVERS(str(UUID(int=3))),
    status=PaymentStatus.PROCESSING,
    method=Method.CARD,
    payee_username=None,
    payee_account_id=DRIVERS(str(UUID(int=4))),
    currency="JPY",
    description='Für «Zoë»: "\\", \u2028, \x7f, \U0001f3ab and\n\ta line',
    metadata={"ключ": 'a"b', "n": 2**53 - 1, "is": True, "none": None},
    lines=[{"description": "Ticket", "quantity": "2", "amount": "75", "vat_code": None}],
    service_id=UUID(int=5),
    service_name="Tickets",
    execute_at=LATER,
    return_minor=7,
    return_status="pending",
)
PAYMENTS = {
    "paid": PAID,
    "by card": BY_CARD,
    "failed": replace(PAID, status=PaymentStatus.FAILED, failed_at=LATER, reason="expired"),
    "cancelled": replace(PAID, status=PaymentStatus.CANCELLED, reason="no_such_word"),
    "disputed": replace(PAID, disputed_at=NOW, disputed_minor=1, dispute_outcome="won"),
}


@pytest.mark.parametrize("viewer", [PAYER, PAYEE])
@pytest.mark.parametrize("payment", PAYMENTS.values(), ids=PAYMENTS)
def test_an_answer_has_the_bytes_of_the_documented_shape(payment: Payment, viewer: UUID) -> None:
    action = NextAction(url="https://pay.example/c/42") if viewer == PAYER else None
    seen = shown(payment, viewer, "ru", action)
    documented: TypeAdapter[Any] = TypeAdapter(OutgoingPayment if viewer == PAYER else AnyPayment)
    assert Answer(200, seen).body == documented.dump_json(seen, warnings="error")
    assert documented.validate_json(Answer(200, seen).body) == seen
    assert type(seen) is (OutgoingPayment if viewer == PAYER else IncomingPayment)


def test_a_list_has_the_bytes_of_its_payments() -> None:
    seen = [shown(one, viewer, "en") for one in PAYMENTS.values() for viewer in (PAYER, PAYEE)]
    page = Page[AnyPayment].model_construct(items=seen)
    items = b",".join(Answer(200, one).body for one in seen)
    assert (
        page.model_dump_json(warnings="error")
        == f'{{"items":[{items.decode()}],"next_cursor":null}}'
    )
