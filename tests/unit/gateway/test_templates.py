"""By which name metrics count a request."""

import pytest

from gateway.routing.templates import RouteTemplates

PATHS = [
    "/v1/payments",
    "/v1/payments/events",
    "/v1/payments/{payment_id}",
    "/v1/payments/{payment_id}/events",
    "/v1/payments/webhooks/{provider}",
    "/v1/payments/export.csv",
    "/v1/payments/{payment_id}/events/{number}",
]


@pytest.fixture
def templates() -> RouteTemplates:
    found = RouteTemplates()
    found.learn("payments", PATHS)
    return found


@pytest.mark.parametrize(
    ("path", "template"),
    [
        (b"/v1/payments", "/v1/payments"),
        (b"/v1/payments/", "/v1/payments"),
        (b"/v1/payments/0198", "/v1/payments/{payment_id}"),
        (b"/v1/payments/events", "/v1/payments/events"),
        (b"/v1/payments/0198/events", "/v1/payments/{payment_id}/events"),
        (b"/v1/payments/events/events", "/v1/payments/{payment_id}/events"),
        (b"/v1/payments/webhooks/events", "/v1/payments/webhooks/{provider}"),
        (b"/v1/payments/0198/nothing", None),
        (b"/v1/payments/webhooks/events/7", "/v1/payments/{payment_id}/events/{number}"),
        (b"/v1/payments/0198/events/7/more", None),
        (b"/v1", None),
        (b"/", None),
    ],
)
def test_the_template_of_a_path_is_found(
    templates: RouteTemplates, path: bytes, template: str | None
) -> None:
    assert templates.find("payments", path) == template


def test_before_a_service_has_told_its_paths_they_have_no_other_name() -> None:
    assert RouteTemplates().find("payments", b"/v1/payments/0198") is None


def test_what_an_upgraded_service_declares_counts_from_then_on(templates: RouteTemplates) -> None:
    templates.learn("payments", ["/v1/payments/{number}"])
    assert templates.find("payments", b"/v1/payments/0198") == "/v1/payments/{number}"
    assert templates.find("payments", b"/v1/payments") is None


def test_the_names_are_bounded_whatever_a_service_says() -> None:
    templates = RouteTemplates()
    templates.learn("payments", [f"/v1/{number}" for number in range(50_000)])
    found = {templates.find("payments", b"/v1/%d" % number) for number in range(50_000)}
    assert len(found - {None}) == 2000
