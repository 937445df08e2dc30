"""Serves shop's operations: parse, authorise, open the unit of work, call, answer."""

from shop.api import catalogue, categories, products

ROUTERS = (categories.router, products.router, catalogue.router)

__all__ = ["ROUTERS"]
