"""kit.web.fields: amounts and addresses as callers write them."""

import re
from contextlib import nullcontext
from typing import Any

import orjson
import pytest
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from kit.ids import new_id
from kit.money import Money
from kit.web.answers import Answer
from kit.web.faults import faults_of
from kit.web.fields import (
    AMOUNT,
    IDS,
    RETURN_URL,
    AmountFields,
    AmountText,
    Changed,
    CurrencyCode,
    MoneyObject,
    each_once,
    return_url,
    split_ids,
)
from kit.web.schemas import Model

_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"


class Transfer(AmountFields):
    note: str = ""


class Balances(Model):
    balance: MoneyObject


def read(document: bytes) -> Transfer:
    return TypeAdapter(Transfer).validate_json(document, strict=True)


def refused(document: bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(ValidationError) as error:
        read(document)
    faults = faults_of(error.value, document=orjson.loads(document))
    return [(fault.pointer, fault.code, fault.detail_en) for fault in faults]


def test_amount_and_currency_become_money() -> None:
    assert read(b'{"amount": "150.00", "currency": "JPY"}'.replace(b".00", b"")).money == Money(
        150, "JPY"
    )
    assert read(b'{"amount": "1.005", "currency": "KWD"}').money == Money(1005, "KWD")


def test_the_currency_is_roubles_where_none_is_given() -> None:
    assert read(b'{"amount": "150.00"}').money == Money(15000, "RUB")


@pytest.mark.parametrize(
    "amount",
    [
        b"150",
        b"1.5",
        b"true",
        b"null",
        b"[]",
        b'""',
        b'"1e3"',
        b'"+5"',
        b'"-0"',
        b'"NaN"',
        '"٥"'.encode(),
        b'"' + b"9" * 100_000 + b'"',
    ],
)
def test_what_is_no_amount_is_refused_with_a_right_example(amount: bytes) -> None:
    ((pointer, code, detail),) = refused(b'{"amount": ' + amount + b"}")

    assert (pointer, code) == ("/amount", "amount_invalid")
    assert "“150.00”" in detail


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [
        ("1.001", "RUB", "RUB has 2 decimals at most"),
        ("1.5", "JPY", "such as “150”"),
        ("0.00", "RUB", "more than zero"),
        ("9" * 30, "RUB", "at most"),
    ],
)
def test_an_amount_that_its_currency_does_not_allow_is_refused(
    amount: str, currency: str, says: str
) -> None:
    ((pointer, code, detail),) = refused(orjson.dumps({"amount": amount, "currency": currency}))

    assert (pointer, code) == ("/amount", "amount_invalid")
    assert says in detail


@pytest.mark.parametrize("currency", ["rub", "XXX", "", 643, None])
def test_an_unknown_currency_is_refused(currency: object) -> None:
    ((pointer, code, detail),) = refused(orjson.dumps({"amount": "1.00", "currency": currency}))

    assert (pointer, code) == ("/currency", "currency_unknown")
    assert "RUB" in detail


def test_other_faults_are_told_together_with_that_of_the_amount() -> None:
    assert [pointer for pointer, _, _ in refused(b'{"amount": 1, "fee": "0"}')] == [
        "/amount",
        "/fee",
    ]


def test_an_amount_inside_another_model_is_pointed_at() -> None:
    class Bulk(Model):
        payments: list[Transfer]

    document: Any = {"payments": [{"amount": "1.00"}, {"amount": "1.001"}]}
    with pytest.raises(ValidationError) as error:
        TypeAdapter(Bulk).validate_json(orjson.dumps(document))

    assert [f.pointer for f in faults_of(error.value, document=document)] == ["/payments/1/amount"]


def test_amounts_are_written_canonically() -> None:
    answer = Answer(200, Balances(balance=MoneyObject.of(-5, "RUB")))

    assert answer.body == b'{"balance":{"amount":"-0.05","currency":"RUB"}}'


def test_the_schema_says_string_with_an_example() -> None:
    amount = TypeAdapter(AmountText).json_schema()
    currency = TypeAdapter(CurrencyCode).json_schema()

    assert (amount["type"], amount["examples"]) == ("string", ["150.00"])
    assert (currency["type"], currency["examples"]) == ("string", ["RUB"])


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/thanks?id=1#done",
        "http://localhost:8000",
        "https://[::1]:1/",
        "HTTPS://a",
    ],
)
def test_somebody_may_come_back_to_an_absolute_address(text: str) -> None:
    assert return_url(text) == text


@pytest.mark.check(31)
@pytest.mark.parametrize(
    "text",
    [
        *("", "/thanks", "shop.example", "javascript:alert(1)", "https://", "ftp://a.example"),
        *("https://a@b.example", "https://a:b@c.example", "http://[b", "http://a:0", "http://a:x"),
        *(
            "https://a.example/<",
            "https://a.example/ b",
            "https://a.example/\\",
            "https://ä.example",
        ),
        "https://a.example/\n",
    ],
)
def test_nobody_comes_back_to_anything_else(text: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        return_url(text, field="return_url")
    context = refused.value.context
    assert context is not None
    assert (context["code"], context["field"]) == ("return_url_invalid", "return_url")
    assert "thanks" in context["en"]


class Change(Model):
    amount: Changed[AmountText] = Field(None, description="The new one.")
    edge: Changed[int | bool] = None


def test_a_field_that_may_be_left_out_is_not_null() -> None:
    assert Change().amount is None
    assert Change(amount="1.00").amount == "1.00"
    with pytest.raises(ValidationError, match=r"Must not be null\."):
        Change(amount=None)


def test_documents_say_that_a_field_is_not_null_and_may_be_left_out() -> None:
    schema = Change.model_json_schema()
    amount = schema["properties"]["amount"]
    assert (amount["type"], amount["pattern"], amount["maxLength"]) == ("string", AMOUNT, 64)
    assert amount["description"] == "The new one."
    assert schema["properties"]["edge"]["anyOf"] == [{"type": "integer"}, {"type": "boolean"}]
    assert "default" not in amount
    assert "required" not in schema


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("https://shop.example/thanks", True),
        ("http://[::1]:8080?a=@b#c", True),
        ("http://[1:2:3:4:5:6:7:8]/", True),
        ("http://[1::]", True),
        ("http://[::]", True),
        ("http://[1::6:7:8]", True),
        ("http://[2]", False),
        ("http://[1:2:3:4:5:6:7:8:9]", False),
        ("http://[1::2::3]", False),
        ("http://[12345::]", False),
        ("https://user@shop.example/", False),
        ("https://shop.example/a b", False),
        ("ftp://shop.example/", False),
        ("https://", False),
        ("https://shop.example/å", False),
        ("http://shop.example:0080/", True),
        ("http://shop.example:65535", True),
        ("http://shop.example:65536", False),
        ("http://shop.example:0", False),
        ("http://shop.example:8x", False),
        ("http://:80/", False),
    ],
)
def test_documents_say_what_a_return_url_is(text: str, *, is_said: bool) -> None:
    assert bool(re.fullmatch(str(RETURN_URL["pattern"]), text)) is is_said
    with nullcontext() if is_said else pytest.raises(PydanticCustomError):
        return_url(text)


@pytest.mark.parametrize("text", [_ID, _ID.upper(), ",".join([_ID] * 100)])
def test_a_hundred_ids_separated_by_commas_are_a_list(text: str) -> None:
    assert re.fullmatch(IDS, text)


@pytest.mark.parametrize(
    "text",
    ["", f"{_ID},", f"{_ID} ,{_ID}", _ID.replace("-", ""), ",".join([_ID] * 101)],
)
def test_anything_else_is_no_list_of_ids(text: str) -> None:
    assert not re.fullmatch(IDS, text)


def test_a_list_of_ids_is_split() -> None:
    one, two = new_id(), new_id()
    assert split_ids(f"{one},{str(two).upper()}") == [one, two]


@pytest.mark.parametrize("given", [["a", "b"], [], None])
def test_what_names_each_once_passes(given: list[str] | None) -> None:
    assert each_once(given) is given


def test_what_names_something_twice_is_refused() -> None:
    with pytest.raises(PydanticCustomError, match="each once"):
        each_once(["a", "b", "a"])


@pytest.mark.parametrize(
    ("address", "may_be"),
    [
        ("https://shop.example/thanks?a[]=1", True),
        ("http://[::1]:8080/x", True),
        ("http://*wr=V.U[S", False),
        ("http://1]TAtc", False),
        ("http://[::1", False),
        ("http://[shop.example]/", False),
    ],
)
def test_the_pattern_of_a_return_url_knows_where_brackets_may_be(
    address: str,
    may_be: bool,  # noqa: FBT001
) -> None:
    assert bool(re.search(str(RETURN_URL["pattern"]), address)) is may_be
