"""Hands the answers of payments to the sagas of shop, as replies or as news."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from contracts.payments import PaymentNotTaken, PaymentTaken
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.saga import SagaEngine, Signalled, shared_replies
from shop.repository import Orders
from shop.sagas.order import CARD


async def take(
    uow: UnitOfWork, envelopes: Sequence[Envelope], *, orders: SagaEngine, refunds: SagaEngine
) -> None:
    """Advance sagas by the answers to what they asked for, then by the news of cards.

    The answer to a card's payment comes when its page opens; how the page ended is news. A card
    that was not charged may have had no page: then that is the answer, and the news say nothing.
    """
    news = list(_news_of_cards(envelopes))
    if news:  # all at once, as orders are locked before sagas
        await Orders(uow).lock_paid_by([UUID(envelope.subject) for envelope in envelopes])
    replies = [envelope for envelope in envelopes if not _is_charged_card(envelope)]
    if replies:
        await shared_replies(orders, refunds)(uow, replies)
    if news:
        await orders.apply(uow, news)


def _is_charged_card(envelope: Envelope) -> bool:
    answer = envelope.message
    return isinstance(answer, PaymentTaken) and answer.method == "card"


def _news_of_cards(
    envelopes: Iterable[Envelope],
) -> Iterator[tuple[UUID, Signalled, Envelope]]:
    for envelope in envelopes:
        match envelope.message:
            case PaymentTaken(method="card"):
                yield UUID(envelope.subject), Signalled(CARD, None, {}), envelope
            case PaymentNotTaken(method="card", code=code):
                yield UUID(envelope.subject), Signalled(CARD, code, {}), envelope
