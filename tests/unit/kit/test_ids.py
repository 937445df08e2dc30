"""kit.ids: new ids grow, derived ids repeat."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid5

import pytest

from kit.ids import NAMESPACE, derived_id, id_in, new_id, new_id_text, uuid7_day


def test_new_ids_are_version_7_of_the_standard_type_and_increase() -> None:
    ids = [new_id() for _ in range(2000)]

    assert all(type(made) is UUID and made.version == 7 for made in ids)
    assert ids == sorted(set(ids))


def test_texts_of_new_ids_are_such_ids_and_follow_them() -> None:
    before, texts = new_id(), [new_id_text() for _ in range(2000)]

    assert all(str(UUID(text)) == text and UUID(text).version == 7 for text in texts)
    assert texts == sorted(set(texts))
    assert str(before)[:13] <= texts[0][:13]  # the millisecond


def test_the_day_inside_an_id_is_the_day_it_was_made() -> None:
    before = datetime.now(UTC).date()
    day = uuid7_day(new_id())

    assert before <= day <= datetime.now(UTC).date()


def test_the_day_inside_an_id_is_in_utc() -> None:
    last_millisecond = int(datetime(2026, 1, 31, 23, 59, 59, 999000, UTC).timestamp() * 1000)

    assert uuid7_day(_version_7(last_millisecond)) == date(2026, 1, 31)
    assert uuid7_day(_version_7(last_millisecond + 1)) == date(2026, 2, 1)


def test_other_versions_have_no_day() -> None:
    with pytest.raises(ValueError, match="not a UUIDv7"):
        uuid7_day(uuid5(NAMESPACE, "x"))


def test_derived_ids_repeat_for_the_same_parts_only() -> None:
    saga_id = new_id()

    assert derived_id(saga_id, "settle", 1) == derived_id(str(saga_id), "settle", "1")
    assert derived_id(saga_id, "settle", 1) != derived_id(saga_id, "settle", 2)
    assert derived_id("ab", "c") != derived_id("a", "bc")
    assert derived_id("a", "b") != derived_id("b", "a")
    assert derived_id("1:a") != derived_id("", "a")
    assert derived_id("x").version == 5


def test_derived_ids_never_change() -> None:
    assert derived_id("payment", 1, "settle") == UUID("6dd5b829-bdcf-59d7-a10a-e9f95c785913")


def _version_7(milliseconds: int) -> UUID:
    return UUID(int=milliseconds << 80 | 7 << 76 | 0b10 << 62)


def test_an_id_is_read_from_its_text_and_from_nothing_else() -> None:
    made = new_id()
    assert id_in(str(made)) == id_in(str(made).upper()) == made
    assert [id_in(text) for text in ("", "phone", "ё", str(made)[:-1])] == [None] * 4
