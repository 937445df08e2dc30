"""Owns how lists are asked for: their page, the span of time they are of, and old spellings.

Does not know what a list is narrowed by besides: services add their filters to these models.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from kit.span import Span
from kit.web.fields import refuse_field
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT, Cursors
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span


class Filters(Model):
    """What a list is narrowed by; all that are given must fit.

    `old_names` are deprecated fields, by the field that says the same: given both, it is refused,
    as one of them would have to be left out.
    """

    model_config = ConfigDict(populate_by_name=True)

    old_names: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="after")
    def _under_one_name(self) -> Self:
        for old, name in self.old_names.items():
            if getattr(self, old) is not None and getattr(self, name) is not None:
                public = type(self).model_fields[name].alias or name
                raise refuse_field(
                    "at_most_one",
                    f"Give it once: as {public} alone.",
                    f"Укажите один раз: только как {public}.",
                    field=old,
                )
        return self


class SpanFilters(Filters):
    """A span of time, given by moments or days."""

    begin: RangeEdge | None = Field(
        None, alias="from", description="Then or later; a day is meant from its start on."
    )
    end: RangeEdge | None = Field(
        None, alias="to", description="Before then; a day is included as a whole."
    )
    tz: Zone = DEFAULT_ZONE

    @property
    def span(self) -> Span:
        """The span; None at an open end."""
        return span(self.begin, self.end, self.tz)


class PageQuery(Filters):
    """Which page of a list, and how long."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> Mapping[str, object]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})

    def cursors(
        self, secret: SecretStr, *, list_name: str, subject: str, **others: object
    ) -> Cursors:
        """Return the cursors of the list for these filters, and for what its path names."""
        return Cursors(
            secret, list_name=list_name, subject=subject, filters={**self.filters, **others}
        )


class SpanQuery(SpanFilters, PageQuery):
    """A page of what came in a span of time."""


def old_name(name: str, **limits: Any) -> Any:
    """Return how a field that is an old spelling of another is declared."""
    return Field(
        None,
        description=f"The same as `{name}`, as it was called before.",
        json_schema_extra={"deprecated": True},
        **limits,
    )
