"""Whatever is listed: pages join to the whole list, and a cursor opens that list alone."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from kit.refusals import CursorInvalid
from kit.web.pagination import Cursors, Position, page_of
from kit.web.schemas import Page

SECRET = SecretStr("q8vW2zL0xN5rT7yU1iO3pA6sD9fG4hJk")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
times = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones)  # noqa: DTZ001
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
filters = st.dictionaries(st.text(max_size=8), values, max_size=4)


class Bound(NamedTuple):
    """What a cursor is bound to."""

    list_name: str
    subject: str
    filters: Mapping[str, Any]

    def cursors(self) -> Cursors:
        return Cursors(SECRET, **self._asdict())

    @property
    def meaning(self) -> str:
        """The same for two that mean the same list: filters not given do not count."""
        given = sorted((name, repr(v)) for name, v in self.filters.items() if v is not None)
        return repr((self.list_name, self.subject, given))


bounds = st.builds(Bound, st.text(max_size=8), st.text(max_size=8), filters)


@given(bounds, times, st.uuids())
def test_a_cursor_is_read_back_as_the_same_moment_whatever_its_zone(
    bound: Bound, at: datetime, row_id: UUID
) -> None:
    found = bound.cursors().decode(bound.cursors().encode(at, row_id))
    assert found == Position(at, row_id)
    assert found.created_at.utcoffset() == timedelta(0)


@given(bounds, bounds, times, st.uuids())
def test_a_cursor_opens_the_list_it_was_written_for_and_no_other(
    one: Bound, other: Bound, at: datetime, row_id: UUID
) -> None:
    cursor = one.cursors().encode(at, row_id)
    if one.meaning == other.meaning:
        assert other.cursors().decode(cursor) == Position(at, row_id)
        return
    with pytest.raises(CursorInvalid):
        other.cursors().decode(cursor)


@given(bounds, times, st.uuids(), st.integers(0, 53))
def test_a_cursor_has_one_spelling(bound: Bound, at: datetime, row_id: UUID, place: int) -> None:
    cursor = bound.cursors().encode(at, row_id)
    for where in (place, 53):  # not all bits of its last letter count
        for letter in LETTERS:
            altered = cursor[:where] + letter + cursor[where + 1 :]
            if altered != cursor:
                with pytest.raises(CursorInvalid):
                    bound.cursors().decode(altered)


@given(times, st.uuids(), st.integers(0, 54), st.text("!. \n=*+/", min_size=1, max_size=8))
def test_nothing_is_read_past_in_a_cursor(
    at: datetime, row_id: UUID, place: int, junk: str
) -> None:
    bound = Bound("list", "alice", {})
    cursor = bound.cursors().encode(at, row_id)
    with pytest.raises(CursorInvalid):
        bound.cursors().decode(cursor[:place] + junk + cursor[place:])


@given(st.text(max_size=80) | st.text(LETTERS, min_size=54, max_size=54))
def test_no_other_text_is_a_cursor_and_none_breaks_the_reading(text: str) -> None:
    with pytest.raises(CursorInvalid):
        Bound("list", "alice", {}).cursors().decode(text)


# Many rows of the same moment, so that pages end between them.
rows = st.lists(
    st.builds(
        Position,
        st.integers(0, 3).map(lambda s: datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=s)),
        st.integers(0, 40).map(lambda number: UUID(int=number)),
    ),
    unique=True,
    max_size=40,
)


@given(rows, rows, st.integers(1, 12))
def test_pages_join_to_the_whole_list_though_newer_rows_come_meanwhile(
    stored: list[Position], late: list[Position], limit: int
) -> None:
    newest = datetime(2026, 2, 1, tzinfo=UTC)
    whole = sorted(stored, reverse=True)
    coming = [row._replace(created_at=newest) for row in late]
    cursors = Bound("list", "alice", {}).cursors()
    seen: list[Position] = []
    cursor: str | None = None
    for _ in range(len(stored) + 1):
        after = cursors.decode(cursor)
        known = sorted([*stored, *coming] if cursor else stored, reverse=True)
        below = [row for row in known if after is None or row < after]
        page = page_of(Page[Any], below[: limit + 1], lambda row: row, limit=limit, cursors=cursors)
        assert len(page.items) == min(limit, len(below))
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == whole
