"""Paid services: who may make and change them, how they are searched, and the shapes of the API."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from kit.refusals import Refusal, ValidationFailed
from payments.domain.paid_service_rules import Editor, decide_change, decide_opening
from payments.domain.paid_services import PaidService, folded
from payments.domain.parties import Wallet
from payments.refusals import CurrencyMismatch, OnlyOwnerMayEdit, ServiceNotFound, WalletNotFound
from payments.schemas.paid_services import Service, ServiceChange, ServiceRequest

BOB, CAROL, ID, WALLET = (UUID(int=number) for number in range(1, 5))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
phone = PaidService(
    id=ID,
    name="Phone",
    description="By number",
    price_minor=59000,
    currency="RUB",
    owner_id=BOB,
    account_id=None,
    is_active=True,
    created_at=NOW,
    updated_at=NOW,
)
into_wallet = replace(phone, account_id=WALLET)
bob, carol, admin = Editor(BOB), Editor(CAROL), Editor(CAROL, is_admin=True)
roubles_of_bob, dollars_of_bob = Wallet(WALLET, BOB, "RUB"), Wallet(WALLET, BOB, "USD")
roubles_of_carol, dollars_of_carol = Wallet(WALLET, CAROL, "RUB"), Wallet(WALLET, CAROL, "USD")


@pytest.mark.parametrize(
    ("wallet", "refusal"),
    [
        (None, WalletNotFound),
        (dollars_of_carol, WalletNotFound),
        (roubles_of_carol, WalletNotFound),
        (dollars_of_bob, CurrencyMismatch),
    ],
)
def test_a_paid_service_is_paid_into_its_owners_wallet_of_its_currency(
    wallet: Wallet | None, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        decide_opening(into_wallet, wallet)
    with pytest.raises(refusal):
        decide_change(phone, bob, {"account_id": WALLET}, wallet, LATER)


def test_a_paid_service_may_name_no_wallet_or_a_fitting_one() -> None:
    assert decide_opening(phone, None) == phone
    assert decide_opening(into_wallet, roubles_of_bob) == into_wallet


@pytest.mark.parametrize(
    ("found", "editor", "refusal"),
    [(None, carol, ServiceNotFound), (phone, carol, OnlyOwnerMayEdit)],
)
def test_only_what_is_there_is_changed_and_by_its_owner_only(
    found: PaidService | None, editor: Editor, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        decide_change(found, editor, {"account_id": WALLET}, None, LATER)


@pytest.mark.parametrize("editor", [bob, admin])
def test_what_is_not_named_stays(editor: Editor) -> None:
    changed = decide_change(into_wallet, editor, {"is_active": False}, None, LATER)
    assert changed == replace(into_wallet, is_active=False, updated_at=LATER)


def test_an_admin_names_a_wallet_of_the_owner_not_of_their_own() -> None:
    with pytest.raises(WalletNotFound):
        decide_change(phone, admin, {"account_id": WALLET}, roubles_of_carol, LATER)
    changed = decide_change(phone, admin, {"account_id": WALLET}, roubles_of_bob, LATER)
    assert changed.account_id == WALLET


@pytest.mark.parametrize("search", ["PHONE", "ｐｈｏｎｅ", "by NUMBER"])
def test_a_search_finds_other_spellings_in_name_and_description(search: str) -> None:
    assert folded(search) in phone.search_key
    assert folded("СВЯЗЬ") in replace(phone, name="Мобильная связь").search_key


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": ""}, "name", "malformed"),
        ({"name": " \u200b"}, "name", "malformed"),
        ({"name": "a\nb"}, "name", "malformed"),
        ({"name": "4111 1111 1111 1111"}, "name", "card_number_refused"),
        ({"price": "1.234"}, "price", "amount_invalid"),
        ({"price": "0"}, "price", "amount_invalid"),
        ({"price": 590}, "price", "amount_invalid"),
        ({"currency": "rub"}, "currency", "currency_unknown"),
        ({"description": "call\x00me"}, "description", "malformed"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    body: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        ServiceRequest.model_validate({"name": "Phone", **body})
    [fault] = refused.value.errors()
    assert fault["ctx"]["code"] == code
    assert pointer in (*fault["loc"], fault["ctx"]["field"])


def test_a_new_paid_service_has_its_price_in_minor_units_of_its_currency() -> None:
    request = ServiceRequest(name="Phone", price="590", currency="JPY")
    paid_service = request.paid_service(BOB, NOW)
    assert (paid_service.price_minor, paid_service.currency, paid_service.owner_id) == (
        590,
        "JPY",
        BOB,
    )
    assert Service.of(paid_service).price == "590"
    assert ServiceRequest(name="Phone").paid_service(BOB, NOW).price_minor is None


def test_a_change_says_only_what_it_names_and_null_takes_away() -> None:
    assert ServiceChange().changes("RUB") == {}
    assert ServiceChange(price="5.50").changes("RUB") == {"price_minor": 550}
    taken = ServiceChange(price=None, description=None, wallet_id=None)
    assert taken.changes("RUB") == {"price_minor": None, "description": None, "account_id": None}


@pytest.mark.parametrize("field", ["name", "is_active"])
def test_what_a_paid_service_can_not_be_without_can_not_be_taken_away(field: str) -> None:
    with pytest.raises(ValidationError, match="null"):
        ServiceChange.model_validate({field: None})


def test_a_new_price_has_the_decimals_of_its_currency() -> None:
    with pytest.raises(ValidationFailed) as refused:
        ServiceChange(price="5.50").changes("JPY")
    [fault] = refused.value.errors
    assert (fault.pointer, fault.code) == ("/price", "amount_invalid")
