from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.money import Money
from kit.refusals import Refusal
from payments.domain.cards.receipts import ReceiptLine
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.paid_services import PaidService
from payments.domain.parties import Parties, PayeeName, Person, Wallet, username_key
from payments.domain.payment import PaymentStatus
from payments.refusals import (
    CurrencyMismatch,
    ExecuteAtInThePast,
    ExecuteAtTooFar,
    LinesDoNotAddUp,
    PayeeIsPayer,
    PayeeNotActive,
    PayeeNotFound,
    PayerNotActive,
    ServiceAmountMissing,
    ServiceNotActive,
    ServiceNotFound,
    ServicePriceDiffers,
    TooManyOpenPayments,
    WalletNotFound,
)

ALICE, BOB, PAYMENT, WALLET, OTHER, SERVICE = (UUID(int=number) for number in range(1, 7))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TTL = timedelta(hours=24)

alice = Person(ALICE, "alice", "active")
bob = Person(BOB, "bob", "active")
roubles_of_alice = Wallet(WALLET, ALICE, "RUB")
roubles_of_bob = Wallet(OTHER, BOB, "RUB")
dollars_of_alice = Wallet(WALLET, ALICE, "USD")
dollars_of_bob = Wallet(OTHER, BOB, "USD")


def order(**changes: Any) -> PaymentOrder:
    asked: dict[str, Any] = {
        "payer_id": ALICE,
        "payee": PayeeName(username="bob"),
        "amount": Money(15000, "RUB"),
    }
    return PaymentOrder(**(asked | changes))


YEAR = timedelta(days=366)
PAST = ExecuteAtInThePast
FROM = {"from_wallet_id": WALLET}
TO = {"payee": PayeeName(wallet_id=OTHER)}
FOR = {"payee": PayeeName(service_id=SERVICE), **FROM}
phone = PaidService(
    id=SERVICE,
    name="Phone",
    description=None,
    price_minor=None,
    currency="RUB",
    owner_id=BOB,
    account_id=OTHER,
    is_active=True,
    created_at=NOW,
    updated_at=NOW,
)
closed, dear = replace(phone, is_active=False), replace(phone, price_minor=59000)


@pytest.mark.parametrize(
    ("asked", "parties", "refusal"),
    [
        # In order of precedence: each row would also be refused by what stands below it.
        (order(execute_at=NOW, **FROM), Parties(Person(ALICE, "a", "disabled"), None), PAST),
        (order(execute_at=NOW + YEAR * 2, **FROM), Parties(alice, None), ExecuteAtTooFar),
        (order(**FOR), Parties(None, None), ServiceNotFound),
        (order(**FOR, amount=None), Parties(None, None, paid_service=closed), ServiceNotActive),
        (
            order(**FOR, amount=Money(1, "USD")),
            Parties(None, None, paid_service=dear),
            CurrencyMismatch,
        ),
        (
            order(**FOR, amount=None, currency="USD"),
            Parties(None, None, paid_service=dear),
            CurrencyMismatch,
        ),
        (order(**FOR, amount=None), Parties(None, None, paid_service=phone), ServiceAmountMissing),
        (order(**FOR), Parties(None, None, paid_service=dear), ServicePriceDiffers),
        (order(**FROM), Parties(Person(ALICE, "alice", "disabled"), None), PayerNotActive),
        (order(**FROM), Parties(alice, None), WalletNotFound),
        (order(**FROM), Parties(alice, None, roubles_of_bob), WalletNotFound),
        (order(**FROM), Parties(alice, None, dollars_of_alice), CurrencyMismatch),
        (order(), Parties(alice, None), PayeeNotFound),
        (order(), Parties(None, Person(ALICE, "alice", "pending")), PayeeIsPayer),
        (order(**TO), Parties(alice, alice, None, dollars_of_alice), PayeeIsPayer),
        (order(), Parties(alice, Person(BOB, "bob", "pending")), PayeeNotActive),
        (
            order(**TO),
            Parties(alice, Person(BOB, "bob", "disabled"), None, dollars_of_bob),
            PayeeNotActive,
        ),
        (order(), Parties(alice, Person(BOB, None, "deleted")), PayeeNotActive),
        (order(**TO), Parties(alice, bob, None, dollars_of_bob), CurrencyMismatch),
    ],
)
def test_refusals_in_order(asked: PaymentOrder, parties: Parties, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        decide_creation(asked, parties, payment_id=PAYMENT, now=NOW, ttl=TTL)


def test_a_new_payment_is_created_and_waits_to_be_paid() -> None:
    asked = order(
        card_last4="4242", card_holder="ALICE", description="Tickets", metadata={"order": 7}
    )
    payment = decide_creation(asked, Parties(alice, bob), payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert payment.status is PaymentStatus.CREATED
    assert (payment.id, payment.payer_id, payment.payee_id) == (PAYMENT, ALICE, BOB)
    assert (payment.amount_minor, payment.currency) == (15000, "RUB")
    assert (payment.payer_username, payment.payee_username) == ("alice", "bob")
    assert (payment.card_last4, payment.card_holder) == ("4242", "ALICE")
    assert (payment.description, payment.metadata) == ("Tickets", {"order": 7})
    assert (payment.created_at, payment.expires_at) == (NOW, NOW + TTL)
    assert payment.version == 1
    assert not payment.is_final
    assert payment.payer_account_id is None
    assert payment.payee_account_id is None


def test_a_payer_whom_no_event_has_told_of_yet_may_pay() -> None:
    payment = decide_creation(order(), Parties(None, bob), payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert payment.payer_username is None


def test_named_wallets_are_kept() -> None:
    asked = order(**FROM, **TO)
    parties = Parties(alice, bob, roubles_of_alice, roubles_of_bob)
    payment = decide_creation(asked, parties, payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert (payment.payer_account_id, payment.payee_account_id) == (WALLET, OTHER)


@pytest.mark.parametrize(
    ("paid_service", "asked", "amount"),
    [
        (dear, {"amount": None}, 59000),
        (dear, {"amount": None, "currency": "RUB"}, 59000),
        (dear, {"amount": Money(59000, "RUB")}, 59000),
        (phone, {"amount": Money(100, "RUB")}, 100),
    ],
)
def test_a_payment_for_a_service_is_of_its_price_or_what_the_payer_names(
    paid_service: PaidService, asked: dict[str, Any], amount: int
) -> None:
    wanted = order(payee=PayeeName(service_id=SERVICE), **asked)
    parties = Parties(alice, bob, paid_service=paid_service)
    payment = decide_creation(wanted, parties, payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert (payment.amount_minor, payment.currency) == (amount, "RUB")
    assert (payment.service_id, payment.service_name) == (SERVICE, "Phone")
    assert (payment.payee_id, payment.payee_account_id) == (BOB, OTHER)


@pytest.mark.parametrize("other", ["BOB", "Bob", "ｂｏｂ", "bⓞb"])
def test_usernames_are_the_same_by_nfkc_and_case(other: str) -> None:
    assert username_key(other) == username_key("bob")


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), YEAR])
def test_a_scheduled_payment_expires_only_after_its_time(ahead: timedelta) -> None:
    asked = order(execute_at=NOW + ahead)
    payment = decide_creation(asked, Parties(alice, bob), payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert (payment.status, payment.execute_at) == (PaymentStatus.SCHEDULED, NOW + ahead)
    assert payment.expires_at == NOW + ahead + TTL


def test_a_payment_to_be_reserved_is_created_like_any_other() -> None:
    asked = order(is_reserved=True)
    payment = decide_creation(asked, Parties(alice, bob), payment_id=PAYMENT, now=NOW, ttl=TTL)
    assert (payment.status, payment.is_reserved) == (PaymentStatus.CREATED, True)


def test_who_has_as_many_open_payments_as_may_be_creates_none_whatever_is_wanted() -> None:
    full = Parties(None, None, is_payer_full=True)
    with pytest.raises(TooManyOpenPayments):
        decide_creation(order(), full, payment_id=PAYMENT, now=NOW, ttl=TTL)


def test_lines_of_a_receipt_add_up_to_the_amount_or_nothing_is_created() -> None:
    ticket = ReceiptLine(description="Ticket", quantity="2", amount="75.00", vat_code=4)
    made = decide_creation(
        order(lines=(ticket,)), Parties(alice, bob), payment_id=PAYMENT, now=NOW, ttl=TTL
    )
    assert made.lines == (
        {"description": "Ticket", "quantity": "2", "amount": "75.00", "vat_code": 4},
    )
    wrong = order(lines=(replace(ticket, quantity="3"),))
    with pytest.raises(LinesDoNotAddUp):
        decide_creation(wrong, Parties(alice, bob), payment_id=PAYMENT, now=NOW, ttl=TTL)


@pytest.mark.parametrize(
    ("status", "is_barred", "may_have_become_active"),
    [
        ("active", False, False),
        ("pending", False, True),
        ("disabled", True, True),
        ("deleted", True, True),
        ("closed", True, False),
    ],
)
def test_what_auth_has_told_of_a_person_may_be_old_news_but_not_of_a_closed_account(
    status: str, *, is_barred: bool, may_have_become_active: bool
) -> None:
    told = Person(BOB, "bob", status)
    assert (told.is_barred, told.may_have_become_active) == (is_barred, may_have_become_active)
