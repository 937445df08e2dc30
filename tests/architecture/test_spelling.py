"""Walks the documents of all services: one thing is spelt one way, everywhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations

from kit.web.app import WebApp

ROOMS = rooms.services()
DOCUMENTS = {room: committed(room) for room in ROOMS}
OPERATIONS = [one for room in ROOMS for one in operations(room, DOCUMENTS[room])]
MONEY = "#/components/schemas/MoneyObject"
# What a sum is called, wherever it stands.
_SUM = re.compile(
    r"(.+_)?(amount|balance|balance_(before|after)|price|held|available|owed)"
    r"|(per|used|left)_(payment|day|today)"
)
# Parts of a payment, an order or a transaction, which are in its currency.
_IN_WHOSE_CURRENCY = {
    *("PaymentLineOutput", "OrderItemAnswer"),
    *("OrderRefundAnswer", "OrderDisputeAnswer", "SplitAnswer"),
}
# Sums, not counts, named so by what they are: the balance that no account may pass, and the amount
# that no API key may.
_OTHER_BOUNDS = {"balance_limit", "key_limit_exceeded"}


def _sums(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, bool]]]:
    """Yield each answer's model with its sums; True for those with a currency of their own."""
    for name, schema in document["components"]["schemas"].items():
        if name == "MoneyObject" or name.endswith(("Request", "Form", "Change", "Input")):
            continue
        fields = schema.get("properties", {})
        found = {
            field: MONEY in json.dumps(said)
            for field, said in fields.items()
            if MONEY in json.dumps(said) or (_SUM.fullmatch(field) and "string" in json.dumps(said))
        }
        if found:
            yield name, fields, found


@pytest.mark.parametrize("room", ROOMS)
def test_a_sum_that_moves_is_flat_and_what_an_account_holds_has_its_currency_beside_it(
    room: str,
) -> None:
    for name, fields, found in _sums(DOCUMENTS[room]):
        assert len(set(found.values())) == 1, f"{name}: both spellings in one object"
        if "amount" in fields:
            assert not found["amount"], f"{name}: `amount` is flat"
        if not any(found.values()) and name not in _IN_WHOSE_CURRENCY:
            assert "currency" in fields, f"{name}: in which currency?"


def test_a_sum_of_one_name_has_one_shape_in_all_services() -> None:
    shapes: dict[str, set[bool]] = {}
    for room in ROOMS:
        for _, _, found in _sums(DOCUMENTS[room]):
            for field, is_object in found.items():
                shapes.setdefault(field, set()).add(is_object)
    assert {"amount", "balance", "balance_after"} <= set(shapes)
    assert [field for field, seen in shapes.items() if len(seen) > 1] == []


@pytest.mark.parametrize("room", ROOMS)
def test_whoever_has_filled_what_one_may_fill_is_told_too_many(room: str) -> None:
    web = rooms.build(room).web
    assert isinstance(web, WebApp)
    codes = {refusal.code for refusal in web.refusals} - _OTHER_BOUNDS
    assert [code for code in codes if re.search(r"(_limit|_full|_many|_exceeded)$", code)] == []


def _named(operation: Operation) -> set[str]:
    return {one["name"] for one in operation.declared.get("parameters", ()) if one["in"] == "query"}


# Rows of one bulk, in their order, and accounts and categories, of which there are few: no lists by
# time.
_NOT_BY_TIME = {"get_bulk", "list_house_accounts", "list_categories"}


def test_every_list_is_narrowed_by_time_in_one_way() -> None:
    lists = [one for one in OPERATIONS if "cursor" in _named(one)]
    assert len(lists) > 15
    for operation in lists:
        is_by_time = operation.declared["operationId"] not in _NOT_BY_TIME
        assert ({"from", "to", "tz"} <= _named(operation)) == is_by_time, operation.name


def test_a_filter_has_one_name_and_older_ones_say_so() -> None:
    """Who and what are named by `…_id`; a payment's sides also by username, so without it."""
    for operation in OPERATIONS:
        for one in operation.declared.get("parameters", ()):
            is_old = one.get("deprecated") or one["schema"].get("deprecated")
            if one["in"] == "query" and one["name"] in {"owner", "actor", "subject", "user"}:
                assert is_old, f"{operation.name}: {one['name']}"
            elif is_old:
                assert "The same as `" in one["description"]


def test_no_parameter_is_null_as_nobody_can_send_that() -> None:
    for operation in OPERATIONS:
        for one in operation.declared.get("parameters", ()):
            assert {"type": "null"} not in one["schema"].get("anyOf", ()), operation.name


@pytest.mark.parametrize("room", ROOMS)
def test_requests_say_how_amounts_and_currencies_are_spelt(room: str) -> None:
    for name, schema in DOCUMENTS[room]["components"]["schemas"].items():
        if not name.endswith(("Request", "Change", "Patch")):
            continue
        for field in {"amount", "price", "currency"} & set(schema.get("properties", ())):
            said = schema["properties"][field]
            forms = [one for one in said.get("anyOf", [said]) if one.get("type") == "string"]
            assert all("pattern" in one for one in forms), f"{name}.{field}"


def test_the_glossary_has_all_states_of_every_noun() -> None:
    page = (rooms.ROOT / "libs/kit/GLOSSARY.md").read_text("utf-8")
    rows = [row.split("|") for row in page.partition("## States")[2].splitlines() if "|" in row]
    told = [set(re.findall(r"`(\w+)`", states)) for _, _, states, *_ in rows]
    stated = {
        frozenset(states)
        for room in ROOMS
        if room != "sandbox"  # it speaks as providers do
        for states in _states(DOCUMENTS[room])
    }
    assert [set(states) for states in stated if set(states) not in told] == []


def _states(document: dict[str, Any]) -> Iterator[list[str]]:
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        said = schema.get("properties", {}).get("status", {})
        said = schemas[said["$ref"].rpartition("/")[2]] if "$ref" in said else said
        if "enum" in said:
            yield said["enum"]
