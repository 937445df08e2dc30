"""Routes messages to functions."""

from collections.abc import Sequence

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


def routes(webhooks: WakeUp) -> Routes:
    """Return the routes; new webhooks set the wake-up."""

    async def send(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        if await announce(uow, envelopes):
            uow.after_commit(webhooks.set)

    async def notify_and_send(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        await notify(uow, envelopes)
        await send(uow, envelopes)

    return Routes(
        commands={
            SendActivation: order_mails,
            SendAlreadyRegistered: order_mails,
            SendEmailChange: order_mails,
            SendPasswordReset: order_mails,
            SendSecurityNotice: order_mails,
        },
        events={
            UserRegistered: remember_people,
            UserChanged: remember_people,
            UserLocked: notify,
            ApiKeyInNewPlace: notify,
            FactorChanged: notify,
            ConfirmationLimitsChanged: notify,
            PaymentCreated: send,
            PaymentPaid: notify_and_send,
            PaymentFailed: notify_and_send,
            PaymentCancelled: notify_and_send,
            PaymentRefunded: notify_and_send,
            PaymentRefundFailed: notify_and_send,
            PaymentDisputed: notify_and_send,
            PaymentDisputeClosed: notify_and_send,
            FundsMoved: notify_and_send,
            ExportReady: notify,
            ExportFailed: notify,
            BudgetReached: notify,
        },
    )
