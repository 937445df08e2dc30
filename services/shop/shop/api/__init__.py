"""Serves shop's operations: parse, authorise, open the unit of work, call, answer."""

from shop.api import catalogue, categories, orders, products, purchases, refunds

ROUTERS = (
    categories.router,
    products.router,
    catalogue.router,
    orders.router,
    purchases.router,
    refunds.router,
)

__all__ = ["ROUTERS"]
