"""Holds the refusals of refunds."""

from typing import ClassVar

from kit.refusals import Refusal


class OrderNotPaid(Refusal):
    """Nothing can go back of the order: it is not paid, or all of it has gone back."""

    code = "order_not_paid"
    status = 409
    title_en = "Order not paid"
    title_ru = "Заказ не оплачен"
    detail_en = "The order is {status}; only what is paid is refunded."
    detail_ru = "Заказ {status_ru}; вернуть можно только оплаченное."
    samples: ClassVar = {"status": "pending", "status_ru": "ожидает оплаты"}


class ItemNotInOrder(Refusal):
    """A refund names what the order does not hold; `errors` names its lines."""

    code = "item_not_in_order"
    status = 422
    title_en = "Not in the order"
    title_ru = "Нет в заказе"
    detail_en = "The order does not hold all of these products. “errors” names the lines."
    detail_ru = "Не все эти товары есть в заказе. Строки названы в «errors»."


class RefundExceedsOrder(Refusal):
    """Less is left of the order than is asked back; `errors` says of what."""

    code = "refund_exceeds_order"
    status = 409
    title_en = "More than is left"
    title_ru = "Больше, чем осталось"
    detail_en = "Less is left of the order than you refund. “errors” says how much."
    detail_ru = "От заказа осталось меньше, чем вы возвращаете. Остаток назван в «errors»."
