"""Reads from documents what bodies are made of: their objects, and the fields that hold text."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from kit.ids import new_id

Where = tuple[str | int, ...]
Schema = dict[str, Any]
JSON = "application/json"
NO_TEXT = {"uuid", "date", "date-time", "binary"}


class BodyPart(NamedTuple):
    """An object within a body: where it is, and what may be in it by name."""

    where: Where
    named: dict[str, list[Schema]]
    is_closed: bool

    def pointer(self, name: str) -> str:
        return "".join(f"/{step}" for step in (*self.where, name))


@dataclass(frozen=True)
class ShownBody:
    """The body that an operation's document shows, and its schema."""

    document: dict[str, Any]
    schema: Schema
    value: Any

    @classmethod
    def of(cls, document: dict[str, Any], declared: dict[str, Any]) -> Self | None:
        """Return an operation's; None where it takes none of JSON.

        Whose name is shown is left to those who register it.
        """
        media = declared.get("requestBody", {}).get("content", {}).get(JSON)
        if media is None:
            return None
        shown = cls(document, media["schema"], None)
        first = next(shown._alternatives(media["schema"]))
        value = media["example"] if "example" in media else first["examples"][0]
        if isinstance(value, dict) and "username" in value:
            value = value | {"username": f"u{new_id().hex}"}
        return cls(document, media["schema"], value)

    def parts(self) -> list[BodyPart]:
        """Return every object in it whose fields have names."""
        found: dict[Where, BodyPart] = {}
        for part in self._parts(self.schema, self.value, ()):
            known = found.setdefault(part.where, BodyPart(part.where, {}, part.is_closed))
            for name, schemas in part.named.items():
                known.named.setdefault(name, []).extend(schemas)
        return list(found.values())

    def texts(self) -> Iterator[Where]:
        """Yield where it may hold a text that is the caller's own."""
        for part in self.parts():
            for name, schemas in part.named.items():
                for schema in schemas:
                    if self._is_text(schema):
                        yield (*part.where, name)
                    free = schema.get("additionalProperties")
                    if isinstance(free, dict) and any(map(self._is_text, self._alternatives(free))):
                        yield (*part.where, name, "note")

    def with_fields(self, where: Where, fields: dict[str, Any]) -> Any:
        """Return it with other fields in one of its objects, made where it is not shown."""
        changed = copy.deepcopy(self.value)
        place: Any = changed
        for step in where:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        place |= fields
        return changed

    def _parts(self, schema: Schema, value: Any, where: Where) -> Iterator[BodyPart]:
        for one in self._alternatives(schema):
            if isinstance(value, dict) and "properties" in one:
                named = {
                    name: list(self._alternatives(part)) for name, part in one["properties"].items()
                }
                yield BodyPart(where, named, one.get("additionalProperties") is False)
                for name, part in value.items():
                    if name in named:
                        yield from self._parts(one["properties"][name], part, (*where, name))
            elif isinstance(value, list) and value and "items" in one:
                yield from self._parts(one["items"], value[0], (*where, 0))

    def _alternatives(self, schema: Schema) -> Iterator[Schema]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        several = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if not several:
            yield schema
        for one in several:
            yield from self._alternatives(one)

    @staticmethod
    def _is_text(schema: Schema) -> bool:
        return (
            schema.get("type") == "string"
            and not {"enum", "const"} & schema.keys()
            and schema.get("format") not in NO_TEXT
        )


def at(told: Any, where: Where, otherwise: str) -> Any:
    """Return what is there in an answer; something else where nothing is."""
    for step in where:
        try:
            told = told[step]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return told
