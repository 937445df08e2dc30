"""Holds the reasons why a purchase is not paid, as refusals with payments' codes.

PaymentDeclined
├── InsufficientFunds     409  insufficient_funds
├── WalletFrozen          409  wallet_frozen
├── BuyerLimitPerPayment  409  limit_per_payment
├── BuyerLimitPerDay      409  limit_per_day
├── CheckDenied           409  check_denied
├── CheckUnavailable      409  check_unavailable
├── WalletUnavailable     409  wallet_unavailable
└── PaymentsUnavailable   409  payments_unavailable
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kit.refusals import Refusal


class PaymentDeclined(Refusal):
    """The purchase is not paid, and all is as before; `reason` is the payment's code."""

    code = "payment_declined"
    status = 409
    title_en = "Payment declined"
    title_ru = "Платёж отклонён"
    detail_en = "The payment was not made. Nothing was bought."
    detail_ru = "Платёж не проведён. Ничего не куплено."


class InsufficientFunds(PaymentDeclined):
    """There is not enough money in the buyer's wallet."""

    code = "insufficient_funds"
    title_en = "Not enough money"
    title_ru = "Недостаточно денег"
    detail_en = "There is not enough money in your wallet. Nothing was bought."
    detail_ru = "В вашем кошельке недостаточно денег. Ничего не куплено."


class WalletFrozen(PaymentDeclined):
    """The buyer's wallet is frozen."""

    code = "wallet_frozen"
    title_en = "Wallet frozen"
    title_ru = "Кошелёк заморожен"
    detail_en = "Your wallet is frozen. Nothing was bought."
    detail_ru = "Ваш кошелёк заморожен. Ничего не куплено."


class BuyerLimitPerPayment(PaymentDeclined):
    """The purchase is larger than its buyer may pay at once."""

    code = "limit_per_payment"
    title_en = "Above your limit of one payment"
    title_ru = "Превышен лимит одного платежа"
    detail_en = "It costs more than you may pay at once. Nothing was bought."
    detail_ru = "Это дороже, чем вы можете оплатить за раз. Ничего не куплено."


class BuyerLimitPerDay(PaymentDeclined):
    """With this purchase the buyer would pay more within a day than they may."""

    code = "limit_per_day"
    title_en = "Above your limit of a day"
    title_ru = "Превышен дневной лимит"
    detail_en = "With it you would pay more today than you may. Nothing was bought."
    detail_ru = "С этой покупкой вы превысите дневной лимит. Ничего не куплено."


class CheckDenied(PaymentDeclined):
    """An outside check declined the payment."""

    code = "check_denied"
    title_en = "Declined by a check"
    title_ru = "Отклонено проверкой"
    detail_en = "An outside check declined the payment. Nothing was bought."
    detail_ru = "Внешняя проверка отклонила платёж. Ничего не куплено."


class CheckUnavailable(PaymentDeclined):
    """An outside check did not answer in time."""

    code = "check_unavailable"
    title_en = "No answer of a check"
    title_ru = "Проверка не ответила"
    detail_en = "An outside check did not answer in time. Nothing was bought; try again."
    detail_ru = "Внешняя проверка не ответила вовремя. Ничего не куплено; повторите."


class WalletUnavailable(PaymentDeclined):
    """The wallet did not answer in time."""

    code = "wallet_unavailable"
    title_en = "No answer of the wallet"
    title_ru = "Кошелёк не ответил"
    detail_en = "The wallet did not answer in time. Nothing was bought; try again."
    detail_ru = "Кошелёк не ответил вовремя. Ничего не куплено; повторите."


class PaymentsUnavailable(PaymentDeclined):
    """Payments did not answer in time."""

    code = "payments_unavailable"
    title_en = "No answer of payments"
    title_ru = "Платежи не ответили"
    detail_en = "The payment was not made in time. Nothing was bought; try again."
    detail_ru = "Платёж не проведён вовремя. Ничего не куплено; повторите."


PAYMENT_REFUSALS: Final[Mapping[str, type[PaymentDeclined]]] = MappingProxyType(
    {
        one.code: one
        for one in (
            PaymentDeclined,
            InsufficientFunds,
            WalletFrozen,
            BuyerLimitPerPayment,
            BuyerLimitPerDay,
            CheckDenied,
            CheckUnavailable,
            WalletUnavailable,
            PaymentsUnavailable,
        )
    }
)


def declined(code: str) -> PaymentDeclined:
    """Return the refusal of a purchase whose payment ended with this code."""
    found = PAYMENT_REFUSALS.get(code, PaymentDeclined)()
    found.members = {"reason": code}
    return found
