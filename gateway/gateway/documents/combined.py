"""Combines the documents of all services into one, for generators of clients."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kit.web.openapi import API_VERSION
from kit.web.openapi.names import pascal_case, rename

_DESCRIPTION: Final = (
    "All that Saldo answers on this address: users, wallets, payments, services to pay for, the "
    "shop, personal finance, notices and webhooks."
)

# The document of notifications describes the webhooks in full. Here they have a name that
# generators ignore: from `webhooks` openapi-generator 7.26 writes Python that can't be read.
_WEBHOOKS: Final = "x-webhooks"

OpenApiDocument = dict[str, Any]


def combined(documents: Mapping[str, OpenApiDocument]) -> OpenApiDocument:
    """Return one document of several, given by the names of their services.

    Schemas that only share a name are told apart by their service (`PaymentsStatus`).
    """
    shared = _ambiguous(documents)
    found: OpenApiDocument = {
        "openapi": "3.1.0",
        "info": {"title": "Saldo", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [],
        "paths": {},
        _WEBHOOKS: {},
        "components": {"schemas": {}, "headers": {}, "securitySchemes": {}},
        "x-problems": [],
    }
    for service, document in documents.items():
        own = shared & document["components"].get("schemas", {}).keys()
        part = rename(document, {name: f"{pascal_case(service)}{name}" for name in own})
        found["paths"].update(part["paths"])
        found[_WEBHOOKS].update(part.get("webhooks", {}))
        found["tags"] += part.get("tags", ())
        for kind, known in found["components"].items():
            known.update(part["components"].get(kind, {}))
        found["x-problems"] += part.get("x-problems", ())
    found["tags"] = list({tag["name"]: tag for tag in found["tags"]}.values())
    problems = {problem["code"]: problem for problem in found["x-problems"]}
    found["x-problems"] = [problems[code] for code in sorted(problems)]
    found["components"]["schemas"] = dict(sorted(found["components"]["schemas"].items()))
    return found


def _ambiguous(documents: Mapping[str, OpenApiDocument]) -> set[str]:
    """Return the names of schemas that differ between documents.

    A schema that refers to such a name differs, too.
    """
    seen: dict[str, Any] = {}
    found: set[str] = set()
    for name, schema in _schemas(documents):
        if seen.setdefault(name, schema) != schema:
            found.add(name)
    # A schema that refers to a name with two meanings has two meanings itself.
    while more := {
        name
        for name, schema in _schemas(documents)
        if name not in found and _occurrences(documents, name) > 1 and _refers(schema, found)
    }:
        found |= more
    return found


def _schemas(documents: Mapping[str, OpenApiDocument]) -> Iterator[tuple[str, Any]]:
    for document in documents.values():
        yield from document["components"].get("schemas", {}).items()


def _occurrences(documents: Mapping[str, OpenApiDocument], name: str) -> int:
    return sum(name in one["components"].get("schemas", {}) for one in documents.values())


def _refers(node: Any, names: set[str]) -> bool:
    if isinstance(node, dict):
        target = str(node.get("$ref", "")).rpartition("/")[2]
        return target in names or any(_refers(value, names) for value in node.values())
    return isinstance(node, list) and any(_refers(value, names) for value in node)
