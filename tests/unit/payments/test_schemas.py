"""What a request to create a payment may say."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import ValidationError

from kit.ids import new_id
from kit.web.faults import faults_of
from payments.schemas.creation import PaymentRequest

BOB = UUID(int=2)
CARD = "4111 1111 1111 1111"
SEEN_AS_CARD = "card_number_refused"


def read(**changes: Any) -> PaymentRequest:
    """Read a body as the edge does."""
    body = {"payee": {"user_id": str(BOB)}, "amount": "150.00", "currency": "RUB"} | changes
    return PaymentRequest.model_validate_json(orjson.dumps(body), strict=True)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"payee": {}}, "/payee", "exactly_one"),
        ({"payee": {"username": "bob", "user_id": str(new_id())}}, "/payee", "exactly_one"),
        ({"payee": {"username": ""}}, "/payee/username", "too_short"),
        ({"payee": {"user_id": "bob"}}, "/payee/user_id", "malformed"),
        ({"payee": {"username": CARD}}, "/payee/username", SEEN_AS_CARD),
        ({"amount": 150}, "/amount", "amount_invalid"),
        ({"amount": "1.001"}, "/amount", "amount_invalid"),
        ({"amount": "0"}, "/amount", "amount_invalid"),
        ({"currency": "XXY"}, "/currency", "currency_unknown"),
        ({"card_last4": "424"}, "/card_last4", "malformed"),
        ({"card_last4": "42424"}, "/card_last4", "malformed"),
        ({"card_last4": "4242\n"}, "/card_last4", "malformed"),
        ({"card_last4": "٤٢٤٢"}, "/card_last4", "malformed"),
        ({"card_last4": 4242}, "/card_last4", "wrong_type"),
        ({"card_last4": "4111111111111111"}, "/card_last4", SEEN_AS_CARD),
        ({"card_holder": "IVAN\u0007PETROV"}, "/card_holder", "malformed"),
        ({"card_holder": "IVAN\r\nPETROV"}, "/card_holder", "malformed"),
        ({"card_holder": "IVAN\u202ePETROV"}, "/card_holder", "malformed"),
        ({"card_holder": "   "}, "/card_holder", "malformed"),
        ({"card_holder": "I" * 101}, "/card_holder", "too_long"),
        ({"card_holder": CARD}, "/card_holder", SEEN_AS_CARD),
        ({"description": "a\u001bb"}, "/description", "malformed"),
        ({"description": "d" * 501}, "/description", "too_long"),
        ({"description": f"paid by {CARD}"}, "/description", SEEN_AS_CARD),
        ({"metadata": {"card": CARD}}, "/metadata", SEEN_AS_CARD),
        ({"metadata": {CARD: "card"}}, "/metadata", SEEN_AS_CARD),
        ({"metadata": {"card": 4111111111111111}}, "/metadata", SEEN_AS_CARD),
        ({"metadata": {"a": 1.5}}, "/metadata", "malformed"),
        ({"metadata": {"a": {"b": "c"}}}, "/metadata", "malformed"),
        ({"metadata": {"": "c"}}, "/metadata", "malformed"),
        ({"metadata": {"a": "v" * 501}}, "/metadata", "malformed"),
        ({"metadata": {"a": 2**53}}, "/metadata", "malformed"),
        ({"metadata": {str(n): n for n in range(21)}}, "/metadata", "malformed"),
        ({"metadata": ["a"]}, "/metadata", "wrong_type"),
        ({"status": "paid"}, "/status", "unknown_field"),
        ({"payer_id": str(new_id())}, "/payer_id", "unknown_field"),
        ({"fee": "0"}, "/fee", "unknown_field"),
    ],
)
def test_bad_values_are_refused_by_name_and_never_repeated(
    changes: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(**changes)
    body = {"payee": {"user_id": str(BOB)}, "amount": "150.00", "currency": "RUB"} | changes
    faults = faults_of(refused.value, document=body)
    assert (pointer, code) in {(fault.pointer, fault.code) for fault in faults}
    if code == SEEN_AS_CARD:
        assert "1111" not in str([(f.detail_en, f.detail_ru) for f in faults])


def test_the_least_that_can_be_said_is_whom_and_how_much() -> None:
    request = PaymentRequest.model_validate_json('{"payee": {"username": "bob"}, "amount": "7"}')
    order = request.order(UUID(int=1))
    assert (order.amount.minor, order.amount.currency) == (700, "RUB")
    assert order.payee.username == "bob"
    assert order.from_wallet_id is None


def test_all_that_can_be_said_is_passed_on() -> None:
    order = read(
        from_wallet_id=str(UUID(int=9)),
        card_last4="0042",
        card_holder="ИВАН ПЕТРОВ",
        description="\u0414\u043b\u044f\tвас\r\n\U0001f389",
        metadata={"order": "A-7", "seats": 2, "vip": True, "note": None},
    ).order(UUID(int=1))
    assert order.from_wallet_id == UUID(int=9)
    assert (order.card_last4, order.card_holder) == ("0042", "ИВАН ПЕТРОВ")
    assert order.description == "Для\tвас\r\n\U0001f389"
    assert order.metadata == {"order": "A-7", "seats": 2, "vip": True, "note": None}
