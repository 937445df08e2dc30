"""Holds the tables of finance; their constraints restate the rules of the domain.

`person` is a projection of auth's users, so no foreign key refers to it. Kit's own tables are
kit's.
"""

from finance.tables import feed as _feed  # noqa: F401 - so that all are known
from finance.tables import files as _files  # noqa: F401 - so that all are known
from finance.tables import transactions as _transactions  # noqa: F401 - so that all are known
from finance.tables.books import METADATA

__all__ = ["METADATA"]
