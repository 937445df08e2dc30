"""What administrators did and saw is kept for ever, by who, what, whose and when."""

from typing import Any

import asyncpg
import orjson
import pytest
from msgspec import convert
from msgspec.json import encode
from tests.integration.auth.world import Json, Login, World, code

from auth.domain.audit import Kind
from contracts.auth import RecordAudit
from kit.ids import new_id
from kit.messaging import cloudevents
from kit.messaging.broker import Delivery
from kit.runtime import consumers
from testkit.broker import MemoryBroker
from testkit.databases import Cluster

KINDS = frozenset(Kind)


async def log_of(world: World, login: Login, **query: Any) -> list[Json]:
    """Return the acts; `test_events.py` looks at the events between them."""
    answer = await world.http.get("/v1/auth/audit", params=query, headers=login.headers)
    assert answer.status_code == 200, answer.text
    return [item for item in answer.json()["items"] if item["action"] not in KINDS]


async def own_id(world: World, login: Login) -> str:
    answer = await world.http.get("/v1/auth/me", headers=login.headers)
    found: str = answer.json()["id"]
    return found


async def hear(world: World, *acts: RecordAudit, source: str = "wallet") -> None:
    """Have auth handle what another service tells."""
    now = world.clock.now()
    bodies = [
        cloudevents.encode(act, source=source, subject=str(act.command_id), time=now)[1]
        for act in acts
    ]
    (consumer,) = consumers(world.service, MemoryBroker())
    await consumer.handle(
        [
            Delivery(
                tag=1,
                routing_key="auth",
                body=cloudevents.pack(bodies),
                content_type=cloudevents.BATCH,
                attempts=0,
            )
        ]
    )


def act(world: World, **changes: Any) -> RecordAudit:
    told: Json = {
        "command_id": new_id(),
        "at": world.clock.now(),
        "actor_id": new_id(),
        "action": "freeze_wallet",
        "subject_kind": "wallet",
        "subject_id": str(new_id()),
        "owner_id": new_id(),
        "request_id": "r-1",
        "address": "203.0.113.7",
    }
    told |= changes
    return convert({"owner_ids": [told["owner_id"]], **told}, RecordAudit)


async def test_each_look_and_each_change_of_an_administrator_is_kept(world: World) -> None:
    user = await world.arrive("alice")
    await world.log_in("alice")
    admin = await world.admin()
    headers = {**admin.headers, "X-Request-Id": "see-alice", "X-Forwarded-For": "203.0.113.7"}
    path = f"/v1/users/{user['id']}"
    await world.http.get("/v1/users", headers=headers)
    await world.http.get(path, headers=headers)
    sessions = await world.http.get(f"{path}/sessions", headers=headers)
    session_id = sessions.json()["items"][0]["id"]
    ended = await world.http.delete(f"{path}/sessions/{session_id}", headers=headers)
    assert ended.status_code == 204
    await world.http.patch(path, json={"is_active": False}, headers=headers)
    entries = await log_of(world, admin)
    assert {entry.pop("id") for entry in entries}
    assert len({entry.pop("at") for entry in entries}) >= 1
    about = [
        (entry["action"], entry["subject_kind"], entry["subject_id"], entry["owner_id"])
        for entry in reversed(entries)
    ]
    assert about == [
        ("list_users", "user", None, None),
        ("get_user", "user", user["id"], user["id"]),
        ("list_user_sessions", "session", None, user["id"]),
        ("delete_user_session", "session", session_id, user["id"]),
        ("change_user", "user", user["id"], user["id"]),
    ]
    admin_id = await own_id(world, admin)
    for entry in entries:
        assert entry["actor_id"] == admin_id
        assert entry["service"] == "auth"
        assert entry["request_id"] == "see-alice"
        assert entry["address"] == "203.0.113.7"


async def test_what_is_refused_or_not_there_leaves_no_trace(world: World) -> None:
    admin = await world.admin()
    missing = f"/v1/users/{new_id()}"
    for method, path in (
        ("GET", missing),
        ("PATCH", missing),
        ("GET", f"{missing}/sessions"),
        ("DELETE", f"{missing}/sessions/{new_id()}"),
    ):
        body = {"is_active": False} if method == "PATCH" else None
        answer = await world.http.request(method, path, json=body, headers=admin.headers)
        assert code(answer) == (404, "not_found")
    last = f"/v1/users/{await own_id(world, admin)}"
    await world.database_keeps_only([await own_id(world, admin)])
    refused = await world.http.patch(last, json={"is_active": False}, headers=admin.headers)
    assert code(refused) == (409, "last_admin")
    assert await log_of(world, admin) == []


async def test_what_other_services_tell_is_kept_once(world: World) -> None:
    admin = await world.admin()
    told = act(world)
    await hear(world, told)
    await hear(
        world, told, act(world, action="other", subject_id=None, owner_id=None, owner_ids=[])
    )
    (kept,) = await log_of(world, admin, action="freeze_wallet")
    expected = orjson.loads(encode(told))
    del expected["command_id"], expected["at"]
    assert {name: kept[name] for name in expected} == expected
    assert (kept["id"], kept["service"]) == (str(told.command_id), "wallet")
    assert len(await log_of(world, admin)) == 2


async def test_the_log_is_narrowed_by_every_filter(world: World) -> None:
    admin = await world.admin()
    wanted = act(world, action="set_limits")
    await hear(world, wanted, source="payments")
    world.clock.advance(60)
    await hear(world, act(world))
    about: Json = {
        "actor_id": wanted.actor_id,
        "subject_id": wanted.subject_id,
        "action": "set_limits",
    }
    later = world.clock.now().isoformat()
    queries: tuple[Json, ...] = (
        about,
        *({name: value} for name, value in about.items()),
        {"subject_id": str(wanted.subject_id).upper()},
        {"subject_id": wanted.owner_id},
        {"actor": wanted.actor_id},
        {"subject": wanted.owner_id},
        {"owner_id": wanted.owner_id},
        {"service": "payments"},
        {"to": later},
    )
    for query in queries:
        (found,) = await log_of(world, admin, **query)
        assert found["id"] == str(wanted.command_id), query
    (newer,) = await log_of(world, admin, **{"from": later})
    assert newer["action"] == "freeze_wallet"
    day = world.clock.now().date().isoformat()
    assert len(await log_of(world, admin, **{"from": day, "to": day})) == 2
    assert await log_of(world, admin, subject="nothing-of-the-kind") == []


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "x"},
        {"from": "yesterday"},
        {"from": "20261101"},
        {"to": "1795990000"},
        {"tz": "Mars"},
        {"limit": 101},
        {"surprise": "1"},
    ],
)
async def test_a_filter_that_means_nothing_is_refused(world: World, query: Json) -> None:
    admin = await world.admin()
    answer = await world.http.get("/v1/auth/audit", params=query, headers=admin.headers)
    assert code(answer) == (422, "validation_failed")


async def test_what_is_between_two_is_found_under_either(world: World) -> None:
    admin = await world.admin()
    payer, payee = new_id(), new_id()
    told = act(world, action="get_payment", owner_id=payer, owner_ids=[payer, payee])
    await hear(world, told, act(world))
    for one in (payer, payee):
        for name in ("owner_id", "subject_id", "subject"):
            (found,) = await log_of(world, admin, **{name: one})
            assert found["id"] == str(told.command_id), name
            assert found["owner_id"] == str(payer)
            assert found["owner_ids"] == [str(payer), str(payee)]


async def test_acts_that_were_told_before_all_owners_were_are_found_by_the_one(
    world: World,
) -> None:
    admin = await world.admin()
    theirs = new_id()
    await hear(world, act(world, owner_id=theirs, owner_ids=[]))
    old = act(world, owner_id=theirs)
    async with world.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO audit (id, at, actor_id, service, action, subject_kind, owner_id,"
            " origin_hash) VALUES ($1, $2, $3, 'wallet', 'get_wallet', 'wallet', $4, $5)",
            *(old.command_id, old.at, old.actor_id, theirs, bytes(32)),
        )
    found = await log_of(world, admin, owner_id=theirs)
    assert [one["owner_ids"] for one in found] == [[str(theirs)]] * 2
    assert await log_of(world, admin, subject_id=theirs) == found


@pytest.mark.parametrize(("old", "name"), [("actor", "actor_id"), ("subject", "subject_id")])
async def test_a_filter_under_both_its_names_is_refused(world: World, old: str, name: str) -> None:
    admin, one = await world.admin(), str(new_id())
    answer = await world.http.get(
        "/v1/auth/audit", params={old: one, name: one}, headers=admin.headers
    )
    assert code(answer) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{old}"


async def test_the_log_has_pages_and_is_for_administrators(world: World) -> None:
    admin = await world.admin()
    acts = [act(world) for _ in range(5)]
    for one in acts:
        await hear(world, one)
    page: Json = {"next_cursor": None}
    seen: list[str] = []
    while True:
        query = {"limit": 2, "cursor": page["next_cursor"]}
        answer = await world.http.get(
            "/v1/auth/audit",
            params={name: value for name, value in query.items() if value is not None},
            headers=admin.headers,
        )
        page = answer.json()
        seen += [item["id"] for item in page["items"] if item["action"] not in KINDS]
        if page["next_cursor"] is None:
            break
        assert answer.headers["link"] == f'<?limit=2&cursor={page["next_cursor"]}>; rel="next"'
    assert "link" not in answer.headers
    assert sorted(seen) == sorted(str(one.command_id) for one in acts)
    await world.arrive("alice")
    alice = await world.log_in("alice")
    answer = await world.http.get("/v1/auth/audit", headers=alice.headers)
    assert code(answer) == (403, "forbidden")


@pytest.mark.parametrize("table", ["audit", "audit_seal"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET position = 0", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_is_written_stays(
    world: World, cluster: Cluster, table: str, statement: str
) -> None:
    await hear(world, act(world))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.database.unit_of_work() as uow:
            await uow.execute(statement.format(table))
    if not statement.startswith("TRUNCATE"):
        # Not even who has every right changes a row by mistake.
        with pytest.raises(asyncpg.RestrictViolationError, match="is refused"):
            await cluster.as_superuser(statement.format(f"auth.{table}"))
    assert await world.count("SELECT count(*) FROM audit") == 1
