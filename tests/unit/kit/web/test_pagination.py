"""kit.web.pagination: cursors."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from kit.ids import derived_id
from kit.refusals import CursorInvalid
from kit.web.pagination import (
    Cursors,
    KeyCursors,
    KeyPosition,
    Position,
    next_link,
    page_of,
)
from kit.web.schemas import Page

SECRET = SecretStr("q8vW2zL0xN5rT7yU1iO3pA6sD9fG4hJk")
AT = datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)
ID = derived_id("payment")


def cursors(**changes: Any) -> Cursors:
    bound: dict[str, Any] = {
        "list_name": "list_payments",
        "subject": "alice",
        "filters": {"status": "paid", "currency": None},
    }
    secret = changes.pop("secret", SECRET)
    return Cursors(secret, **(bound | changes))


def test_a_cursor_is_read_back_to_the_microsecond() -> None:
    assert cursors().decode(cursors().encode(AT, ID)) == Position(AT, ID)
    early = datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)
    assert cursors().decode(cursors().encode(early, ID)) == Position(early, ID)


def test_no_cursor_is_the_first_page() -> None:
    assert cursors().decode(None) is None


def test_filters_not_given_and_their_order_do_not_matter() -> None:
    same = cursors(filters={"currency": None, "status": "paid", "other": None})
    two = cursors(filters={"a": 1, "b": AT})
    turned = cursors(filters={"b": AT, "a": 1})

    assert same.decode(cursors().encode(AT, ID)) == Position(AT, ID)
    assert turned.decode(two.encode(AT, ID)) == Position(AT, ID)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "bob"},
        {"subject": ""},
        {"list_name": "list_wallets"},
        {"filters": {"status": "failed"}},
        {"filters": {"status": "paid", "currency": "RUB"}},
        {"filters": {}},
        {"filters": None},
        {"secret": SecretStr("another-secret")},
    ],
)
def test_a_cursor_of_another_user_list_or_filter_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CursorInvalid) as refused:
        cursors(**changes).decode(cursors().encode(AT, ID))
    assert refused.value.status == 400


def test_an_altered_cursor_is_refused_wherever_it_is_altered() -> None:
    cursor = cursors().encode(AT, ID)
    for index, letter in enumerate(cursor):
        altered = cursor[:index] + ("A" if letter != "A" else "B") + cursor[index + 1 :]
        with pytest.raises(CursorInvalid):
            cursors().decode(altered)


@pytest.mark.parametrize("cursor", ["", "x", "====", "'; DROP TABLE", "я", "A" * 10_000, "\0"])
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        cursors().decode(cursor)


def test_a_cursor_says_nothing_about_filters_or_secret() -> None:
    cursor = cursors().encode(AT, ID)

    assert len(cursor) == 54
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor != cursors().encode(AT + timedelta(microseconds=1), ID)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_a_page_shows_what_was_asked_for_and_goes_on_only_where_more_follows(limit: int) -> None:
    rows = [Position(AT - timedelta(seconds=second), UUID(int=second)) for second in range(3)]

    page = page_of(Page[str], rows, lambda row: str(row.id.int), limit=limit, cursors=cursors())

    assert page.items == ["0", "1", "2"][:limit]
    assert cursors().decode(page.next_cursor) == (rows[limit - 1] if limit < 3 else None)


def test_a_page_of_rows_that_are_placed_otherwise_ends_where_they_say() -> None:
    def place(seq: int) -> Position:
        return Position(AT, UUID(int=seq))

    page = page_of(Page[int], [9, 8, 7], int, limit=2, cursors=cursors(), place=place)

    assert page.items == [9, 8]
    assert cursors().decode(page.next_cursor) == place(8)


def test_the_link_keeps_the_parameters_and_replaces_the_cursor() -> None:
    link = next_link({"limit": "2", "cursor": "old", "q": "a&b"}, "new")

    assert link == '<?limit=2&cursor=new&q=a%26b>; rel="next"'


def key_cursors(order: str = "name") -> KeyCursors:
    return KeyCursors(SECRET, list_name="list", subject="alice", filters={"sort": order})


@pytest.mark.parametrize("key", [0, -1, 2**63 - 1, "", "ёлка", "x" * 60, "\U0001f600" * 40])
def test_a_cursor_of_any_order_is_read_back_and_fits_its_length(key: int | str) -> None:
    cursor = key_cursors().encode(key, ID)
    assert key_cursors().decode(cursor) == KeyPosition(key, ID)
    assert len(cursor) <= 400


def test_no_cursor_is_the_first_page_in_any_order() -> None:
    assert key_cursors().decode(None) is None


@pytest.mark.parametrize("cursor", ["", "AAAA", "ё", "x" * 400])
def test_what_is_no_cursor_of_the_order_is_refused(cursor: str) -> None:
    of_another = key_cursors("price").encode(5, ID)
    for one in (cursor, of_another):
        with pytest.raises(CursorInvalid):
            key_cursors().decode(one)
