"""What finance counts on of auth's OpenAPI document."""

from typing import Any

from auth.app import build
from auth.settings import Settings


def test_auth_can_be_asked_about_people_as_finance_does() -> None:
    document: dict[str, Any] = build(Settings(_env_file=None)).web.openapi()
    operation = document["paths"]["/internal/users"]["get"]
    assert operation["x-access"] == "service"
    assert "username" in {parameter["name"] for parameter in operation["parameters"]}
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answered = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert {"user_id", "username", "status"} <= set(answered["required"])
