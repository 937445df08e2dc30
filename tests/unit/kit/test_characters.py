import pytest

from kit.characters import holds_unseen

UNSEEN = ["\x00", "\x7f", "\n", "\ud800", "\ue000", "\u0378", "\u2028", "\u2029"]


@pytest.mark.parametrize("character", UNSEEN, ids=ascii)
def test_what_nobody_can_see_is_found(character: str) -> None:
    assert holds_unseen(f"a{character}b")
    assert not holds_unseen(f"a{character}b", but=character)


@pytest.mark.parametrize("text", ["", " ", "IVAN PETROV", "Обед №7", "नमस्\u200dते", "👍🏽"])
def test_what_people_write_is_seen(text: str) -> None:
    assert not holds_unseen(text)


def test_only_what_is_named_is_let_through() -> None:
    assert not holds_unseen("one\r\n\ttwo", but="\r\n\t")
    assert holds_unseen("one\r\n\ttwo", but="\r\t")
