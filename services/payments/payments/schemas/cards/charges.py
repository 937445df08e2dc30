"""Shapes charges of cards: where to send the payer, charges for wallets."""

from uuid import UUID

from kit.web.card_pages import NextAction, ReturnUrl
from kit.web.fields import AmountFields
from kit.web.schemas import Model
from payments.domain.cards.charges import Charge, ChargeStatus


class ChargeRequest(AmountFields):
    """A card charge for a wallet; only the wallet service asks for it."""

    charge_id: UUID
    owner_id: UUID
    wallet_id: UUID
    return_url: ReturnUrl


class ChargeAnswer(Model):
    """How a charge stands; `next_action` is null until the provider has answered."""

    charge_id: UUID
    status: ChargeStatus
    next_action: NextAction | None


def next_action(charge: Charge | None) -> NextAction | None:
    """Return what the payer has to do; None where there is nothing to do."""
    if charge is None or charge.action_url is None or not charge.is_open:
        return None
    return NextAction(url=charge.action_url)
