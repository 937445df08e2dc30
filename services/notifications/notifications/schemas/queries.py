"""How the lists are asked for: their filters, and what a range of time means."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span
from notifications.domain.attempts import DeliveryStatus
from notifications.domain.filters import DeliveryFilter, TimeRange


class PageQuery(Model):
    """Which page of a list, and how long."""

    model_config = ConfigDict(populate_by_name=True)

    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries a page has at most."
    )
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> Mapping[str, object]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})


class SpanQuery(PageQuery):
    """A page of what came in a span of time."""

    begin: RangeEdge | None = Field(
        None, alias="from", description="Then or later; a day is its start."
    )
    end: RangeEdge | None = Field(
        None, alias="to", description="Before then; a day is included as a whole."
    )
    tz: Zone = DEFAULT_ZONE

    @property
    def span(self) -> TimeRange:
        """The span; None at an open end."""
        return TimeRange(*span(self.begin, self.end, self.tz))


class NoticesQuery(SpanQuery):
    """How one's notices are listed."""

    unread: bool | None = Field(
        None, description="Only unread (`true`) or read (`false`) ones; both if left out."
    )


class MutesQuery(PageQuery):
    """How muted addresses are listed."""

    owner_id: UUID | None = Field(None, description="Only this person's.")


class EndpointsQuery(PageQuery):
    """How webhook endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )


class EndpointDeliveriesQuery(SpanQuery):
    """How deliveries to one endpoint are listed."""

    status: DeliveryStatus | None = Field(None, description="Only those that stand so.")
    type: str | None = Field(
        None, max_length=100, description="Only of this type of event.", examples=["payment.paid"]
    )
    payment_id: UUID | None = Field(None, description="Only what tells of this payment.")

    @property
    def wanted(self) -> DeliveryFilter:
        """What the list is narrowed by, but for whose it is."""
        return DeliveryFilter(
            status=self.status, type=self.type, payment_id=self.payment_id, span=self.span
        )


class DeliveriesQuery(EndpointDeliveriesQuery):
    """How deliveries to all endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )
    endpoint_id: UUID | None = Field(None, description="Only to this endpoint.")
