"""Signs and checks webhooks, as Stripe does.

The header is ``t=<unix time>,v1=<hex HMAC-SHA256 of "time.body">``. The raw bytes are signed, so a
body is checked before anybody parses it. Sends and stores nothing.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from kit.refusals import Refusal

TOLERANCE: Final = timedelta(minutes=5)
LONGEST_HEADER: Final = 1024
MOST_SIGNATURES: Final = 8
LONGEST_TIME: Final = 12  # digits of a Unix time, for some ten thousand years


class SignatureRefusedError(Exception):
    """A header is missing, malformed, outside the time allowed, or of another body."""


class WebhookRefused(Refusal):
    """The webhook is unsigned, signed wrongly or too long ago; the answer hides which."""

    code = "webhook_refused"
    status = 401
    title_en = "Webhook not accepted"
    title_ru = "Уведомление не принято"
    detail_en = "Its signature does not fit the body, is older than five minutes, or is missing."
    detail_ru = "Подпись не подходит к телу, старше пяти минут или отсутствует."


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature header of a body."""
    moment = str(int(at.timestamp()))
    return f"t={moment},v1={_digest(secret, moment, body)}"


def verify(header: str | None, secret: str, body: bytes, now: datetime) -> None:
    """Require that a signature of the header fits the body, and its time ``now``.

    The times may differ by TOLERANCE. Signatures are compared in constant time.

    Raises:
        SignatureRefusedError: in all other cases; it never says which.
    """
    moment, signatures = _parts(header)
    expected = _digest(secret, moment, body)
    fitting = [hmac.compare_digest(expected, given) for given in signatures]
    if not any(fitting) or abs(int(moment) - now.timestamp()) > TOLERANCE.total_seconds():
        raise SignatureRefusedError


def check_header(header: str | None, now: datetime) -> None:
    """Require that a header could sign a body sent now, without reading the body.

    Raises:
        SignatureRefusedError: it is missing, malformed, too old or from the future.
    """
    moment, _ = _parts(header)
    if abs(int(moment) - now.timestamp()) > TOLERANCE.total_seconds():
        raise SignatureRefusedError


def _parts(header: str | None) -> tuple[str, list[str]]:
    if header is None or len(header) > LONGEST_HEADER or not header.isascii():
        raise SignatureRefusedError
    pairs = [part.strip().partition("=") for part in header.split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    if len(moments) != 1 or len(signatures) > MOST_SIGNATURES:
        raise SignatureRefusedError
    if not moments[0].isdigit() or len(moments[0]) > LONGEST_TIME:
        raise SignatureRefusedError
    return moments[0], signatures


def _digest(secret: str, moment: str, body: bytes) -> str:
    return hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
