"""Describes in an OpenAPI document what every answer says of its caller's limits."""

from typing import Any, Final

_METHODS: Final = frozenset(("get", "head", "post", "put", "patch", "delete"))

_HEADERS: Final[dict[str, Any]] = {
    "RateLimit-Policy": {
        "description": "The limit that counts: class, requests `q` in seconds `w`"
        " (draft-ietf-httpapi-ratelimit-headers-10 §3).",
        "schema": {"type": "string"},
        "example": '"read";q=1200;w=60',
    },
    "RateLimit": {
        "description": "What is left of it: requests `r`, and seconds `t` until all is back (§4).",
        "schema": {"type": "string"},
        "example": '"read";r=1199;t=1',
    },
    "X-Saldo-Origin": {
        "description": "`gateway` where the gateway itself says so, and no service.",
        "schema": {"type": "string", "const": "gateway"},
        "example": "gateway",
    },
}
_REFERRED: Final = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}


def add_limits(document: dict[str, Any]) -> None:
    """Add the headers that the gateway gives every answer to those of a document."""
    components = document.setdefault("components", {})
    components["headers"] = {**components.get("headers", {}), **_HEADERS}
    for item in document["paths"].values():
        for method in item.keys() & _METHODS:
            for answer in item[method].get("responses", {}).values():
                answer["headers"] = {**answer.get("headers", {}), **_REFERRED}
