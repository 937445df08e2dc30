"""Shapes what the API of paid services takes and gives; it calls them services."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from kit.ids import new_id
from kit.money import DEFAULT_CURRENCY, Money, decimal_text
from kit.web.fields import AmountText, Changed, CurrencyCode, money_in, money_in_stored
from kit.web.queries import SpanQuery
from kit.web.schemas import Model
from kit.web.texts import LINE, visible_line
from payments.domain.paid_services import PaidService, folded
from payments.schemas.texts import PaymentPurpose, PlainText

LONGEST_NAME = 100
_EXAMPLE: dict[str, Any] = {
    "name": "Mobile phone",
    "description": "Number or contract in the payment's description",
    "price": None,
    "currency": "RUB",
}

ServiceName = Annotated[
    PlainText,
    Field(
        description="The name people know.",
        max_length=LONGEST_NAME,
        json_schema_extra=LINE,
        examples=["Internet"],
    ),
    AfterValidator(visible_line),
]
Price = Annotated[
    AmountText | None,
    Field(description="What it costs; null leaves the amount to the payer.", examples=["590.00"]),
]
WalletId = Annotated[
    UUID | None,
    Field(description="The owner's wallet to pay into; null: the default one of the currency."),
]


class ServiceRequest(Model):
    """A service to be offered."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: ServiceName
    description: PaymentPurpose | None = None
    price: Price = None
    currency: CurrencyCode = DEFAULT_CURRENCY
    wallet_id: WalletId = None
    is_active: bool = Field(default=True, description="Whether it can be paid from now on.")

    _price: Money | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _read_price(self) -> Self:
        if self.price is not None:
            self._price = money_in(self.price, self.currency, field="price")
        return self

    def paid_service(self, owner_id: UUID, now: datetime) -> PaidService:
        """Return the new paid service of this owner."""
        return PaidService(
            id=new_id(),
            name=self.name,
            description=self.description,
            price_minor=None if self._price is None else self._price.minor,
            currency=self.currency,
            owner_id=owner_id,
            account_id=self.wallet_id,
            is_active=self.is_active,
            created_at=now,
            updated_at=now,
        )


class ServiceChange(Model):
    """The fields to change; fields not named stay. The currency never changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"price": "650.00"}]})

    name: Changed[ServiceName] = None
    description: PaymentPurpose | None = None
    price: Price = None
    wallet_id: WalletId = None
    is_active: Changed[bool] = None

    def changes(self, currency: str) -> dict[str, Any]:
        """Return the paid service's fields to change, with a price in its currency.

        Raises:
            ValidationFailed: the price is not an amount of that currency.
        """
        changes = self.model_dump(exclude_unset=True)
        if "wallet_id" in changes:
            changes["account_id"] = changes.pop("wallet_id")
        if "price" in changes:
            price = changes.pop("price")
            changes["price_minor"] = (
                None if price is None else money_in_stored(price, currency, field="price").minor
            )
        return changes


class Service(Model):
    """A service that can be paid for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
                    **_EXAMPLE,
                    "owner_id": "0197a1de-0d3f-7c4b-9c39-6f2a4a1b0c01",
                    "wallet_id": None,
                    "is_active": True,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    description: str | None = None
    price: str | None = Field(description="Null: the payer names the amount.")
    currency: str
    owner_id: UUID = Field(description="Who is paid.")
    wallet_id: UUID | None = None
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, paid_service: PaidService) -> "Service":
        """Return the paid service as everybody sees it."""
        price = paid_service.price_minor
        return cls.model_construct(
            id=paid_service.id,
            name=paid_service.name,
            description=paid_service.description,
            price=None if price is None else decimal_text(price, paid_service.currency),
            currency=paid_service.currency,
            owner_id=paid_service.owner_id,
            wallet_id=paid_service.account_id,
            is_active=paid_service.is_active,
            created_at=paid_service.created_at,
            updated_at=paid_service.updated_at,
        )


class ServicesQuery(SpanQuery):
    """Filters and page of services, by when they were first offered."""

    search: str | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="Part of name or description."
    )
    owner_id: UUID | None = Field(None, description="Only services of this owner.")
    is_active: bool = Field(default=True, description="False: services that are inactive.")

    @property
    def wanted(self) -> tuple[UUID | None, bool, str | None]:
        """The filters as the repository takes them: owner, active or not, folded search."""
        return self.owner_id, self.is_active, self.search and folded(self.search)
