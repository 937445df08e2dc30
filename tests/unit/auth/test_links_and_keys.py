"""Single-use links and the life of signing keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.domain.keys import (
    LEAD,
    KeyRules,
    KeyStatus,
    PublicKey,
    Rotation,
    decide_rotation,
    published,
    thumbprint,
)
from auth.domain.links import Link, Purpose, decide_use, digest, text_of, url_of
from auth.loops.rotation import LOOK_SECONDS
from auth.refusals import ActivationTokenInvalid, ResetTokenInvalid
from kit.tokens.jwks import REFRESH_SECONDS

NOW = datetime(2026, 3, 4, tzinfo=UTC)
LINK = Link(UUID(int=1), Purpose.ACTIVATION, NOW + timedelta(hours=1), used_at=None)


def test_a_fresh_link_can_be_used() -> None:
    assert decide_use(LINK, Purpose.ACTIVATION, NOW) is LINK


@pytest.mark.parametrize("link", [None, replace(LINK, used_at=NOW), replace(LINK, expires_at=NOW)])
def test_an_unknown_used_or_late_link_is_refused_alike(link: Link | None) -> None:
    with pytest.raises(ActivationTokenInvalid):
        decide_use(link, Purpose.ACTIVATION, NOW)
    with pytest.raises(ResetTokenInvalid):
        decide_use(link, Purpose.PASSWORD_RESET, NOW)


def test_a_link_leads_to_the_page_of_its_purpose() -> None:
    host = "https://saldo.example"
    assert url_of(host, Purpose.ACTIVATION, "a-b") == f"{host}/v1/auth/activate?token=a-b"
    assert url_of(host, Purpose.PASSWORD_RESET, "a") == f"{host}/v1/auth/password/reset?token=a"


def test_the_token_is_256_bits_of_url_safe_text_and_only_its_hash_is_kept() -> None:
    text = text_of(bytes(range(32)))
    assert len(text) == 43
    assert "=" not in text
    assert len(digest(text)) == 32
    assert digest("\ud800") != digest("")


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    # Computed from the members of RFC 7515 appendix A.3.1 by the openssl command line.
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "use": "sig",
    }
    assert thumbprint(jwk) == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"


MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULES = KeyRules(period=90 * DAY, token_lifetime=HOUR)
FOR_EVER = replace(RULES, period=None)


def active(age: timedelta) -> PublicKey:
    return PublicKey("active", KeyStatus.ACTIVE, {}, NOW - age - LEAD, NOW - age)


def following(age: timedelta) -> PublicKey:
    return PublicKey("next", KeyStatus.NEXT, {}, NOW - age)


def retired(since: timedelta, kid: str = "retired") -> PublicKey:
    return PublicKey(kid, KeyStatus.RETIRED, {}, NOW - DAY, NOW - DAY, NOW - since)


def test_a_retired_key_is_published_until_its_last_token_has_died() -> None:
    keys = [following(MINUTE), active(DAY), retired(59 * MINUTE, "c"), retired(HOUR, "d")]
    kept = published(keys, now=NOW, token_lifetime=HOUR)
    assert [key.kid for key in kept] == ["next", "active", "c"]


@pytest.mark.parametrize(
    ("rules", "keys", "due"),
    [
        (RULES, [active(DAY)], Rotation()),
        (RULES, [active(90 * DAY - LEAD - MINUTE)], Rotation()),
        (RULES, [active(90 * DAY - LEAD)], Rotation(makes_next=True)),
        (RULES, [active(900 * DAY)], Rotation(makes_next=True)),
        (FOR_EVER, [active(900 * DAY)], Rotation()),
        (RULES, [active(900 * DAY), following(LEAD - MINUTE)], Rotation()),
        (RULES, [active(900 * DAY), following(LEAD)], Rotation(activates="next")),
        (FOR_EVER, [active(MINUTE), following(LEAD)], Rotation(activates="next")),
        (RULES, [active(DAY), retired(HOUR)], Rotation()),
        (RULES, [active(DAY), retired(HOUR + MINUTE)], Rotation(removes=("retired",))),
    ],
)
def test_what_is_due_of_the_keys(rules: KeyRules, keys: list[PublicKey], due: Rotation) -> None:
    found = decide_rotation(keys, NOW, rules)
    assert found == due
    assert bool(found) is (due != Rotation())


def test_a_key_from_before_activations_were_stored_is_as_old_as_its_row() -> None:
    old = replace(active(90 * DAY), activated_at=None)
    assert decide_rotation([old], NOW, RULES).makes_next


def test_a_next_key_is_known_everywhere_long_before_it_signs() -> None:
    assert LEAD.total_seconds() > 2 * REFRESH_SECONDS + 60 + LOOK_SECONDS
