"""kit.web.faults: pydantic's errors in our words."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import pytest
from pydantic import AwareDatetime, BeforeValidator, Field, HttpUrl, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from kit.web.faults import faults_of, nul_faults, required
from kit.web.schemas import Model


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class ByName(Model):
    name: str


class ByNumber(Model):
    number: int


class Order(Model):
    payee: ByName | ByNumber | None = None
    lines: list[ByNumber] = Field(default_factory=list)


def refused(declared: Any, value: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(declared).validate_json(orjson.dumps(value), strict=True)
    return [
        (fault.pointer, fault.code, fault.detail_en)
        for fault in faults_of(error.value, document=value)
    ]


@pytest.mark.parametrize(
    ("declared", "value", "code", "says"),
    [
        (str, 1, "wrong_type", "Must be a string."),
        (Annotated[str, Field(min_length=3)], "a", "too_short", "3 characters at least."),
        (Annotated[str, Field(max_length=3)], "aaaa", "too_long", "3 characters at most."),
        (Annotated[str, Field(pattern="^x$")], "a", "malformed", "Not in the expected form."),
        (int, "1", "wrong_type", "Must be a whole number."),
        (int, 1.5, "wrong_type", "Must be a whole number."),
        (float, "x", "wrong_type", "Must be a number."),
        (bool, "yes", "wrong_type", "Must be true or false."),
        (UUID, "x", "malformed", "Must be a UUID."),
        (Colour, "green", "not_allowed", "Must be one of: 'red', 'blue'."),
        (Annotated[int, Field(ge=1)], 0, "too_small", "Must be 1 or more."),
        (Annotated[int, Field(le=9)], 10, "too_large", "Must be 9 or less."),
        (Annotated[int, Field(gt=0)], 0, "too_small", "Must be more than 0."),
        (Annotated[int, Field(lt=9)], 9, "too_large", "Must be less than 9."),
        (Literal["a", "b"], "c", "not_allowed", "Must be one of: 'a', 'b'."),
        (list[int], {}, "wrong_type", "Must be a list."),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "too_long", "1 entries at most."),
        (Annotated[list[int], Field(min_length=1)], [], "too_short", "1 entries at least."),
        (dict[str, int], [], "wrong_type", "Must be an object."),
        (ByName, [], "wrong_type", "Must be an object."),
        (datetime, "soon", "malformed", "Must be a time such as 2026-01-31T12:00:00Z."),
        (date, "soon", "malformed", "Must be a day such as 2026-01-31."),
        (Annotated[int, Field(multiple_of=2)], 3, "invalid", "Not accepted."),
    ],
)
def test_each_kind_of_error_has_a_stable_code_and_says_what_is_expected(
    declared: Any, value: Any, code: str, says: str
) -> None:
    assert refused(declared, value) == [("", code, says)]


def test_times_without_zone_and_wrong_urls_are_malformed() -> None:
    for declared, value in ((AwareDatetime, "2026-01-31T12:00:00"), (HttpUrl, "nowhere")):
        with pytest.raises(ValidationError) as error:
            TypeAdapter(declared).validate_python(value)
        assert faults_of(error.value)[0].code == "malformed"


def test_a_type_that_says_less_than_its_family_is_still_told() -> None:
    def refuse(_: Any) -> Any:
        raise PydanticCustomError("too_long", "far too long")

    assert refused(Annotated[str, BeforeValidator(refuse)], "x") == [
        ("", "too_long", "Not accepted.")
    ]


def test_missing_and_unknown_fields_are_told_apart() -> None:
    assert refused(ByName, {"nmae": "x"}) == [
        ("/name", "required", "Required."),
        ("/nmae", "unknown_field", "There is no such field."),
    ]


def test_pointers_go_into_lists_and_leave_out_the_names_of_union_kinds() -> None:
    assert refused(Order, {"lines": [{"number": 1}, {"number": "2"}]}) == [
        ("/lines/1/number", "wrong_type", "Must be a whole number.")
    ]
    assert {pointer for pointer, _, _ in refused(Order, {"payee": {"nmae": "x"}})} == {
        "/payee/name",
        "/payee/nmae",
        "/payee/number",
    }
    assert {pointer for pointer, _, _ in refused(Order, {"payee": "x"})} == {"/payee"}


def test_the_value_itself_is_never_told() -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(Order).validate_python({"payee": "hunter2", "lines": "hunter2"})

    assert "hunter2" not in repr(faults_of(error.value))
    assert "hunter2" not in str(error.value)


def test_odd_names_are_escaped_in_pointers() -> None:
    ((pointer, _, _),) = refused(ByName, {"name": "x", "a/b~c": 1})

    assert pointer == "/a~1b~0c"


def test_a_missing_value_can_be_told_without_pydantic() -> None:
    assert required("/query/limit").code == "required"


def test_texts_with_nul_are_found_wherever_they_are() -> None:
    document = {"a": "x\0", "b": [{"c": "\0"}, "fine", 1, None], "n\0me": 1}

    assert [fault.pointer for fault in nul_faults(document)] == ["/a", "/b/0/c", ""]
    assert nul_faults({"a": "fine"}) == []
