"""Holds the aliases: every literal path that a specification names. Data only.

An alias is the same operation with the same bodies, and needs a token where the operation does.
What differs from a canonical path by a trailing slash alone (`POST /v1/payments/`) needs no line.
"""

from collections.abc import Mapping
from typing import Final

ALIASES: Final[Mapping[str, str]] = {
    # The store with a bank's webhook
    "POST /users": "POST /v1/auth/register",
    "POST /auth": "POST /v1/auth/login",
    "GET /users": "GET /v1/users?expand=wallets",
    "GET /users/me": "GET /v1/me",
    "PUT /users/{id}": "PATCH /v1/users/{id}",
    "GET /products": "GET /v1/shop/products",
    "POST /products": "POST /v1/shop/products",
    "GET /products/{product}": "GET /v1/shop/products/{product}",
    "PUT /products/{product}": "PATCH /v1/shop/products/{product}",
    "PATCH /products/{product}": "PATCH /v1/shop/products/{product}",
    "DELETE /products/{product}": "DELETE /v1/shop/products/{product}",
    "POST /products/buy": "POST /v1/shop/buy",
    "POST /payment/webhook": "POST /v1/wallets/webhooks/bank",
    # Personal finance
    "POST /auth/register": "POST /v1/auth/register",
    "POST /auth/login": "POST /v1/auth/login",
    "POST /auth/refresh": "POST /v1/auth/refresh",
    "GET /accounts": "GET /v1/finance/accounts",
    "POST /accounts": "POST /v1/finance/accounts",
    "GET /accounts/{account_id}": "GET /v1/finance/accounts/{account_id}",
    "PUT /accounts/{account_id}": "PATCH /v1/finance/accounts/{account_id}",
    "PUT /v1/finance/accounts/{account_id}": "PATCH /v1/finance/accounts/{account_id}",
    "PATCH /accounts/{account_id}": "PATCH /v1/finance/accounts/{account_id}",
    "DELETE /accounts/{account_id}": "DELETE /v1/finance/accounts/{account_id}",
    "GET /categories": "GET /v1/finance/categories",
    "POST /categories": "POST /v1/finance/categories",
    "GET /categories/{category_id}": "GET /v1/finance/categories/{category_id}",
    "PUT /categories/{category_id}": "PATCH /v1/finance/categories/{category_id}",
    "PUT /v1/finance/categories/{category_id}": "PATCH /v1/finance/categories/{category_id}",
    "PATCH /categories/{category_id}": "PATCH /v1/finance/categories/{category_id}",
    "DELETE /categories/{category_id}": "DELETE /v1/finance/categories/{category_id}",
    "GET /transactions": "GET /v1/finance/transactions",
    "POST /transactions": "POST /v1/finance/transactions",
    "GET /transactions/{transaction_id}": "GET /v1/finance/transactions/{transaction_id}",
    "PATCH /transactions/{transaction_id}": "PATCH /v1/finance/transactions/{transaction_id}",
    "DELETE /transactions/{transaction_id}": "DELETE /v1/finance/transactions/{transaction_id}",
    "GET /reports/summary": "GET /v1/finance/reports/summary",
    "GET /reports/by-category": "GET /v1/finance/reports/by-category",
    # Wallet payments
    "POST /v1/auth": "POST /v1/auth/register",
    "GET /v1/auth/read_current_user": "GET /v1/auth/me",
    "GET /v1/services/list": "GET /v1/services",
    "POST /v1/services/create": "POST /v1/services",
    # The online store
    "POST /api/v1/auth/register": "POST /v1/auth/register",
    "POST /api/v1/auth/login": "POST /v1/auth/login",
    "GET /api/v1/auth/me": "GET /v1/auth/me",
    "GET /api/v1/categories/all": "GET /v1/shop/categories",
    "GET /api/v1/categories/{category}": "GET /v1/shop/categories/{category}",
    "POST /api/v1/categories": "POST /v1/shop/categories",
    "PATCH /api/v1/categories/{category}": "PATCH /v1/shop/categories/{category}",
    "POST /api/v1/categories/{category}/deactivate": (
        "POST /v1/shop/categories/{category}/deactivate"
    ),
    "GET /api/v1/products": "GET /v1/shop/products",
    "GET /api/v1/products/all": "GET /v1/shop/products",
    "GET /api/v1/products/{product}": "GET /v1/shop/products/{product}",
    "POST /api/v1/products": "POST /v1/shop/products",
    "PATCH /api/v1/products/{product}": "PATCH /v1/shop/products/{product}",
    "POST /api/v1/products/{product}/deactivate": "POST /v1/shop/products/{product}/deactivate",
    "POST /api/v1/orders": "POST /v1/shop/orders",
    "GET /api/v1/orders/me": "GET /v1/shop/orders?mine=true",
    "GET /api/v1/orders/{order_id}": "GET /v1/shop/orders/{order_id}",
    "POST /api/v1/orders/{order_id}/cancel": "POST /v1/shop/orders/{order_id}/cancel",
    "POST /api/v1/payments/orders/{order_id}": "POST /v1/shop/orders/{order_id}/pay",
    "POST /api/v1/payments/webhook/mock": "POST /v1/payments/webhooks/sandbox",
}
