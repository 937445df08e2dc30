"""Owns the queries of lists: page, span of time, and old names of filters.

Does not know a list's own filters: services add them to these models.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from kit.span import PeriodInvalid, Span
from kit.web.fields import refuse_field
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT, Cursors, KeyCursors
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span


class Filters(Model):
    """The filters of a list; an entry must fit all that are given.

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


class RangeFilters(Filters):
    """The filters by a range of times or days, in a zone that the list's model says."""

    begin: RangeEdge | None = Field(
        None, alias="from", description="Then or later; a day is meant from its start on."
    )
    end: RangeEdge | None = Field(
        None, alias="to", description="Before then; a day is included as a whole."
    )


class SpanFilters(RangeFilters):
    """The filters by a span of time, given by times or days."""

    tz: Zone = DEFAULT_ZONE

    @property
    def span(self) -> Span:
        """Return the span; None is an open end."""
        return span(self.begin, self.end, self.tz)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        """Refuse a span in which nothing can be, whatever the list then does with it.

        Raises:
            PeriodInvalid: it does not end after it begins.
        """
        if not self.span.is_forwards:
            raise PeriodInvalid
        return self


class PageQuery(Filters):
    """Says which page of a list is asked for, and how long it is."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=400, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> Mapping[str, object]:
        """Return the filters that a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})

    def cursors(
        self, secret: SecretStr, *, list_name: str, subject: str, **others: object
    ) -> Cursors:
        """Return the cursors of the list, bound to these filters and to its path."""
        return Cursors(
            secret, list_name=list_name, subject=subject, filters={**self.filters, **others}
        )

    def key_cursors(self, secret: SecretStr, *, list_name: str, subject: str) -> KeyCursors:
        """Return the cursors of a list whose order is among its filters."""
        return KeyCursors(secret, list_name=list_name, subject=subject, filters=self.filters)


class SpanQuery(SpanFilters, PageQuery):
    """Asks for a page of the entries in a span of time."""


def old_name(name: str, **limits: Any) -> Any:
    """Return the declaration of a field that is an old name of another."""
    return Field(
        None,
        description=f"The same as `{name}`, as it was called before.",
        json_schema_extra={"deprecated": True},
        **limits,
    )
