"""The documents that the gateway serves: the services' own, with its refusals added."""

import pytest
from deploy.generate.operations import committed
from tests.contract.gateway.test_routes_agree_with_services import SERVICES

from gateway.documents.combined import combined
from gateway.documents.own import OWN_DOCUMENT
from gateway.documents.published import published
from gateway.routing.table import ProxyRoutes


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_the_gateways_refusals_also_where_it_answers_by_pages(
    service: str,
) -> None:
    document = published(
        committed(service), service, ProxyRoutes.of(in_production=False, serves_docs=True)
    )
    assert document["paths"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            answered = operation["responses"]["503"]["content"]
            assert "application/problem+json" in answered, (method, path)


def test_the_callers_page_documents_what_the_services_refuse_that_it_asks() -> None:
    documented = OWN_DOCUMENT["paths"]["/v1/me"]["get"]["responses"].keys()
    parts = {"auth": "/v1/auth/me", "wallet": "/v1/wallets", "shop": "/v1/shop/orders"}
    for service, path in parts.items():
        assert committed(service)["paths"][path]["get"]["responses"].keys() <= documented


@pytest.mark.check(63)
@pytest.mark.parametrize("service", [*SERVICES, "gateway"])
def test_every_answer_says_how_its_caller_stands(service: str) -> None:
    routes = ProxyRoutes.of(in_production=False, serves_docs=True)
    own = OWN_DOCUMENT if service == "gateway" else published(committed(service), service, routes)
    for document in (own, combined({service: own})):
        for path, item in document["paths"].items():
            for method, operation in item.items():
                assert {"408", "429", "503"} <= operation["responses"].keys(), (method, path)
                for status, answer in operation["responses"].items():
                    for name in ("RateLimit-Policy", "RateLimit", "X-Saldo-Origin"):
                        where = answer["headers"][name]["$ref"].rpartition("/")[2]
                        assert document["components"]["headers"][where], (method, path, status)
