"""What others tell is heard by notifications, and there are words for all of it."""

import inspect

import pytest

from contracts import payments as contract
from contracts.auth import UserChanged, UserRegistered
from contracts.payments import PaymentCreated, PaymentEvent
from contracts.wallet import FundsMoved
from kit.refusals import Language
from kit.wake_up import WakeUp
from notifications.domain.endpoints import EventType
from notifications.domain.reasons import REASONS
from notifications.messages import routes
from notifications.service import events
from notifications.webhooks.payloads import PAYMENT_TYPES
from payments.domain.reasons import REASON_LABELS

EVENTS = [
    event
    for _, event in inspect.getmembers(contract, inspect.isclass)
    if issubclass(event, PaymentEvent) and event is not PaymentEvent
]


def test_every_event_of_a_payment_is_heard_and_sent_under_a_name_like_its_own() -> None:
    assert set(EVENTS) <= set(routes(WakeUp()).events)
    assert set(PAYMENT_TYPES) == set(EVENTS)
    for event in EVENTS:
        _, name, _ = event.type.split(".")
        assert PAYMENT_TYPES[event].value == name.replace("_", ".", 1)
    assert len(set(PAYMENT_TYPES.values())) == len(EVENTS)
    assert set(EventType) - set(PAYMENT_TYPES.values()) == {EventType.FUNDS_MOVED}


def test_nothing_is_heard_that_is_neither_news_nor_a_webhook_nor_about_people() -> None:
    about_people = {UserRegistered, UserChanged}
    acted_upon = {*events.NOTICES_OF, *PAYMENT_TYPES, FundsMoved, *about_people}
    assert set(routes(WakeUp()).events) == acted_upon


def test_a_payments_creation_alone_is_heard_for_webhooks_only() -> None:
    for_webhooks = {*PAYMENT_TYPES, FundsMoved}
    assert for_webhooks - set(events.NOTICES_OF) == {PaymentCreated}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_reason_of_payments_has_its_words(language: Language) -> None:
    assert set(REASON_LABELS[language]) <= set(REASONS[language])
