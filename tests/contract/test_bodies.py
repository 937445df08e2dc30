"""Asks every body for what its document does not allow: no field takes a value of another type.

Schemathesis draws such values, and by luck alone the ones that are taken. Whether a text is an
address domains say later, so texts are tried where none is allowed.
"""

import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any

import jsonschema
import orjson
import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations
from pydantic import TypeAdapter, ValidationError

Schema = Mapping[str, Any]
Place = tuple[str, ...]
ITEM = "0"
JSON = "application/json"
OTHERS = (None, True, 0, 1, 2.5, "", "1", "1.5", "true", "null", [], [None], {}, {"a": None})
# Money in, news of a provider, and webhooks: they are signed, and read as they came.
AS_THEY_COME = {"take_bank_credit", "hear_provider", "send_to_inbox"}
OPERATIONS = [
    one
    for room in rooms.services()
    for one in operations(room, committed(room))
    if JSON in one.declared.get("requestBody", {}).get("content", ())
    and one.declared["operationId"] not in AS_THEY_COME
]


@cache
def built(room: str) -> Any:
    """Return the app of a service, made once."""
    return rooms.build(room).web


class Body:
    """The body of an operation, its example, and what reads it."""

    def __init__(self, operation: Operation) -> None:
        document = committed(operation.room)
        media = operation.declared["requestBody"]["content"][JSON]
        self.schema: Schema = media["schema"]
        self.known = document["components"]["schemas"]
        self.example = media.get("example", self.one(self.schema))
        whole = {**self.schema, "components": document["components"]}
        self.document = jsonschema.Draft202012Validator(whole)
        name = operation.declared["operationId"]
        [route] = [one for one in built(operation.room).kit_routes if one.operation_id == name]
        [info] = [one.info for asked in route.asked.whole() for one in asked.body]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an alias has no effect here
            self.adapter: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, info])

    def takes(self, body: Any) -> bool:
        try:
            self.adapter.validate_json(orjson.dumps(body), strict=True)
        except ValidationError:
            return False
        return True

    def kinds(self, schema: Schema) -> list[Schema]:
        """Return the schemas that a value may fit, without references."""
        if "$ref" in schema:
            return self.kinds(self.known[schema["$ref"].rpartition("/")[2]])
        several = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        return [one for kind in several for one in self.kinds(kind)] or [schema]

    def parts(self, schema: Schema) -> dict[str, Schema]:
        """Return the schemas of a value's fields or items."""
        found: dict[str, Schema] = {}
        for kind in self.kinds(schema):
            found |= kind.get("properties", {})
            found |= {ITEM: kind["items"]} if "items" in kind else {}
            other = kind.get("additionalProperties")
            found |= {"other": other} if isinstance(other, dict) else {}
        return found

    def one(self, schema: Schema) -> Any:
        """Return a value that fits a schema."""
        [kind, *_] = self.kinds(schema)
        if kind.get("examples"):
            return kind["examples"][0]
        if kind.get("format") == "uuid":
            return "01a22eae-b3cc-77fa-81a4-b55f294200eb"
        if kind.get("type") == "array":
            return [self.one(kind["items"])]
        wanted = kind.get("required", ())
        return {name: self.one(kind["properties"][name]) for name in wanted}

    def others(self, schema: Schema) -> list[Any]:
        """Return what is tried in place of a value: texts where none is allowed."""
        is_text = any(kind.get("type") == "string" for kind in self.kinds(schema))
        return [one for one in OTHERS if not (is_text and isinstance(one, str))]

    def places(self, schema: Schema, at: Place = ()) -> Iterator[tuple[Place, Any]]:
        """Yield where values are, each with what is tried there."""
        for other in self.others(schema):
            yield at, other
        for name, part in self.parts(schema).items():
            yield from self.places(part, (*at, name))

    def put(self, value: Any, at: Place, found: Any, schema: Schema) -> Any:
        """Return a value with another one put in at a place."""
        if not at:
            return value
        name, *deeper = at
        part = self.parts(schema)[name]
        if name == ITEM:
            first = found[0] if isinstance(found, list) and found else self.one(part)
            return [self.put(value, tuple(deeper), first, part)]
        whole = found if isinstance(found, dict) else self.one(schema)
        inner = whole[name] if name in whole else self.one(part)
        return {**whole, name: self.put(value, tuple(deeper), inner, part)}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_no_field_takes_what_its_document_does_not_allow(operation: Operation) -> None:
    body = Body(operation)
    assert body.takes(body.example)
    tried = [
        (at, value, body.put(value, at, body.example, body.schema))
        for at, value in body.places(body.schema)
    ]
    refused = [one for one in tried if not body.document.is_valid(one[2])]
    assert refused
    assert [one[:2] for one in refused if body.takes(one[2])] == []
