"""Holds the refusals about cards and their providers."""

from kit.refusals import Refusal


class ReservedIsPaidFromWallet(Refusal):
    """The payer would pay by card although the money is set aside in a wallet."""

    code = "reserved_is_paid_from_wallet"
    status = 422
    title_en = "Reserved payments are paid from the wallet"
    title_ru = "Зарезервированные платежи оплачиваются из кошелька"
    detail_en = "Its money is set aside in your wallet; cancel it to pay by card instead."
    detail_ru = "Деньги уже отложены в вашем кошельке; чтобы платить картой, отмените платёж."


class PaymentIsDisputed(Refusal):
    """The refund is of money that the card's owner took back through their bank."""

    code = "payment_disputed"
    status = 409
    title_en = "Payment disputed"
    title_ru = "Платёж оспорен"
    detail_en = "The card's owner has taken the money back through their bank."
    detail_ru = "Владелец карты уже вернул деньги через свой банк."


class ChargeNotFound(Refusal):
    """The charge id is another charge's."""

    code = "charge_not_found"
    status = 404
    title_en = "Charge not found"
    title_ru = "Списание с карты не найдено"
    detail_en = "There is no such charge for this wallet."
    detail_ru = "Такого списания для этого кошелька нет."


class LinesDoNotAddUp(Refusal):
    """The lines of a payment do not add up to its amount."""

    code = "lines_do_not_add_up"
    status = 422
    title_en = "Lines do not add up"
    title_ru = "Позиции не сходятся"
    detail_en = "Quantity times amount of all lines must add up to the amount, in {currency}."
    detail_ru = "Сумма по позициям (количество на цену) должна равняться сумме, в {currency}."
