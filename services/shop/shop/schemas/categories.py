"""Shapes what the API of categories takes and gives."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.ids import new_id
from kit.web.fields import Changed
from kit.web.queries import PageQuery
from kit.web.schemas import Model
from shop.domain.categories import Category
from shop.schemas.texts import CatalogueName, Slug, slug_for

_EXAMPLE: dict[str, Any] = {"name": "Headphones", "slug": "headphones", "parent_id": None}


class CategoryRequest(Model):
    """A category to be made; without a slug one is made of the name."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: CatalogueName
    slug: Slug | None = None
    parent_id: UUID | None = Field(None, description="The category that it stands in.")
    is_active: bool = Field(default=True, description="Whether its products are shown.")

    @model_validator(mode="after")
    def _has_a_slug(self) -> Self:
        slug_for(self.name, self.slug)
        return self

    def category(self, now: datetime) -> Category:
        """Return the new category."""
        return Category(
            id=new_id(),
            name=self.name,
            slug=slug_for(self.name, self.slug),
            parent_id=self.parent_id,
            is_active=self.is_active,
            version=1,
            created_at=now,
            updated_at=now,
        )


class CategoryChange(Model):
    """The fields to change; fields not named stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Headphones, earphones"}]})

    name: Changed[CatalogueName] = None
    slug: Changed[Slug] = None
    parent_id: UUID | None = Field(None, description="null: it stands at the top.")
    is_active: Changed[bool] = None

    def changes(self) -> dict[str, Any]:
        """Return the category's fields to change."""
        return self.model_dump(exclude_unset=True)


class CategoryAnswer(Model):
    """A category of products."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f",
                    **_EXAMPLE,
                    "is_active": True,
                    "version": 1,
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    slug: str
    parent_id: UUID | None
    is_active: bool = Field(
        description="Whether its products are shown, as far as it decides: where the category"
        " that it stands in is not active, they are not."
    )
    version: int = Field(description="Grows with each edit.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, category: Category) -> Self:
        """Return the category as everybody sees it."""
        return cls.model_validate(category, from_attributes=True)


class CategoriesQuery(PageQuery):
    """Filters and page of categories, in the order of their names."""

    parent_id: UUID | None = Field(None, description="Only those right below this one.")
    is_active: bool | None = Field(
        None, description="For admins: only active or inactive ones. Others see active ones only."
    )
