"""Says which function handles which message."""

from collections.abc import Sequence

from contracts.payments import CardPageOpened, PaymentNotTaken, PaymentReturned, PaymentTaken
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.saga import SagaEngine
from shop.service.replies import take


def routes(engine: SagaEngine) -> Routes:
    """Return the routes: what payments answers goes to the order sagas."""

    async def about_orders(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await take(uow, engine, envelopes)

    return Routes(
        replies=dict.fromkeys(
            (PaymentTaken, PaymentNotTaken, CardPageOpened, PaymentReturned), about_orders
        )
    )
