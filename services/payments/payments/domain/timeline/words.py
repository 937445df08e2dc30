"""Holds the words that people read in a timeline; its codes stay as they are."""

from collections.abc import Mapping
from typing import Final

from kit.refusals import Language
from payments.domain.timeline.story import (
    Disputed,
    Entered,
    EventSent,
    Faulted,
    Requested,
    Returned,
    Stepped,
    TimelineMoment,
    Tried,
)
from payments.domain.tries import TryOutcome

TimelineWords = Mapping[Language, Mapping[str, str]]

REQUESTS: Final[TimelineWords] = {
    "en": {
        "created": "Payment created",
        "pay": "Asked to pay",
        "due": "Its time came",
        "cancel": "Asked to cancel",
        "refund": "Asked for a refund",
        "refund_at_provider": "Refunded at the card's provider",
    },
    "ru": {
        "created": "Платёж создан",
        "pay": "Запрошена оплата",
        "due": "Наступило назначенное время",
        "cancel": "Запрошена отмена",
        "refund": "Запрошен возврат",
        "refund_at_provider": "Возврат у провайдера карты",
    },
}
# Words for steps; one that is not listed is shown by its own name.
STEPS: Final[TimelineWords] = {
    "en": {
        "reserve": "Reserve the money",
        "confirm": "Wait for the payer",
        "check": "Outside checks",
        "charge": "Pay by card",
        "settle": "Move the money",
        "refund": "Give the money back",
    },
    "ru": {
        "reserve": "Резервирование денег",
        "confirm": "Ожидание плательщика",
        "check": "Внешние проверки",
        "charge": "Оплата картой",
        "settle": "Перевод денег",
        "refund": "Возврат денег",
    },
}
STEP_CODES: Final[TimelineWords] = {
    "en": {
        "asked": "asked",
        "asked_again": "asked again",
        "done": "done",
        "refused": "refused",
        "timed_out": "no answer in time",
        "undo_wanted": "called off",
        "undo_asked": "being taken back",
        "undone": "taken back",
        "operator_acted": "an operator stepped in",
    },
    "ru": {
        "asked": "запрошено",
        "asked_again": "запрошено повторно",
        "done": "выполнено",
        "refused": "отказано",
        "timed_out": "нет ответа вовремя",
        "undo_wanted": "отзывается",
        "undo_asked": "отменяется",
        "undone": "отменено",
        "operator_acted": "вмешался оператор",
    },
}
TRIES: Final[TimelineWords] = {
    "en": {
        TryOutcome.OK: "agreed",
        TryOutcome.DENIED: "declined",
        TryOutcome.NO_ANSWER: "did not answer in time",
        TryOutcome.UNREACHABLE: "could not be reached",
        TryOutcome.FAILED: "failed",
        TryOutcome.NO_VERDICT: "gave no verdict",
        TryOutcome.HELD_BACK: "fails too often now and is left alone for a while",
        TryOutcome.GIVEN_UP: "was broken off",
    },
    "ru": {
        TryOutcome.OK: "согласие",
        TryOutcome.DENIED: "отказ",
        TryOutcome.NO_ANSWER: "нет ответа вовремя",
        TryOutcome.UNREACHABLE: "нет связи",
        TryOutcome.FAILED: "сбой",
        TryOutcome.NO_VERDICT: "ответ без решения",
        TryOutcome.HELD_BACK: "слишком частые сбои, запросы на время приостановлены",
        TryOutcome.GIVEN_UP: "запрос прерван",
    },
}
MESSAGES: Final[TimelineWords] = {
    "en": {
        "payment_created": "Told whoever asked for it: created",
        "payment_paid": "Told others: paid",
        "payment_failed": "Told others: declined",
        "payment_cancelled": "Told others: cancelled",
        "payment_refunded": "Told others: refunded",
        "payment_refund_failed": "Told others: the card did not take the refund",
        "payment_disputed": "Told others: disputed",
        "payment_dispute_closed": "Told others: dispute closed",
    },
    "ru": {
        "payment_created": "Сообщено тем, кто просил: создан",
        "payment_paid": "Сообщено: оплачен",
        "payment_failed": "Сообщено: отклонён",
        "payment_cancelled": "Сообщено: отменён",
        "payment_refunded": "Сообщено: возврат",
        "payment_refund_failed": "Сообщено: карта не приняла возврат",
        "payment_disputed": "Сообщено: оспорен",
        "payment_dispute_closed": "Сообщено: спор закрыт",
    },
}
ENTRIES: Final[TimelineWords] = {
    "en": {"debit": "Debited", "credit": "Credited"},
    "ru": {"debit": "Списано", "credit": "Зачислено"},
}
DISPUTES: Final[TimelineWords] = {
    "en": {
        "opened": "Disputed by the card's owner",
        "withdrawn": "The provider took the disputed money",
        "reinstated": "The provider gave the disputed money back",
        "closed": "The dispute was closed",
        "won": "The dispute was won",
        "lost": "The dispute was lost",
    },
    "ru": {
        "opened": "Оспорен владельцем карты",
        "withdrawn": "Провайдер списал оспоренные деньги",
        "reinstated": "Провайдер вернул оспоренные деньги",
        "closed": "Спор закрыт",
        "won": "Спор выигран",
        "lost": "Спор проигран",
    },
}
RETURNS: Final[TimelineWords] = {
    "en": {
        "begun": "The card's money is being given back, as the payment was not paid",
        "made_at_provider": "The card's money is being given back at the provider",
        "returned": "The money went back to the card",
        "refused": "The provider did not give the money back: it lies there, and is looked after",
        "dropped": "Not given back, as it was not there any more",
    },
    "ru": {
        "begun": "Деньги возвращаются на карту, так как платёж не состоялся",
        "made_at_provider": "Деньги возвращаются на карту у провайдера",
        "returned": "Деньги вернулись на карту",
        "refused": "Провайдер не вернул деньги: они лежат у него, ими занимаются",
        "dropped": "Не возвращены: этих денег уже не было",
    },
}
WEBHOOKS: Final[TimelineWords] = {
    "en": {"delivered": "taken", "not_delivered": "not taken"},
    "ru": {"delivered": "принято", "not_delivered": "не принято"},
}
FAULTS: Final[TimelineWords] = {
    "en": {"refused": "refused", "failed": "failed", "no_answer": "no usable answer"},
    "ru": {"refused": "отказ", "failed": "сбой", "no_answer": "нет ответа"},
}
_PROVIDER: Final[Mapping[Language, str]] = {"en": "Provider", "ru": "Провайдер"}
_CHECK: Final[Mapping[Language, str]] = {"en": "Check", "ru": "Проверка"}


def words_of(moment: TimelineMoment, language: Language) -> str:
    """Return what happened, in the caller's language."""
    match moment:
        case Requested(code=code):
            words = REQUESTS[language][code]
        case Stepped(code=code, step=step):
            words = f"{STEPS[language].get(step, step)}: {STEP_CODES[language][code]}"
        case Tried(made=made):
            words = f"{_CHECK[language]} “{made.verifier}”: {TRIES[language][made.outcome]}"
        case EventSent(code=code):
            words = MESSAGES[language][code]
        case Entered(code=code):
            words = ENTRIES[language][code]
        case Disputed(code=code):
            words = DISPUTES[language][code]
        case Returned(code=code):
            words = RETURNS[language][code]
        case Faulted(code=code):
            words = f"{_PROVIDER[language]} “{moment.provider}”: {FAULTS[language][code]}"
        case _:
            words = f"{moment.type} → {moment.endpoint_host}: {WEBHOOKS[language][moment.code]}"
    return words
