"""The OpenAPI document of what the gateway answers itself, composed of the services' answers."""

from collections.abc import Sequence
from typing import Any, Final

from gateway.refusals import UpstreamTimeout, UpstreamUnavailable
from kit.refusals import (
    InternalError,
    NotAuthenticated,
    Refusal,
    TokenInvalid,
    TooManyRequests,
    Unavailable,
    ValidationFailed,
)
from kit.web.openapi import API_VERSION, headers, problems, security
from kit.web.openapi.names import reference

_REFUSALS: Final[Sequence[type[Refusal]]] = (
    NotAuthenticated,
    TokenInvalid,
    ValidationFailed,
    TooManyRequests,
    UpstreamUnavailable,
    Unavailable,
    UpstreamTimeout,
)
_REFUSALS_OF_CURRENCIES: Final[Sequence[type[Refusal]]] = (ValidationFailed, InternalError)
_ID: Final = {"type": "string", "format": "uuid"}
_SCHEMAS: Final[dict[str, Any]] = {
    **problems.schemas(),
    "GetMeWithWalletsProblem": problems.schema_of(_REFUSALS),
    "ListCurrenciesProblem": problems.schema_of(_REFUSALS_OF_CURRENCIES),
    "Currency": {
        "type": "object",
        "required": ["code", "decimals", "is_default"],
        "properties": {
            "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "decimals": {"type": "integer", "minimum": 0},
            "is_default": {"type": "boolean"},
        },
    },
    "CurrencyPage": {
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": reference("Currency")},
            "next_cursor": {"type": ["string", "null"]},
        },
    },
    "MeWallet": {
        "type": "object",
        "description": "A wallet as `GET /v1/wallets/{wallet_id}` shows it, and its entries.",
        "required": ["id", "entries"],
        "additionalProperties": True,
        "properties": {"id": _ID, "entries": {"type": "array", "items": {"type": "object"}}},
    },
    "Me": {
        "type": "object",
        "description": "The caller as `GET /v1/auth/me` shows them, and their wallets.",
        "required": ["id", "username", "wallets"],
        "additionalProperties": True,
        "properties": {
            "id": _ID,
            "username": {"type": ["string", "null"]},
            "wallets": {"type": "array", "items": reference("MeWallet")},
        },
    },
}
_ME: Final[dict[str, Any]] = {
    "tags": ["me"],
    "operationId": "get_me_with_wallets",
    "summary": "The caller, with wallets and their latest entries",
    "description": "Auth's `/v1/auth/me`, and beside it `wallets`: those of `/v1/wallets`, each "
    "with its ten latest `entries`.",
    "x-access": "user",
    "security": security.required("user"),
    "responses": {
        "200": {
            "description": "The caller",
            "headers": headers.referred(headers.REQUEST_ID),
            "content": {
                "application/json": {
                    "schema": reference("Me"),
                    "example": {
                        "id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
                        "username": "alice",
                        "wallets": [{"id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c073990", "entries": []}],
                    },
                }
            },
        },
        **problems.answers(_REFUSALS, "GetMeWithWalletsProblem"),
    },
}
_CURRENCIES: Final[dict[str, Any]] = {
    "tags": ["currencies"],
    "operationId": "list_currencies",
    "summary": "What amounts can be in, and with how many decimals",
    "x-access": "public",
    "security": security.required("public"),
    "responses": {
        "200": {
            "description": "All of them, on one page",
            "headers": headers.referred(headers.REQUEST_ID),
            "content": {
                "application/json": {
                    "schema": reference("CurrencyPage"),
                    "example": {
                        "items": [
                            {"code": "JPY", "decimals": 0, "is_default": False},
                            {"code": "RUB", "decimals": 2, "is_default": True},
                        ],
                        "next_cursor": None,
                    },
                }
            },
        },
        **problems.answers(_REFUSALS_OF_CURRENCIES, "ListCurrenciesProblem"),
    },
}

OWN_DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Saldo gateway",
        "version": API_VERSION,
        "description": "What the gateway answers itself, composed of the services' answers.",
    },
    "servers": [{"url": "/"}],
    "tags": [
        {"name": "me", "description": "The caller."},
        {"name": "currencies", "description": "What amounts can be in."},
    ],
    "paths": {"/v1/me": {"get": _ME}, "/v1/currencies": {"get": _CURRENCIES}},
    "components": {
        "schemas": _SCHEMAS,
        "headers": headers.COMPONENTS,
        "securitySchemes": {name: security.SCHEMES[name] for name in security.OF_USERS},
    },
}
