"""kit.web.texts: what names and free texts may hold."""

import re

import pytest
from pydantic_core import PydanticCustomError

from kit.web.texts import LINE, TEXT, is_visible_line, plain_text, visible_line


@pytest.mark.parametrize("text", ["Phone", "Ёлка №5", "नमस्\u200dते", "می\u200cخواهم", "👍"])
def test_a_line_of_visible_characters_is_a_name(text: str) -> None:
    assert is_visible_line(text)
    assert visible_line(text) == text
    assert re.fullmatch(str(LINE["pattern"]), text)


@pytest.mark.check(35)
@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\tb", "a\u202eb", "\u200b", "a\0"])
def test_what_nobody_sees_is_no_name(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="one line of visible"):
        visible_line(text)


def test_a_text_may_have_lines_and_tabs_but_no_other_control_characters() -> None:
    assert plain_text("a\r\n\tb\u202e") == "a\r\n\tb\u202e"
    with pytest.raises(PydanticCustomError, match="control characters"):
        plain_text("a\x07")


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\tb", "a\0", "\x85", "a\u2028"])
def test_documents_say_of_lines_what_a_pattern_can(text: str) -> None:
    assert not re.fullmatch(str(LINE["pattern"]), text)


@pytest.mark.parametrize(("text", "is_said"), [("", True), ("a\r\n\tb", True), ("a\x07", False)])
def test_documents_say_of_texts_what_a_pattern_can(text: str, *, is_said: bool) -> None:
    assert bool(re.fullmatch(str(TEXT["pattern"]), text)) is is_said
