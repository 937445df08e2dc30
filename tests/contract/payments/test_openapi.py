"""What payments' OpenAPI document promises, and what it counts on of others' documents."""

import json
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

import auth.app
import auth.settings
import notifications.app
import notifications.settings
import payments.app
import payments.settings
import wallet.app
import wallet.settings
from payments.schemas.creation import PaymentRequest
from payments.schemas.paid_services import Service, ServiceChange, ServiceRequest
from payments.schemas.payments import AnyPayment, PayRequest
from payments.schemas.refunds import RefundAnswer, RefundRequest
from payments.schemas.timeline import Timeline

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return payments.app.build(payments.settings.Settings(_env_file=None)).web.openapi()


ACCESS = {
    "public": {"list_services", "get_service", "hear_provider"},
    "user": {
        "create_payment",
        "list_payments",
        "create_service",
        "send_bulk",
        "stream_payments",
        "export_payments",
        "get_my_limits",
        "quote_payment",
        "list_bulks",
    },
    "owner": {
        *("pay_payment", "cancel_payment", "get_payment", "get_payment_timeline"),
        *("refund_payment", "list_refunds", "get_refund"),
        *("get_bulk", "stream_payment", "change_service"),
    },
    "admin": {"get_limits", "set_limits", "list_all_refunds", "list_charges"},
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
                *("service_not_found", "service_not_active", "service_price_differs"),
                "service_amount_missing",
                *("execute_at_in_the_past", "execute_at_too_far"),
            },
        ),
        (
            ("post", "/v1/payments/{payment_id}/pay"),
            {
                *("payment_not_found", "only_payer_may_pay", "payment_already_final"),
                *("payment_being_cancelled", "payment_expired", "payer_not_active"),
                *("only_reserved_may_be_paid_in_part", "capture_exceeds_reservation"),
            },
        ),
        (
            ("post", "/v1/payments/{payment_id}/cancel"),
            {
                *("payment_not_found", "only_payer_may_cancel", "payment_already_final"),
                "payment_being_captured",
            },
        ),
        (
            ("post", "/v1/payments/{payment_id}/refunds"),
            {
                *("payment_not_found", "only_payee_may_refund", "payment_not_paid"),
                *("refund_exceeds_payment", "refund_not_covered", "refund_refused"),
            },
        ),
        (
            ("get", "/v1/payments/{payment_id}/refunds/{refund_id}"),
            {"payment_not_found", "refund_not_found"},
        ),
        (("get", "/v1/payments/{payment_id}"), {"payment_not_found"}),
        (("get", "/v1/payments/{payment_id}/timeline"), {"payment_not_found"}),
        (("get", "/v1/services"), {"cursor_invalid", "query_invalid", "validation_failed"}),
        (("get", "/v1/services/{service_id}"), {"service_not_found"}),
        (
            ("post", "/v1/services"),
            {"wallet_not_found", "currency_mismatch", "idempotency_key_reused", "token_invalid"},
        ),
        (
            ("patch", "/v1/services/{service_id}"),
            {"service_not_found", "only_owner_may_edit", "wallet_not_found", "currency_mismatch"},
        ),
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


def test_one_operation_can_be_opened_by_a_setting_and_that_is_closed_unless_set(
    document: Document,
) -> None:
    opened = {
        operation["operationId"]: operation["x-open-by"]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "x-open-by" in operation
    }
    assert opened == {"create_service": "open_services"}
    assert not payments.settings.Settings(_env_file=None).open_services


def test_the_payees_view_has_no_field_of_the_payers_own(document: Document) -> None:
    schemas = document["components"]["schemas"]
    incoming, outgoing = schemas["IncomingPayment"], schemas["OutgoingPayment"]
    private = outgoing["properties"].keys() - incoming["properties"].keys()
    assert {"card_last4", "card_holder", "metadata", "from_wallet_id"} <= private


def test_examples_are_what_they_are_examples_of(document: Document) -> None:
    schemas = document["components"]["schemas"]
    for example in schemas["PaymentRequest"]["examples"]:
        PaymentRequest.model_validate(example)
    for example in schemas["ServiceRequest"]["examples"]:
        ServiceRequest.model_validate(example)
    for example in schemas["ServiceChange"]["examples"]:
        ServiceChange.model_validate(example)
    for example in schemas["Service"]["examples"]:
        Service.model_validate_json(orjson.dumps(example))
    for model in (PayRequest, RefundRequest, RefundAnswer):
        for example in schemas[model.__name__]["examples"]:
            assert model.model_validate_json(json.dumps(example))
    for example in schemas["Timeline"]["examples"]:
        Timeline.model_validate_json(orjson.dumps(example))
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


def test_wallet_can_be_asked_what_may_be_spent_as_payments_does() -> None:
    found = wallet.app.build(wallet.settings.Settings(_env_file=None)).web.openapi()
    asked = {p["name"] for p in found["paths"]["/internal/accounts"]["get"]["parameters"]}
    assert {"owner_id", "currency", "wallet_id"} <= asked
    known = set(answered(found, "/internal/accounts")["required"])
    assert {"id", "owner_id", "currency", "status", "available_minor", "room_minor"} <= known


def test_wallet_can_be_asked_about_transfers_as_payments_does() -> None:
    found = wallet.app.build(wallet.settings.Settings(_env_file=None)).web.openapi()
    path = "/internal/transfers/{transfer_id}"
    asked = {p["name"] for p in found["paths"][path]["get"]["parameters"]}
    assert asked == {"transfer_id", "accounts"}
    assert {"id", "currency", "posted_at", "entries"} <= set(answered(found, path)["required"])
    entry = found["components"]["schemas"]["KnownEntry"]
    assert {"account_id", "owner_id", "seq", "amount_minor"} <= set(entry["required"])


def test_notifications_can_be_asked_about_webhooks_as_payments_does() -> None:
    found = notifications.app.build(notifications.settings.Settings(_env_file=None)).web.openapi()
    path = "/internal/payments/{payment_id}/deliveries"
    asked = {p["name"] for p in found["paths"][path]["get"]["parameters"]}
    assert asked == {"payment_id", "user_id"}
    assert "items" in answered(found, path)["required"]
    told = set(found["components"]["schemas"]["PaymentAttemptAnswer"]["required"])
    assert {"at", "type", "sequence", "number", "endpoint_host", "milliseconds"} <= told
