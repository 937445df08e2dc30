"""kit.web.queries: how lists are asked for, their span, and old spellings of a filter."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from kit.refusals import CursorInvalid
from kit.span import ALWAYS, PeriodInvalid, Span
from kit.web.faults import faults_of
from kit.web.queries import SpanQuery, old_name
from kit.web.times import RangeEdge

SECRET = SecretStr("s" * 32)
_ID = UUID(int=7)


class Asked(SpanQuery):
    old_names: ClassVar[Mapping[str, str]] = {"owner": "owner_id", "since": "begin"}

    owner_id: str | None = None
    owner: str | None = old_name("owner_id", max_length=4)
    since: RangeEdge | None = old_name("from")


def asked(**query: Any) -> Asked:
    return Asked.model_validate({name.rstrip("_"): value for name, value in query.items()})


def test_a_span_is_whole_days_of_the_zone_and_open_where_nothing_is_given() -> None:
    assert asked().span == ALWAYS
    found = asked(from_="2026-01-31", to="2026-01-31", tz="Europe/Moscow").span
    begin, end = (datetime(2026, 1, day, 21, tzinfo=UTC) for day in (30, 31))
    assert found == Span(begin, end)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-02", "2026-01-01"),
        ("2026-01-01T22:00:00Z", "2026-01-01"),
    ],
)
def test_a_span_in_which_nothing_can_be_is_refused(begin: str, end: str) -> None:
    with pytest.raises(PeriodInvalid) as refused:
        asked(from_=begin, to=end, tz="Europe/Moscow")
    (fault,) = refused.value.errors
    assert (fault.pointer, fault.code) == ("/query/to", "period_invalid")


@pytest.mark.parametrize(
    ("query", "pointer", "text"),
    [
        ({"owner": "a", "owner_id": "a"}, "/owner", "owner_id"),
        ({"since": "2026-01-01", "from_": "2026-01-01"}, "/since", "from"),
    ],
)
def test_a_filter_given_under_its_old_name_too_is_refused(
    query: dict[str, str], pointer: str, text: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        asked(**query)
    (fault,) = faults_of(refused.value)
    assert (fault.pointer, fault.code) == (pointer, "at_most_one")
    assert text in fault.detail_en
    assert text in fault.detail_ru


def test_an_old_name_is_documented_as_such() -> None:
    said = Asked.model_json_schema()["properties"]["owner"]
    assert said["deprecated"] is True
    assert "`owner_id`" in said["description"]
    assert asked(owner="anna").owner == "anna"
    with pytest.raises(ValidationError):
        asked(owner="annas")


def test_a_cursor_is_bound_to_the_filters_and_to_what_the_path_names() -> None:
    def cursors(query: Asked, wallet: str) -> Any:
        return query.cursors(SECRET, list_name="list", subject="s", wallet=wallet)

    place = datetime(2026, 1, 31, tzinfo=UTC)
    written = cursors(asked(owner_id="a", limit=5), "w").encode(place, _ID)
    assert cursors(asked(owner_id="a", cursor=written), "w").decode(written) == (place, _ID)
    for query, wallet in ((asked(owner_id="b"), "w"), (asked(owner_id="a"), "v"), (asked(), "w")):
        with pytest.raises(CursorInvalid):
            cursors(query, wallet).decode(written)
