"""Stores categories and products; the only SQL of the service."""

from shop.repository.categories import Categories
from shop.repository.products import Products

__all__ = ["Categories", "Products"]
