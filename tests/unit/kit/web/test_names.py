"""kit.web.openapi.names: schemas by names that generators of clients can use."""

from typing import Any

import pytest

from kit.web.openapi.names import reference, use_titles


def document(**schemas: dict[str, Any]) -> dict[str, Any]:
    return {"components": {"schemas": schemas}, "used": [reference(name) for name in schemas]}


def test_a_schema_of_an_unusable_name_is_known_by_its_title_wherever_it_is_referred_to() -> None:
    named = use_titles(document(Page_Payment_={"title": "PaymentPage"}, Payment={"title": "P"}))
    assert named["components"]["schemas"] == {
        "PaymentPage": {"title": "PaymentPage"},
        "Payment": {"title": "P"},
    }
    assert named["used"] == [reference("PaymentPage"), reference("Payment")]


def test_schemas_that_would_have_one_name_are_refused_and_only_that_name_is_told() -> None:
    with pytest.raises(ValueError, match=r"several schemas of one name: Payment$"):
        use_titles(
            document(
                Page_Payment_={"title": "Payment"},
                Payment={"title": "Payment"},
                Wallet={"title": "Wallet"},
            )
        )
