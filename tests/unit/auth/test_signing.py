"""Access tokens as auth signs them, held against the verifier that everybody uses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest

from auth.crypto.signing import SigningKey, TokenSigner, generate_key
from auth.domain.keys import KeyStatus
from auth.domain.scopes import Scope
from auth.domain.sessions import Session
from auth.domain.users import Role, User, UserStatus
from kit.ids import new_id
from kit.refusals import TokenInvalid
from kit.tokens import KeySet, TokenVerifier
from testkit.verification import KeyPublisher, StatedRevocations

NOW = datetime.now(UTC).replace(microsecond=0)
LIFETIME = timedelta(minutes=50)  # longer than any run of all tests
USER = User(
    id=new_id(),
    number=7,
    username="alice",
    email="alice@example.com",
    full_name="Alice",
    status=UserStatus.ACTIVE,
    roles=frozenset({Role.USER, Role.ADMIN}),
    token_version=3,
    version=1,
    created_at=NOW,
    activated_at=NOW,
)
SESSION = Session(
    id=new_id(),
    user_id=USER.id,
    counter=0,
    hmac_key=bytes(32),
    created_at=NOW - timedelta(hours=2),
    rotated_at=NOW,
    expires_at=NOW + timedelta(days=1),
    ended_at=None,
    authenticated_at=NOW - timedelta(hours=1),
    amr=("pwd", "otp"),
)


def signer_of(*keys: SigningKey) -> TokenSigner:
    return TokenSigner(keys, issuer="saldo", audience="saldo-api", lifetime=LIFETIME, kept=LIFETIME)


async def verifier_for(signer: TokenSigner, now: datetime = NOW) -> TokenVerifier:
    keys = KeySet(KeyPublisher(signer.jwks(now)).fetch)
    await keys.refresh()
    return TokenVerifier(keys, StatedRevocations(), issuer="saldo", audience="saldo-api")


async def test_a_users_token_says_who_and_nothing_personal() -> None:
    signer = signer_of(generate_key(KeyStatus.ACTIVE, NOW))
    token = signer.for_user(USER, SESSION, NOW)
    claims = await (await verifier_for(signer)).verify(token)
    assert (claims.user_id, claims.session_id, claims.token_version) == (USER.id, SESSION.id, 3)
    assert claims.roles == {"user", "admin"}
    assert claims.expires_at == NOW + LIFETIME
    assert claims.auth_time == SESSION.authenticated_at
    assert claims.amr == ("pwd", "otp")
    body = jwt.decode(token, options={"verify_signature": False})
    assert set(body) == {
        *("iss", "sub", "aud", "exp", "iat", "jti", "sid", "tv", "roles", "auth_time", "amr")
    }
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": signer.jwks(NOW)["keys"][0]["kid"]}


async def test_an_oauth_clients_token_says_whose_it_is_and_is_no_administrators() -> None:
    """RFC 9068 §2.2."""
    signer = signer_of(generate_key(KeyStatus.ACTIVE, NOW))
    scopes = frozenset({Scope.PAYMENTS_READ, Scope.ORDERS_WRITE})
    client_id = new_id()
    session = replace(SESSION, client_id=client_id, scopes=scopes)
    token = signer.for_user(USER, session, NOW)
    claims = await (await verifier_for(signer)).verify(token)
    assert (claims.user_id, claims.roles) == (USER.id, {"user"})
    assert claims.scope == {"payments:read", "orders:write"}
    body = jwt.decode(token, options={"verify_signature": False})
    assert (body["client_id"], body["scope"]) == (str(client_id), "orders:write payments:read")


async def test_a_services_token_has_no_session() -> None:
    signer = signer_of(generate_key(KeyStatus.ACTIVE, NOW))
    token = signer.for_service("svc:payments", LIFETIME, NOW)
    claims = await (await verifier_for(signer)).verify(token)
    assert (claims.service, claims.user_id, claims.session_id) == ("payments", None, None)
    assert claims.roles == {"service"}
    assert claims.expires_at == NOW + LIFETIME


def test_two_tokens_of_one_second_differ() -> None:
    signer = signer_of(generate_key(KeyStatus.ACTIVE, NOW))
    assert signer.for_user(USER, SESSION, NOW) != signer.for_user(USER, SESSION, NOW)


async def test_the_active_key_signs_and_the_next_is_published_beforehand() -> None:
    following, active = generate_key(KeyStatus.NEXT, NOW), generate_key(KeyStatus.ACTIVE, NOW)
    signer = signer_of(following, active)
    token = signer.for_user(USER, SESSION, NOW)
    assert jwt.get_unverified_header(token)["kid"] == active.public.kid
    kids = {key["kid"] for key in signer.jwks(NOW)["keys"]}
    assert kids == {following.public.kid, active.public.kid}
    await (await verifier_for(signer)).verify(token)


async def test_other_keys_are_used_from_then_on_and_the_same_ones_are_no_news() -> None:
    old, new = generate_key(KeyStatus.ACTIVE, NOW), generate_key(KeyStatus.ACTIVE, NOW)
    signer = signer_of(old)
    assert not signer.use([old])
    assert signer.use([new])
    token = signer.for_user(USER, SESSION, NOW)
    assert jwt.get_unverified_header(token)["kid"] == signer.kid == new.public.kid


@pytest.mark.check(23)
async def test_a_retired_keys_tokens_die_with_its_publication() -> None:
    old = generate_key(KeyStatus.ACTIVE, NOW)
    token = signer_of(old).for_user(USER, SESSION, NOW)
    retired = replace(old.public, status=KeyStatus.RETIRED, retired_at=NOW)
    signer = signer_of(SigningKey(retired, old.private_der), generate_key(KeyStatus.ACTIVE, NOW))
    await (await verifier_for(signer, NOW)).verify(token)
    with pytest.raises(TokenInvalid):
        await (await verifier_for(signer, NOW + LIFETIME)).verify(token)


@pytest.mark.check(23)
def test_what_is_published_never_holds_a_private_part() -> None:
    published = signer_of(generate_key(KeyStatus.ACTIVE, NOW)).jwks(NOW)["keys"]
    assert [set(key) for key in published] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]


async def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    signer = signer_of(generate_key(KeyStatus.ACTIVE, NOW))
    key = signer.jwks(NOW)["keys"][0]
    claims = {"sub": str(UUID(int=1)), "exp": int(NOW.timestamp()) + 60}
    forged = jwt.encode(claims, key["x"] * 2, algorithm="HS256", headers={"kid": key["kid"]})
    with pytest.raises(TokenInvalid):
        await (await verifier_for(signer)).verify(forged)
