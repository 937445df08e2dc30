"""Shapes what the API of categories takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from finance.domain.books import BookOwner
from finance.domain.categories import CategoryType, FinanceCategory
from finance.schemas.texts import EntryName
from kit.ids import new_id
from kit.web.fields import Changed
from kit.web.queries import SpanQuery
from kit.web.schemas import Model

_EXAMPLE: dict[str, Any] = {
    "name": "Groceries",
    "type": "expense",
    "colour": "#2e7d32",
    "parent_id": None,
}

Colour = Annotated[
    str,
    Field(
        description="As #rrggbb.",
        pattern="^#[0-9a-fA-F]{6}$",
        max_length=7,
        examples=["#2e7d32"],
    ),
    AfterValidator(str.lower),
]


class FinanceCategoryRequest(Model):
    """A category to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: EntryName
    type: CategoryType
    colour: Colour | None = None
    parent_id: UUID | None = Field(
        None, description="The category of the same type that it stands in."
    )

    def category(self, owner: BookOwner, now: datetime) -> FinanceCategory:
        """Return the new category."""
        return FinanceCategory(
            id=new_id(),
            user_id=owner.user_id,
            name=self.name,
            type=self.type,
            colour=self.colour,
            parent_id=self.parent_id,
            version=1,
            created_at=now,
            updated_at=now,
        )


class FinanceCategoryChange(Model):
    """The fields to change; fields not named stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Food"}]})

    name: Changed[EntryName] = None
    type: Changed[CategoryType] = Field(
        None, description="The other one only while nothing has the category."
    )
    colour: Colour | None = None
    parent_id: UUID | None = Field(None, description="null: it stands at the top.")

    def changes(self) -> dict[str, Any]:
        """Return the category's fields to change."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class FinanceCategoryAnswer(Model):
    """A category of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
                    **_EXAMPLE,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    type: CategoryType
    colour: str | None
    parent_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, category: FinanceCategory) -> Self:
        """Return the category as its owner sees it."""
        return cls.model_validate(category, from_attributes=True, extra="ignore")


class FinanceCategoriesQuery(SpanQuery):
    """Filters and page of categories, in the order of their names."""

    type: CategoryType | None = None
