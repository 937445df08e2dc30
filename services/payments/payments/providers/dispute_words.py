"""How Stripe, and the sandbox after it, tell of disputes: kinds of events, and statuses."""

from typing import Final

from payments.domain.disputes import DisputeNews, DisputeOutcome
from payments.providers.asking import told

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
    """Return what an event tells in our words; what happened is the last part of its kind."""
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
        reason=told(reason),
        at=at,
    )
