"""SECURITY checks 11-18 and 23, as far as one token and one verifier show them."""

import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.ids import new_id
from kit.money import Money
from kit.refusals import TokenInvalid, Unavailable
from testkit.tokens import TokenMint, base64url, unsigned
from testkit.verification import Desk, Time

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


async def refused(desk: Desk, token: str) -> None:
    """Expect TokenInvalid, twice: a refusal is not remembered as anything else."""
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            await desk.verifier.verify(token)


async def test_a_good_user_token_gives_its_claims(desk: Desk) -> None:
    user_id, session_id = new_id(), new_id()
    token = desk.mint.user(user_id, sid=str(session_id), tv=7, roles=["user", "admin"])

    claims = await desk.verifier.verify(token)

    assert claims.user_id == user_id
    assert claims.subject == str(user_id)
    assert claims.session_id == session_id
    assert claims.token_version == 7
    assert claims.roles == {"user", "admin"}
    assert claims.service is None
    assert claims.amr == ("pwd",)
    assert claims.auth_time is not None
    assert (claims.expires_at - claims.auth_time).total_seconds() == 600


async def test_a_login_is_limited_to_nothing(desk: Desk) -> None:
    claims = await desk.verifier.verify(desk.mint.user())

    assert (claims.scope, claims.wallet_ids, claims.per_day) == (None, None, None)
    assert claims.confirm_above == {}


async def test_a_users_token_says_above_which_amounts_it_is_confirmed(desk: Desk) -> None:
    claims = await desk.verifier.verify(desk.mint.user(confirm_above={"RUB": 15000, "JPY": 1}))

    assert claims.confirm_above == {"RUB": 15000, "JPY": 1}


async def test_an_api_keys_token_says_what_it_is_limited_to(desk: Desk) -> None:
    wallet_id = new_id()
    token = desk.mint.user(
        scope="payments:read payments:write",
        wallet_ids=[str(wallet_id)],
        per_day={"minor": 15000, "currency": "RUB"},
    )

    claims = await desk.verifier.verify(token)

    assert claims.scope == {"payments:read", "payments:write"}
    assert claims.wallet_ids == {wallet_id}
    assert claims.per_day == Money(15000, "RUB")


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": ["payments:read"]},
        {"scope": 1},
        {"wallet_ids": "all"},
        {"wallet_ids": ["x"]},
        {"per_day": {"minor": -1, "currency": "RUB"}},
        {"per_day": {"minor": "1", "currency": "RUB"}},
        {"per_day": {"minor": 1}},
        {"confirm_above": [15000]},
        {"confirm_above": {"rub": 15000}},
        {"confirm_above": {"RUB": -1}},
        {"confirm_above": {"RUB": "15000"}},
        {"confirm_above": {"RUB": 10**15 + 1}},
    ],
)
async def test_a_limit_that_can_not_be_read_limits_everything(
    desk: Desk, claims: dict[str, Any]
) -> None:
    await refused(desk, desk.mint.user(**claims))


@pytest.mark.parametrize("scope", [None, ""])
async def test_a_clients_token_without_a_scope_opens_nothing(desk: Desk, scope: str | None) -> None:
    claims = await desk.verifier.verify(desk.mint.user(client_id="app", scope=scope))
    assert claims.scope == frozenset()


async def test_an_empty_scope_opens_nothing(desk: Desk) -> None:
    claims = await desk.verifier.verify(desk.mint.user(scope=""))

    assert claims.scope == frozenset()


async def test_a_good_service_token_names_the_service_and_no_user(desk: Desk) -> None:
    claims = await desk.verifier.verify(desk.mint.service("payments"))

    assert claims.service == "payments"
    assert claims.subject == "svc:payments"
    assert claims.roles == {"service"}
    assert (claims.user_id, claims.session_id, claims.auth_time) == (None, None, None)


async def test_a_good_token_is_good_again(desk: Desk) -> None:
    token = desk.mint.user()
    assert await desk.verifier.verify(token) is await desk.verifier.verify(token)


@pytest.mark.check(11)
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", ""])
async def test_an_unsigned_token_is_refused(desk: Desk, alg: str) -> None:
    signed = unsigned(desk.mint.header(alg=alg), desk.mint.claims())
    good_signature = desk.mint.user().rpartition(".")[2]
    for signature in ("", "AA", good_signature):
        await refused(desk, f"{signed}.{signature}")


@pytest.mark.check(12)
async def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused(desk: Desk) -> None:
    public = desk.mint.key.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(desk.mint.public_jwk).encode(),
    ]
    for secret in secrets:
        for alg in ("HS256", "ES256"):
            signed = unsigned(desk.mint.header(alg=alg), desk.mint.claims())
            signature = hmac.digest(secret, signed.encode(), sha256)
            await refused(desk, f"{signed}.{base64url(signature)}")


@pytest.mark.check(13)
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u"])
async def test_a_key_named_by_the_token_itself_is_neither_used_nor_fetched(
    desk: Desk, name: str
) -> None:
    stranger = TokenMint()
    value: Any = stranger.public_jwk if name == "jwk" else "http://attacker.example/keys"
    for kid in (desk.mint.kid, stranger.kid):
        header = stranger.header(kid=kid, **{name: value})
        await refused(desk, stranger.sign(header, stranger.claims()))
    # The one fetch beyond the first is the forced one, of our own address, for the unknown kid.
    assert desk.publisher.fetches == 2


async def test_a_key_named_by_the_token_itself_is_ignored_when_the_signature_is_ours(
    desk: Desk,
) -> None:
    header = desk.mint.header(jku="http://attacker.example/keys", jwk=TokenMint().public_jwk)
    claims = await desk.verifier.verify(desk.mint.sign(header, desk.mint.claims()))
    assert claims.roles == {"user"}


@pytest.mark.check(14)
@pytest.mark.parametrize(
    "kid",
    [
        "../../x",
        "' OR 1=1 --",
        "x" * 10_240,
        ["a"],
        {"a": 1},
        7,
        True,
        "",
        "ы" * 43,
        "a" * 42,
        "a" * 44,
        "a" * 43 + "\n",
    ],
    ids=repr,
)
async def test_a_key_id_of_another_shape_is_refused_without_asking_anybody(
    desk: Desk, kid: object
) -> None:
    await refused(desk, desk.mint.sign(desk.mint.header(kid=kid), desk.mint.claims()))
    assert desk.publisher.fetches == 1


async def test_a_missing_key_id_is_refused(desk: Desk) -> None:
    await refused(desk, desk.mint.sign(desk.mint.header(kid=None), desk.mint.claims()))


@pytest.mark.check(14)
async def test_500_unknown_key_ids_cause_one_fetch_in_30_seconds(desk: Desk) -> None:
    good = desk.mint.user()

    async def knock(times: int) -> None:
        for _ in range(times):
            kid = base64url(sha256(new_id().bytes).digest())
            with pytest.raises(TokenInvalid):
                await desk.verifier.verify(
                    desk.mint.sign(desk.mint.header(kid=kid), desk.mint.claims())
                )

    await knock(250)
    desk.time.advance(29)
    await knock(249)
    assert desk.publisher.fetches == 2
    assert (await desk.verifier.verify(good)).service is None
    desk.time.advance(1)
    await knock(1)
    assert desk.publisher.fetches == 3


async def test_an_unknown_key_id_that_is_published_meanwhile_is_accepted(desk: Desk) -> None:
    newer = TokenMint()
    desk.publisher.document = desk.mint.jwks(newer)
    assert (await desk.verifier.verify(newer.user())).roles == {"user"}
    assert (await desk.verifier.verify(desk.mint.user())).roles == {"user"}


@pytest.mark.check(15)
@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "iat", "jti", "sid", "tv", "roles"])
async def test_a_missing_claim_is_refused(desk: Desk, name: str) -> None:
    await refused(desk, desk.mint.user(**{name: None}))


@pytest.mark.check(15)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "other"),
        ("iss", ["saldo"]),
        ("aud", "other"),
        ("aud", ["saldo-api"]),
        ("aud", ["saldo-api", "other"]),
        ("aud", "SALDO-API"),
        ("exp", "9999999999"),
        ("exp", True),
        ("exp", 1e30),
        ("exp", 10**30),
        ("exp", -1),
        ("iat", 0),
        ("iat", "now"),
        ("tv", "1"),
        ("tv", -1),
        ("sid", "nobody"),
        ("sid", 5),
        ("sub", "alice"),
        ("sub", ""),
        ("sub", "x" * 101),
        ("sub", 5),
        ("sub", "{0197a8c0-0000-7000-8000-000000000000}"),
        ("sub", "svc:payments"),
        ("roles", "admin"),
        ("roles", [1]),
        ("roles", ["user", "service"]),
        ("auth_time", "1"),
        ("auth_time", 10**15),
        ("amr", "pwd"),
        ("jti", 4),
    ],
    ids=str,
)
async def test_a_claim_of_another_kind_is_refused(desk: Desk, name: str, value: Any) -> None:
    await refused(desk, desk.mint.user(**{name: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "svc:"},
        {"roles": ["service", "admin"]},
        {"roles": ["admin"]},
        {"sid": "01a1fd2b-0000-7000-8000-000000000000"},
    ],
    ids=str,
)
async def test_a_service_token_with_anything_of_a_user_is_refused(
    desk: Desk, changes: dict[str, Any]
) -> None:
    await refused(desk, desk.mint.service("payments", **changes))


@pytest.mark.check(16)
@pytest.mark.parametrize("typ", [None, "JWT", "refresh+jwt", "AT+JWT", "at+jwt ", 1])
async def test_a_token_made_for_another_purpose_is_refused(desk: Desk, typ: object) -> None:
    await refused(desk, desk.mint.sign(desk.mint.header(typ=typ), desk.mint.claims()))


@pytest.mark.check(17)
@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"zip": "DEF"}, {"alg": ["ES256"]}], ids=str
)
async def test_a_header_that_changes_how_to_read_the_token_is_refused(
    desk: Desk, header: dict[str, Any]
) -> None:
    await refused(desk, desk.mint.sign(desk.mint.header(**header), desk.mint.claims()))


@pytest.mark.check(15)
async def test_a_token_is_good_until_five_seconds_after_its_expiry(desk: Desk) -> None:
    now = int(desk.time.now().timestamp())
    token = desk.mint.user(iat=now, exp=now + 60)
    desk.time.advance(60 + 3)
    await desk.verifier.verify(token)
    desk.time.advance(3)
    await refused(desk, token)


async def test_an_expired_token_never_seen_before_is_refused(desk: Desk) -> None:
    now = int(desk.time.now().timestamp())
    await refused(desk, desk.mint.user(iat=now - 600, exp=now - 6))


@pytest.mark.check(15)
async def test_a_token_issued_in_the_future_is_refused(desk: Desk) -> None:
    now = int(desk.time.now().timestamp())
    await desk.verifier.verify(desk.mint.user(iat=now + 4, exp=now + 600))
    await refused(desk, desk.mint.user(iat=now + 60, exp=now + 600))


async def test_a_token_that_outlives_the_memory_of_revocations_is_refused(desk: Desk) -> None:
    now = int(desk.time.now().timestamp())
    await desk.verifier.verify(desk.mint.user(iat=now, exp=now + 3600))
    await refused(desk, desk.mint.user(iat=now, exp=now + 3601))


@pytest.mark.check(17)
async def test_another_number_of_parts_is_refused(desk: Desk) -> None:
    token = desk.mint.user()
    parts = token.split(".")
    for other in ("", ".", "..", "...", parts[0], ".".join(parts[:2]), f"{token}.", f"{token}.AA"):
        await refused(desk, other)


async def test_a_token_above_8_kib_is_refused_unread(desk: Desk) -> None:
    await desk.verifier.verify(desk.mint.user(note="x" * 5000))
    await refused(desk, desk.mint.user(note="x" * 8192))


@pytest.mark.check(17)
async def test_other_spellings_of_a_good_token_are_refused(desk: Desk) -> None:
    token = desk.mint.user()
    header, payload, signature = token.split(".")
    await desk.verifier.verify(token)
    # 64 bytes leave four unused bits in the last character: three other ones mean the same bytes.
    last = BASE64URL.index(signature[-1])
    stray = [signature[:-1] + BASE64URL[(last & ~0xF) | bits] for bits in range(16)]
    others = [
        *(f"{header}.{payload}.{other}" for other in stray if other != signature),
        f"{header}.{payload}.{signature}==",
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload[:4]}\n{payload[4:]}.{signature}",
        f"{header}.{payload[:4]}!{payload[4:]}.{signature}",
        f" {token}",
        f"{token} ",
        f"{token}\x00",
        token.replace("-", "+").replace("_", "/") + "é",
    ]
    for other in others:
        await refused(desk, other)


@pytest.mark.check(17)
async def test_every_flipped_bit_is_refused_and_never_breaks(desk: Desk) -> None:
    token = desk.mint.user()
    for position in range(len(token)):
        flipped = chr(ord(token[position]) ^ (1 << position % 7))
        await refused(desk, token[:position] + flipped + token[position + 1 :])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text() | st.text(alphabet=BASE64URL + "."))
async def test_no_text_at_all_breaks_the_verifier(desk: Desk, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await desk.verifier.verify(token)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.binary(max_size=200), payload=st.binary(max_size=200))
async def test_no_bytes_inside_break_the_verifier(
    desk: Desk, header: bytes, payload: bytes
) -> None:
    with pytest.raises(TokenInvalid):
        await desk.verifier.verify(f"{base64url(header)}.{base64url(payload)}.AAAA")


async def test_deeply_nested_json_is_refused(desk: Desk) -> None:
    deep = b'{"alg":' + b"[" * 2500 + b"]" * 2500 + b"}"
    await refused(desk, f"{base64url(deep)}.AAAA.AAAA")


async def test_a_lone_surrogate_is_refused(desk: Desk) -> None:
    await refused(desk, "\ud800.a.a")


async def test_a_revoked_session_is_refused_at_once_though_remembered(desk: Desk) -> None:
    session_id = str(new_id())
    token, other = desk.mint.user(sid=session_id), desk.mint.user()
    await desk.verifier.verify(token)
    desk.revocations.revoke_session(session_id)
    await refused(desk, token)
    await desk.verifier.verify(other)


async def test_tokens_of_an_older_version_are_refused_at_once_though_remembered(
    desk: Desk,
) -> None:
    user_id = new_id()
    older, newer = desk.mint.user(user_id, tv=2), desk.mint.user(user_id, tv=3)
    await desk.verifier.verify(older)
    desk.revocations.revoke_versions_below(str(user_id), 3)
    await refused(desk, older)
    await desk.verifier.verify(newer)


@pytest.mark.check(64)
async def test_users_are_turned_away_while_revocations_are_not_known(desk: Desk) -> None:
    user, service = desk.mint.user(), desk.mint.service("payments")
    await desk.verifier.verify(user)
    desk.revocations.is_fresh = False
    with pytest.raises(Unavailable):
        await desk.verifier.verify(user)
    with pytest.raises(Unavailable):
        await desk.verifier.verify(desk.mint.user())
    with pytest.raises(Unavailable):
        await desk.verifier.require_ready()
    await desk.verifier.verify(service)
    desk.revocations.is_fresh = True
    await desk.verifier.verify(user)
    await desk.verifier.require_ready()


async def test_a_user_waits_for_revocations_that_come_in_a_moment_and_is_judged_by_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = str(new_id())
    good, revoked = desk.mint.user(), desk.mint.user(sid=session_id)
    await desk.verifier.verify(revoked)

    async def come() -> None:
        desk.revocations.is_fresh = True
        desk.revocations.revoke_session(session_id)

    monkeypatch.setattr(desk.revocations, "catch_up", come)
    for token, is_good in ((revoked, False), (good, True)):
        desk.revocations.is_fresh = False
        if is_good:
            await desk.verifier.verify(token)
        else:
            await refused(desk, token)


@pytest.mark.check(23)
async def test_a_key_no_longer_published_ends_its_tokens_at_once_though_remembered(
    desk: Desk,
) -> None:
    newer = TokenMint()
    old_token, new_token = desk.mint.user(), newer.user()
    desk.publisher.document = desk.mint.jwks(newer)
    await desk.keys.refresh()
    await desk.verifier.verify(old_token)
    desk.publisher.document = newer.jwks()
    await desk.keys.refresh()
    await refused(desk, old_token)
    await desk.verifier.verify(new_token)


async def test_no_token_can_be_judged_before_the_first_keys_arrived() -> None:
    desk = await Desk.open(time=Time())
    desk.keys.keys = {}
    desk.publisher.away = True
    with pytest.raises(Unavailable):
        await desk.verifier.verify(desk.mint.user())
    with pytest.raises(Unavailable):
        await desk.verifier.require_ready()
    with pytest.raises(TokenInvalid):
        await desk.verifier.verify("rubbish")


async def test_a_remembered_token_is_checked_from_scratch_after_a_minute(desk: Desk) -> None:
    token = desk.mint.user()
    first = await desk.verifier.verify(token)
    desk.time.advance(59)
    assert await desk.verifier.verify(token) is first
    desk.time.advance(2)
    again = await desk.verifier.verify(token)
    assert again == first
    assert again is not first


async def test_the_memory_of_tokens_is_bounded() -> None:
    desk = await Desk.open(time=Time(), cache_entries=3)
    tokens = [desk.mint.user() for _ in range(5)]
    for token in tokens:
        await desk.verifier.verify(token)
    assert set(desk.verifier._cache) == {sha256(token.encode()).digest() for token in tokens[2:]}
