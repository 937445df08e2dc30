"""Defines every "no" that notifications can say, beside those of kit.

Refusal
├── NoticeNotFound           404  notice_not_found
├── MutedAddressNotFound     404  muted_address_not_found
├── WebhookEndpointNotFound  404  webhook_endpoint_not_found
├── WebhookDeliveryNotFound  404  webhook_delivery_not_found
├── WebhookEndpointOff       409  webhook_endpoint_off
├── TooManyWebhookEndpoints  409  too_many_webhook_endpoints
├── TooManyWaitingDeliveries 409  too_many_waiting_deliveries
├── WebhookSpanTooLarge      422  webhook_span_too_large
└── WebhookUrlRefused        422  webhook_url_refused
"""

from kit.refusals import FieldFault, Refusal
from notifications.domain.webhook_urls import UrlFault


class NoticeNotFound(Refusal):
    """The notice does not exist or is somebody else's; the answer is the same."""

    code = "notice_not_found"
    status = 404
    title_en = "Notice not found"
    title_ru = "Уведомление не найдено"
    detail_en = "There is no such notice among yours."
    detail_ru = "Среди ваших уведомлений такого нет."


class MutedAddressNotFound(Refusal):
    """No address of this person is muted."""

    code = "muted_address_not_found"
    status = 404
    title_en = "No muted address"
    title_ru = "Нет отключённого адреса"
    detail_en = "No address of this person is muted."
    detail_ru = "Ни один адрес этого человека не отключён."


class WebhookEndpointNotFound(Refusal):
    """The endpoint does not exist or is somebody else's; the answer is the same."""

    code = "webhook_endpoint_not_found"
    status = 404
    title_en = "Webhook endpoint not found"
    title_ru = "Адрес вебхуков не найден"
    detail_en = "There is no such webhook endpoint among yours."
    detail_ru = "Среди ваших адресов вебхуков такого нет."


class WebhookDeliveryNotFound(Refusal):
    """There is no such delivery to this endpoint, or it is no longer kept."""

    code = "webhook_delivery_not_found"
    status = 404
    title_en = "Webhook delivery not found"
    title_ru = "Доставка вебхука не найдена"
    detail_en = "Nothing was sent to this endpoint under this id, or it is no longer kept."
    detail_ru = "На этот адрес с таким идентификатором ничего не отправлялось, или уже не хранится."


class WebhookEndpointOff(Refusal):
    """Nothing can be sent to an endpoint that is off."""

    code = "webhook_endpoint_off"
    status = 409
    title_en = "Webhook endpoint is off"
    title_ru = "Адрес вебхуков выключен"
    detail_en = "Switch the endpoint on first: nothing is sent to it while it is off."
    detail_ru = "Сначала включите адрес: пока он выключен, на него ничего не отправляется."


class TooManyWebhookEndpoints(Refusal):
    """The user already has as many endpoints as are allowed."""

    code = "too_many_webhook_endpoints"
    status = 409
    title_en = "Too many webhook endpoints"
    title_ru = "Слишком много адресов вебхуков"
    detail_en = "You may have at most {most} webhook endpoints; delete one first."
    detail_ru = "Можно иметь не более {most} адресов вебхуков; сначала удалите один."


class TooManyWaitingDeliveries(Refusal):
    """Too many deliveries already wait for this endpoint."""

    code = "too_many_waiting_deliveries"
    status = 409
    title_en = "Too much waits for the endpoint"
    title_ru = "Адрес ждёт слишком много"
    detail_en = (
        "At most {most} deliveries may wait to be sent to an endpoint; wait until some have gone."
    )
    detail_ru = (
        "Отправки на один адрес могут ждать не более {most} доставок; дождитесь, пока уйдёт часть."
    )


class WebhookSpanTooLarge(Refusal):
    """The span has more deliveries than can be replayed at once; none is replayed."""

    code = "webhook_span_too_large"
    status = 422
    title_en = "Span too large"
    title_ru = "Промежуток слишком велик"
    detail_en = "More than {most} deliveries lie in this span; replay it in parts."
    detail_ru = "В этом промежутке более {most} доставок; повторите их по частям."


class WebhookUrlRefused(Refusal):
    """Webhooks may not go to this URL; `errors` says why by a stable code."""

    code = "webhook_url_refused"
    status = 422
    title_en = "Webhook URL not accepted"
    title_ru = "URL вебхука не принят"
    detail_en = "Webhooks can't be sent to this URL; “errors” says why."
    detail_ru = "На этот URL вебхуки отправлять нельзя; в «errors» указано, почему."

    def __init__(self, fault: UrlFault = UrlFault.MALFORMED) -> None:
        en, ru = _URL_FAULTS[fault]
        super().__init__(errors=(FieldFault("/url", fault.value, en, ru),))


_URL_FAULTS = {
    UrlFault.MALFORMED: (
        "Write an absolute https URL in ASCII, its host a name or a plain IP address.",
        "Запишите абсолютный URL https в ASCII; узел — имя или обычный IP-адрес.",
    ),
    UrlFault.CREDENTIALS: (
        "Must not hold a user name or password.",
        "Не должен содержать имени пользователя и пароля.",
    ),
    UrlFault.HTTPS_REQUIRED: ("Must be https.", "Должен быть https."),
    UrlFault.PORT: (
        "This port is not allowed; use 443 or 8443.",
        "Этот порт не разрешён; используйте 443 или 8443.",
    ),
    UrlFault.NOT_PUBLIC: (
        "The host's addresses must all be public.",
        "Все адреса узла должны быть публичными.",
    ),
    UrlFault.NOT_FOUND: (
        "The host's name can't be resolved.",
        "Имя узла не удаётся разрешить в адрес.",
    ),
}
