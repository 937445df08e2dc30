"""Serves webhooks from the card provider: checks, stores and answers them."""

from typing import Final

from fastapi import Request

from kit.refusals import (
    BodyTooLarge,
    BodyUnreadable,
    FieldFault,
    NotFound,
    TooManyRequests,
    ValidationFailed,
)
from kit.signatures import WebhookRefused
from kit.web.routes import Router
from kit.web.serving.bodies import aside, parse_json
from payments.providers import WebhookRefusedError, WebhookUnreadableError
from payments.schemas.cards.webhooks import Received
from payments.wiring import Wired

router = Router(tags=["webhooks"])

LONGEST_WEBHOOK: Final = 256 * 1024
_RAW: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "As the provider documents it."},
                "example": {
                    "id": "evt_1",
                    "type": "payment.succeeded",
                    "payment": {"id": "card_1", "status": "succeeded"},
                },
            }
        },
    }
}
_UNREADABLE: Final = FieldFault(
    pointer="",
    code="malformed",
    detail_en="Not a webhook of this provider.",
    detail_ru="Это не уведомление этого провайдера.",
)


@router.post(
    "/v1/payments/webhooks/{provider}",
    access="public",
    operation_id="hear_provider",
    summary="Receive a webhook of the card provider",
    description="The provider signs the raw body; a signature is good for five minutes. From a "
    "provider that does not sign, at most 50 a second are read; it sends the others again. An event"
    " that came before is answered 200 and changes nothing; an event about a charge that is not "
    "known yet is kept until it is.",
    response_model=Received,
    refusals=(
        WebhookRefused,
        NotFound,
        BodyUnreadable,
        BodyTooLarge,
        ValidationFailed,
        TooManyRequests,
    ),
    max_body_bytes=LONGEST_WEBHOOK,
    openapi_extra=_RAW,
)
async def receive_webhook(provider: str, request: Request, wired: Wired) -> Received:
    """Check the signature over the raw bytes; call nobody before answering."""
    chosen = wired.charge_worker.provider
    if provider != chosen.name:
        raise NotFound
    try:
        chosen.check_webhook(request.headers, wired.database.clock.now())
        body = await request.body()
        notice = await aside(
            lambda: chosen.read_webhook(request.headers, body, wired.database.clock.now()),
            length=len(body),
        )
    except WebhookRefusedError:
        raise WebhookRefused from None
    except WebhookUnreadableError:
        await aside(lambda: parse_json(body), length=len(body))
        raise ValidationFailed(errors=(_UNREADABLE,)) from None
    if notice is not None and not notice.is_believed:
        wired.hints.take(wired.database.clock.now())
    if notice is not None:
        await wired.provider_events.keep(notice)
    return Received()
