"""Holds the tables of payments; their constraints restate the rules of the domain.

Kit's own tables are kit's.
"""

from payments.tables import payments as _payments  # noqa: F401 - so that all tables are known
from payments.tables.cards import METADATA

__all__ = ["METADATA"]
