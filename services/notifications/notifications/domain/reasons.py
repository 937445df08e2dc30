"""Holds the texts of reasons why a payment failed, was cancelled or disputed.

The first two are for the payer, with payments' codes; the last is for the payee, with the card
providers' codes.
"""

from collections.abc import Mapping
from typing import Final

from kit.refusals import Language

# A code that is not listed adds no sentence to the news.
REASONS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "insufficient_funds": "There is not enough money in your wallet.",
        "wallet_frozen": "Your wallet is frozen.",
        "wallet_not_found": "The wallet does not exist.",
        "currency_mismatch": "The wallet has another currency.",
        "same_account": "It would have gone into the same wallet.",
        "balance_limit": "The payee's wallet cannot hold that much more.",
        "wallet_unavailable": "The wallet did not answer in time.",
        "check_denied": "An outside check declined it.",
        "check_unavailable": "An outside check did not answer in time.",
        "card_declined": "Your card was declined.",
        "card_timed_out": "Your card was not entered in time.",
        "card_abandoned": "You left the card page.",
        "card_unavailable": "The card provider did not take the payment.",
        "card_refund_refused": "The card provider did not give the money back.",
        "card_refund_failed": "The card did not take the money back.",
        "payment_disputed": "The card's owner has disputed the payment.",
        "cancelled_by_payer": "You cancelled it.",
        "expired": "It was not paid in time.",
        "undone": "The seller took it back.",
        "payer_not_active": "Your account is not active any more.",
        "payee_not_active": "The payee's account is not active any more.",
        "service_not_active": "The service is not offered any more.",
        "limit_per_payment": "It is above your limit of one payment.",
        "limit_per_day": "It is above your limit of a day.",
        "too_many_open_charges": "You have too many card payments under way.",
    },
    "ru": {
        "insufficient_funds": "В вашем кошельке недостаточно денег.",
        "wallet_frozen": "Ваш кошелёк заморожен.",
        "wallet_not_found": "Кошелёк не существует.",
        "currency_mismatch": "Кошелёк в другой валюте.",
        "same_account": "Деньги попали бы в тот же кошелёк.",
        "balance_limit": "Кошелёк получателя не вмещает такой суммы.",
        "wallet_unavailable": "Кошелёк не ответил вовремя.",
        "check_denied": "Его отклонила внешняя проверка.",
        "check_unavailable": "Внешняя проверка не ответила вовремя.",
        "card_declined": "Ваша карта отклонена.",
        "card_timed_out": "Данные карты не были введены вовремя.",
        "card_abandoned": "Вы ушли со страницы оплаты.",
        "card_unavailable": "Провайдер карт не принял платёж.",
        "card_refund_refused": "Провайдер карт не вернул деньги.",
        "card_refund_failed": "Карта не приняла возврат.",
        "payment_disputed": "Владелец карты оспорил платёж.",
        "cancelled_by_payer": "Вы его отменили.",
        "expired": "Он не был оплачен вовремя.",
        "undone": "Его отозвал продавец.",
        "payer_not_active": "Ваша учётная запись больше не активна.",
        "payee_not_active": "Учётная запись получателя больше не активна.",
        "service_not_active": "Услуга больше не предоставляется.",
        "limit_per_payment": "Он больше вашего лимита одного платежа.",
        "limit_per_day": "Он больше вашего дневного лимита.",
        "too_many_open_charges": "У вас слишком много незавершённых платежей картой.",
    },
}


def reason_words(reason: str | None, language: Language) -> str | None:
    """Return a reason's sentence; None if there is no reason or no sentence for it."""
    return REASONS[language].get(reason) if reason else None


# The card providers' codes; a code that is not listed adds no sentence.
DISPUTE_REASONS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "fraudulent": "The owner says that somebody else paid with the card.",
        "unrecognized": "The owner does not recognise the payment.",
        "duplicate": "The owner says that it was charged twice.",
        "product_not_received": "The owner says that nothing was received for it.",
        "product_unacceptable": "The owner says that what was received is not as described.",
        "credit_not_processed": "The owner says that a refund was promised and never came.",
        "subscription_canceled": "The owner says that the subscription had been cancelled.",
    },
    "ru": {
        "fraudulent": "Владелец утверждает, что картой заплатил кто-то другой.",
        "unrecognized": "Владелец не узнаёт этот платёж.",
        "duplicate": "Владелец утверждает, что деньги списаны дважды.",
        "product_not_received": "Владелец утверждает, что ничего за него не получил.",
        "product_unacceptable": "Владелец утверждает, что получил не то, что обещали.",
        "credit_not_processed": "Владелец утверждает, что обещанный возврат не пришёл.",
        "subscription_canceled": "Владелец утверждает, что подписка была отменена.",
    },
}


def dispute_words(reason: str | None, language: Language) -> str | None:
    """Return the sentence of a provider's reason; None if there is none."""
    return DISPUTE_REASONS[language].get(reason) if reason else None
