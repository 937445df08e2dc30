"""Shapes the query of the list of orders, and reads it into a filter."""

from uuid import UUID

from pydantic import Field

from kit.web.fields import IDS
from kit.web.queries import SpanQuery
from shop.domain.orders import OrderFilter, OrderStatus


class OrdersQuery(SpanQuery):
    """Filters and page of orders, also by when they were made."""

    id: str | None = Field(None, pattern=IDS, description="Orders' ids, separated by commas.")
    status: OrderStatus | None = None
    owner_id: UUID | None = Field(
        None, description="For administrators: whose orders. Everybody else has only their own."
    )
    mine: bool = Field(default=False, description="For administrators: only their own.")

    def wanted(self, only: UUID | None) -> OrderFilter | None:
        """Return the filter as the repository takes it, of ``only`` one owner's orders.

        None where no order can match.
        """
        if None not in (only, self.owner_id) and only != self.owner_id:
            return None
        return OrderFilter(
            owner_id=only or self.owner_id,
            ids=None if self.id is None else [UUID(text) for text in self.id.split(",")],
            status=self.status,
            span=self.span,
        )
