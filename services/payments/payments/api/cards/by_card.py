"""Turns a request to pay by card into a charge, and says what the payer does next."""

from uuid import UUID

from kit.web.answers import Answer
from payments.domain.payment import Method
from payments.schemas.cards.charges import next_action
from payments.schemas.payments import HowPaid
from payments.service.cards.charges import Card
from payments.wiring import Wiring


def card_of(body: HowPaid, wired: Wiring) -> Card | None:
    """Return the card charge that a request asks for; None where the wallet pays.

    Raises:
        CardRefused: the provider does not take this charge without a receipt contact.
    """
    if body.method is not Method.CARD or body.return_url is None:
        return None
    return wired.card_desk.card(body.return_url, contact_of(body))


def contact_of(body: HowPaid) -> dict[str, str] | None:
    """Return where the receipt is to be sent; None where the request does not say."""
    named = body.receipt_contact
    return None if named is None else named.model_dump(exclude_none=True)


async def with_next_action(accepted: Answer, payment_id: UUID, wired: Wiring) -> Answer:
    """Ask the provider for the card page, and add its address to the answer.

    The charge is stored before. A repeated answer gets the address too: the answer kept under
    an Idempotency-Key was written before there was one.
    """
    charge = await wired.charge_worker.begin(payment_id)
    return accepted.with_fields(next_action=next_action(charge))
