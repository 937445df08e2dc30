"""How wallet's lists are asked for: their filters, and what the values mean."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from kit.web import times
from kit.web.fields import CurrencyCode
from kit.web.queries import PageQuery, SpanFilters, SpanQuery, old_name
from wallet.domain.wallets import Status
from wallet.ledger_schemas import HouseName
from wallet.repository import adjustments
from wallet.schemas import within_reason

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OWNERS = f"^{_UUID}(,{_UUID}){{0,99}}$"

Edge = Annotated[times.RangeEdge, AfterValidator(within_reason)]


class WalletsQuery(SpanQuery):
    """Filters and page of wallets, by when they were opened."""

    old_names: ClassVar[Mapping[str, str]] = {"owner": "owner_id"}

    owner_id: str | None = Field(
        None,
        pattern=_OWNERS,
        description="Owners' ids, with commas between; others than oneself for admins only.",
    )
    owner: str | None = old_name("owner_id", pattern=_OWNERS)
    currency: CurrencyCode | None = None
    status: Status | None = None
    number: int | None = Field(None, ge=1, le=2**63 - 1)

    @property
    def owners(self) -> list[UUID] | None:
        """Whose are asked for; None where nobody is named."""
        asked = self.owner_id or self.owner
        return None if asked is None else [UUID(text) for text in asked.split(",")]


class HouseAccountsQuery(PageQuery):
    """Filters and page of the house's accounts."""

    house: HouseName | None = None
    provider: str | None = Field(
        None, min_length=1, max_length=64, description="Whose account, or its use."
    )
    currency: CurrencyCode | None = None


class AdjustmentsQuery(SpanQuery):
    """Filters and page of adjustments, by when they were proposed."""

    status: adjustments.Status | None = None
    wallet_id: UUID | None = Field(None, description="That it takes from, or gives to.")
    transfer_id: UUID | None = Field(None, description="That posted it.")


class _Posted(SpanFilters):
    """A span of an account's entries."""

    begin: Edge | None = Field(
        None, alias="from", description="From this time on; a day from its start."
    )
    end: Edge | None = Field(
        None,
        alias="to",
        description="Up to, but without, this time; a day is included as a whole.",
    )


class EntriesQuery(_Posted, PageQuery):
    """Span and page of an account's entries."""


class StatementQuery(_Posted):
    """Span and form of a statement."""

    format: Literal["json", "csv"] = "json"
