"""Paying by card as requests ask for it: which card page, and what the payer has to do next."""

from uuid import UUID

from kit.web.answers import Answer
from payments.domain.payment import Method
from payments.schemas.cards.charges import HowPaid, next_action
from payments.schemas.payments import OutgoingPayment
from payments.service.cards.charges import Card
from payments.wiring import Wiring


def card_of(body: HowPaid, wired: Wiring) -> Card | None:
    """Return where the card is to be charged that a request asks for, None from the wallet."""
    if body.method is not Method.CARD or body.return_url is None:
        return None
    provider = wired.charge_worker.provider
    contact = contact_of(body)
    provider.check_contact(contact)
    most = wired.settings.most_open_charges
    return Card(provider.name, body.return_url, provider.check_charge, most, contact)


def contact_of(body: HowPaid) -> dict[str, str] | None:
    """Return where the receipt is to go, None where nobody says."""
    named = body.receipt_contact
    return None if named is None else named.model_dump(exclude_none=True)


async def with_next_action(accepted: Answer, payment_id: UUID, wired: Wiring) -> Answer:
    """Ask the provider, now that the wish is stored, and say where the payer is to go.

    A repeated answer says it, too: what is kept under an Idempotency-Key was written before.
    """
    charge = await wired.charge_worker.begin(payment_id)
    seen = accepted.says(OutgoingPayment)
    told = seen.model_copy(update={"next_action": next_action(charge)})
    return Answer(accepted.status_code, told, accepted.own_headers)
