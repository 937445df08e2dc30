"""What would become of a payment: the refusals as an answer, and nothing is stored."""

from contracts.cards import CardRefused
from kit.money import Money, decimal_text
from kit.refusals import Refusal
from kit.web.routes import Router
from payments.api.by_card import contact_of
from payments.api.viewing import Viewing
from payments.domain.limits import Limit
from payments.domain.payment import Method
from payments.domain.quotes import amount_of, failure_of, refusal_of
from payments.domain.reasons import reason_label
from payments.parties import find_parties
from payments.repository import Limits
from payments.schemas.payments import PaymentRequest
from payments.schemas.quotes import QuoteAnswer, QuotedPayee
from payments.wiring import Wired, Wiring

router = Router(tags=["payments"])


def _refusal_of_card(wired: Wiring, amount: Money, body: PaymentRequest) -> Refusal | None:
    try:
        wired.charging.provider.check_contact(contact_of(body))
        wired.charging.provider.check_charge(amount)
    except CardRefused as refusal:
        return refusal
    return None


@router.post(
    "/v1/payments/quote",
    access="user",
    operation_id="quote_payment",
    summary="What would become of a payment",
    description="Takes what creating one does. Answers 200 also where it would be refused or fail.",
)
async def quote_payment(viewer: Viewing, body: PaymentRequest, wired: Wired) -> QuoteAnswer:
    """Ask everybody whom a payment would ask, and decide as it would be decided."""
    order = body.order(viewer.user_id)
    parties = await find_parties(wired.database, wired.known_parties, wired.neighbours, order)
    amount = amount_of(order, parties)
    now = wired.database.clock.now()
    async with wired.database.read() as connection:
        limits = Limits(connection)
        own = await limits.own(viewer.user_id)
        spent = await limits.spent(viewer.user_id, now.date())
    policies = wired.settings.policies
    limit = Limit()
    if amount is not None:
        limit = policies.limits.in_force(amount.currency, own.get(amount.currency))
    refusal = refusal_of(order, parties, limit, spent, now)
    code = detail = after = None
    if refusal is not None:
        code, detail = refusal.code, refusal.detail(viewer.language)
    elif amount is not None and body.method is Method.CARD:
        refusal = _refusal_of_card(wired, amount, body)
        if refusal is not None:
            code, detail = refusal.code, refusal.detail(viewer.language)
    elif amount is not None:
        purse = await wired.neighbours.purse(viewer.user_id, amount.currency, order.from_wallet_id)
        code = failure_of(amount, purse)
        detail = reason_label(code, viewer.language)
        if code is None:
            after = decimal_text(purse.available_minor - amount.minor, amount.currency)
    payee = parties.payee
    return QuoteAnswer(
        would="pay" if code is None else "refuse",
        code=code,
        detail=detail,
        amount=None if amount is None else amount.decimal,
        fee=decimal_text(0, body.currency if amount is None else amount.currency),
        currency=body.currency if amount is None else amount.currency,
        payee=None
        if payee is None
        else QuotedPayee(user_id=payee.user_id, username=payee.username),
        is_checked=amount is not None
        and policies.checks.asks_about(amount, is_to_biller=parties.biller is not None),
        available_after=after,
    )
