"""The order saga as given and expect: what was answered, and what is then asked."""

from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

import pytest

from contracts.payments import (
    CardPageOpened,
    PaymentNotTaken,
    PaymentReturned,
    PaymentTaken,
    ReturnPayment,
    TakePayment,
)
from contracts.wallet import SHOP
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.saga.decide import begin, decide
from kit.saga.engine import SagaEnd
from kit.saga.state import Decision, Input, Phase, Replied, Signalled, TimePassed, UndoWanted
from shop.domain.orders import AttemptStatus, Order, OrderItem, OrderStatus
from shop.hooks.order import given_up
from shop.sagas.order import (
    CARD,
    CONFIRM,
    LOCK,
    LONGEST_DESCRIPTION,
    ORDER,
    ORDER_NOT_PAYABLE,
    CardTerms,
    facts,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PAYMENT, BUYER = new_id(), new_id()
BY_CARD = CardTerms("https://shop.example/thanks", receipt_email="alice@example.com")


def order(name: str = "Phone") -> Order:
    return Order(
        id=UUID(int=7),
        owner_id=BUYER,
        status=OrderStatus.PENDING,
        currency="RUB",
        total_minor=20000,
        is_bought=False,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
        items=(OrderItem(UUID(int=8), name, 10000, 2),),
    )


class Attempt:
    """One attempt to pay, told step by step."""

    def __init__(self, card: CardTerms | None = None) -> None:
        self.now = NOW
        known = facts(order(), card)
        self._take(begin(ORDER, PAYMENT, known, NOW, done=(LOCK,) if card is None else ()))

    def _take(self, decision: Decision) -> Self:
        self.state, self.asked = decision.state, decision.commands
        return self

    def given(self, given: Input) -> Self:
        return self._take(decide(ORDER, self.state, given, self.now))

    def taken(self, method: str = "wallet") -> Self:
        return self.given(
            Replied(PaymentTaken(in_reply_to=self._question(), payment_id=PAYMENT, method=method))
        )

    def not_taken(self, method: str = "wallet") -> Self:
        answer = PaymentNotTaken(
            in_reply_to=self._question(), payment_id=PAYMENT, method=method, code="wallet_frozen"
        )
        return self.given(Replied(answer))

    def page_opened(self) -> Self:
        url = "https://pay.example/c/42"
        answer = CardPageOpened(in_reply_to=self._question(), payment_id=PAYMENT, url=url)
        return self.given(Replied(answer))

    def returned(self) -> Self:
        return self.given(
            Replied(PaymentReturned(in_reply_to=self._question(), payment_id=PAYMENT))
        )

    def _question(self) -> UUID:
        [asked] = self.asked
        return asked.command_id

    def asks(self, *kinds: type[Command]) -> bool:
        return [type(one) for one in self.asked] == list(kinds)

    @property
    def end(self) -> tuple[UUID, AttemptStatus, str]:
        assert self.state.phase is Phase.UNDONE
        return given_up(SagaEnd(PAYMENT, self.state.data, self.state.reason))


def test_the_saga_is_sound() -> None:
    assert ORDER.faults() == []


def test_the_wallet_is_charged_for_the_shop_then_the_order_confirms() -> None:
    attempt = Attempt()
    [taking] = attempt.asked
    assert isinstance(taking, TakePayment)
    assert (taking.payment_id, taking.payer_id, taking.payee_id) == (PAYMENT, BUYER, SHOP)
    assert (taking.amount_minor, taking.currency) == (20000, "RUB")
    assert (taking.reference, taking.description) == (str(UUID(int=7)), "Phone × 2")
    assert attempt.taken().state.step == CONFIRM
    assert attempt.given(Signalled(CONFIRM, None, {})).state.phase is Phase.COMPLETED


def test_a_refused_charge_undoes_nothing() -> None:
    attempt = Attempt().not_taken()
    assert attempt.end == (PAYMENT, AttemptStatus.NOT_PAID, "wallet_frozen")


def test_an_order_that_is_gone_sends_the_money_back() -> None:
    attempt = Attempt().taken().given(Signalled(CONFIRM, ORDER_NOT_PAYABLE, {}))
    assert attempt.asks(ReturnPayment)
    assert attempt.returned().end == (PAYMENT, AttemptStatus.RETURNED, ORDER_NOT_PAYABLE)


def test_a_card_has_its_page_then_its_news() -> None:
    attempt = Attempt(BY_CARD)
    [taking] = attempt.asked
    assert isinstance(taking, TakePayment)
    assert (taking.method, taking.return_url) == ("card", BY_CARD.return_url)
    assert (taking.receipt_email, taking.receipt_phone) == ("alice@example.com", None)
    assert attempt.page_opened().state.step == CARD
    assert attempt.state.next_at == NOW + timedelta(minutes=40)
    assert attempt.given(Signalled(CARD, None, {})).state.step == CONFIRM


def test_a_card_that_is_declined_on_its_page_is_taken_back_all_the_same() -> None:
    attempt = Attempt(BY_CARD).page_opened().given(Signalled(CARD, "card_declined", {}))
    assert attempt.asks(ReturnPayment)
    assert attempt.returned().end == (PAYMENT, AttemptStatus.NOT_PAID, "card_declined")


def test_a_card_without_a_page_is_given_up_at_once() -> None:
    attempt = Attempt(BY_CARD).not_taken("card")
    assert attempt.end[1:] == (AttemptStatus.NOT_PAID, "wallet_frozen")


@pytest.mark.parametrize("card", [None, BY_CARD])
def test_an_attempt_that_is_called_off_is_taken_back(card: CardTerms | None) -> None:
    attempt = Attempt(card).given(UndoWanted("expired"))
    assert attempt.asks(ReturnPayment)
    assert attempt.returned().end == (PAYMENT, AttemptStatus.NOT_PAID, "expired")


def test_a_charge_that_comes_while_the_page_is_called_off_changes_nothing() -> None:
    attempt = Attempt(BY_CARD).page_opened().given(UndoWanted("cancelled_by_buyer"))
    [returning] = attempt.asked
    assert attempt.given(Signalled(CARD, None, {})).state.phase is Phase.UNDOING
    reply = PaymentReturned(in_reply_to=returning.command_id, payment_id=PAYMENT)
    assert attempt.given(Replied(reply)).end[1] is AttemptStatus.NOT_PAID


def test_a_page_that_nobody_uses_is_called_off_after_the_order_has_expired() -> None:
    attempt = Attempt(BY_CARD).page_opened()
    attempt.now = NOW + timedelta(minutes=40)
    assert attempt.given(TimePassed()).asks(ReturnPayment)
    assert attempt.state.reason == "card_timed_out"


def test_what_is_bought_fits_a_line() -> None:
    text = facts(order("x" * 500), None)["description"]
    assert (len(text), text[-1]) == (LONGEST_DESCRIPTION, "…")
