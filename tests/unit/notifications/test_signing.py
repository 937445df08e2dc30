"""Signatures after Standard Webhooks, by the vector that its reference implementations test."""

import hmac
from base64 import b64decode
from hashlib import sha256

import pytest

from notifications.domain.signatures import signatures
from notifications.webhooks.vault import SECRET_BYTES, secret_text

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
PUBLISHED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_vector_is_signed_as_published() -> None:
    assert signatures([KEY], ID, TIMESTAMP, BODY) == PUBLISHED


def test_two_secrets_give_two_signatures_separated_by_a_space() -> None:
    other = bytes(range(SECRET_BYTES))
    first, second = signatures([KEY, other], ID, TIMESTAMP, BODY).split(" ")
    content = f"{ID}.{TIMESTAMP}.".encode() + BODY
    assert first == PUBLISHED
    assert b64decode(second.removeprefix("v1,")) == hmac.digest(other, content, sha256)


@pytest.mark.parametrize(
    "changed", [("msg_other", TIMESTAMP, BODY), (ID, TIMESTAMP + 1, BODY), (ID, TIMESTAMP, b"{}")]
)
def test_id_time_and_body_are_all_signed(changed: tuple[str, int, bytes]) -> None:
    assert signatures([KEY], *changed) != PUBLISHED


def test_a_secret_reads_as_it_was_written() -> None:
    assert secret_text(KEY) == SECRET
