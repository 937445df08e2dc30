"""What payments' OpenAPI document promises, and what it counts on of others' documents."""

from typing import Any

import pytest
from pydantic import TypeAdapter

import auth.app
import auth.settings
import payments.app
import payments.settings
import wallet.app
import wallet.settings
from payments.schemas.payments import AnyPayment, PaymentRequest

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return payments.app.build(payments.settings.Settings(_env_file=None)).web.openapi()


ACCESS = {
    "user": {"create_payment", "list_payments"},
    "owner": {"pay_payment", "cancel_payment", "get_payment"},
    "public": {"hear_provider"},
}


def of_service(document: Document) -> Document:
    return {path: found for path, found in document["paths"].items() if path.startswith("/v1/")}


def test_every_operation_has_the_access_level_it_was_given(document: Document) -> None:
    found: dict[str, set[str]] = {}
    for operations in of_service(document).values():
        for operation in operations.values():
            found.setdefault(operation["x-access"], set()).add(operation["operationId"])
    assert found == ACCESS


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        (
            ("post", "/v1/payments"),
            {
                *("payee_not_found", "payee_is_payer", "payee_not_active", "payer_not_active"),
                *("wallet_not_found", "currency_mismatch", "validation_failed"),
                *("idempotency_key_reused", "idempotency_in_flight", "unavailable"),
            },
        ),
        (
            ("post", "/v1/payments/{payment_id}/pay"),
            {
                *("payment_not_found", "only_payer_may_pay", "payment_already_final"),
                *("payment_being_cancelled", "payment_expired", "payer_not_active"),
            },
        ),
        (
            ("post", "/v1/payments/{payment_id}/cancel"),
            {
                *("payment_not_found", "only_payer_may_cancel", "payment_already_final"),
                "payment_being_captured",
            },
        ),
        (("get", "/v1/payments/{payment_id}"), {"payment_not_found"}),
        (("get", "/v1/payments"), {"cursor_invalid", "query_invalid", "validation_failed"}),
    ],
)
def test_the_refusals_of_an_operation_are_documented(
    document: Document, operation: tuple[str, str], codes: set[str]
) -> None:
    method, path = operation
    documented = {
        code
        for answer in document["paths"][path][method]["responses"].values()
        for media in [answer.get("content", {}).get("application/problem+json", {})]
        for code in media.get("examples", {})
    }
    assert codes <= documented


def test_the_payees_view_has_no_field_of_the_payers_own(document: Document) -> None:
    schemas = document["components"]["schemas"]
    incoming, outgoing = schemas["IncomingPayment"], schemas["OutgoingPayment"]
    private = outgoing["properties"].keys() - incoming["properties"].keys()
    assert {"card_last4", "card_holder", "metadata", "from_wallet_id"} <= private


def test_examples_are_what_they_are_examples_of(document: Document) -> None:
    schemas = document["components"]["schemas"]
    for example in schemas["PaymentRequest"]["examples"]:
        PaymentRequest.model_validate(example)
    for name in ("IncomingPayment", "OutgoingPayment"):
        for example in schemas[name]["examples"]:
            assert set(schemas[name]["required"]) <= example.keys()
            assert example.keys() <= schemas[name]["properties"].keys()
            TypeAdapter(AnyPayment).validate_python(example)


def answered(document: Document, path: str) -> Document:
    operation = document["paths"][path]["get"]
    assert operation["x-access"] == "service"
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    found: Document = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def test_auth_can_be_asked_about_people_as_payments_does() -> None:
    found = auth.app.build(auth.settings.Settings(_env_file=None)).web.openapi()
    asked = {p["name"] for p in found["paths"]["/internal/users"]["get"]["parameters"]}
    assert {"id", "username"} <= asked
    assert {"user_id", "username", "status"} <= set(answered(found, "/internal/users")["required"])


def test_wallet_can_be_asked_about_wallets_as_payments_does() -> None:
    found = wallet.app.build(wallet.settings.Settings(_env_file=None)).web.openapi()
    schema = answered(found, "/internal/wallets/{wallet_id}")
    assert {"id", "owner_id", "currency"} <= set(schema["required"])
