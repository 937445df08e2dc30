"""The story of a payment by card: disputes, money that goes back, and a provider's faults."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs
from tests.unit.payments.samples import PAID

from kit.refusals import Language
from payments.domain.cards.disputes import Dispute, DisputeOutcome
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefund, CardRefundOrigin, CardRefundStatus, GivenBack
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus
from payments.domain.timeline.story import (
    Disputed,
    EventSent,
    Faulted,
    Requested,
    Returned,
    Sources,
    TimelineMoment,
    tell_story,
)
from payments.domain.timeline.words import words_of

ALICE, BOB, ID, CHARGE, DISPUTE = (UUID(int=number) for number in range(1, 6))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


paid = structs.replace(
    PAID,
    id=ID,
    transfer_id=UUID(int=6),
    created_at=at(0),
    expires_at=at(3600),
    processing_at=at(1),
    paid_at=at(2),
)
OPEN = Dispute(
    id=DISPUTE,
    charge_id=CHARGE,
    reference="dp_1",
    amount_minor=9000,
    opened_at=at(10),
    reason="fraudulent",
    told_at=at(10),
)
BACK = CardRefund(
    id=UUID(int=7), charge_id=CHARGE, amount_minor=15000, origin=CardRefundOrigin.RETURN
)
AT_PROVIDER = Refund(
    id=UUID(int=8),
    payment_id=ID,
    status=RefundStatus.COMPLETED,
    amount_minor=5000,
    currency="RUB",
    reason=None,
    failure_reason=None,
    transfer_id=UUID(int=9),
    requested_by=BOB,
    version=2,
    created_at=at(20),
    completed_at=at(21),
    failed_at=None,
    origin=RefundOrigin.PROVIDER,
)


def told(viewer: UUID, sources: Sources, *kinds: type[TimelineMoment]) -> list[TimelineMoment]:
    return [one for one in tell_story(paid, viewer, sources) if isinstance(one, kinds)]


@pytest.mark.parametrize("viewer", [ALICE, BOB])
def test_both_are_told_what_became_of_a_dispute_and_of_the_events_that_told_it(
    viewer: UUID,
) -> None:
    won = replace(
        OPEN,
        withdrawn_at=at(11),
        reinstated_at=at(13),
        closed_at=at(12),
        outcome=DisputeOutcome.WON,
        end_told_at=at(12),
    )
    assert told(viewer, Sources(disputes=[won]), Disputed, EventSent) == [
        EventSent(at(0), "payment_created", 1),
        EventSent(at(2), "payment_paid", 2),
        Disputed(at(10), "opened", 9000, "RUB", "fraudulent"),
        EventSent(at(10), "payment_disputed", 3),
        Disputed(at(11), "withdrawn", 9000, "RUB"),
        Disputed(at(12), "won", 9000, "RUB"),
        EventSent(at(12), "payment_dispute_closed", 4),
        Disputed(at(13), "reinstated", 9000, "RUB"),
    ]


def test_an_inquiry_is_closed_without_a_decision_and_no_event_tells_of_it() -> None:
    inquiry = replace(OPEN, is_warning=True, told_at=None, closed_at=at(12))
    assert told(BOB, Sources(disputes=[inquiry]), Disputed, EventSent) == [
        EventSent(at(0), "payment_created", 1),
        EventSent(at(2), "payment_paid", 2),
        Disputed(at(10), "opened", 9000, "RUB", "fraudulent"),
        Disputed(at(12), "closed", 9000, "RUB"),
    ]


@pytest.mark.parametrize(
    ("refund", "codes"),
    [
        (BACK, ["begun"]),
        (replace(BACK, status=CardRefundStatus.PENDING), ["begun"]),
        (replace(BACK, status=CardRefundStatus.DONE), ["begun", "returned"]),
        (replace(BACK, status=CardRefundStatus.REFUSED), ["begun", "refused"]),
        (replace(BACK, status=CardRefundStatus.DROPPED), ["begun", "dropped"]),
        (
            replace(BACK, origin=CardRefundOrigin.PROVIDER, status=CardRefundStatus.DONE),
            ["made_at_provider", "returned"],
        ),
    ],
)
def test_the_payer_alone_is_told_how_the_cards_money_goes_back(
    refund: CardRefund, codes: list[str]
) -> None:
    sources = Sources(returns=[GivenBack(refund, at(30), at(31))])
    moments = [Returned(at(30 + n), code, 15000, "RUB") for n, code in enumerate(codes)]
    assert told(ALICE, sources, Returned) == moments
    assert told(BOB, sources, Returned) == []


def test_a_refund_made_at_the_provider_was_asked_for_there() -> None:
    assert told(BOB, Sources(refunds=[AT_PROVIDER]), Requested)[-1] == Requested(
        at(20), "refund_at_provider"
    )


def test_a_refund_that_the_card_did_not_take_is_told_as_such_by_an_event_of_its_own() -> None:
    failed = replace(AT_PROVIDER, status=RefundStatus.FAILED, failed_at=at(25))
    assert told(BOB, Sources(refunds=[failed]), EventSent)[2:] == [
        EventSent(at(21), "payment_refunded", 3),
        EventSent(at(25), "payment_refund_failed", 4),
    ]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ProviderFault(), "no_answer"),
        (ProviderFault(code="card_declined"), "refused"),
        (ProviderFault(status=402), "refused"),
        (ProviderFault(status=500), "failed"),
    ],
)
def test_a_providers_fault_is_told_by_whether_it_refused_failed_or_said_nothing(
    fault: ProviderFault, code: str
) -> None:
    moment = Faulted(at(5), "stripe", "create", fault)
    assert moment.code == code
    assert told(ALICE, Sources(faults=[moment]), Faulted) == [moment]


@pytest.mark.parametrize(
    ("moment", "english", "russian"),
    [
        (
            Disputed(NOW, "won", 9000, "RUB"),
            "The dispute was won",
            "Спор выигран",
        ),
        (
            Returned(NOW, "returned", 9000, "RUB"),
            "The money went back to the card",
            "Деньги вернулись на карту",
        ),
        (
            Faulted(NOW, "stripe", "create", ProviderFault(status=402)),
            "Provider “stripe”: refused",
            "Провайдер “stripe”: отказ",
        ),
    ],
)
def test_what_became_of_a_card_reads_well_in_both_languages(
    moment: TimelineMoment, english: str, russian: str
) -> None:
    languages: tuple[Language, Language] = ("en", "ru")
    assert [words_of(moment, language) for language in languages] == [english, russian]
