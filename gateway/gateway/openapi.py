"""Owns what a service's OpenAPI document says when it is read through the gateway.

Does not describe the services' operations: they do. Adds the document of the gateway's own.
"""

from typing import Any, Final

from gateway.refusals import UpstreamTimeout, UpstreamUnavailable
from gateway.routing import RouteTable
from kit.refusals import (
    InternalError,
    NotAuthenticated,
    Refusal,
    TokenInvalid,
    Unavailable,
    ValidationFailed,
)
from kit.web.problems import CONTENT_TYPE, problem

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105 - an address
_METHODS: Final = frozenset(("get", "head", "post", "put", "patch", "delete"))


_REQUEST_ID: Final = "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f"
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    "properties": {"status": {"type": "integer"}, "code": {"type": "string"}},
}
# What the gateway answers with a service's own answer and something more.
_EXTENDED: Final = {"users": "auth"}
_EXPAND: Final[dict[str, Any]] = {
    "name": "expand",
    "in": "query",
    "required": False,
    "description": "Adds `wallets` to each user, as `GET /v1/wallets` shows them.",
    "schema": {"type": "string", "enum": ["wallets"]},
}


def published(document: dict[str, Any], upstream: str, routes: RouteTable) -> dict[str, Any]:
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
        name: _through_here(scheme)
        for name, scheme in components.get("securitySchemes", {}).items()
        if set(scheme.get("flows", ())) != {"clientCredentials"}
    }
    if upstream == "auth" and "get" in paths.get("/v1/users", {}):
        paths["/v1/users"]["get"] = _with_expand(paths["/v1/users"]["get"])
    tags = _tags(paths)
    return {
        **document,
        "servers": [{"url": "/"}],
        "paths": paths,
        "tags": [tag for tag in document.get("tags", ()) if tag["name"] in tags],
        "components": {**components, "securitySchemes": schemes},
    }


def _leads_to(upstream: str, method: str, path: str, routes: RouteTable) -> bool:
    route = routes.find(method.upper(), path.encode())
    return route is not None and upstream in (route.upstream, _EXTENDED.get(route.own))


def _with_expand(operation: dict[str, Any]) -> dict[str, Any]:
    return {**operation, "parameters": [*operation.get("parameters", ()), _EXPAND]}


def _tags(paths: dict[str, Any]) -> set[str]:
    return {
        tag
        for item in paths.values()
        for name, operation in item.items()
        if name in _METHODS
        for tag in operation.get("tags", ())
    }


def _through_here(scheme: dict[str, Any]) -> dict[str, Any]:
    if "flows" not in scheme:
        return scheme
    flows = {name: {**flow, "tokenUrl": TOKEN_PATH} for name, flow in scheme["flows"].items()}
    return {**scheme, "flows": flows}


def _refused(*refusals: Refusal) -> dict[str, Any]:
    examples = {
        refusal.code: {
            "summary": refusal.title(),
            "value": problem(refusal, language="en", request_id=_REQUEST_ID),
        }
        for refusal in refusals
    }
    return {
        "description": "; ".join(refusal.title() for refusal in refusals),
        "content": {CONTENT_TYPE: {"schema": _PROBLEM, "examples": examples}},
    }


_CURRENCIES: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["items", "next_cursor"],
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "decimals", "is_default"],
                "properties": {
                    "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
                    "decimals": {"type": "integer", "minimum": 0},
                    "is_default": {"type": "boolean"},
                },
            },
        },
        "next_cursor": {"type": "null"},
    },
}
_FEW_CURRENCIES: Final[dict[str, Any]] = {
    "items": [
        {"code": "JPY", "decimals": 0, "is_default": False},
        {"code": "RUB", "decimals": 2, "is_default": True},
    ],
    "next_cursor": None,
}

OWN_DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Saldo gateway",
        "version": "1.0.0",
        "description": "What the gateway answers itself, composed of the services' answers.",
    },
    "servers": [{"url": "/"}],
    "paths": {
        "/v1/me": {
            "get": {
                "tags": ["me"],
                "operationId": "get_me_with_wallets",
                "summary": "The caller, with wallets and their latest entries",
                "description": "Auth's `/v1/auth/me`, and beside it `wallets`: those of "
                "`/v1/wallets`, each with its ten latest `entries`.",
                "x-access": "user",
                "security": [{"password": []}, {"bearer": []}],
                "responses": {
                    "200": {
                        "description": "The caller",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["id", "wallets"],
                                    "properties": {
                                        "id": {"type": "string", "format": "uuid"},
                                        "wallets": {
                                            "type": "array",
                                            "items": {
                                                "type": "object",
                                                "required": ["id", "entries"],
                                                "properties": {
                                                    "id": {"type": "string", "format": "uuid"},
                                                    "entries": {
                                                        "type": "array",
                                                        "items": {"type": "object"},
                                                    },
                                                },
                                            },
                                        },
                                    },
                                },
                                "example": {
                                    "id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
                                    "username": "alice",
                                    "wallets": [
                                        {
                                            "id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c073990",
                                            "entries": [],
                                        }
                                    ],
                                },
                            }
                        },
                    },
                    "401": _refused(NotAuthenticated(), TokenInvalid()),
                    "422": _refused(ValidationFailed()),
                    "503": _refused(UpstreamUnavailable(), Unavailable()),
                    "504": _refused(UpstreamTimeout()),
                },
            }
        },
        "/v1/currencies": {
            "get": {
                "tags": ["currencies"],
                "operationId": "list_currencies",
                "summary": "What amounts can be in, and with how many decimals",
                "x-access": "public",
                "security": [],
                "responses": {
                    "200": {
                        "description": "All of them, on one page",
                        "content": {
                            "application/json": {"schema": _CURRENCIES, "example": _FEW_CURRENCIES}
                        },
                    },
                    "422": _refused(ValidationFailed()),
                    "500": _refused(InternalError()),
                },
            }
        },
    },
    "components": {
        "securitySchemes": {
            "password": {
                "type": "oauth2",
                "flows": {"password": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
            },
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        }
    },
}
