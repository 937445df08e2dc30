"""Owns what a service's OpenAPI document says when it is read through the gateway.

Does not describe the services' operations: they do. Adds the document of the gateway's own.
"""

from typing import Any, Final

from gateway.routing import RouteTable
from kit.web.problems import CONTENT_TYPE

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105 - an address
_METHODS: Final = frozenset(("get", "head", "post", "put", "patch", "delete"))


def published(document: dict[str, Any], upstream: str, routes: RouteTable) -> dict[str, Any]:
    """Return the document as a caller of the gateway needs it.

    Operations that are not routed here are left out, requests go to the gateway, and “Authorize”
    asks for tokens there.
    """
    paths = {}
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
    }
    return {
        **document,
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {**components, "securitySchemes": schemes},
    }


def _leads_to(upstream: str, method: str, path: str, routes: RouteTable) -> bool:
    route = routes.find(method.upper(), path.encode())
    return route is not None and route.upstream == upstream


def _through_here(scheme: dict[str, Any]) -> dict[str, Any]:
    if "flows" not in scheme:
        return scheme
    flows = {name: {**flow, "tokenUrl": TOKEN_PATH} for name, flow in scheme["flows"].items()}
    return {**scheme, "flows": flows}


def _problem(title: str) -> dict[str, Any]:
    return {"description": title, "content": {CONTENT_TYPE: {"schema": {"type": "object"}}}}


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
                    "401": _problem("Not signed in; Token not accepted"),
                    "503": _problem("Service not available; Temporarily unavailable"),
                    "504": _problem("Service too slow"),
                },
            }
        }
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
