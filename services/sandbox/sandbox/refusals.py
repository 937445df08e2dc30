"""Defines every "no" that the sandbox can say, beside those of kit.

Refusal
├── InboxUnknown            404  inbox_unknown
├── VerifierUnknown         404  verifier_unknown
├── CardPaymentUnknown      404  card_payment_unknown
├── CardPaymentNotSucceeded 409  card_payment_not_succeeded
├── CardRefundTooLarge      422  card_refund_too_large
├── CardRefundUnknown       404  card_refund_unknown
├── CardDisputeTooLarge     422  card_dispute_too_large
├── CardDisputeUnknown      404  card_dispute_unknown
├── CardMoveNotPossible     409  card_move_not_possible
├── TooManyCardReversals    409  too_many_card_reversals
├── CardEventsNotYours      401  card_events_not_yours
├── CardKeyReused           409  card_key_reused
├── VerifierDown            502  verifier_down
└── VerifierFailed          503  verifier_failed
"""

from kit.refusals import Refusal


class VerifierUnknown(Refusal):
    """There is no verification service with this name; there are “one” and “two”."""

    code = "verifier_unknown"
    status = 404
    title_en = "Verification service unknown"
    title_ru = "Сервис проверки неизвестен"
    detail_en = "The verification services are called “one” and “two”."
    detail_ru = "Сервисы проверки называются «one» и «two»."


class VerifierFailed(Refusal):
    """A simulated failure; the next attempt may get a verdict."""

    code = "verifier_failed"
    status = 503
    title_en = "Verification failed for now"
    title_ru = "Проверка временно не удалась"
    detail_en = "This failure is simulated. Ask again: the next answer may be a verdict."
    detail_ru = "Этот сбой имитирован. Повторите запрос: следующий ответ может быть вердиктом."


class VerifierDown(Refusal):
    """A simulated outage, as a proxy reports it."""

    code = "verifier_down"
    status = 502
    title_en = "Verification service down"
    title_ru = "Сервис проверки не работает"
    detail_en = "This outage is simulated; it lasts until the service is set to another mode."
    detail_ru = "Этот отказ имитирован; он длится, пока сервису не задан другой режим."


class InboxUnknown(Refusal):
    """The inbox was never used, or was dropped for a newer one or by a restart."""

    code = "inbox_unknown"
    status = 404
    title_en = "Webhook inbox unknown"
    title_ru = "Ящик вебхуков неизвестен"
    detail_en = "Nothing has come into an inbox of this name, or it has been forgotten."
    detail_ru = "В ящик с таким именем ничего не приходило, или он уже забыт."


class CardPaymentUnknown(Refusal):
    """The payment was never created, or is from before a restart."""

    code = "card_payment_unknown"
    status = 404
    title_en = "Card payment unknown"
    title_ru = "Платёж картой неизвестен"
    detail_en = "There is no such payment; the sandbox forgets them all when it is restarted."
    detail_ru = "Такого платежа нет; при перезапуске песочница забывает все платежи."


class CardPaymentNotSucceeded(Refusal):
    """The payment has not succeeded, so there is no money to give back."""

    code = "card_payment_not_succeeded"
    status = 409
    title_en = "Card payment has not succeeded"
    title_ru = "Платёж картой не прошёл"
    detail_en = "Only a payment that succeeded can be refunded or disputed."
    detail_ru = "Вернуть или оспорить можно только прошедший платёж."


class CardRefundTooLarge(Refusal):
    """The refund is larger than what is left, or in another currency."""

    code = "card_refund_too_large"
    status = 422
    title_en = "More than is left of the card payment"
    title_ru = "Больше, чем осталось от платежа картой"
    detail_en = "That much of this currency is not left of the payment."
    detail_ru = "Столько в этой валюте от платежа не осталось."


class CardRefundUnknown(Refusal):
    """The payment has no refund with this id."""

    code = "card_refund_unknown"
    status = 404
    title_en = "Refund unknown"
    title_ru = "Возврат неизвестен"
    detail_en = "This payment has no such refund."
    detail_ru = "У этого платежа нет такого возврата."


class CardDisputeTooLarge(Refusal):
    """The dispute is larger than what can still be disputed."""

    code = "card_dispute_too_large"
    status = 422
    title_en = "More than can be disputed"
    title_ru = "Больше, чем можно оспорить"
    detail_en = "That much of the payment is not left to dispute."
    detail_ru = "Столько от платежа оспорить уже нельзя."


class CardDisputeUnknown(Refusal):
    """The payment has no dispute with this id."""

    code = "card_dispute_unknown"
    status = 404
    title_en = "Dispute unknown"
    title_ru = "Спор неизвестен"
    detail_en = "This payment has no such dispute."
    detail_ru = "У этого платежа нет такого спора."


class CardMoveNotPossible(Refusal):
    """The state of the dispute or refund does not allow this move."""

    code = "card_move_not_possible"
    status = 409
    title_en = "Not possible now"
    title_ru = "Сейчас невозможно"
    detail_en = "The dispute or refund is in a state that does not allow it."
    detail_ru = "Состояние спора или возврата этого не допускает."


class TooManyCardReversals(Refusal):
    """The payment already has as many refunds or disputes as are kept."""

    code = "too_many_card_reversals"
    status = 409
    title_en = "Too much about one payment"
    title_ru = "Слишком много по одному платежу"
    detail_en = "The sandbox keeps 100 refunds and 20 disputes of a payment at most."
    detail_ru = "Песочница хранит не более 100 возвратов и 20 споров по одному платежу."


class CardEventsNotYours(Refusal):
    """The caller does not name the webhooks' secret, and so can't read events."""

    code = "card_events_not_yours"
    status = 401
    title_en = "Not your events"
    title_ru = "Это не ваши события"
    detail_en = "Only the shop may read them: name the secret of its webhooks as bearer token."
    detail_ru = "Их читает только магазин: укажите секрет его вебхуков как bearer-токен."


class CardKeyReused(Refusal):
    """The Idempotency-Key was used before with another body."""

    code = "card_key_reused"
    status = 409
    title_en = "Idempotency-Key used before"
    title_ru = "Idempotency-Key уже использован"
    detail_en = "This Idempotency-Key came before with something else in the body."
    detail_ru = "Этот Idempotency-Key уже приходил с другим телом запроса."
