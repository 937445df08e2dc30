"""Serves charges of cards that top up wallets; only the wallet service may ask.

The gateway does not route these paths.
"""

from contracts.cards import CARD_REFUSALS
from kit.web.answers import Answer
from kit.web.routes import Router
from payments.api.viewer import ACCEPTED
from payments.domain.cards.charges import CHARGE_DEADLINE, Charge
from payments.refusals import ChargeNotFound
from payments.schemas.cards.charges import ChargeAnswer, ChargeRequest, next_action
from payments.service.cards.charges import request_charge
from payments.wiring import Wired

router = Router(tags=["internal"])


@router.post(
    "/internal/charges",
    access="service",
    operation_id="charge_for_wallet",
    summary="Charge a card to top a wallet up",
    description="Asking twice with the same `charge_id` makes one charge. Once it has succeeded, "
    "wallet is asked to move the amount from the provider's clearing account.",
    status_code=ACCEPTED,
    response_model=ChargeAnswer,
    refusals=(ChargeNotFound, *CARD_REFUSALS.values()),
)
async def charge_for_wallet(body: ChargeRequest, wired: Wired) -> Answer:
    """Store the charge, then ask the provider."""
    charge = Charge(
        id=body.charge_id,
        owner_id=body.owner_id,
        account_id=body.wallet_id,
        provider=wired.charge_worker.provider.name,
        amount_minor=body.money.minor,
        currency=body.currency,
        description="Saldo",
        return_url=body.return_url,
        expires_at=wired.database.clock.now() + CHARGE_DEADLINE,
    )
    wired.charge_worker.provider.check_charge(body.money)
    wired.charge_worker.provider.check_contact(None)
    async with wired.database.unit_of_work() as uow:
        await request_charge(uow, charge, wired.settings.most_open_charges)
    begun = await wired.charge_worker.begin(body.charge_id)
    if begun is None or not _is_as_asked(begun, body):
        raise ChargeNotFound
    answer = ChargeAnswer(charge_id=begun.id, status=begun.status, next_action=next_action(begun))
    return Answer(ACCEPTED, answer)


def _is_as_asked(charge: Charge, body: ChargeRequest) -> bool:
    """Tell whether the stored charge is the one asked for, not another of the same id."""
    whose = (charge.owner_id, charge.account_id) == (body.owner_id, body.wallet_id)
    return whose and (charge.amount_minor, charge.currency) == (body.money.minor, body.currency)
