"""What auth's OpenAPI document promises beyond what every service's does."""

from typing import Any

import pytest

from auth.app import build
from auth.settings import Settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build(Settings.model_validate({})).web.openapi()


def test_swagger_can_authorise_by_the_password_form(document: dict[str, Any]) -> None:
    (flow,) = [
        scheme["flows"]["password"]
        for scheme in document["components"]["securitySchemes"].values()
        if "password" in scheme.get("flows", {})
    ]
    form = document["paths"][flow["tokenUrl"]]["post"]
    assert form["x-access"] == "public"
    assert form["security"] == []
    (media_type,) = form["requestBody"]["content"]
    assert media_type == "application/x-www-form-urlencoded"
    schema = document["components"]["schemas"]["TokenForm"]
    assert {"grant_type", "username", "password", "scope", "client_id", "client_secret"} <= set(
        schema["properties"]
    )


ACCESS = {
    "public": {
        *("register", "activate_by_link", "activate", "resend_activation"),
        *("login", "token", "refresh", "revoke_token", "get_jwks", "activate_by_page"),
        "forgot_password",
        *("show_password_reset", "reset_password", "reset_password_by_page"),
        *("login_by_code", "login_by_passkey", "begin_passkey_login"),
        *("show_login_page", "authorize", "get_server_metadata"),
        *("show_email_confirmation", "confirm_email", "confirm_email_by_page"),
    },
    "user": {
        *("logout", "get_me", "change_me", "delete_me", "list_sessions", "list_events"),
        *("change_password", "change_email", "cancel_email_change"),
        *("make_api_key", "list_api_keys"),
        *("get_factors", "enroll_totp", "confirm_totp", "remove_totp", "make_recovery_codes"),
        *("begin_passkey", "add_passkey", "step_up", "begin_passkey_step_up"),
        *("get_confirmation_limits", "set_confirmation_limits"),
    },
    "owner": {
        *("delete_session", "get_api_key", "change_api_key", "rotate_api_key", "revoke_api_key"),
        *("rename_passkey", "remove_passkey"),
    },
    "admin": {
        *("list_users", "get_user", "change_user", "list_audit"),
        *("list_user_sessions", "delete_user_session", "unlock_user", "log_out_user"),
        *("list_clients", "create_client", "get_client", "change_client", "delete_client"),
        "rotate_client_secret",
    },
    "service": {"look_up_user", "list_contacts", "exchange_api_key"},
}


def test_every_operation_has_the_access_level_it_was_given(document: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            found.setdefault(operation["x-access"], set()).add(operation["operationId"])
    assert found == ACCESS


@pytest.mark.check(7)
def test_no_answer_has_a_field_for_a_secret_of_the_database(document: dict[str, Any]) -> None:
    fields = {
        name
        for schema in document["components"]["schemas"].values()
        for name in schema.get("properties", {})
    }
    assert not fields & {"password_hash", "hmac_key", "token_hash", "private_key", "d"}
    assert not fields & {"secret_hash", "code_hash", "challenge"}
    assert not fields & {"token_version", "version", "username_key", "email_key", "search_key"}


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        (("post", "/v1/auth/register"), {"username_taken", "email_taken"}),
        (
            ("post", "/v1/auth/login"),
            {
                *("invalid_credentials", "user_pending", "user_disabled", "unavailable"),
                *("otp_required", "code_wrong"),
            },
        ),
        (("post", "/v1/auth/refresh"), {"refresh_token_invalid"}),
        (("get", "/v1/auth/activate"), {"activation_token_invalid"}),
        (
            ("patch", "/v1/users/{user_id}"),
            {"last_admin", "not_found", "step_up_required"},
        ),
        (("delete", "/v1/auth/me"), {"last_admin", "token_invalid"}),
    ],
)
def test_the_refusals_of_an_operation_are_documented(
    document: dict[str, Any], operation: tuple[str, str], codes: set[str]
) -> None:
    method, path = operation
    documented = {
        code
        for answer in document["paths"][path][method]["responses"].values()
        for media in [answer.get("content", {}).get("application/problem+json", {})]
        for code in media.get("examples", {})
    }
    assert codes <= documented
