"""What would become of a payment: the refusals as an answer, and nothing is stored."""

from kit.money import decimal_text
from kit.web.routes import Router
from payments.api.viewing import Viewing
from payments.domain.quotes import failure_of, refusal_of
from payments.domain.reasons import reason_label
from payments.parties import find_parties
from payments.repository import Limits
from payments.schemas.payments import PaymentRequest
from payments.schemas.quotes import QuoteAnswer, QuotedPayee
from payments.wiring import Wired

router = Router(tags=["payments"])


@router.post(
    "/v1/payments/quote",
    access="user",
    operation_id="quote_payment",
    summary="What would become of a payment",
    description="Takes what creating one does. Answers 200 also where it would be refused or fail.",
)
async def quote_payment(viewer: Viewing, body: PaymentRequest, wired: Wired) -> QuoteAnswer:
    """Ask everybody whom a payment would ask, and decide as it would be decided."""
    order, amount = body.order(viewer.user_id), body.money
    parties = await find_parties(wired.known_parties, wired.neighbours, order)
    now = wired.database.clock.now()
    async with wired.database.read() as connection:
        limits = Limits(connection)
        own = await limits.own(viewer.user_id)
        spent = await limits.spent(viewer.user_id, now.date())
    policies = wired.settings.policies
    limit = policies.limits.in_force(amount.currency, own.get(amount.currency))
    refusal = refusal_of(order, parties, limit, spent, now)
    code = detail = after = None
    if refusal is not None:
        code, detail = refusal.code, refusal.detail(viewer.language)
    else:
        purse = await wired.neighbours.purse(viewer.user_id, amount.currency, order.from_wallet_id)
        code = failure_of(order, purse)
        detail = reason_label(code, viewer.language)
        if code is None:
            after = decimal_text(purse.available_minor - amount.minor, amount.currency)
    payee = parties.payee
    return QuoteAnswer(
        would="pay" if code is None else "refuse",
        code=code,
        detail=detail,
        amount=amount.decimal,
        fee=decimal_text(0, amount.currency),
        currency=amount.currency,
        payee=None
        if payee is None
        else QuotedPayee(user_id=payee.user_id, username=payee.username),
        is_checked=policies.checks.asks_about(amount),
        available_after=after,
    )
