"""Declares the fields that categories and products have in common."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from kit.web.fields import refuse_field
from kit.web.texts import LINE, TEXT, plain_text, visible_line
from shop.domain.slugs import LONGEST as LONGEST_SLUG
from shop.domain.slugs import PATTERN, slug_of

LONGEST_NAME: Final = 200
LONGEST_DESCRIPTION: Final = 5_000

CatalogueName = Annotated[
    str,
    Field(
        description="The name people know.",
        max_length=LONGEST_NAME,
        json_schema_extra=LINE,
        examples=["Headphones"],
    ),
    AfterValidator(visible_line),
]
Slug = Annotated[
    str,
    Field(
        description="The name in addresses: lower-case Latin letters and digits, with hyphens.",
        max_length=LONGEST_SLUG,
        pattern=PATTERN,
        examples=["headphones"],
    ),
]
Description = Annotated[
    str,
    Field(
        max_length=LONGEST_DESCRIPTION,
        json_schema_extra=TEXT,
        examples=["On the ear, with a cable of 1.2 m"],
    ),
    AfterValidator(plain_text),
]
# What a path names it by. Only said: what is not of this form is not there, either.
NamedProduct = Annotated[
    str,
    Field(
        description="Its id or its slug.",
        json_schema_extra={"maxLength": LONGEST_SLUG, "pattern": PATTERN},
    ),
]
NamedCategory = Annotated[
    str,
    Field(
        description="Its id, its slug or its name.",
        json_schema_extra={"maxLength": LONGEST_NAME, **LINE},
    ),
]


def slug_for(name: str, given: str | None) -> str:
    """Return the slug that was given, else one made of the name.

    Raises:
        PydanticCustomError: nothing of the name can be spelt in Latin letters.
    """
    slug = given or slug_of(name)
    if not slug:
        raise refuse_field(
            "required",
            "No slug can be made of the name; name one, such as “headphones”.",
            "Из названия слаг не получается; укажите его, например «headphones».",
            field="slug",
        )
    return slug
