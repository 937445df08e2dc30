"""Routes messages to functions."""

from collections.abc import Sequence
from typing import Final

from contracts.auth import (
    ApiKeyInNewPlace,
    ConfirmationLimitsChanged,
    FactorChanged,
    UserChanged,
    UserLocked,
    UserRegistered,
)
from contracts.finance import BudgetReached, ExportFailed, ExportReady
from contracts.notifications import (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import FundsMoved
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.messaging.routes import Routes
from kit.wake_up import WakeUp
from notifications.service.deliveries import announce
from notifications.service.events import notify, remember_people
from notifications.service.mails import order_mails

ORDERS: Final = (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
NEWS: Final = (
    UserLocked,
    ApiKeyInNewPlace,
    FactorChanged,
    ConfirmationLimitsChanged,
    PaymentCreated,
    PaymentPaid,
    PaymentFailed,
    PaymentCancelled,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentDisputed,
    PaymentDisputeClosed,
    FundsMoved,
    ExportReady,
    ExportFailed,
    BudgetReached,
)


def routes(webhooks: WakeUp) -> Routes:
    """Return the routes; new webhooks set the wake-up.

    One function takes all news of a batch at once, however mixed they come.
    """

    async def tell(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await notify(uow, envelopes)
        if await announce(uow, envelopes):
            uow.after_commit(webhooks.set)

    return Routes(
        commands=dict.fromkeys(ORDERS, order_mails),
        events={
            UserRegistered: remember_people,
            UserChanged: remember_people,
            **dict.fromkeys(NEWS, tell),
        },
        # Known by the ids of notices and webhooks, the key of a mail, and versions of people.
        repeatable=frozenset({"events"}),
    )
