"""Shapes the filters of wallet's lists."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from kit.web import times
from kit.web.fields import IDS, CurrencyCode, split_ids
from kit.web.queries import PageQuery, SpanFilters, SpanQuery, old_name
from wallet.domain.wallets import WalletStatus
from wallet.repository import adjustments
from wallet.schemas.ledger import HouseName
from wallet.schemas.wallets import within_reason

PeriodEdge = Annotated[times.RangeEdge, AfterValidator(within_reason)]


class WalletsQuery(SpanQuery):
    """Filters and page of wallets; the range is over `created_at`."""

    old_names: ClassVar[Mapping[str, str]] = {"owner": "owner_id"}

    id: str | None = Field(None, pattern=IDS, description="Wallets' ids, separated by commas.")
    owner_id: str | None = Field(
        None,
        pattern=IDS,
        description="Owners' ids, separated by commas; only admins may name other people.",
    )
    owner: str | None = old_name("owner_id", pattern=IDS)
    currency: CurrencyCode | None = None
    status: WalletStatus | None = None
    number: int | None = Field(None, ge=1, le=2**63 - 1)
    expand: Literal["entries"] | None = Field(
        None, description="Adds the ten latest `entries` to each wallet."
    )

    @property
    def ids(self) -> list[UUID] | None:
        """The wallets asked for; None if the query names none."""
        return None if self.id is None else split_ids(self.id)

    @property
    def owners(self) -> list[UUID] | None:
        """The owners asked for; None if the query names nobody."""
        asked = self.owner_id or self.owner
        return None if asked is None else split_ids(asked)


class HouseAccountsQuery(PageQuery):
    """Filters and page of house accounts."""

    house: HouseName | None = None
    provider: str | None = Field(
        None, min_length=1, max_length=64, description="A provider, or the account's use."
    )
    currency: CurrencyCode | None = None


class AdjustmentsQuery(SpanQuery):
    """Filters and page of adjustments; the range is over `created_at`."""

    status: adjustments.AdjustmentStatus | None = None
    wallet_id: UUID | None = Field(None, description="The wallet it takes from or gives to.")
    transfer_id: UUID | None = Field(None, description="The transfer that posted it.")


class _Posted(SpanFilters):
    """A range of an account's entries, by time."""

    begin: PeriodEdge | None = Field(
        None, alias="from", description="From this time on; a day from its start."
    )
    end: PeriodEdge | None = Field(
        None,
        alias="to",
        description="Up to, but without, this time; a day is included as a whole.",
    )


class EntriesQuery(_Posted, PageQuery):
    """Range and page of an account's entries."""


class StatementQuery(_Posted):
    """Range and format of a statement."""

    format: Literal["json", "csv"] = "json"
