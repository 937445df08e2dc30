"""What an authorization request must have, and who may exchange a code."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.domain.codes import (
    LIFETIME,
    Asked,
    AuthorizationCode,
    CodeVerdict,
    PresentedCode,
    decide_exchange,
    decide_request,
    return_address,
)
from auth.domain.scopes import Scope
from auth.pages.scopes import WORDS
from auth.refusals import ChallengeMissing, ResponseTypeUnsupported, ScopeUnknown
from kit.refusals import Refusal

NOW = datetime(2026, 3, 4, tzinfo=UTC)
# The example of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ASKED = Asked("code", CHALLENGE, "S256", None)
URI = "https://app.example/callback"
CODE = AuthorizationCode(
    client_id=UUID(int=1),
    user_id=UUID(int=2),
    redirect_uri=URI,
    challenge=hashlib.sha256(VERIFIER.encode()).digest(),
    scopes=frozenset(),
    token_version=3,
    password_digest=bytes(32),
    amr=("pwd",),
    created_at=NOW,
    expires_at=NOW + LIFETIME,
)
PRESENTED = PresentedCode("x", CODE.client_id, URI, VERIFIER)


READ, WRITE = Scope.PAYMENTS_READ, Scope.PAYMENTS_WRITE
ALLOWED = frozenset({READ, WRITE})


def test_the_challenge_of_a_request_is_the_hash_of_its_verifier() -> None:
    challenge, _ = decide_request(ASKED, ALLOWED)
    assert challenge == CODE.challenge


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (None, ALLOWED),
        ("", ALLOWED),
        ("  ", ALLOWED),
        ("payments:read", {READ}),
        (" payments:read  payments:read ", {READ}),
        ("payments:write payments:read", ALLOWED),
        ("payments:read wallets:write", {READ}),
    ],
)
def test_a_client_gets_what_it_asks_for_of_what_it_is_registered_for(
    scope: str | None, granted: set[Scope]
) -> None:
    _, scopes = decide_request(replace(ASKED, scope=scope), ALLOWED)
    assert scopes == granted


def test_every_scope_is_said_in_words_in_both_languages() -> None:
    assert WORDS.keys() == set(Scope)
    said = [text for texts in WORDS.values() for text in texts.values()]
    assert len(set(said)) == 2 * len(Scope)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (replace(ASKED, response_type=None), ResponseTypeUnsupported),
        (replace(ASKED, response_type="token"), ResponseTypeUnsupported),
        (replace(ASKED, response_type="code token", code_challenge=None), ResponseTypeUnsupported),
        (replace(ASKED, code_challenge=None), ChallengeMissing),
        (replace(ASKED, code_challenge=CHALLENGE + "="), ChallengeMissing),
        (replace(ASKED, code_challenge=CHALLENGE[:-1]), ChallengeMissing),
        (replace(ASKED, code_challenge="+" * 43), ChallengeMissing),
        (replace(ASKED, code_challenge_method=None), ChallengeMissing),
        (replace(ASKED, code_challenge_method="plain"), ChallengeMissing),
        (replace(ASKED, code_challenge_method="s256"), ChallengeMissing),
        (replace(ASKED, scope="openid", code_challenge=None), ChallengeMissing),
        (replace(ASKED, scope="openid"), ScopeUnknown),
        (replace(ASKED, scope="payments:read openid"), ScopeUnknown),
        (replace(ASKED, scope="PAYMENTS:READ"), ScopeUnknown),
        (replace(ASKED, scope="wallets:write"), ScopeUnknown),
    ],
)
def test_a_request_is_refused_in_the_order_of_its_faults(
    asked: Asked, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        decide_request(asked, ALLOWED)


@pytest.mark.parametrize(
    ("code", "presented", "is_unchanged", "after", "verdict"),
    [
        (CODE, PRESENTED, True, 0, CodeVerdict.GRANTED),
        (CODE, PRESENTED, True, 59, CodeVerdict.GRANTED),
        (CODE, PRESENTED, True, 60, CodeVerdict.REFUSED),
        (CODE, PRESENTED, False, 0, CodeVerdict.REFUSED),
        (CODE, replace(PRESENTED, client_id=UUID(int=9)), True, 0, CodeVerdict.REFUSED),
        (CODE, replace(PRESENTED, redirect_uri=URI + "/"), True, 0, CodeVerdict.REFUSED),
        (CODE, replace(PRESENTED, verifier=VERIFIER[::-1]), True, 0, CodeVerdict.REFUSED),
        (CODE, replace(PRESENTED, verifier=CHALLENGE), True, 0, CodeVerdict.REFUSED),
        (CODE, replace(PRESENTED, verifier=""), True, 0, CodeVerdict.REFUSED),
        (replace(CODE, used_at=NOW), PRESENTED, True, 0, CodeVerdict.REUSED),
        (
            replace(CODE, used_at=NOW),
            replace(PRESENTED, verifier=""),
            False,
            99,
            CodeVerdict.REUSED,
        ),
    ],
)
def test_a_code_is_for_its_client_its_address_and_its_verifier_once(
    code: AuthorizationCode,
    presented: PresentedCode,
    *,
    is_unchanged: bool,
    after: int,
    verdict: CodeVerdict,
) -> None:
    now = NOW + timedelta(seconds=after)
    assert decide_exchange(code, presented, now, is_unchanged=is_unchanged) is verdict


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 129, "ä" * 43, "a b" * 20, "a\n" + "a" * 42])
def test_a_verifier_of_another_form_fits_nothing(verifier: str) -> None:
    of_it = replace(CODE, challenge=hashlib.sha256(verifier.encode()).digest())
    presented = replace(PRESENTED, verifier=verifier)
    assert decide_exchange(of_it, presented, NOW, is_unchanged=True) is CodeVerdict.REFUSED


@pytest.mark.parametrize("verifier", ["a" * 43, "~._-" * 32])
def test_a_verifier_may_be_short_or_long(verifier: str) -> None:
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    found, _ = decide_request(replace(ASKED, code_challenge=challenge), ALLOWED)
    of_it = replace(CODE, challenge=found)
    presented = replace(PRESENTED, verifier=verifier)
    assert decide_exchange(of_it, presented, NOW, is_unchanged=True) is CodeVerdict.GRANTED


def test_what_is_told_on_the_way_back_can_add_nothing_to_it() -> None:
    told = return_address(URI, code="a-b", state="x&iss=evil#\r\n я", error=None)
    assert told == f"{URI}?code=a-b&state=x%26iss%3Devil%23%0D%0A+%D1%8F"
