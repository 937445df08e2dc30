"""Who asks, in which language, and what of a payment they may see."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from kit.refusals import Language
from kit.web.answers import Answer
from kit.web.identity import Caller, Identity
from kit.web.language import CallerLanguage
from payments.domain.payment import Payment
from payments.schemas.charges import NextAction
from payments.schemas.payments import IncomingPayment, OutgoingPayment, shown

OK, CREATED, ACCEPTED = 200, 201, 202


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and in which language."""

    caller: Identity
    language: Language

    @property
    def user_id(self) -> UUID:
        """The user who asks."""
        return self.caller.user

    def sees(
        self, payment: Payment, action: NextAction | None = None
    ) -> OutgoingPayment | IncomingPayment:
        """Return what this user may see of the payment."""
        return shown(payment, self.user_id, self.language, action)

    def answer(self, status: int, payment: Payment) -> Answer:
        """Return the payment as an answer, with its address where there is more to come."""
        where = {} if status == OK else {"Location": f"/v1/payments/{payment.id}"}
        return Answer(status, self.sees(payment), where)


def _viewer(caller: Caller, language: CallerLanguage) -> Viewer:
    return Viewer(caller, language)


Viewing = Annotated[Viewer, Depends(_viewer)]
