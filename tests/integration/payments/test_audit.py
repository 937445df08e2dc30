"""What administrators see and change of others' is told with it; one's own business is not."""

from uuid import UUID

import pytest
from tests.integration.payments.room import Room
from tests.integration.payments.test_limits import as_admin
from tests.integration.payments.test_refunding import paid

from contracts.auth import RecordAudit
from kit.messaging import cloudevents


async def messages(room: Room) -> list[RecordAudit]:
    """Return what has been told, in its order."""
    await room.settle()
    found = []
    for publication in room.pump.broker.published:
        for raw in cloudevents.unpack(publication.body, publication.content_type):
            kind, _ = cloudevents.type_and_id(raw)
            if kind == RecordAudit.type:
                act = cloudevents.decode(raw, RecordAudit).message
                assert isinstance(act, RecordAudit)
                found.append(act)
    return found


async def acts(room: Room) -> list[tuple[str, str, str | None, UUID | None]]:
    """Return the like, as tuples that compare."""
    return [
        (act.action, act.subject_kind, act.subject_id, act.owner_id) for act in await messages(room)
    ]


async def test_limits_that_admins_see_and_set_are_told(room: Room, alice: UUID) -> None:
    path = f"/v1/payments/limits/{alice}"
    assert (await as_admin(room, "GET", path)).status_code == 200
    await room.get(alice, "/v1/payments/limits")
    assert (await as_admin(room, "PUT", path, json={"limits": []})).status_code == 200
    assert (await as_admin(room, "PUT", path, json={"limits": [{}]})).status_code == 422
    assert await acts(room) == [
        ("get_limits", "limits", str(alice), alice),
        ("set_limits", "limits", str(alice), alice),
    ]


async def test_refunds_that_admins_see_and_ask_for_are_told(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await paid(room, alice, bob)
    path = f"/v1/payments/{payment_id}/refunds"
    asking = as_admin(room, "POST", path, json={"amount": "1.00"})
    [answer] = await room.carried(asking)
    assert answer.status_code == 202, answer.text
    refund_id = answer.json()["id"]
    for one in (path, f"{path}/{refund_id}"):
        assert (await as_admin(room, "GET", one)).status_code == 200
        assert (await room.get(bob, one)).status_code == 200
    assert await acts(room) == [
        ("refund_payment", "refund", refund_id, bob),
        ("list_refunds", "payment", str(payment_id), alice),
        ("get_refund", "refund", refund_id, alice),
    ]


@pytest.mark.parametrize("kind", ["payment", "refund", "charge"])
async def test_lists_are_told_by_owner_where_somebody_is_asked_for(
    room: Room, alice: UUID, bob: UUID, kind: str
) -> None:
    path = {"payment": "", "refund": "/refunds", "charge": "/charges"}[kind]
    asked: list[tuple[dict[str, str], list[UUID | None]]] = [
        ({}, [None]),
        ({"payer": str(alice)}, [alice]),
        ({"payer": "alice"}, [alice]),
        ({"payer": "nobody-known"}, [None]),
    ]
    payment_id = await paid(room, alice, bob)
    if kind != "charge":
        both = {"payer": "alice", "payee": "bob"}
        transfer_id = (await room.seen(alice, payment_id))["transfer_id"]
        asked += [(both, [alice, bob]), ({"transfer_id": transfer_id}, [alice, bob])]
    if kind != "payment":
        sides: list[UUID | None] = [alice, bob] if kind == "refund" else [alice]
        asked.append(({"payment_id": str(payment_id)}, sides))
    for query, _ in asked:
        answer = await as_admin(room, "GET", f"/v1/payments{path}", params=query)
        assert answer.status_code == 200, answer.text
    told = await acts(room)
    assert [act[3] for act in told] == [owner for _, owners in asked for owner in owners]
    assert {act[1] for act in told} == {kind}


async def test_the_export_is_told_by_owner_and_ones_own_payments_are_not(
    room: Room, alice: UUID
) -> None:
    root = await room.admin()
    for path in ("/v1/payments", "/v1/payments/export.csv"):
        for query in ({"payer": str(root)}, {"payer": str(root), "payee": "alice"}):
            assert (await room.get(root, path, **query)).status_code == 200
        assert (await room.get(root, path, payee="alice")).status_code == 200
    told = [(action, owner) for action, _, _, owner in await acts(room)]
    assert told == [("list_payments", alice), ("export_payments", alice)]


async def test_what_is_between_two_is_told_under_both(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await paid(room, alice, bob)
    assert (await as_admin(room, "GET", f"/v1/payments/{payment_id}")).status_code == 200
    refunds = f"/v1/payments/{payment_id}/refunds"
    await room.carried(as_admin(room, "POST", refunds, json={"amount": "1.00"}))
    told = [(one.action, one.owner_id, one.owner_ids) for one in await messages(room)]
    assert told == [
        ("get_payment", alice, (alice, bob)),
        ("refund_payment", bob, (bob, alice)),
    ]
