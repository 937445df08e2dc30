"""Webhook inboxes: what comes in is kept within bounds, checked and shown."""

import hmac
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
import pytest

from notifications.domain.signatures import signatures
from notifications.webhooks.vault import secret_text
from sandbox.app import build
from sandbox.inbox.box import INBOXES, KEPT, KEPT_BYTES, LARGEST, Inboxes
from sandbox.inbox.signatures import secret_key
from sandbox.settings import Settings
from testkit.clock import FakeClock

MINE = "/sandbox/inbox/mine"
SECRET = secret_text(b"k" * 32)
BODY = b'{"type":"payment.paid","timestamp":"2026-01-31T12:00:05Z","data":{"amount":"1.00"}}'
NOW = datetime(2026, 1, 31, 12, 0, 6, tzinfo=UTC)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    web = build(Settings(_env_file=None)).web
    web.state.inboxes = Inboxes(FakeClock(NOW))
    transport = httpx.ASGITransport(app=web)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as client:
        yield client


def signed(body: bytes = BODY, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    """Return the headers that a sender signs a body with."""
    moment = int(NOW.timestamp()) if at is None else at
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": signatures([secret_key(secret)], "msg_1", moment, body),
    }


async def look(http: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await http.get(MINE, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_webhook_is_taken_checked_and_shown(http: httpx.AsyncClient) -> None:
    made = await http.put(MINE, json={"secret": SECRET})
    assert made.json() == {
        "name": "mine",
        "url": "http://localhost:8000/sandbox/inbox/mine",
        "page": "http://localhost:8000/sandbox/inbox/mine/page",
        "has_secret": True,
        "answer_with": 200,
        "received": 0,
        "kept": 0,
    }
    taken = await http.post(MINE, content=BODY, headers=signed())
    assert (taken.status_code, taken.json()["signature"]) == (200, "valid")
    seen = await look(http)
    [item] = seen["items"]
    assert (item["signature"], item["type"], item["webhook_id"]) == (
        "valid",
        "payment.paid",
        "msg_1",
    )
    assert (item["payload"]["data"], item["body"]) == ({"amount": "1.00"}, BODY.decode())
    assert (seen["received"], seen["kept"]) == (1, 1)
    assert SECRET not in str(seen)
    [listed] = (await http.get("/sandbox/inbox")).json()["items"]
    assert listed["name"] == "mine"


@pytest.mark.parametrize(
    ("headers", "body", "check"),
    [
        (signed(), BODY, "valid"),
        (signed(), BODY + b" ", "invalid"),
        (signed(secret=secret_text(b"x" * 32)), BODY, "invalid"),
        (signed(at=int(NOW.timestamp()) - 301), BODY, "stale"),
        (signed(at=int(NOW.timestamp()) + 301), BODY, "stale"),
        (signed(at=int(NOW.timestamp()) - 299), BODY, "valid"),
        ({**signed(), "webhook-id": "msg_2"}, BODY, "invalid"),
        ({**signed(), "webhook-signature": "v1a,AAAA v1,!! "}, BODY, "invalid"),
        ({**signed(), "webhook-timestamp": "soon"}, BODY, "missing"),
        ({**signed(), "webhook-timestamp": "9" * 400}, BODY, "missing"),
        ({}, BODY, "missing"),
        ({}, b"", "missing"),
        ({}, b"\xff\x00 no json", "missing"),
        ({}, b"[" * 5000, "missing"),
        ({}, b'{"type": 5}', "missing"),
        ({}, b"NaN", "missing"),
    ],
)
async def test_whatever_comes_is_taken_and_its_signature_judged(
    http: httpx.AsyncClient, headers: dict[str, str], body: bytes, check: str
) -> None:
    await http.put(MINE, json={"secret": SECRET})
    answer = await http.post(MINE, content=body, headers=headers)
    assert (answer.status_code, answer.json()["signature"]) == (200, check)
    [item] = (await look(http))["items"]
    assert (item["signature"], item["body"]) == (check, body.decode(errors="replace"))
    page = await http.get(f"{MINE}/page")
    assert page.status_code == 200


async def test_one_of_two_signatures_is_enough_while_a_secret_is_replaced(
    http: httpx.AsyncClient,
) -> None:
    await http.put(MINE, json={"secret": SECRET})
    both = [secret_key(secret_text(b"n" * 32)), secret_key(SECRET)]
    moment = int(NOW.timestamp())
    headers = signed() | {"webhook-signature": signatures(both, "msg_1", moment, BODY)}
    assert (await http.post(MINE, content=BODY, headers=headers)).json()["signature"] == "valid"


async def test_a_secret_that_is_told_later_checks_what_came_before(
    http: httpx.AsyncClient,
) -> None:
    assert (await http.post(MINE, content=BODY, headers=signed())).json()[
        "signature"
    ] == "unchecked"
    assert "Signatures are not checked yet" in (await http.get(f"{MINE}/page")).text
    await http.put(MINE, json={"secret": SECRET})
    assert [one["signature"] for one in (await look(http))["items"]] == ["valid"]


async def test_the_check_is_the_specifications_own(http: httpx.AsyncClient) -> None:
    key = b"0123456789abcdef0123456789abcdef"
    await http.put(MINE, json={"secret": f"whsec_{b64encode(key).decode()}"})
    moment = str(int(NOW.timestamp()))
    content = f"msg_9.{moment}.".encode() + BODY
    signature = b64encode(hmac.new(key, content, sha256).digest()).decode()
    headers = {
        "Webhook-Id": "msg_9",
        "Webhook-Timestamp": moment,
        "Webhook-Signature": f"v1,{signature}",
    }
    assert (await http.post(MINE, content=BODY, headers=headers)).json()["signature"] == "valid"


@pytest.mark.parametrize("status", [204, 410, 500, 503])
async def test_an_inbox_answers_as_it_was_told(http: httpx.AsyncClient, status: int) -> None:
    await http.put(MINE, json={"answer_with": status})
    assert (await http.post(MINE, content=BODY)).status_code == status
    assert len((await look(http))["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"secret": "mine"},
        {"secret": "whsec_!!"},
        {"secret": 5},
        {"answer_with": 100},
        {"answer_with": 600},
        {"status": 200},
    ],
)
async def test_what_is_no_secret_and_no_status_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await http.put(MINE, json=body)).status_code == 422


@pytest.mark.parametrize("name", ["a" * 65, "a%20b", "%3Cb%3E", "a.b"])
async def test_a_name_is_short_and_plain(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.post(f"/sandbox/inbox/{name}", content=b"{}")).status_code == 404


async def test_nothing_that_came_becomes_markup_on_the_page(http: httpx.AsyncClient) -> None:
    await http.post(
        MINE,
        content=b'{"type": "<script>alert(1)</script>", "data": "<img src=x>"}',
        headers={"webhook-id": "<b>"},
    )
    page = await http.get(f"{MINE}/page")
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert "<b>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_an_inbox_that_nobody_used_is_unknown_but_has_a_page(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.get(MINE)
    assert (answer.status_code, answer.json()["code"]) == (404, "inbox_unknown")
    assert "No webhook yet." in (await http.get(f"{MINE}/page")).text
    assert (await http.get("/sandbox/inbox")).json()["items"] == []
    await http.post(MINE, content=BODY)
    assert (await http.delete(MINE)).status_code == 204
    assert (await http.delete(MINE)).status_code == 404


async def test_an_inbox_keeps_the_newest_in_number_and_in_bytes(http: httpx.AsyncClient) -> None:
    for number in range(KEPT + 5):
        await http.post(MINE, content=b'{"type": "n%d"}' % number)
    seen = await look(http, limit=KEPT)
    assert (seen["received"], seen["kept"], len(seen["items"])) == (KEPT + 5, KEPT, KEPT)
    assert seen["items"][0]["type"] == f"n{KEPT + 4}"
    for _ in range(20):
        await http.post(MINE, content=b"x" * LARGEST)
    assert (await look(http))["kept"] == KEPT_BYTES // LARGEST
    too_large = await http.post(MINE, content=b"x" * (LARGEST + 1))
    assert (too_large.status_code, too_large.json()["code"]) == (413, "body_too_large")


async def test_of_inboxes_the_last_used_are_kept(http: httpx.AsyncClient) -> None:
    for number in range(INBOXES):
        await http.post(f"/sandbox/inbox/n{number}", content=b"{}")
    await http.post("/sandbox/inbox/n0", content=b"{}")
    await http.post("/sandbox/inbox/new", content=b"{}")
    names = [one["name"] for one in (await http.get("/sandbox/inbox")).json()["items"]]
    assert (len(names), names[:2]) == (INBOXES, ["new", "n0"])
    assert "n1" not in names
