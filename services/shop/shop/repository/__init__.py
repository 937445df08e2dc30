"""Stores categories, products and orders; the only SQL of the service."""

from shop.repository.aftermath import with_aftermath
from shop.repository.categories import Categories
from shop.repository.disputes import OrderDisputes
from shop.repository.order_lists import OrderLists
from shop.repository.order_payments import OrderPayments
from shop.repository.orders import Orders
from shop.repository.products import Products
from shop.repository.refunds import OrderRefunds
from shop.repository.stock import ProductStock

__all__ = [
    "Categories",
    "OrderDisputes",
    "OrderLists",
    "OrderPayments",
    "OrderRefunds",
    "Orders",
    "ProductStock",
    "Products",
    "with_aftermath",
]
