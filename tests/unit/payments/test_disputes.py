from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from payments.domain.cards.disputes import (
    Dispute,
    DisputeNews,
    DisputeOutcome,
    opened,
    summary_of,
    updated,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DISPUTE, CHARGE = UUID(int=1), UUID(int=2)
TOLD = DisputeNews(reference="dp_1", amount_minor=3_000, currency="RUB")
INQUIRY = replace(TOLD, is_warning=True)
WITHDRAWN = replace(TOLD, is_withdrawn=True)
REINSTATED = replace(TOLD, is_reinstated=True)
WON = replace(TOLD, is_closed=True, outcome=DisputeOutcome.WON)
LOST = replace(TOLD, is_closed=True, outcome=DisputeOutcome.LOST)


def after(*news: DisputeNews) -> Dispute:
    dispute = opened(DISPUTE, CHARGE, news[0], NOW)
    for hours, one in enumerate(news[1:], start=1):
        dispute = updated(dispute, one, NOW + timedelta(hours=hours))
    return dispute


def facts(dispute: Dispute) -> tuple[object, ...]:
    return (
        dispute.taken_minor,
        dispute.amount_minor,
        dispute.is_warning,
        dispute.outcome,
        dispute.withdrawn_at is not None,
        dispute.reinstated_at is not None,
        dispute.closed_at is not None,
    )


@pytest.mark.parametrize(
    ("news", "taken", "is_warning", "outcome"),
    [
        ((INQUIRY,), 0, True, None),
        ((INQUIRY, replace(INQUIRY, is_closed=True)), 0, True, None),
        ((TOLD,), 0, False, None),
        ((INQUIRY, TOLD, WITHDRAWN), 3_000, False, None),
        ((INQUIRY, WITHDRAWN), 3_000, False, None),
        ((TOLD, WITHDRAWN, LOST), 3_000, False, DisputeOutcome.LOST),
        ((TOLD, LOST), 3_000, False, DisputeOutcome.LOST),
        ((TOLD, WITHDRAWN, WON), 3_000, False, DisputeOutcome.WON),
        ((TOLD, WITHDRAWN, WON, REINSTATED), 0, False, DisputeOutcome.WON),
        ((TOLD, replace(WITHDRAWN, amount_minor=2_900)), 2_900, False, None),
    ],
)
def test_the_facts_of_a_dispute_add_up_to_the_same_in_any_order(
    news: tuple[DisputeNews, ...], taken: int, *, is_warning: bool, outcome: DisputeOutcome | None
) -> None:
    for order in permutations(news):
        dispute = after(*order)
        assert (dispute.taken_minor, dispute.is_warning) == (taken, is_warning)
        assert dispute.outcome is outcome
        for again in order:
            assert facts(updated(dispute, again, NOW)) == facts(dispute)


def test_each_fact_keeps_the_time_it_was_first_heard() -> None:
    dispute = after(TOLD, WITHDRAWN, WITHDRAWN, REINSTATED)
    assert (dispute.opened_at, dispute.withdrawn_at) == (NOW, NOW + timedelta(hours=1))
    assert dispute.reinstated_at == NOW + timedelta(hours=3)


def at(seconds: int, news: DisputeNews) -> DisputeNews:
    return replace(news, at=NOW.timestamp() + seconds)


@pytest.mark.parametrize(
    ("news", "taken"),
    [
        ((at(1, WITHDRAWN), at(2, REINSTATED)), 0),
        ((at(1, WITHDRAWN), at(2, REINSTATED), at(3, WITHDRAWN)), 3_000),
        ((at(1, WITHDRAWN), at(2, REINSTATED), at(3, WITHDRAWN), at(4, REINSTATED)), 0),
        ((at(1, WITHDRAWN), at(1, REINSTATED)), 0),
        ((at(1, LOST), at(2, REINSTATED)), 0),
        ((at(1, WITHDRAWN), at(2, REINSTATED), at(3, WITHDRAWN), at(4, LOST)), 3_000),
    ],
)
def test_what_is_taken_again_after_it_was_put_back_is_taken_in_whatever_order_it_is_told(
    news: tuple[DisputeNews, ...], taken: int
) -> None:
    for order in permutations(news):
        dispute = after(*order)
        assert dispute.taken_minor == taken
        for again in order:
            assert updated(dispute, again, NOW).taken_minor == taken


class TestSummary:
    def told(self, **more: object) -> Dispute:
        return replace(after(TOLD), told_at=NOW, **more)  # type: ignore[arg-type]

    def test_a_warning_is_no_dispute(self) -> None:
        summary = summary_of([after(INQUIRY)])
        assert (summary.disputed_at, summary.disputed_minor, summary.outcome) == (None, 0, None)

    def test_the_amounts_of_several_are_added(self) -> None:
        summary = summary_of([self.told(), self.told(amount_minor=500)])
        assert (summary.disputed_at, summary.disputed_minor) == (NOW, 3_500)

    def test_what_was_won_is_not_counted_beside_what_is_open_or_lost(self) -> None:
        won = self.told(outcome=DisputeOutcome.WON, closed_at=NOW)
        anew = self.told(amount_minor=10_000)
        lost = self.told(amount_minor=7_000, outcome=DisputeOutcome.LOST, closed_at=NOW)
        undecided = self.told(amount_minor=900, closed_at=NOW)
        assert summary_of([won, anew]).disputed_minor == 10_000
        assert summary_of([won, lost, undecided]).disputed_minor == 7_000
        assert summary_of([won, anew, lost]).disputed_minor == 17_000
        assert summary_of([won, won]).disputed_minor == 6_000
        assert summary_of([won, anew]).disputed_at == NOW

    @pytest.mark.parametrize(
        ("ends", "outcome"),
        [
            ([None], None),
            ([DisputeOutcome.WON], DisputeOutcome.WON),
            ([DisputeOutcome.WON, None], None),
            ([DisputeOutcome.WON, DisputeOutcome.LOST], DisputeOutcome.LOST),
        ],
    )
    def test_the_outcome_is_known_once_all_have_one(
        self, ends: list[DisputeOutcome | None], outcome: DisputeOutcome | None
    ) -> None:
        disputes = [self.told(outcome=one, closed_at=NOW if one else None) for one in ends]
        assert summary_of(disputes).outcome is outcome

    def test_one_that_was_closed_without_a_decision_decides_nothing(self) -> None:
        won = self.told(outcome=DisputeOutcome.WON, closed_at=NOW)
        assert summary_of([self.told(closed_at=NOW), won]).outcome is DisputeOutcome.WON
        assert summary_of([self.told(closed_at=NOW)]).outcome is None
