"""Single-use links and the life of signing keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.domain.keys import KeyStatus, PublicKey, published, thumbprint
from auth.domain.links import Link, Purpose, decide_use, digest, text_of, url_of
from auth.refusals import ActivationTokenInvalid, ResetTokenInvalid

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


def test_a_retired_key_is_published_until_its_last_token_has_died() -> None:
    hour = timedelta(hours=1)
    keys = [
        PublicKey("a", KeyStatus.NEXT, {}),
        PublicKey("b", KeyStatus.ACTIVE, {}),
        PublicKey("c", KeyStatus.RETIRED, {}, NOW - timedelta(minutes=59)),
        PublicKey("d", KeyStatus.RETIRED, {}, NOW - hour),
    ]
    kept = published(keys, now=NOW, token_lifetime=hour)
    assert [key.kid for key in kept] == ["a", "b", "c"]
