"""Serves banks' webhooks, verified over the raw body.

A credit is booked before it is answered.
"""

from typing import Final

from fastapi import Request

from kit import signatures
from kit.ids import new_id
from kit.refusals import BodyTooLarge, BodyUnreadable, NotFound, ValidationFailed
from kit.web.routes import Router
from kit.web.serving.bodies import aside
from kit.web.signed import documented, read_as
from wallet.refusals import TransactionReused
from wallet.schemas.wallets import BankCreditAnswer, BankCreditRequest
from wallet.service.bank_credits import take_credit
from wallet.wiring import Wired

router = Router(tags=["top-ups"])

BANK: Final = "bank"
SIGNATURE: Final = "bank-signature"
LONGEST_WEBHOOK: Final = 64 * 1024


@router.post(
    "/v1/wallets/webhooks/{provider}",
    access="public",
    operation_id="take_bank_credit",
    summary="Book a credit from a bank's webhook",
    description="Signed over the raw body: `Bank-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of "
    "time.body>`, at most five minutes old. A repeated transaction gets the same answer again.",
    response_model=BankCreditAnswer,
    refusals=(
        signatures.WebhookRefused,
        TransactionReused,
        NotFound,
        BodyUnreadable,
        BodyTooLarge,
        ValidationFailed,
    ),
    max_body_bytes=LONGEST_WEBHOOK,
    openapi_extra=documented(BankCreditRequest),
)
async def take_bank_credit(provider: str, request: Request, wired: Wired) -> BankCreditAnswer:
    """Verify the signature, then read the body and book the credit."""
    if provider != BANK:
        raise NotFound
    secret = wired.settings.bank_secret.get_secret_value()
    try:
        signatures.check_header(request.headers.get(SIGNATURE), wired.database.clock.now())
        body = await request.body()
        signatures.verify(request.headers.get(SIGNATURE), secret, body, wired.database.clock.now())
    except signatures.SignatureRefusedError:
        raise signatures.WebhookRefused from None
    told = await aside(lambda: read_as(BankCreditRequest, body), length=len(body))
    async with wired.database.unit_of_work() as uow:
        done = await take_credit(uow, told.credit(provider, new_id()))
    return BankCreditAnswer(
        transaction_id=done.transaction_id,
        transfer_id=done.transfer_id,
        to="suspense" if done.is_suspense else "wallet",
    )
