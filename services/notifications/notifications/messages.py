"""Which message is handled by which function."""

from typing import Final

from contracts.auth import UserChanged, UserRegistered
from contracts.notifications import SendActivation, SendAlreadyRegistered, SendPasswordReset
from contracts.payments import PaymentCancelled, PaymentFailed, PaymentPaid
from contracts.wallet import FundsMoved
from kit.messaging.routes import Routes
from notifications.service.hearing import hear, remember_people
from notifications.service.ordering import order_mails

ROUTES: Final = Routes(
    commands={
        SendActivation: order_mails,
        SendAlreadyRegistered: order_mails,
        SendPasswordReset: order_mails,
    },
    events={
        UserRegistered: remember_people,
        UserChanged: remember_people,
        PaymentPaid: hear,
        PaymentFailed: hear,
        PaymentCancelled: hear,
        FundsMoved: hear,
    },
)
