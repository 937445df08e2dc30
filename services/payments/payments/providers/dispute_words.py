"""Reads kinds and statuses of disputes in the words of Stripe and the sandbox."""

from typing import Final

from payments.domain.cards.disputes import DisputeNews, DisputeOutcome
from payments.providers.calls import one_line

_OUTCOMES: Final = {"won": DisputeOutcome.WON, "lost": DisputeOutcome.LOST}


def dispute_news(  # noqa: PLR0913 (one parameter for each thing that an event tells)
    kind: str,
    *,
    reference: str,
    minor: int,
    currency: str,
    status: str,
    reason: str | None,
    at: float | None,
) -> DisputeNews:
    """Return a dispute event in our words; its kind's last part says what happened."""
    happened = kind.rpartition(".")[2]
    outcome = _OUTCOMES.get(status)
    return DisputeNews(
        reference=reference,
        amount_minor=minor,
        currency=currency,
        is_warning=status.startswith("warning_"),
        is_withdrawn=happened == "funds_withdrawn",
        is_reinstated=happened == "funds_reinstated",
        is_closed=happened == "closed" or outcome is not None,
        outcome=outcome,
        reason=one_line(reason),
        at=at,
    )
