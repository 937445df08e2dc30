"""Says which path leads where, what needs no token, and which limit counts.

`table` compiles it. Everything below a prefix needs a user's access token, unless it is listed as
public. A trailing slash is the same route. Nothing else is reachable.
"""

from collections.abc import Mapping
from typing import Final

# Path of the first one or two segments -> the service that answers everything below it.
PREFIXES: Final[Mapping[str, str]] = {
    "/v1/auth": "auth",
    "/v1/users": "auth",
    "/v1/wallets": "wallet",
    "/v1/ledger": "wallet",
    "/v1/transfers": "wallet",
    "/v1/payments": "payments",
    "/v1/services": "payments",
    "/v1/shop": "shop",
    "/v1/finance": "finance",
    "/v1/notifications": "notifications",
    "/v1/webhook-endpoints": "notifications",
    "/v1/webhook-deliveries": "notifications",
}

# These need no token. GET stands for HEAD too.
PUBLIC: Final[Mapping[str, str]] = {
    "GET /.well-known/jwks.json": "auth",
    "GET /.well-known/oauth-authorization-server": "auth",
    "GET /v1/auth/authorize": "auth",
    "POST /v1/auth/authorize": "auth",
    "POST /v1/auth/register": "auth",
    "GET /v1/auth/activate": "auth",
    "POST /v1/auth/activate": "auth",
    "POST /v1/auth/activate/page": "auth",
    "POST /v1/auth/activation/resend": "auth",
    "POST /v1/auth/password/forgot": "auth",
    "GET /v1/auth/password/reset": "auth",
    "POST /v1/auth/password/reset": "auth",
    "POST /v1/auth/password/reset/page": "auth",
    "GET /v1/auth/email/confirm": "auth",
    "POST /v1/auth/email/confirm": "auth",
    "POST /v1/auth/email/confirm/page": "auth",
    "POST /v1/auth/login": "auth",
    "POST /v1/auth/login/code": "auth",
    "POST /v1/auth/login/passkey": "auth",
    "POST /v1/auth/login/passkey/begin": "auth",
    "POST /v1/auth/token": "auth",
    "POST /v1/auth/refresh": "auth",
    "POST /v1/auth/revoke": "auth",
    "GET /v1/services": "payments",
    "GET /v1/services/{service_id}": "payments",
    "POST /v1/payments/webhooks/{provider}": "payments",
    "GET /v1/shop/categories": "shop",
    "GET /v1/shop/categories/{category}": "shop",
    "GET /v1/shop/products": "shop",
    "GET /v1/shop/products/{product}": "shop",
    "POST /v1/wallets/webhooks/{provider}": "wallet",
}

# These pass without a token; the service has a setting that opens them, and refuses without it.
OPENED_BELOW: Final[Mapping[str, str]] = {"POST /v1/services": "payments"}

# Their bodies are files, up to GATEWAY_MAX_IMPORT_BYTES.
IMPORTS: Final[Mapping[str, str]] = {
    "POST /v1/payments/bulk": "payments",
    "POST /v1/shop/catalogue": "shop",
    "POST /v1/finance/imports": "finance",
}

# These are public as a whole, and do not exist in production.
DEVELOPMENT_PREFIXES: Final[Mapping[str, str]] = {"/sandbox": "sandbox"}

# The gateway answers these itself, by the part that is named.
OWN: Final[Mapping[str, str]] = {"GET /v1/me": "me", "GET /v1/users": "users"}
OWN_PUBLIC: Final[Mapping[str, str]] = {
    "GET /": "index",
    "GET /v1/currencies": "currencies",
    "GET /health/live": "live",
    "GET /health/ready": "ready",
    "GET /health/upstreams": "upstreams",
    "GET /metrics": "metrics",
}
DOCUMENTATION: Final[Mapping[str, str]] = {
    "GET /docs": "swagger",
    "GET /docs/swagger": "swagger",
    "GET /docs/{service}": "swagger",
    "GET /docs/assets/{file}": "asset",
    "GET /redoc": "redoc",
    "GET /redoc/{service}": "redoc",
    "GET /openapi/{file}": "openapi",
    "GET /openapi.json": "combined",
}

# These parts take parameters. They check them, or auth does, or the viewer in a page for people.
WITH_PARAMETERS: Final = frozenset(("me", "users", "swagger", "redoc", "asset"))

# The limit of an operation (`limits.policies`): reads and changes, unless it says otherwise here.
READ: Final = "read"
WRITE: Final = "write"
MONEY: Final = "money"
PAGE: Final = "page"  # what the gateway answers itself
# What changes something below these, moves money.
MONEY_PREFIXES: Final = frozenset(("/v1/wallets", "/v1/ledger", "/v1/transfers", "/v1/payments"))
LIMITS: Final[Mapping[str, str]] = {
    "POST /v1/auth/register": "login",
    "POST /v1/auth/activate": "login",
    "POST /v1/auth/activate/page": "login",
    "POST /v1/auth/activation/resend": "login",
    "POST /v1/auth/password/forgot": "login",
    "POST /v1/auth/password/reset": "login",
    "POST /v1/auth/password/reset/page": "login",
    "POST /v1/auth/email/confirm": "login",
    "POST /v1/auth/email/confirm/page": "login",
    "POST /v1/auth/authorize": "login",
    "POST /v1/auth/login": "login",
    "POST /v1/auth/login/code": "login",
    "POST /v1/auth/login/passkey": "login",
    "POST /v1/auth/login/passkey/begin": "login",
    "POST /v1/auth/token": "login",
    "POST /v1/auth/refresh": "login",
    "POST /v1/auth/revoke": "login",
    "POST /v1/auth/step-up": "login",
    "POST /v1/auth/password/change": "login",
    "POST /v1/auth/email/change": "login",
    "POST /v1/shop/orders": MONEY,
    "POST /v1/shop/orders/{order_id}/pay": MONEY,
    "POST /v1/shop/orders/{order_id}/refund": MONEY,
    "POST /v1/shop/products/{product}/buy": MONEY,
    "POST /v1/shop/buy": MONEY,
    "POST /v1/payments/quote": READ,
    "POST /v1/payments/bulk": "heavy",
    "GET /v1/payments/export.csv": "heavy",
    "GET /v1/wallets/{wallet_id}/statement": "heavy",
    "POST /v1/shop/catalogue": "heavy",
    "GET /v1/shop/catalogue.csv": "heavy",
    "POST /v1/finance/imports": "heavy",
    "POST /v1/finance/exports": "heavy",
    "POST /v1/finance/rules/apply": "heavy",
    "POST /v1/webhook-endpoints/{endpoint_id}/replay": "heavy",
    "GET /v1/payments/events": "stream",
    "GET /v1/payments/{payment_id}/events": "stream",
    "GET /v1/finance/exports/{export_id}/events": "stream",
    "POST /v1/payments/webhooks/{provider}": "hook",
    "POST /v1/wallets/webhooks/{provider}": "hook",
}
