"""Names why payments fail or are cancelled, and the words for reasons and states."""

from collections.abc import Mapping
from typing import Final

from kit.refusals import Language
from payments.domain.payment import PaymentStatus

CANCELLED_BY_PAYER: Final = "cancelled_by_payer"
EXPIRED: Final = "expired"
UNDONE: Final = "undone"
CHECK_DENIED: Final = "check_denied"
CHECK_UNAVAILABLE: Final = "check_unavailable"
WALLET_UNAVAILABLE: Final = "wallet_unavailable"
PAYER_NOT_ACTIVE: Final = "payer_not_active"
PAYEE_NOT_ACTIVE: Final = "payee_not_active"
SERVICE_NOT_ACTIVE: Final = "service_not_active"
CARD_DECLINED: Final = "card_declined"
CARD_TIMED_OUT: Final = "card_timed_out"
CARD_ABANDONED: Final = "card_abandoned"
CARD_UNAVAILABLE: Final = "card_unavailable"
CARD_REFUND_REFUSED: Final = "card_refund_refused"
CARD_REFUND_FAILED: Final = "card_refund_failed"
PAYMENT_DISPUTED: Final = "payment_disputed"

STATUS_LABELS: Final[Mapping[Language, Mapping[PaymentStatus, str]]] = {
    "en": {
        PaymentStatus.SCHEDULED: "Scheduled",
        PaymentStatus.CREATED: "Created",
        PaymentStatus.PROCESSING: "Processing",
        PaymentStatus.PAID: "Paid",
        PaymentStatus.FAILED: "Declined",
        PaymentStatus.CANCELLED: "Cancelled",
        PaymentStatus.REFUNDED: "Refunded",
    },
    "ru": {
        PaymentStatus.SCHEDULED: "Запланирован",
        PaymentStatus.CREATED: "Создан",
        PaymentStatus.PROCESSING: "Обрабатывается",
        PaymentStatus.PAID: "Оплачен",
        PaymentStatus.FAILED: "Отклонен",
        PaymentStatus.CANCELLED: "Отменен",
        PaymentStatus.REFUNDED: "Возвращен",
    },
}

# The wallet's refusal codes are passed on as they are; one that is not listed has no words.
REASON_LABELS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "insufficient_funds": "Not enough money in the payer's wallet",
        "wallet_frozen": "The payer's wallet is frozen",
        "wallet_not_found": "The wallet does not exist",
        "currency_mismatch": "The wallet has another currency",
        "same_account": "Payer's and payee's wallet are the same",
        "balance_limit": "The payee's wallet cannot hold that much more",
        WALLET_UNAVAILABLE: "The wallet did not answer in time",
        CHECK_DENIED: "An outside check declined the payment",
        CHECK_UNAVAILABLE: "An outside check did not answer in time",
        CARD_DECLINED: "The card was declined",
        CARD_TIMED_OUT: "The card was not entered in time",
        CARD_ABANDONED: "The payer left the card page",
        CARD_UNAVAILABLE: "The card provider did not take the payment",
        CARD_REFUND_REFUSED: "The card provider did not give the money back",
        CARD_REFUND_FAILED: "The card did not take the money back",
        PAYMENT_DISPUTED: "The card's owner has taken the money back through their bank",
        CANCELLED_BY_PAYER: "Cancelled by the payer",
        EXPIRED: "Not paid in time",
        UNDONE: "Taken back by the seller",
        PAYER_NOT_ACTIVE: "The payer's account is not active any more",
        PAYEE_NOT_ACTIVE: "The payee's account is not active any more",
        SERVICE_NOT_ACTIVE: "The service is not offered any more",
        "limit_per_payment": "Above the payer's limit of one payment",
        "limit_per_day": "Above the payer's limit of a day",
        "too_many_open_charges": "Too many card payments of the payer under way",
    },
    "ru": {
        "insufficient_funds": "В кошельке плательщика недостаточно денег",
        "wallet_frozen": "Кошелёк плательщика заморожен",
        "wallet_not_found": "Кошелёк не существует",
        "currency_mismatch": "Кошелёк в другой валюте",
        "same_account": "Кошельки плательщика и получателя совпадают",
        "balance_limit": "Кошелёк получателя не вмещает такой суммы",
        WALLET_UNAVAILABLE: "Кошелёк не ответил вовремя",
        CHECK_DENIED: "Внешняя проверка отклонила платёж",
        CHECK_UNAVAILABLE: "Внешняя проверка не ответила вовремя",
        CARD_DECLINED: "Карта отклонена",
        CARD_TIMED_OUT: "Данные карты не введены вовремя",
        CARD_ABANDONED: "Плательщик ушёл со страницы оплаты",
        CARD_UNAVAILABLE: "Провайдер карт не принял платёж",
        CARD_REFUND_REFUSED: "Провайдер карт не вернул деньги",
        CARD_REFUND_FAILED: "Карта не приняла возврат",
        PAYMENT_DISPUTED: "Владелец карты вернул деньги через свой банк",
        CANCELLED_BY_PAYER: "Отменён плательщиком",
        EXPIRED: "Не оплачен вовремя",
        UNDONE: "Отозван продавцом",
        PAYER_NOT_ACTIVE: "Учётная запись плательщика больше не активна",
        PAYEE_NOT_ACTIVE: "Учётная запись получателя больше не активна",
        SERVICE_NOT_ACTIVE: "Услуга больше не предоставляется",
        "limit_per_payment": "Превышен лимит одного платежа",
        "limit_per_day": "Превышен дневной лимит",
        "too_many_open_charges": "Слишком много незавершённых платежей картой",
    },
}

# In a refund the payee's wallet pays, so these codes are about the other wallet.
REFUND_LABELS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "insufficient_funds": "Not enough money in the payee's wallet",
        "wallet_frozen": "The payee's wallet is frozen",
        "balance_limit": "The payer's wallet cannot hold that much more",
    },
    "ru": {
        "insufficient_funds": "В кошельке получателя недостаточно денег",
        "wallet_frozen": "Кошелёк получателя заморожен",
        "balance_limit": "Кошелёк плательщика не вмещает такой суммы",
    },
}


def status_label(status: PaymentStatus, language: Language) -> str:
    """Return the state in the caller's language."""
    return STATUS_LABELS[language][status]


def reason_label(reason: str | None, language: Language) -> str | None:
    """Return the reason in the caller's language; None if there are no words for it."""
    return REASON_LABELS[language].get(reason) if reason else None


def refund_reason_label(reason: str | None, language: Language) -> str | None:
    """Return why a refund failed in the caller's language.

    Payer and payee are those of the payment.
    """
    return REFUND_LABELS[language].get(reason or "") or reason_label(reason, language)
