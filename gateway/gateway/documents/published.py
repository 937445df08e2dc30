"""Adapts a service's OpenAPI document to callers of the gateway.

Does not describe the services' operations: they do. Adds what the gateway itself may refuse.
"""

from collections.abc import Iterator
from typing import Any, Final

from gateway.documents.limits import add_limits
from gateway.own.parameters import expand_parameter
from gateway.own.users import WALLETS
from gateway.refusals import (
    HeadersTooLarge,
    PathRefused,
    RateLimited,
    RequestTooSlow,
    TooManyAtOnce,
    UpgradeRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
    UriTooLong,
)
from gateway.routing.table import ProxyRoutes
from kit.refusals import NotAuthenticated, Refusal, RequestRefused, TokenInvalid, Unavailable
from kit.web.openapi import headers, problems
from kit.web.openapi.security import TOKEN_PATH
from kit.web.problems import CONTENT_TYPE

_METHODS: Final = frozenset(("get", "head", "post", "put", "patch", "delete"))
_COMPONENTS: Final = "#/components/schemas/"

# The gateway may refuse any operation by these.
_REFUSALS: Final[tuple[type[Refusal], ...]] = (
    RequestRefused,
    PathRefused,
    UriTooLong,
    HeadersTooLarge,
    UpgradeRefused,
    RequestTooSlow,
    RateLimited,
    TooManyAtOnce,
    NotAuthenticated,
    TokenInvalid,
    UpstreamUnavailable,
    UpstreamTimeout,
    Unavailable,
)
# The gateway answers these with a service's answer and something more.
_EXTENDED: Final = {"users": "auth"}
_EXPAND: Final = expand_parameter(
    WALLETS, "Adds `wallets` to each user, as `GET /v1/wallets` shows them."
)

_WITH_WALLETS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "With `expand=wallets`: the same page, and `wallets` in each user.",
    "required": ["items", "next_cursor"],
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "wallets"],
                "properties": {"wallets": {"type": "array", "items": {"type": "object"}}},
            },
        },
        "next_cursor": {"type": ["string", "null"]},
    },
}


def published(document: dict[str, Any], upstream: str, routes: ProxyRoutes) -> dict[str, Any]:
    """Return the document as a caller of the gateway needs it.

    Operations that are not routed here are left out, with what only they need; requests go to the
    gateway, and “Authorize” asks for tokens there.
    """
    paths: dict[str, Any] = {}
    for path, item in document.get("paths", {}).items():
        kept = {
            name: value
            for name, value in item.items()
            if name not in _METHODS or _leads_to(upstream, name, path, routes)
        }
        if not _METHODS.isdisjoint(kept):
            paths[path] = kept
    components = document.get("components", {})
    schemes = {
        name: _with_token_path(scheme)
        for name, scheme in components.get("securitySchemes", {}).items()
        if set(scheme.get("flows", ())) != {"clientCredentials"}
    }
    if upstream == "auth" and "get" in paths.get("/v1/users", {}):
        paths["/v1/users"]["get"] = _with_expand(paths["/v1/users"]["get"])
    tags = _tags(paths)
    found = {
        **document,
        "servers": [{"url": "/"}],
        "paths": paths,
        "tags": [tag for tag in document.get("tags", ()) if tag["name"] in tags],
        "components": {**components, "securitySchemes": schemes},
    }
    for operation in _operations(paths):
        _add_refusals(operation, found)
    add_limits(found)
    found["components"]["schemas"] = _needed(found)
    return found


def _operations(paths: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in paths.values():
        yield from (operation for name, operation in item.items() if name in _METHODS)


def _add_refusals(operation: dict[str, Any], document: dict[str, Any]) -> None:
    """Add the gateway's refusals to an operation."""
    components = document["components"]
    components["headers"] = {**components.get("headers", {}), **headers.COMPONENTS}
    answers = operation.setdefault("responses", {})
    name = problems.schema_name(operation.get("operationId", ""))
    schema = components.get("schemas", {}).get(name)
    if schema is None:
        return
    codes = schema["allOf"][1]["properties"]["code"]
    codes["enum"] = sorted({*codes["enum"], *(refusal.code for refusal in _REFUSALS)})
    for status, answer in problems.answers(_REFUSALS, name).items():
        known = answers.setdefault(status, answer)
        problem = answer["content"][CONTENT_TYPE]
        # Of a page, the service's own refusals are pages.
        known["content"].setdefault(CONTENT_TYPE, problem)["examples"] |= problem["examples"]


def _needed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that the remaining operations refer to."""
    schemas = document["components"].get("schemas", {})
    needed: set[str] = set()
    waiting = set(_references([document["paths"], document.get("webhooks", {})]))
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= set(_references(schemas.get(name))) - needed
    return {name: schema for name, schema in schemas.items() if name in needed}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
    elif isinstance(node, str) and node.startswith(_COMPONENTS):
        yield node.removeprefix(_COMPONENTS)


def _leads_to(upstream: str, method: str, path: str, routes: ProxyRoutes) -> bool:
    route = routes.find(method.upper(), path.encode())
    return route is not None and upstream in (route.upstream, _EXTENDED.get(route.own))


def _with_expand(operation: dict[str, Any]) -> dict[str, Any]:
    answers = operation["responses"]
    json_body = answers["200"]["content"]["application/json"]
    either = {**json_body, "schema": {"anyOf": [json_body["schema"], _WITH_WALLETS]}}
    page = {**answers["200"], "content": {"application/json": either}}
    return {
        **operation,
        "parameters": [*operation.get("parameters", ()), _EXPAND],
        "responses": {**answers, "200": page},
    }


def _tags(paths: dict[str, Any]) -> set[str]:
    return {
        tag
        for item in paths.values()
        for name, operation in item.items()
        if name in _METHODS
        for tag in operation.get("tags", ())
    }


def _with_token_path(scheme: dict[str, Any]) -> dict[str, Any]:
    if "flows" not in scheme:
        return scheme
    flows = {name: {**flow, "tokenUrl": TOKEN_PATH} for name, flow in scheme["flows"].items()}
    return {**scheme, "flows": flows}
