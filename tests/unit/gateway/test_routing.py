"""Finding the route of a request."""

import pytest

from gateway.routing import routes
from gateway.routing.aliases import ALIASES
from gateway.routing.table import ProxyRoute, ProxyRoutes


@pytest.fixture
def table() -> ProxyRoutes:
    return ProxyRoutes.of(in_production=False, serves_docs=True)


def test_a_prefix_is_protected_and_what_is_listed_below_it_public(table: ProxyRoutes) -> None:
    assert table.find("POST", b"/v1/auth/login") == ProxyRoute(
        "/v1/auth/login", "auth", is_public=True, reads="login", changes="login"
    )
    assert table.find("GET", b"/v1/auth/login") == ProxyRoute("/v1/auth", "auth", is_prefix=True)
    assert table.find("POST", b"/v1/auth/login/x") == ProxyRoute("/v1/auth", "auth", is_prefix=True)


@pytest.mark.parametrize("prefix", routes.PREFIXES)
def test_everything_below_a_prefix_is_routed_alike(table: ProxyRoutes, prefix: str) -> None:
    whole = () if f"POST {prefix}" in ALIASES else (prefix, f"{prefix}/")
    for path in (*whole, f"{prefix}/7", f"{prefix}/7/8/9/"):
        route = table.find("DELETE", path.encode())
        assert route is not None
        assert route.upstream == routes.PREFIXES[prefix]
        assert not route.is_public


@pytest.mark.parametrize("path", [b"/v1", b"/v1x/auth", b"/v1/authx", b"/x/v1/auth", b"/V1/auth"])
def test_what_is_no_route_is_not_found(table: ProxyRoutes, path: bytes) -> None:
    assert table.find("GET", path) is None


def test_head_goes_where_get_goes(table: ProxyRoutes) -> None:
    assert table.find("HEAD", b"/v1/services") == table.find("GET", b"/v1/services")
    assert table.find("HEAD", b"/v1/auth/login") == ProxyRoute("/v1/auth", "auth", is_prefix=True)


def test_production_has_neither_sandbox_nor_documentation() -> None:
    table = ProxyRoutes.of(in_production=True, serves_docs=False)
    for path in (b"/sandbox/verify/one", b"/docs", b"/redoc", b"/openapi/auth.json"):
        assert table.find("GET", path) is None
    assert table.find("GET", b"/health/live") is not None


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_goes_where_its_operation_goes(table: ProxyRoutes, alias: str) -> None:
    found = table.find(*split(alias))
    wanted = table.find(*split(ALIASES[alias]))
    assert found is not None
    assert wanted is not None
    assert wanted.rewrite is None
    assert not found.is_prefix  # its own path is its name
    assert (found.upstream, found.own, found.is_public) == (
        wanted.upstream,
        wanted.own,
        wanted.is_public,
    )


def split(operation: str) -> tuple[str, bytes]:
    method, _, path = operation.partition(" ")
    return method, path.partition("?")[0].encode()


def test_an_alias_hands_its_segments_on() -> None:
    table = ProxyRoutes()
    table.add_prefix("/v1/users", ProxyRoute("/v1/users", "auth"))
    table.add_alias("PUT /old/{id}/user/{tag}", "PATCH /v1/users/{tag}/by/{id}?x=1")
    route = table.find("PUT", b"/old/7/user/red")
    assert route is not None
    assert route.rewrite is not None
    assert route.rewrite.method == "PATCH"
    assert route.rewrite.path_for(b"/old/7/user/red") == b"/v1/users/red/by/7"
    assert route.rewrite.query_for(b"") == b"x=1"
    assert route.rewrite.query_for(b"y=2") == b"y=2&x=1"
    assert route.rewrite.query_for(b"x=1&y=2") == b"x=1&y=2"
    assert table.find("PUT", b"/old//user/red") is None
    assert table.find("PUT", b"/new/7/user/red") is None


def test_an_alias_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="is not routed"):
        ProxyRoutes().add_alias("GET /x", "GET /v1/nowhere")


def test_an_alias_that_lacks_what_the_operation_needs_is_a_mistake() -> None:
    table = ProxyRoutes()
    table.add_prefix("/v1/users", ProxyRoute("/v1/users", "auth"))
    with pytest.raises(ValueError, match="id"):
        table.add_alias("GET /x", "GET /v1/users/{id}")


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("GET", "/v1/wallets", "read"),
        ("HEAD", "/v1/wallets/7", "read"),
        ("POST", "/v1/wallets", "money"),
        ("DELETE", "/v1/payments/7", "money"),
        ("POST", "/v1/payments/quote", "read"),
        ("PATCH", "/v1/users/7", "write"),
        ("POST", "/v1/auth/login/", "login"),
        ("POST", "/auth", "login"),
        ("GET", "/v1/auth/activate", "read"),
        ("POST", "/v1/shop/orders/7/pay", "money"),
        ("POST", "/products/buy", "money"),
        ("PATCH", "/v1/shop/orders/7", "write"),
        ("GET", "/v1/payments/7/events", "stream"),
        ("GET", "/v1/payments/7/events/8", "read"),
        ("POST", "/v1/payments/bulk", "heavy"),
        ("POST", "/v1/payments/webhooks/any", "hook"),
        ("GET", "/v1/me", "read"),
        ("GET", "/docs", "page"),
        ("GET", "/health/live", "page"),
    ],
)
def test_a_request_counts_against_the_limit_of_its_operation(
    table: ProxyRoutes, method: str, path: str, limit: str
) -> None:
    route = table.find(method, path.encode())
    assert route is not None
    asked = method if route.rewrite is None else route.rewrite.method
    assert route.limit(asked) == limit


def test_what_has_a_limit_of_its_own_still_needs_a_token_where_its_prefix_does(
    table: ProxyRoutes,
) -> None:
    for operation in routes.LIMITS:
        method, _, path = operation.partition(" ")
        route = table.find(method, path.encode())
        assert route is not None
        assert route.upstream
        assert route.is_public == (operation in routes.PUBLIC)
