"""The operations on webhook endpoints: whose they are, what they refuse, what is never shown."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from tests.integration.notifications.hooks import ENDPOINTS, Hooks
from tests.integration.notifications.room import Room, opened, paid

from kit.ids import new_id
from testkit.databases import Cluster

URL = "http://127.0.0.1:9001/hooks"


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, webhook_allow_loopback=True) as room:
        yield room


async def test_the_secret_is_shown_once_and_stands_nowhere_in_the_clear(
    hooks: Hooks, alice: UUID
) -> None:
    made = await hooks.make(alice, URL, description="Back office")
    assert made["secret"].startswith("whsec_")
    seen = await hooks.look(alice, made)
    assert seen == {name: value for name, value in made.items() if name != "secret"}
    assert (seen["is_active"], seen["event_types"]) == (True, None)
    async with hooks.room.database.read() as connection:
        row = await connection.fetchval("SELECT webhook_endpoint::text FROM webhook_endpoint")
    assert made["secret"].removeprefix("whsec_") not in row


async def test_a_repeated_request_makes_no_second_endpoint_and_shows_no_secret(
    hooks: Hooks, alice: UUID
) -> None:
    again = {"json": {"url": URL}, "headers": {"Idempotency-Key": "k"}}
    first = await hooks.room.ask(alice, "POST", ENDPOINTS, **again)
    second = await hooks.room.ask(alice, "POST", ENDPOINTS, **again)
    assert first.json()["secret"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == {**first.json(), "secret": None}
    assert await hooks.room.count("webhook_endpoint") == 1
    async with hooks.room.database.read() as connection:
        stored = await connection.fetchval("SELECT answer FROM idempotency")
    assert b"whsec_" not in stored


async def test_a_repeated_rotation_does_not_rotate_again(hooks: Hooks, alice: UUID) -> None:
    made = await hooks.make(alice, URL)
    again = {"json": {}, "headers": {"Idempotency-Key": "k"}}
    first = await hooks.ask(alice, "POST", made, "/rotate-secret", **again)
    second = await hooks.ask(alice, "POST", made, "/rotate-secret", **again)
    assert first.json()["secret"] not in (None, made["secret"])
    assert second.json() == {**first.json(), "secret": None}
    assert first.json()["old_secret_until"] is not None


@pytest.mark.check(56)
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nonsense", "url_malformed"),
        ("https://user:password@example.com/", "url_has_credentials"),
        ("https://example.com:22/", "port_not_allowed"),
        ("https://10.0.0.1/", "address_not_public"),
        ("https://2130706433/", "url_malformed"),
        ("https://no-such-host.invalid/", "host_not_found"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_a_url_is_refused_with_its_reason_and_never_repeated(
    hooks: Hooks, alice: UUID, url: str, code: str, language: str
) -> None:
    made = await hooks.make(alice, URL)
    headers = {"Accept-Language": language}
    for answer in (
        await hooks.room.ask(alice, "POST", ENDPOINTS, json={"url": url}, headers=headers),
        await hooks.ask(alice, "PATCH", made, json={"url": url}, headers=headers),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "webhook_url_refused"
        (fault,) = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/url", code)
        assert url not in answer.text
    assert (await hooks.look(alice, made))["url"] == URL


async def test_this_machine_is_out_of_reach_where_a_setting_says_so(cluster: Cluster) -> None:
    async with opened(cluster, webhook_allow_loopback=False) as room:
        for url, code in ((URL, "port_not_allowed"), ("http://localhost/", "address_not_public")):
            answer = await room.ask(new_id(), "POST", ENDPOINTS, json={"url": url})
            assert answer.json()["errors"][0]["code"] == code


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": 5}, "/url"),
        ({"url": URL, "event_types": []}, "/event_types"),
        ({"url": URL, "event_types": ["payment.lost"]}, "/event_types/0"),
        ({"url": URL, "event_types": ["webhook.test"]}, "/event_types/0"),
        ({"url": URL, "event_types": ["payment.paid", "payment.paid"]}, "/event_types"),
        ({"url": URL, "event_types": "payment.paid"}, "/event_types"),
        ({"url": URL, "description": "a\u0007b"}, "/description"),
        ({"url": URL, "description": "a" * 201}, "/description"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
    ],
)
async def test_what_is_malformed_is_refused_by_field(
    hooks: Hooks, alice: UUID, body: dict[str, Any], pointer: str
) -> None:
    answer = await hooks.room.ask(alice, "POST", ENDPOINTS, json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await hooks.room.count("webhook_endpoint") == 0


async def test_a_user_has_twenty_endpoints_at_most_however_fast_they_are_made(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    answers = await asyncio.gather(
        *(hooks.room.ask(alice, "POST", ENDPOINTS, json={"url": URL}) for _ in range(25))
    )
    assert sorted(one.status_code for one in answers) == [201] * 20 + [409] * 5
    refused = next(one for one in answers if one.status_code == 409)
    assert refused.json()["code"] == "too_many_webhook_endpoints"
    await hooks.make(bob, URL)
    made = next(one for one in answers if one.status_code == 201).json()
    await hooks.ask(alice, "DELETE", made)
    await hooks.make(alice, URL)


OPERATIONS = [
    ("GET", "", None),
    ("PATCH", "", {"is_active": False}),
    ("PATCH", "", {"url": "https://no-such-host.invalid/"}),
    ("DELETE", "", None),
    ("POST", "/rotate-secret", {}),
    ("POST", "/test", None),
    ("GET", "/deliveries", None),
    ("POST", f"/deliveries/{UUID(int=7)}/replay", None),
    ("POST", "/replay", {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}),
]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_anothers_endpoint_and_a_missing_and_a_deleted_one_answer_alike(
    hooks: Hooks, alice: UUID, bob: UUID, operation: tuple[str, str, Any]
) -> None:
    method, path, body = operation
    made = await hooks.make(alice, URL)
    deleted = await hooks.make(bob, URL)
    assert (await hooks.ask(bob, "DELETE", deleted)).status_code == 204
    for other in (made, deleted, {"id": str(new_id())}):
        answer = await hooks.ask(bob, method, other, path, json=body)
        assert answer.status_code == 404
        assert answer.json()["code"] == "webhook_endpoint_not_found"
    assert (await hooks.look(alice, made))["is_active"]


async def test_a_delivery_is_found_through_its_own_endpoint_only(hooks: Hooks, alice: UUID) -> None:
    one, other = await hooks.make(alice, URL), await hooks.make(alice, URL)
    sent = (await hooks.ask(alice, "POST", one, "/test")).json()
    answer = await hooks.ask(alice, "POST", other, f"/deliveries/{sent['id']}/replay")
    assert (answer.status_code, answer.json()["code"]) == (404, "webhook_delivery_not_found")


async def test_what_is_not_named_stays_as_it_is(hooks: Hooks, alice: UUID) -> None:
    made = await hooks.make(alice, URL, description="one", event_types=["payment.paid"])
    changed = await hooks.ask(alice, "PATCH", made, json={"description": None})
    assert changed.json()["event_types"] == ["payment.paid"]
    assert changed.json()["description"] is None
    changed = await hooks.ask(alice, "PATCH", made, json={"event_types": None, "url": f"{URL}/2"})
    assert (changed.json()["event_types"], changed.json()["url"]) == (None, f"{URL}/2")
    assert (await hooks.look(alice, made)) == changed.json()


async def test_off_and_on_again(hooks: Hooks, alice: UUID) -> None:
    made = await hooks.make(alice, URL)
    off = (await hooks.ask(alice, "PATCH", made, json={"is_active": False})).json()
    assert (off["is_active"], off["off_reason"]) == (False, "owner")
    assert off["off_at"] is not None
    tried = await hooks.ask(alice, "POST", made, "/test")
    assert (tried.status_code, tried.json()["code"]) == (409, "webhook_endpoint_off")
    on = (await hooks.ask(alice, "PATCH", made, json={"is_active": True})).json()
    assert (on["is_active"], on["off_reason"], on["off_at"]) == (True, None, None)


async def test_deliveries_are_listed_in_pages_and_by_status(
    hooks: Hooks, alice: UUID, bob: UUID
) -> None:
    made = await hooks.make(alice, URL)
    await hooks.room.told(*(paid(alice, bob) for _ in range(3)))
    await hooks.ask(alice, "PATCH", made, json={"is_active": False})
    await hooks.ask(alice, "PATCH", made, json={"is_active": True})
    await hooks.room.told(*(paid(alice, bob) for _ in range(2)))
    first = (await hooks.ask(alice, "GET", made, "/deliveries", params={"limit": 2})).json()
    assert [one["status"] for one in first["items"]] == ["pending"] * 2
    rest = (
        await hooks.ask(alice, "GET", made, "/deliveries", params={"cursor": first["next_cursor"]})
    ).json()
    assert [one["status"] for one in rest["items"]] == ["skipped"] * 3
    assert rest["next_cursor"] is None
    assert len(await hooks.log(alice, made, status="pending")) == 2
    assert len(await hooks.log(alice, made, status="skipped")) == 3
    assert await hooks.log(alice, made, status="failed") == []
    wrong = await hooks.ask(
        alice,
        "GET",
        made,
        "/deliveries",
        params={"cursor": first["next_cursor"], "status": "failed"},
    )
    assert wrong.json()["code"] == "cursor_invalid"


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "period_invalid"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "period_invalid"),
        ({"from": "0001-01-01T00:00:00+14:00", "to": "2026-01-01T00:00:00Z"}, "malformed"),
        ({"from": "1767225600", "to": "2026-01-01T00:00:00Z"}, "malformed"),
        ({"from": 1767225600, "to": "2026-01-01T00:00:00Z"}, "malformed"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "period_invalid"),
    ],
)
async def test_a_span_goes_forwards(
    hooks: Hooks, alice: UUID, span: dict[str, Any], code: str
) -> None:
    made = await hooks.make(alice, URL)
    answer = await hooks.ask(alice, "POST", made, "/replay", json=span)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.json()["code"] == {"malformed": "validation_failed"}.get(code, code)


async def test_of_a_deleted_user_no_endpoint_is_left(hooks: Hooks, alice: UUID, bob: UUID) -> None:
    await hooks.make(alice, URL)
    await hooks.room.told(paid(alice, bob))
    await hooks.room.changes(alice, None, "deleted")
    async with hooks.room.database.read() as connection:
        (row,) = await connection.fetch(
            "SELECT is_active, deleted_at, secret, status FROM webhook_endpoint AS endpoint"
            " JOIN webhook_delivery ON endpoint_id = endpoint.id"
        )
    assert (row["is_active"], row["secret"], row["status"]) == (False, b"", "skipped")
    assert row["deleted_at"] is not None
