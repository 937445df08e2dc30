"""kit.web.serving.dispatch: paths to operations."""

from dataclasses import dataclass, field

import pytest

from kit.refusals import MethodNotAllowed, NotFound
from kit.web.serving.dispatch import RouteTable


@dataclass(frozen=True)
class Stop:
    path: str
    methods: set[str] | None = field(default_factory=lambda: {"GET"})


def table(*stops: Stop) -> RouteTable[Stop]:
    return RouteTable(stops)


WALLETS = Stop("/v1/wallets")
OPEN = Stop("/v1/wallets", {"POST"})
MINE = Stop("/v1/wallets/me")
ONE = Stop("/v1/wallets/{id}")
ENTRIES = Stop("/v1/wallets/{id}/entries")
ENTRY = Stop("/v1/wallets/{wallet_id}/entries/{id}")
ROOT = Stop("/")
ROUTES = table(WALLETS, OPEN, MINE, ONE, ENTRIES, ENTRY, ROOT)


@pytest.mark.parametrize(
    ("path", "stop", "values"),
    [
        ("/", ROOT, {}),
        ("/v1/wallets", WALLETS, {}),
        ("/v1/wallets/", WALLETS, {}),
        ("/v1/wallets/me", MINE, {}),
        ("/v1/wallets/7", ONE, {"id": "7"}),
        ("/v1/wallets/7/", ONE, {"id": "7"}),
        ("/v1/wallets/me/entries", ENTRIES, {"id": "me"}),
        ("/v1/wallets/7/entries/8", ENTRY, {"wallet_id": "7", "id": "8"}),
        ("/v1/wallets/a;x", ONE, {"id": "a;x"}),
    ],
)
def test_a_path_finds_its_operation_with_or_without_a_slash_at_the_end(
    path: str, stop: Stop, values: dict[str, str]
) -> None:
    assert ROUTES.find("GET", path) == (stop, values)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "/v1",
        "/v1/",
        "/V1/wallets",
        "/v1/Wallets",
        "/v1/wallets.",
        "/v1/wallets//",
        "//v1/wallets",
        "/v1//wallets",
        "/v1/wallets//entries",
        "/v1/wallets/7/entries/8/9",
        "/v1/wallets/../wallets",
        "/v1/wallets/7\0",
        "/v1/wallets/7/nothing",
    ],
)
def test_any_other_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        ROUTES.find("GET", path)


def test_another_method_is_refused_naming_those_that_are_allowed() -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        ROUTES.find("TRACE", "/v1/wallets")

    assert refused.value.headers == {"Allow": "GET, HEAD, OPTIONS, POST"}
    assert ROUTES.find("POST", "/v1/wallets") == (OPEN, {})


def test_head_finds_what_get_finds() -> None:
    assert ROUTES.find("HEAD", "/v1/wallets/7") == (ONE, {"id": "7"})
    assert ROUTES.allowed("/v1/wallets/7/") == {"GET", "HEAD", "OPTIONS"}
    with pytest.raises(MethodNotAllowed):
        table(OPEN).find("HEAD", "/v1/wallets")


def test_what_matches_on_the_way_back_leaves_no_value_behind() -> None:
    deep = Stop("/{a}/x/{b}/end")
    routes = table(deep, Stop("/{a}/{b}"))

    assert routes.find("GET", "/1/x/2/end") == (deep, {"a": "1", "b": "2"})
    with pytest.raises(NotFound):
        routes.find("GET", "/1/x/2/other")


@pytest.mark.parametrize(
    ("stops", "message"),
    [
        ((WALLETS, WALLETS), "declared twice"),
        ((ONE, Stop("/v1/wallets/{other}")), "declared twice"),
        ((Stop("/files/{path:path}"),), "no converters"),
        ((Stop("/files/{a}-{b}"),), "no converters"),
        ((Stop("/files/x{a}"),), "whole segment"),
    ],
)
def test_ambiguous_and_fancy_paths_are_refused_when_declared(
    stops: tuple[Stop, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        table(*stops)


def test_a_stop_without_methods_is_never_found() -> None:
    with pytest.raises(NotFound):
        table(Stop("/x", None)).find("GET", "/x")
