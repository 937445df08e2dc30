"""Declares the security schemes of a document, and which an operation takes."""

from typing import Any, Final

from kit.web.identity import Access

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105 (an address)
SCHEMES: Final[dict[str, Any]] = {
    "password": {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
    },
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "service": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
    },
}
OF_USERS: Final = ("password", "bearer")
OF_SERVICES: Final = ("service", "bearer")


def required(access: Access) -> list[dict[str, list[str]]]:
    """Return the `security` of an operation of this access level."""
    if access == "public":
        return []
    schemes = OF_SERVICES if access == "service" else OF_USERS
    return [{scheme: []} for scheme in schemes]
