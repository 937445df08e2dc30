"""Holds the tables of shop; their constraints restate the rules of the domain.

Kit's own tables are kit's.
"""

from shop.tables import orders as _orders  # noqa: F401 - so that all tables are known
from shop.tables.catalogue import METADATA

__all__ = ["METADATA"]
