"""Walks the operations of an OpenAPI document; writes nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.generate import rooms

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a room.

    Attributes:
        method: In capitals.
        declared: What the document says about it.
    """

    room: str
    method: str
    path: str
    declared: Mapping[str, Any]

    @property
    def access(self) -> str:
        """Who may use it: public, user, owner, admin or service."""
        return str(self.declared["x-access"])

    @property
    def scope(self) -> str:
        """The scope by which an API key may use it, empty where no key may."""
        return str(self.declared.get("x-scope", ""))

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return str(self.declared["summary"])

    @property
    def name(self) -> str:
        """Room, method and path, for people."""
        return f"{self.room} {self.method} {self.path}"


def operations(room: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield the operations of a document, in its order."""
    for path, methods in document["paths"].items():
        for method, declared in methods.items():
            if method in _METHODS:
                yield Operation(room, method.upper(), path, declared)


def committed(room: str) -> dict[str, Any]:
    """Return a service's document as it was last generated."""
    text = (rooms.folder(room) / "openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
