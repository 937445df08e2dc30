"""Says who asks, in which language, and what of a payment they may see."""

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from msgspec import Struct
from pydantic import BaseModel

from kit.http import LOCATION
from kit.refusals import Language
from kit.waiters import Places, in_time
from kit.web.answers import Answer
from kit.web.card_pages import NextAction
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from kit.web.prefer import preference_applied
from payments.domain.lifecycle import visible_to
from payments.domain.payment import Payment
from payments.refusals import PaymentNotFound
from payments.schemas.payments import IncomingPayment, OutgoingPayment, shown

OK, CREATED, ACCEPTED = 200, 201, 202


class Viewer(Struct, frozen=True):
    """A user who asks, and the language they read."""

    caller: Identity
    language: Language

    @property
    def user_id(self) -> UUID:
        """The user who asks."""
        return self.caller.user

    def may_see(self, payment: Payment | None) -> Payment:
        """Return a payment to its payer, its payee and administrators.

        Raises:
            PaymentNotFound: it does not exist, is others', or is outside the key's bounds.
        """
        if payment is not None and self.oversees(payment):
            return payment
        seen = visible_to(payment, self.user_id)
        if not self.caller.may_use(seen.account_of(self.user_id)):
            raise PaymentNotFound
        return seen

    def oversees(self, payment: Payment) -> bool:
        """Tell whether an administrator looks at a payment between others."""
        return self.caller.is_admin and not payment.is_between(self.user_id)

    def as_whom(self, payment: Payment) -> UUID:
        """Return whose view is shown: an administrator sees what the payer sees."""
        return payment.payer_id if self.oversees(payment) else self.user_id

    def sees(
        self, payment: Payment, action: NextAction | None = None
    ) -> OutgoingPayment | IncomingPayment:
        """Return what this user may see of the payment."""
        return shown(payment, self.as_whom(payment), self.language, action)

    def answer(self, status: int, payment: Payment) -> Answer:
        """Return the payment as an answer, with its address unless the status is 200.

        It is shown when it is sent or stored: how it ended may be told instead.
        """
        where = {} if status == OK else {LOCATION: f"/v1/payments/{payment.id}"}
        return Answer(status, partial(self.sees, payment), where)


def _viewer(caller: Caller, language: CallerLanguage) -> Viewer:
    return Viewer(caller, language)


Viewing = Annotated[Viewer, Depends(_viewer)]


class PaymentNamed(BaseModel):
    """Names which payment an answer is about."""

    id: UUID


class Patience(Struct, frozen=True):
    """How long a caller would wait, and the places for callers who wait."""

    seconds: float
    places: Places


async def answer_in_time(
    accepted: Answer,
    news: asyncio.Future[Payment],
    patience: Patience,
    viewer: Viewer,
    *,
    status: int,
) -> Answer:
    """Return the payment under this status if its news comes in time.

    Else return the answer as accepted. No unit of work is open here and no connection is held.
    A caller who has as many requests waiting as one person may is answered at once.
    """
    with patience.places.place(viewer.user_id) as is_free:
        if not is_free:
            return accepted
        return await _answer_in_time(accepted, news, patience.seconds, viewer, status=status)


async def _answer_in_time(
    accepted: Answer, news: asyncio.Future[Payment], wait: float, viewer: Viewer, *, status: int
) -> Answer:
    headers = {**accepted.own_headers, **preference_applied(wait)}
    payment = await in_time(news, wait)
    if payment is None:
        return Answer(accepted.status_code, body=accepted.body, headers=headers)
    if status == OK:
        del headers[LOCATION]
    return Answer(status, viewer.sees(payment), headers)
