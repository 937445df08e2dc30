"""Holds the refusals of a card charge.

Payments says them, and wallet repeats them for top-ups.

    CardRefused
    ├── CardCurrencyNotAccepted  422  card_currency_not_accepted
    ├── CardAmountNotAccepted    422  card_amount_not_accepted
    ├── CardAmountTooSmall       422  card_amount_too_small
    ├── CardAmountTooLarge       422  card_amount_too_large
    ├── ReceiptContactMissing    422  receipt_contact_missing
    └── TooManyOpenCharges       429  too_many_open_charges
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kit.refusals import Language, Refusal


class CardRefused(Refusal):
    """The card is not charged; nobody outside was asked."""

    def __init__(self, *, detail: str | None = None, **params: str | int) -> None:
        """Take the values of the texts, or the text that payments gave its caller."""
        super().__init__()
        self.params = params
        self._detail = detail

    def detail(self, language: Language = "en") -> str:
        """Return what went wrong; a text of payments' is in the caller's language already."""
        return super().detail(language) if self._detail is None else self._detail


class CardCurrencyNotAccepted(CardRefused):
    """The provider charges no cards in this currency."""

    code = "card_currency_not_accepted"
    status = 422
    title_en = "Currency not charged to cards"
    title_ru = "В этой валюте карты не списываются"
    detail_en = "The provider of card payments does not charge cards in {currency}."
    detail_ru = "Провайдер платежей картой не списывает карты в {currency}."


class CardAmountNotAccepted(CardRefused):
    """The provider can't express the amount: its smallest unit is coarser."""

    code = "card_amount_not_accepted"
    status = 422
    title_en = "Amount not possible by card"
    title_ru = "Сумма невозможна картой"
    detail_en = "By card, amounts in {currency} are multiples of “{step}”."
    detail_ru = "Картой суммы в {currency} должны быть кратны «{step}»."


class CardAmountTooSmall(CardRefused):
    """The amount is less than the provider charges at once."""

    code = "card_amount_too_small"
    status = 422
    title_en = "Amount too small for a card"
    title_ru = "Сумма слишком мала для карты"
    detail_en = "By card, the amount must be at least “{least}” {currency}."
    detail_ru = "Картой можно оплатить не менее «{least}» {currency}."


class CardAmountTooLarge(CardRefused):
    """The amount is more than the provider charges at once."""

    code = "card_amount_too_large"
    status = 422
    title_en = "Amount too large for a card"
    title_ru = "Сумма слишком велика для карты"
    detail_en = "By card, the amount may be “{most}” {currency} at most."
    detail_ru = "Картой можно оплатить не более «{most}» {currency}."


class ReceiptContactMissing(CardRefused):
    """The law asks for a receipt, and nobody said where to send it."""

    code = "receipt_contact_missing"
    status = 422
    title_en = "No contact for the receipt"
    title_ru = "Нет контакта для чека"
    detail_en = "Name in “receipt_contact” an e-mail address or phone to send the receipt to."
    detail_ru = "Укажите в «receipt_contact» почту или телефон, куда отправить чек."


class TooManyOpenCharges(CardRefused):
    """A person has as many card pages open as one may have at once."""

    code = "too_many_open_charges"
    status = 429
    title_en = "Too many card payments under way"
    title_ru = "Слишком много незавершённых платежей картой"
    detail_en = "You have {most} card payments under way; finish or cancel one first."
    detail_ru = "У вас {most} незавершённых платежей картой; завершите или отмените один из них."


CARD_REFUSALS: Final[Mapping[str, type[CardRefused]]] = MappingProxyType(
    {
        one.code: one
        for one in (
            CardCurrencyNotAccepted,
            CardAmountNotAccepted,
            CardAmountTooSmall,
            CardAmountTooLarge,
            ReceiptContactMissing,
            TooManyOpenCharges,
        )
    }
)
