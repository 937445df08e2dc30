from typing import Any

import pytest
from deploy.generate.additive import breaks

NAME = {"type": "string", "title": "Name"}


def message(*required: str, defs: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": fields, "required": list(required)}
    return schema | ({"$defs": defs} if defs else {})


OLD = message("name", name=NAME)

ADDITIONS = {
    "nothing at all": OLD,
    "other words": message("name", name={"type": "string", "description": "How it is called"}),
    "a field with a default": message("name", name=NAME, note={"type": "string", "default": ""}),
    "a field that need not be there any more": message(name=NAME),
}

BREAKS = {
    "name is gone": message(),
    "name means something else": message("name", name={"type": "integer"}),
    "note is required now": message("name", "note", name=NAME, note=NAME),
}


@pytest.mark.parametrize("new", ADDITIONS.values(), ids=ADDITIONS)
def test_an_addition_breaks_nothing(new: dict[str, Any]) -> None:
    assert breaks(OLD, new) == []


@pytest.mark.parametrize(("words", "new"), BREAKS.items(), ids=BREAKS)
def test_what_a_reader_cannot_take_is_named(words: str, new: dict[str, Any]) -> None:
    assert breaks(OLD, new) == [words]


def test_a_narrower_value_means_something_else() -> None:
    old = message(amount={"type": "integer"})
    new = message(amount={"type": "integer", "maximum": 10})
    assert breaks(old, new) == ["amount means something else"]


def test_parts_are_held_to_the_same_rule() -> None:
    reference = {"$ref": "#/$defs/Entry"}
    old = message("entry", entry=reference, defs={"Entry": message("seq", seq=NAME)})
    new = message("entry", entry=reference, defs={"Entry": message("number", number=NAME)})
    assert breaks(old, new) == ["Entry.seq is gone", "Entry.number is required now"]


def test_a_part_that_was_a_choice_stays_one() -> None:
    old = message(defs={"Status": {"enum": ["active"]}})
    new = message(defs={"Status": {"enum": ["active", "frozen"]}})
    assert breaks(old, new) == ["Status means something else"]
