"""What a key set may hold, and how it is fetched."""

from typing import Any

import httpx
import pytest
import respx
from jwt.algorithms import ECAlgorithm

from kit.tokens.jwks import JwksError, KeySet, http_source, parse_jwks
from testkit.tokens import TokenMint
from testkit.verification import Desk, KeyPublisher

URL = "http://auth.test/.well-known/jwks.json"


def test_usable_keys_are_found_by_their_id() -> None:
    one, two = TokenMint(), TokenMint()
    assert set(parse_jwks(one.jwks(two))) == {one.kid, two.kid}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": None},
        {"keys": {}},
        {"keys": []},
        {"keys": ["x"]},
        {"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": "AA", "y": "AA"}]},
    ],
    ids=str,
)
def test_a_key_set_without_a_usable_key_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(JwksError):
        parse_jwks(document)


def test_a_key_without_an_id_or_with_its_private_part_is_not_used() -> None:
    good, nameless, leaked = TokenMint(), TokenMint(), TokenMint()
    del nameless.public_jwk["kid"]
    private = ECAlgorithm.to_jwk(leaked.key, as_dict=True)
    leaked.public_jwk["d"] = private["d"]
    assert set(parse_jwks(good.jwks(nameless, leaked))) == {good.kid}


def test_a_key_of_another_curve_is_not_used() -> None:
    good = TokenMint()
    other = {"kty": "EC", "crv": "P-384", "kid": "b", "x": "A" * 64, "y": "A" * 64}
    assert set(parse_jwks({"keys": [other, good.public_jwk]})) == {good.kid}


async def test_known_keys_are_kept_while_the_publisher_is_away_or_talks_nonsense(
    desk: Desk,
) -> None:
    desk.publisher.away = True
    assert not await desk.keys.refresh()
    desk.publisher.away = False
    desk.publisher.document = {"keys": []}
    assert not await desk.keys.refresh()
    assert set(desk.keys.keys) == {desk.mint.kid}


async def test_looking_for_an_unknown_key_never_removes_a_known_one(desk: Desk) -> None:
    desk.publisher.away = True
    assert await desk.keys.find("x" * 43) is None
    assert desk.publisher.fetches == 2
    assert set(desk.keys.keys) == {desk.mint.kid}


async def test_nothing_is_loaded_before_the_first_fetch() -> None:
    keys = KeySet(KeyPublisher(TokenMint().jwks()).fetch)
    assert not keys.loaded
    assert await keys.refresh()
    assert keys.loaded


@respx.mock
async def test_the_published_document_is_read_over_http() -> None:
    mint = TokenMint()
    respx.get(URL).respond(json=mint.jwks())
    async with httpx.AsyncClient() as client:
        assert await http_source(URL, client)() == mint.jwks()


@respx.mock
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"Location": "http://elsewhere.test/"}),
        httpx.Response(503),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": [], "x": "y" * 70_000}),
        httpx.ConnectError("away"),
    ],
    ids=lambda answer: str(getattr(answer, "status_code", answer)),
)
async def test_an_answer_that_is_no_key_set_changes_nothing(
    answer: httpx.Response | httpx.ConnectError,
) -> None:
    respx.get(URL).mock(
        **(
            {"return_value": answer}
            if isinstance(answer, httpx.Response)
            else {"side_effect": answer}
        )
    )
    async with httpx.AsyncClient() as client:
        keys = KeySet(http_source(URL, client))
        assert not await keys.refresh()
    assert not keys.loaded
    assert respx.calls.call_count == 1
