"""The documents that the gateway serves: the services' own, with its refusals added."""

import pytest
from deploy.generate.operations import committed
from tests.contract.gateway.test_routes_agree_with_services import SERVICES

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
