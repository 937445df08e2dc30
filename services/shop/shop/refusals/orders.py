"""Holds the refusals of orders."""

from typing import ClassVar

from kit.refusals import Refusal


class OrderNotFound(Refusal):
    """The order does not exist or is another's; the caller can't tell which."""

    code = "order_not_found"
    status = 404
    title_en = "Order not found"
    title_ru = "Заказ не найден"
    detail_en = "There is no such order, or it is not yours."
    detail_ru = "Такого заказа нет, или он не ваш."


class ProductNotAvailable(Refusal):
    """Products of an order do not exist or are not sold; `errors` names their lines."""

    code = "product_not_available"
    status = 422
    title_en = "Product not available"
    title_ru = "Товар недоступен"
    detail_en = "Not all products are sold here. “errors” names the lines."
    detail_ru = "Не все товары продаются. Строки названы в «errors»."


class OutOfStock(Refusal):
    """There is less of a product than an order asks for; `errors` says what is left."""

    code = "out_of_stock"
    status = 409
    title_en = "Out of stock"
    title_ru = "Недостаточно товара"
    detail_en = "There is not as much as you order. “errors” says what is left of each product."
    detail_ru = "Столько нет в наличии. Остаток каждого товара назван в «errors»."


class CurrenciesMixed(Refusal):
    """The products of an order have prices in several currencies."""

    code = "currencies_mixed"
    status = 422
    title_en = "Several currencies in one order"
    title_ru = "Разные валюты в одном заказе"
    detail_en = "An order has one currency; order products of another one apart."
    detail_ru = "У заказа одна валюта; товары в другой закажите отдельно."


class OrderTooLarge(Refusal):
    """The order costs more than can be paid at once."""

    code = "order_too_large"
    status = 422
    title_en = "Order too large"
    title_ru = "Слишком большой заказ"
    detail_en = "An order may cost “{largest}” {currency} at most."
    detail_ru = "Заказ может стоить не более «{largest}» {currency}."


class TooManyOpenOrders(Refusal):
    """The buyer has as many orders that wait to be paid as one person may have."""

    code = "too_many_open_orders"
    status = 409
    title_en = "Too many open orders"
    title_ru = "Слишком много открытых заказов"
    detail_en = "You have {most} orders that wait to be paid; pay or cancel one first."
    detail_ru = "Неоплаченных заказов у вас {most}; сначала оплатите или отмените один из них."


class OrderNotPending(Refusal):
    """The order is not waiting to be paid any more."""

    code = "order_not_pending"
    status = 409
    title_en = "Order not pending"
    title_ru = "Заказ не ожидает оплаты"
    detail_en = "The order is {status}; that can be done only while it waits to be paid."
    detail_ru = "Заказ {status_ru}; это возможно, только пока он ожидает оплаты."
    samples: ClassVar = {"status": "paid", "status_ru": "оплачен"}


class OrderExpired(Refusal):
    """The order was not paid in time."""

    code = "order_expired"
    status = 409
    title_en = "Order expired"
    title_ru = "Срок заказа истёк"
    detail_en = "The order was not paid in time; order anew."
    detail_ru = "Заказ не оплачен вовремя; закажите заново."
