"""Stores categories, products and orders; the only SQL of the service."""

from shop.repository.categories import Categories
from shop.repository.order_payments import OrderPayments
from shop.repository.orders import Orders
from shop.repository.products import Products
from shop.repository.stock import ProductStock

__all__ = ["Categories", "OrderPayments", "Orders", "ProductStock", "Products"]
