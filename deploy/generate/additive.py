"""Tells what a new JSON Schema of a message takes away or changes; reads no files.

Messages outlive the code that sent them: they wait in queues, outboxes and stored replies. So a
reader of tomorrow must take yesterday's message, and a reader of yesterday tomorrow's.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = frozenset({"title", "description", "examples", "default", "deprecated"})


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return in words what `new` takes away from `old`, or changes in it."""
    found = list(_of_object("", old, new))
    for name, definition in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            found += _of_object(f"{name}.", definition, new["$defs"][name])
    return found


def _of_object(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties"), new.get("properties")
    if before is None or after is None:
        if _meaning(old) != _meaning(new):
            yield f"{where.rstrip('.') or 'the message'} means something else"
        return
    for name, schema in before.items():
        if name not in after:
            yield f"{where}{name} is gone"
        elif _meaning(schema) != _meaning(after[name]):
            yield f"{where}{name} means something else"
    required = set(old.get("required", ()))
    for name in new.get("required", ()):
        if name not in required:
            yield f"{where}{name} is required now"


def _meaning(schema: Any) -> Any:
    """Strip what only people read."""
    if isinstance(schema, dict):
        return {
            key: _meaning(value)
            for key, value in schema.items()
            if key not in _ANNOTATIONS and key != "$defs"
        }
    if isinstance(schema, list):
        return [_meaning(item) for item in schema]
    return schema
