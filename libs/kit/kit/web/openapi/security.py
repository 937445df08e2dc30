"""Declares the security schemes of a document, and which an operation takes."""

from typing import Any, Final

from kit.web.access import Access

TOKEN_PATH: Final = "/v1/auth/token"  # noqa: S105 (an address)
SCHEMES: Final[dict[str, Any]] = {
    "password": {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token, or an API key (`sk_…`), which opens what `x-scope` names.",
    },
    "service": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": TOKEN_PATH, "scopes": {}}},
    },
}
OF_USERS: Final = ("password", "bearer")
OF_SERVICES: Final = ("service", "bearer")


def required(access: Access, *, takes_caller: bool = False) -> list[dict[str, list[str]]]:
    """Return the `security` of an operation of this access level.

    A public one that ``takes_caller`` may be called with a token.
    """
    if access == "public" and not takes_caller:
        return []
    schemes = OF_SERVICES if access == "service" else OF_USERS
    named: list[dict[str, list[str]]] = [{scheme: []} for scheme in schemes]
    return [{}, *named] if access == "public" else named
