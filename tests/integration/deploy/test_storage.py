"""The runner's S3 server as a real process: signed addresses, and what happens to others."""

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
from deploy.stack.services import STORAGE_REGION

BUCKET = urlsplit(os.environ.get("SALDO_TEST_STORAGE", ""))
CONTENT = b"id;amount\r\n1;10.00\r\n"


def signed(method: str, key: str, at: datetime, *, seconds: int = 60, secret: str = "") -> str:
    """An address of the object that anybody may use for `seconds` from `at` on.

    By https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    scope = f"{at:%Y%m%d}/{STORAGE_REGION}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{BUCKET.username}/{scope}",
        "X-Amz-Date": f"{at:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    host, path = f"{BUCKET.hostname}:{BUCKET.port}", quote(f"{BUCKET.path}/{key}")
    words = urlencode(query, quote_via=quote, safe="")
    request = f"{method}\n{path}\n{words}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashed}"
    signing = f"AWS4{secret or BUCKET.password}".encode()
    for word in scope.split("/"):
        signing = hmac.digest(signing, word.encode(), "sha256")
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    return f"http://{host}{path}?{words}&X-Amz-Signature={signature}"


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def key(now: datetime) -> str:
    """An object that is there; other tests have others."""
    name = f"tests/{now.timestamp()}/отчёт.csv"
    headers = {"Content-Type": "text/csv", "Content-Disposition": "attachment"}
    put = httpx.put(signed("PUT", name, now), content=CONTENT, headers=headers)
    assert put.status_code == 200
    return name


def test_whoever_has_a_signed_address_gets_what_was_stored(key: str, now: datetime) -> None:
    answer = httpx.get(signed("GET", key, now))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "text/csv"
    assert answer.headers["content-disposition"] == "attachment"


def test_an_address_that_has_expired_is_refused(key: str, now: datetime) -> None:
    answer = httpx.get(signed("GET", key, now - timedelta(minutes=5), seconds=299))
    assert answer.status_code == 403
    assert "expired" in answer.text


@pytest.mark.parametrize("change", ["other secret", "other object", "other verb", "unsigned"])
def test_any_other_address_is_refused(key: str, now: datetime, change: str) -> None:
    address = signed("GET", key, now)
    refused = {
        "other secret": lambda: httpx.get(signed("GET", key, now, secret="guessed")),
        "other object": lambda: httpx.get(address.replace("tests/", "tests/x", 1)),
        "other verb": lambda: httpx.delete(address),
        "unsigned": lambda: httpx.get(address.partition("?")[0]),
    }[change]()
    assert refused.status_code == 403
    assert httpx.get(address).content == CONTENT
