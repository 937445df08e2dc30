"""Serves quotes: says whether a payment would be paid or refused; stores nothing."""

from contracts.cards import CardRefused
from kit.money import Money, decimal_text
from kit.refusals import Refusal
from kit.scopes import KeyBounded
from kit.step_up import WithoutStepUp
from kit.tasks import together
from kit.web.routes import Router
from payments.api.bounds import require_order, spared
from payments.api.cards.by_card import contact_of
from payments.api.viewer import Viewing
from payments.clients.parties import find_parties
from payments.domain.creation import PaymentOrder
from payments.domain.limits import Day, Limit
from payments.domain.parties import Parties, Person, WalletFunds
from payments.domain.payment import Method
from payments.domain.quotes import amount_of, count_planned, failure_of, refusal_of
from payments.domain.reasons import reason_label
from payments.refusals import WalletNotFound
from payments.repository import Limits
from payments.schemas.creation import LONGEST_PAYMENT, PaymentRequest
from payments.schemas.quotes import QuoteAnswer, QuotedPayee
from payments.wiring import Wired, Wiring

router = Router(tags=["payments"], scope="payments")


def _refusal_of_card(wired: Wiring, amount: Money, body: PaymentRequest) -> Refusal | None:
    try:
        wired.charge_worker.provider.check_contact(contact_of(body))
        wired.charge_worker.provider.check_charge(amount)
    except CardRefused as refusal:
        return refusal
    return None


@router.post(
    "/v1/payments/quote",
    access="user",
    operation_id="quote_payment",
    scope="payments:read",  # it moves nothing
    summary="Quote a payment: would it be paid, or refused",
    description="Takes the same body as creating a payment. Answers 200 also where the payment "
    "would be refused or fail. With `execute_at` the limits of that day apply, with what is "
    "scheduled on it before; wallets are judged by what they hold now.",
    max_body_bytes=LONGEST_PAYMENT,
    refusals=(WalletNotFound, KeyBounded),
)
async def quote_payment(viewer: Viewing, body: PaymentRequest, wired: Wired) -> QuoteAnswer:
    """Ask every service that paying would ask, and decide as paying would."""
    order = body.order(viewer.user_id)
    require_order(viewer.caller, order)
    parties = await find_parties(wired.database, wired.known_parties, wired.services, order)
    amount = amount_of(order, parties)
    spares = spared(viewer.caller, body.method, wired)
    refusal = await _refusal(wired, order, parties, amount, spares)
    if refusal is None and amount is not None and body.method is Method.CARD:
        refusal = _refusal_of_card(wired, amount, body)
    code = detail = after = None
    if refusal is not None:
        code, detail = refusal.code, refusal.detail(viewer.language)
    elif amount is not None:
        is_by_card = body.method is Method.CARD
        payer, payee = await together(
            _nobody() if is_by_card else _funds_of_payer(wired, order, amount),
            _funds_of_payee(wired, order, parties, amount),
        )
        code = failure_of(amount, payer, payee)
        detail = reason_label(code, viewer.language)
        if code is None and payer is not None:
            after = decimal_text(payer.available_minor - amount.minor, amount.currency)
    currency = body.currency if amount is None else amount.currency
    return QuoteAnswer(
        would="pay" if code is None else "refuse",
        code=code,
        detail=detail,
        amount=None if amount is None else amount.decimal,
        fee=decimal_text(0, currency),
        currency=currency,
        payee=_quoted(parties.payee),
        is_checked=amount is not None
        and wired.settings.policies.checks.asks_about(
            amount, is_to_paid_service=parties.paid_service is not None
        ),
        available_after=after,
    )


async def _refusal(
    wired: Wiring,
    order: PaymentOrder,
    parties: Parties,
    amount: Money | None,
    spares: WithoutStepUp,
) -> Refusal | None:
    """Judge by the day it would be paid on, counting what is scheduled before it."""
    now = wired.database.clock.now()
    at = order.execute_at or now
    limit, planned = Limit(), list[Money]()
    async with wired.database.read() as connection:
        limits = Limits(connection)
        own = await limits.own(order.payer_id)
        day = Day(await limits.spent(order.payer_id, at.date()))
        if amount is not None:
            in_force = wired.settings.policies.limits.in_force
            limit = in_force(amount.currency, own.get(amount.currency))
        if amount is not None and order.execute_at is not None and limit.per_day is not None:
            planned = await limits.planned(order.payer_id, amount.currency, order.execute_at)
    count_planned(day, limit, planned)
    return refusal_of(order, parties, limit, day, now, spares)


async def _nobody() -> None:
    return None


async def _funds_of_payer(wired: Wiring, order: PaymentOrder, amount: Money) -> WalletFunds:
    return await wired.services.funds(order.payer_id, amount.currency, order.from_wallet_id)


async def _funds_of_payee(
    wired: Wiring, order: PaymentOrder, parties: Parties, amount: Money
) -> WalletFunds:
    payee, paid_service = parties.payee, parties.paid_service
    assert payee is not None, "an unknown payee was refused before"  # noqa: S101
    wallet_id = order.payee.wallet_id if paid_service is None else paid_service.account_id
    return await wired.services.funds(payee.user_id, amount.currency, wallet_id)


def _quoted(payee: Person | None) -> QuotedPayee | None:
    return None if payee is None else QuotedPayee(user_id=payee.user_id, username=payee.username)
