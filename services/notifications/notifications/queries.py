"""How the lists are asked for: their filters."""

from uuid import UUID

from pydantic import Field

from kit.web.queries import SpanQuery
from notifications.domain.attempts import Status
from notifications.domain.listing import Wanted


class NoticesQuery(SpanQuery):
    """How one's notices are listed."""

    unread: bool | None = Field(
        None, description="Only unread (`true`) or read (`false`) ones; both if left out."
    )


class MutesQuery(SpanQuery):
    """How muted addresses are listed: by when they were refused last."""

    owner_id: UUID | None = Field(None, description="Only this person's.")


class EndpointsQuery(SpanQuery):
    """How webhook endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )


class EndpointDeliveriesQuery(SpanQuery):
    """How deliveries to one endpoint are listed."""

    status: Status | None = Field(None, description="Only those that stand so.")
    type: str | None = Field(
        None, max_length=100, description="Only of this type of event.", examples=["payment.paid"]
    )
    payment_id: UUID | None = Field(None, description="Only what tells of this payment.")

    @property
    def wanted(self) -> Wanted:
        """What the list is narrowed by, but for whose it is."""
        return Wanted(
            status=self.status, type=self.type, payment_id=self.payment_id, span=self.span
        )


class DeliveriesQuery(EndpointDeliveriesQuery):
    """How deliveries to all endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )
    endpoint_id: UUID | None = Field(None, description="Only to this endpoint.")
