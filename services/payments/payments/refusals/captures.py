"""Holds the refusals about how much of a payment is paid."""

from kit.refusals import Refusal


class OnlyReservedMayBePaidInPart(Refusal):
    """An amount was named to pay a payment whose money is not set aside."""

    code = "only_reserved_may_be_paid_in_part"
    status = 422
    title_en = "Only reserved payments may be paid in part"
    title_ru = "Частями оплачиваются только зарезервированные платежи"
    detail_en = "Leave the amount out: only a payment created with reserve: true is paid in part."
    detail_ru = "Не указывайте сумму: частично оплатить можно только платёж с reserve: true."


class CaptureExceedsReservation(Refusal):
    """The payer would pay more than was set aside."""

    code = "capture_exceeds_reservation"
    status = 422
    title_en = "More than was reserved"
    title_ru = "Больше, чем зарезервировано"
    detail_en = "At most {most} {currency}, which is what the payment was created with."
    detail_ru = "Не больше {most} {currency}: на эту сумму создан платёж."


class FixedPriceIsPaidWhole(Refusal):
    """The payer would pay only a part of a service's price."""

    code = "fixed_price_is_paid_whole"
    status = 422
    title_en = "A fixed price is paid whole"
    title_ru = "Фиксированная цена оплачивается целиком"
    detail_en = "The service costs {price} {currency}; leave the amount out or name this one."
    detail_ru = "Услуга стоит {price} {currency}; не указывайте сумму или укажите эту."
