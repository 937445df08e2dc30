"""kit.web.language: which language a caller reads."""

import pytest

from kit.http import preferred_language
from kit.web.language import caller_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("en;q=0.5,ru;q=0.7", "ru"),
        ("ru;q=0", "en"),
        ("de,ru;q=0.3", "ru"),
        ("de", "en"),
        ("*", "en"),
        ("*;q=0.5,ru", "ru"),
        ("en;q=0,*", "ru"),
        ("ru;q=high", "en"),
        ("ru;q=nan", "en"),
        ("ru;q=7", "en"),
        ("ru;level=1", "ru"),
        (b"ru", "ru"),
        (b"\xff\xfe", "en"),
        ("ru," * 100_000, "ru"),
    ],
)
def test_the_better_liked_of_english_and_russian_is_chosen(
    header: str | bytes | None, language: str
) -> None:
    assert preferred_language(header) == language


def test_an_operation_can_ask_for_the_language() -> None:
    assert caller_language("ru") == "ru"
    assert caller_language(None) == "en"
