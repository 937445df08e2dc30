"""Where a registered OAuth client may have its users sent back to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.domain.links import digest
from auth.domain.oauth_clients import (
    NAME_LONGEST,
    URI_LONGEST,
    OAuthClient,
    client_name,
    form_target,
    place_of,
    redirect_uri,
    require_address,
)
from auth.domain.scopes import Scope
from auth.refusals import (
    ClientNameRefused,
    ClientUnknown,
    RedirectUriRefused,
    RedirectUriUnknown,
)

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HOME = "https://app.example/callback"
PUBLIC = OAuthClient(
    id=UUID(int=1),
    name="App",
    redirect_uris=(HOME, "http://127.0.0.1/cb", "http://[::1]:4000/cb", "com.example.app:/cb"),
    scopes=frozenset({Scope.PAYMENTS_READ}),
    secret_hash=None,
    created_by=UUID(int=2),
    created_at=NOW,
)
CONFIDENTIAL = replace(PUBLIC, secret_hash=digest("cs_right"))


@pytest.mark.parametrize(
    "uri",
    [
        HOME,
        "https://app.example/",
        "https://a.b-c.example:8443/x/y;z=1,2/%20",
        "http://127.0.0.1/cb",
        "http://localhost:5173/",
        "http://[::1]/cb",
    ],
)
def test_any_client_may_have_a_web_address_and_one_of_its_own_machine(uri: str) -> None:
    assert redirect_uri(uri, is_public=True) == uri
    assert redirect_uri(uri, is_public=False) == uri


@pytest.mark.parametrize("uri", ["com.example.app:/cb", "com.example.app://cb"])
def test_a_scheme_of_its_own_is_for_public_clients_alone(uri: str) -> None:
    assert redirect_uri(uri, is_public=True) == uri
    with pytest.raises(RedirectUriRefused):
        redirect_uri(uri, is_public=False)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//evil.example/",
        "https:evil.example/",
        "https:///evil.example/",
        "https://app.example",
        "http://app.example/",
        "HTTPS://app.example/",
        "https://App.example/",
        "https://user@app.example/",
        "https://app.example@evil.example/",
        "https://app.example:0/",
        "https://app.example:123456/",
        "https://*.example/",
        "https://app.example/cb?next=1",
        "https://app.example/cb#part",
        "https://app.example/a b",
        "https://app.example/\\evil",
        "https://app.example/cb\r\nSet-Cookie: a=b",
        "https://app.example/<script>",
        "https://пример.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://127.0.0.2/",
        "javascript:alert(1)",
        "javascript://app.example/%0aalert(1)",
        "data:text/html,x",
        "app:/cb",
        "com.example.app:cb",
        "https://app.example/" + "a" * URI_LONGEST,
    ],
)
def test_what_could_lead_elsewhere_cannot_be_registered(uri: str) -> None:
    with pytest.raises(RedirectUriRefused):
        redirect_uri(uri, is_public=True)


@pytest.mark.parametrize(
    ("uri", "of_public", "of_confidential"),
    [
        (HOME, True, True),
        (HOME + "/", False, False),
        (HOME + "?x=1", False, False),
        (HOME + "/../x", False, False),
        ("https://app.example:443/callback", False, False),
        ("https://APP.example/callback", False, False),
        ("https://app.example.evil/callback", False, False),
        ("http://app.example/callback", False, False),
        ("http://127.0.0.1/cb", True, True),
        ("http://127.0.0.1:51004/cb", True, False),
        ("http://127.0.0.1:51004/other", False, False),
        ("http://127.0.0.1:99999/cb/", False, False),
        ("http://localhost:51004/cb", False, False),
        ("http://[::1]/cb", True, False),
        ("com.example.app:/cb", True, True),
        ("com.example.app:/other", False, False),
        ("", False, False),
    ],
)
def test_an_address_is_compared_to_the_letter_but_for_an_apps_port(
    uri: str, *, of_public: bool, of_confidential: bool
) -> None:
    assert PUBLIC.may_return_to(uri) is of_public
    assert CONFIDENTIAL.may_return_to(uri) is of_confidential


@pytest.mark.parametrize(
    ("client", "uri", "refusal"),
    [
        (None, HOME, ClientUnknown),
        (None, None, ClientUnknown),
        (replace(PUBLIC, disabled_at=NOW), HOME, ClientUnknown),
        (PUBLIC, None, RedirectUriUnknown),
        (PUBLIC, "https://evil.example/", RedirectUriUnknown),
    ],
)
def test_without_a_client_of_this_address_nobody_is_sent_anywhere(
    client: OAuthClient | None, uri: str | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        require_address(client, uri)


def test_a_client_and_its_address_are_taken() -> None:
    assert require_address(PUBLIC, HOME) is PUBLIC


@pytest.mark.parametrize(
    ("client", "secret", "knows"),
    [
        (PUBLIC, None, True),
        (PUBLIC, "cs_any", False),
        (CONFIDENTIAL, "cs_right", True),
        (CONFIDENTIAL, "cs_wrong", False),
        (CONFIDENTIAL, "", False),
        (CONFIDENTIAL, None, False),
    ],
)
def test_a_secret_is_for_those_who_have_one(
    client: OAuthClient, secret: str | None, *, knows: bool
) -> None:
    assert client.knows(secret, NOW) is knows


def test_the_secret_before_works_until_its_overlap_ends() -> None:
    until = NOW + timedelta(hours=1)
    rotated = replace(CONFIDENTIAL, old_secret_hash=digest("cs_old"), old_secret_until=until)
    assert rotated.knows("cs_old", until - timedelta(seconds=1))
    assert not rotated.knows("cs_old", until)
    assert rotated.knows("cs_right", until)
    assert not rotated.knows("cs_wrong", NOW)


@pytest.mark.parametrize("name", ["Ledger", "Учёт & Co. <b>", "x" * NAME_LONGEST])
def test_a_name_is_what_people_can_read(name: str) -> None:
    assert client_name(name) == name


@pytest.mark.parametrize("name", ["", "  ", "a\u202eb", "a\u200bb", "a\nb", "x" * 61])
def test_a_name_that_misleads_is_refused(name: str) -> None:
    with pytest.raises(ClientNameRefused):
        client_name(name)


@pytest.mark.parametrize(
    ("uri", "place", "target"),
    [
        (HOME, "app.example", "https://app.example"),
        ("https://app.example:8443/cb", "app.example:8443", "https://app.example:8443"),
        ("http://127.0.0.1:5000/cb", "127.0.0.1:5000", "http:"),
        ("http://[::1]/cb", "[::1]", "http:"),
        ("com.example.app:/cb", "com.example.app", "com.example.app:"),
        ("com.example.app://cb", "com.example.app", "com.example.app:"),
    ],
)
def test_people_and_browsers_are_told_where_it_leads(uri: str, place: str, target: str) -> None:
    assert (place_of(uri), form_target(uri)) == (place, target)
