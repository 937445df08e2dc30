"""What the card page says, in both languages."""

from typing import Final

from kit.refusals import Language

TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "title": "Pay by card",
        "note": "no real money",
        "to": "To",
        "success": "Pay",
        "delay": "Pay, the bank takes a while (3-D Secure)",
        "decline": "Card is declined",
        "abandon": "Leave without paying",
        "webhooks": "What goes wrong with the webhooks",
        "late": "They come five seconds late",
        "twice": "Each comes twice",
        "out_of_order": "They come out of order",
        "wrong_signature": "Their signature is wrong",
        "is_processing": "Your bank is confirming the payment…",
        "is_succeeded": "The payment went through.",
        "is_failed": "The card was declined.",
        "is_cancelled": "The payment was called off.",
        "back": "Back to the shop",
    },
    "ru": {
        "title": "Оплата картой",
        "note": "деньги не настоящие",
        "to": "Получатель:",
        "success": "Оплатить",
        "delay": "Оплатить, банк подтверждает не сразу (3-D Secure)",
        "decline": "Карта отклонена",
        "abandon": "Уйти без оплаты",
        "webhooks": "Что не так с уведомлениями",
        "late": "Придут на пять секунд позже",
        "twice": "Каждое придёт дважды",
        "out_of_order": "Придут не по порядку",
        "wrong_signature": "С неверной подписью",
        "is_processing": "Ваш банк подтверждает платёж…",
        "is_succeeded": "Платёж прошёл.",
        "is_failed": "Карта отклонена.",
        "is_cancelled": "Платёж отменён.",
        "back": "Вернуться в магазин",
    },
}
