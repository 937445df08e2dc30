"""Shapes the filters of notifications' lists."""

from uuid import UUID

from pydantic import Field

from kit.web.queries import SpanQuery
from notifications.domain.attempts import DeliveryStatus
from notifications.domain.filters import DeliveryFilter


class NoticesQuery(SpanQuery):
    """Filters and page of notices."""

    unread: bool | None = Field(
        None, description="Only unread (`true`) or read (`false`) ones; both if left out."
    )


class MutesQuery(SpanQuery):
    """Filters and page of muted addresses; the range is over the last refusal."""

    owner_id: UUID | None = Field(None, description="Only this person's address.")


class EndpointsQuery(SpanQuery):
    """Filters and page of webhook endpoints."""

    owner_id: UUID | None = Field(
        None, description="The owner; only administrators may name other people."
    )


class EndpointDeliveriesQuery(SpanQuery):
    """Filters and page of an endpoint's deliveries."""

    status: DeliveryStatus | None = Field(None, description="Only deliveries with this status.")
    type: str | None = Field(
        None, max_length=100, description="Only this type of event.", examples=["payment.paid"]
    )
    payment_id: UUID | None = Field(None, description="Only webhooks of this payment.")

    @property
    def wanted(self) -> DeliveryFilter:
        """The filter, without the owner."""
        return DeliveryFilter(
            status=self.status, type=self.type, payment_id=self.payment_id, span=self.span
        )


class DeliveriesQuery(EndpointDeliveriesQuery):
    """Filters and page of deliveries to all endpoints."""

    owner_id: UUID | None = Field(
        None, description="The owner; only administrators may name other people."
    )
    endpoint_id: UUID | None = Field(None, description="Only to this endpoint.")
