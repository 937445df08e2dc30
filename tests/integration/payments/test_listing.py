from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.payments.room import Room

from kit.ids import LAST_ID, new_id
from payments.domain.filters import Direction
from payments.domain.payment import PaymentStatus
from payments.repository import lists as sql
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read


async def ids(room: Room, caller: UUID, **query: Any) -> list[UUID]:
    answer = await room.get(caller, "/v1/payments", **query)
    assert answer.status_code == 200, answer.text
    return [UUID(item["id"]) for item in answer.json()["items"]]


async def test_newest_first_in_each_direction_and_both(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    first = await room.create(alice, bob)
    second = await room.create(bob, alice)
    third = await room.create(alice, carol)
    assert await ids(room, alice) == [third, second, first]
    assert await ids(room, alice, direction="all") == [third, second, first]
    assert await ids(room, alice, direction="out") == [third, first]
    assert await ids(room, alice, direction="in") == [second]
    assert await ids(room, carol) == [third]
    assert await ids(room, new_id()) == []


async def test_filters(room: Room, alice: UUID, bob: UUID) -> None:
    small = await room.create(alice, bob, "9.99")
    start = room.clock.now()
    room.clock.advance(3600)
    middle = await room.create(alice, bob, "10.00")
    room.clock.advance(3600)
    large = await room.create(alice, bob, "10.01")
    yen = await room.create(alice, bob, "10", currency="JPY")
    dinar = await room.create(alice, bob, "10.001", currency="KWD")
    await room.cancel(alice, middle)
    hour = timedelta(hours=1)
    for query, expected in (
        ({"status": "cancelled"}, [middle]),
        ({"status": "created"}, [dinar, yen, large, small]),
        ({"status": "refunded"}, []),
        ({"currency": "JPY"}, [yen]),
        ({"amount_min": "10"}, [dinar, yen, large, middle]),
        ({"amount_max": "10.00"}, [yen, middle, small]),
        ({"amount_min": "10.00", "amount_max": "10.00", "currency": "RUB"}, [middle]),
        ({"amount_min": "10.001", "amount_max": "10.005"}, [dinar]),
        ({"amount_min": "11", "amount_max": "9"}, []),
        ({"created_from": (start + hour).isoformat()}, [dinar, yen, large, middle]),
        ({"from": (start + hour).isoformat()}, [dinar, yen, large, middle]),
        ({"from": start.isoformat(), "to": (start + hour).isoformat()}, [small]),
        ({"created_to": (start + hour).isoformat()}, [small]),
        ({"created_from": start.isoformat(), "created_to": (start + hour).isoformat()}, [small]),
        ({"created_from": "2000-01-01", "created_to": "2000-12-31"}, []),
        ({"created_from": "2000-01-01", "created_to": "9999-12-31"}, 5),
        ({"status": "created", "direction": "in"}, []),
        ({"status": "created", "from": (start + hour).isoformat()}, [dinar, yen, large]),
        ({"status": "created", "to": (start + hour).isoformat()}, [small]),
        ({"status": "created", "from": "2000-01-01", "to": start.isoformat()}, []),
        ({"status": "cancelled", "from": (start + hour).isoformat()}, [middle]),
        ({"status": "cancelled", "to": (start + hour).isoformat()}, []),
    ):
        found = await ids(room, alice, **query)
        assert (len(found) if isinstance(expected, int) else found) == expected, query


async def test_what_is_open_is_listed_by_whether_it_was_begun(
    room: Room, alice: UUID, bob: UUID
) -> None:
    waiting, begun, paid = [await room.create(alice, bob) for _ in range(3)]
    await room.pay(alice, paid)
    await room.settle()
    await room.pay(alice, begun)
    admin = await room.admin()
    for status, expected in (("created", waiting), ("processing", begun), ("paid", paid)):
        for caller, query in ((alice, {}), (bob, {"direction": "in"}), (admin, {})):
            assert await ids(room, caller, status=status, **query) == [expected]


async def test_several_are_asked_for_by_their_ids_and_only_ones_own_are_found(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    out, other = await room.create(alice, bob), await room.create(alice, bob)
    incoming, others = await room.create(bob, alice), await room.create(bob, carol)
    named = ",".join(str(one) for one in (incoming, others, out, new_id()))
    assert await ids(room, alice, id=named) == [incoming, out]
    assert await ids(room, alice, id=named, direction="out") == [out]
    assert await ids(room, alice, id=named, direction="in") == [incoming]
    assert await ids(room, alice, id=named, status="paid") == []
    assert await ids(room, carol, id=named) == [others]
    assert await ids(room, await room.admin(), id=named) == [others, incoming, out]
    assert await ids(room, alice, id=str(new_id())) == []
    await room.pay(alice, out)
    await room.settle()
    transfer_id = (await room.seen(alice, out))["transfer_id"]
    for asked, found in ((out, [out]), (other, [])):
        assert await ids(room, alice, id=str(asked), transfer_id=transfer_id) == found
    for wrong in ("", "x", ",".join(str(new_id()) for _ in range(101))):
        answer = await room.get(alice, "/v1/payments", id=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/id")


@pytest.mark.check(39)
async def test_search_takes_what_is_typed_literally_and_in_any_case(
    room: Room, alice: UUID, bob: UUID
) -> None:
    texts = ["Обед в кафе", "100% off", "100 x off", "a_b", "axb", "back\\slash", None]
    made = {
        text: await room.create(alice, bob, **({"description": text} if text else {}))
        for text in texts
    }
    for search, expected in (
        ("ОБЕД", ["Обед в кафе"]),
        ("0% o", ["100% off"]),
        ("a_b", ["a_b"]),
        ("k\\s", ["back\\slash"]),
        ("OFF", ["100 x off", "100% off"]),
        ("%%", []),
        ("' OR 1=1", []),
    ):
        assert await ids(room, alice, search=search) == [made[one] for one in expected], search
        assert await ids(room, alice, search=search, direction="in") == []
    for search in ("x", "x" * 101):
        assert (await room.get(alice, "/v1/payments", search=search)).status_code == 422


async def test_what_a_list_can_not_be_asked_for(room: Room, alice: UUID) -> None:
    for query, status in (
        ({"status": "settled"}, 422),
        ({"limit": "0"}, 422),
        ({"limit": "101"}, 422),
        ({"direction": "up"}, 422),
        ({"amount_min": "1e3"}, 422),
        ({"created_from": "now"}, 422),
        ({"from": "2026-01-01", "created_from": "2026-01-01"}, 422),
        ({"to": "1795990000"}, 422),
        ({"payer_id": str(new_id())}, 422),
        ({"cursor": "AAAA"}, 400),
        ({"cursor": "'; DROP TABLE payment"}, 400),
    ):
        answer = await room.get(alice, "/v1/payments", **query)
        assert answer.status_code == status, query
    twice = await room.get(alice, "/v1/payments?limit=1&limit=100")
    assert (twice.status_code, twice.json()["code"]) == (400, "query_invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payments",
        "/v1/payments/export.csv",
        "/v1/payments/refunds",
        "/v1/payments/bulk",
        "/v1/payments/charges",
        "/v1/services",
    ],
)
async def test_a_period_that_does_not_go_forwards_is_refused_and_not_empty(
    room: Room, path: str
) -> None:
    admin = await room.admin()
    for query in (
        {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-02", "to": "2026-01-01"},
    ):
        answer = await room.get(admin, path, **query)
        assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid"), query
    answer = await room.get(admin, path, **{"from": "2026-01-01", "to": "2026-01-01"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v1/payments", "/v1/payments/export.csv"])
async def test_a_period_under_its_old_names_is_refused_alike(
    room: Room, alice: UUID, path: str
) -> None:
    for query in (
        {"created_from": "2026-01-02", "created_to": "2026-01-01"},
        {"created_from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2026-01-02", "created_to": "2026-01-01"},
    ):
        answer = await room.get(alice, path, **query)
        assert (answer.status_code, answer.json()["code"]) == (422, "period_invalid"), query


@pytest.mark.parametrize("narrowed", ["&status=created", "&direction=all"])
async def test_pages_go_through_all_once_also_where_many_have_one_time(
    room: Room, alice: UUID, bob: UUID, narrowed: str
) -> None:
    made = []
    for number in range(23):
        payer, payee = (alice, bob) if number % 3 else (bob, alice)
        made.append(await room.create(payer, payee))
        if number % 4 == 0 and "status" not in narrowed:
            await room.cancel(payer, made[-1])
        if number % 5 == 0:
            room.clock.advance(1)
    seen: list[tuple[str, str]] = []
    path = f"/v1/payments?limit=5{narrowed}"
    while True:
        answer = await room.get(alice, path)
        body = answer.json()
        seen += [(item["created_at"], item["id"]) for item in body["items"]]
        if body["next_cursor"] is None:
            break
        assert answer.links["next"]["url"].startswith("?")
        path = "/v1/payments" + answer.links["next"]["url"]
        assert body["next_cursor"] in path
        assert narrowed in path
    assert seen == sorted(set(seen), reverse=True)
    assert {UUID(payment_id) for _, payment_id in seen} == set(made)
    assert "link" not in answer.headers


@pytest.mark.check(10)
async def test_a_cursor_is_good_for_its_caller_and_filters_only(
    room: Room, alice: UUID, bob: UUID
) -> None:
    for _ in range(3):
        await room.create(alice, bob)
    page = await room.get(alice, "/v1/payments", limit=2)
    cursor = page.json()["next_cursor"]
    assert len(await ids(room, alice, limit=2, cursor=cursor)) == 1
    for caller, query in ((bob, {}), (alice, {"status": "created"}), (alice, {"direction": "in"})):
        answer = await room.get(caller, "/v1/payments", cursor=cursor, **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


async def test_a_page_costs_the_same_statements_with_10_and_with_10000_payments(
    room: Room, alice: UUID, bob: UUID
) -> None:
    async def statements() -> int:
        before = room.database.statements
        assert len(await ids(room, alice, limit=10)) == 10
        return room.database.statements - before

    for _ in range(10):
        await room.create(alice, bob)
    few = await statements()
    await many(room, alice, bob, 10_000)
    assert await statements() == few == 1


@pytest.fixture(params=["with statistics", "without statistics", "with statistics of others"])
async def settled(
    request: pytest.FixtureRequest, room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    """Store many payments of one status, which statistics know of, or nothing does."""
    if request.param == "with statistics of others":
        await others(room, 6_000)
        await cluster.as_superuser("ANALYZE payments.payment")
    await many(room, alice, bob, 3_000)
    await many(room, bob, alice, 3_000)
    if request.param == "with statistics":
        await cluster.as_superuser("ANALYZE payments.payment")


# Of each row the service and both people are looked up, in a table that may hold a few rows of
# others: what is counted is the table of payments.
@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("generic", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("status", [None, PaymentStatus.PAID, PaymentStatus.CANCELLED])
@pytest.mark.parametrize("direction", [*Direction, None])
async def test_a_page_is_read_along_its_index(
    room: Room,
    alice: UUID,
    direction: Direction | None,
    status: PaymentStatus | None,
    generic: str,
) -> None:
    """Rows touched stay the page's own, whatever the table holds (here nothing that is paid)."""
    if direction is None and status is PaymentStatus.PAID:
        status = PaymentStatus.FAILED  # none of what is rare is there; paid is looked for along all
    along = sql._EVERYBODYS if direction is None else sql._OF_ONE[direction]
    by_status = sql._is_by_status(along, status)
    text = sql._PAGES[along, by_status]
    asked = [None, None, None, LAST_ID, status, None, None, None, *sql._BY_DECIMALS, None]
    asked += [None] * 5  # payer, payee, wallet, viewer, disputed
    asked += [sql._words(status)] if by_status else []
    whose = None if direction is None else alice
    async with room.database.read() as connection:
        await connection.execute(f"SET plan_cache_mode = {generic}")
        plan = await connection.fetchval(EXPLAIN + text, whose, 21, *asked)
        await connection.execute("RESET plan_cache_mode")
    sides = 2 if direction is Direction.ALL else 1
    # A page of each status is read, of which all but one are empty; the plan shows rounded means.
    most = 21 if status is not None else 24
    absent = {PaymentStatus.PAID, PaymentStatus.FAILED}
    assert rows_read(plan, "payment") <= (0 if status in absent else most * sides)


@pytest.mark.usefixtures("settled")
async def test_a_page_of_one_status_within_times_reads_no_more_than_it_shows(
    room: Room, alice: UUID
) -> None:
    now = room.clock.now()
    hours = [now - timedelta(seconds=seconds) for seconds in (2000, 1990)]
    text = sql._PAGES[sql._OF_ONE[Direction.OUT], True]
    for cursor in (None, now, hours[1], hours[0]):
        asked = [*hours, cursor, LAST_ID, "cancelled", None, None, None, *sql._BY_DECIMALS]
        async with room.database.read() as connection:
            plan = await connection.fetchval(
                EXPLAIN + text, alice, 21, *asked, *[None] * 6, ["cancelled"]
            )
        assert rows_read(plan, "payment") <= 12


async def many(room: Room, payer: UUID, payee: UUID, count: int) -> None:
    """Store many payments at once, a second apart, older than any made by hand."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO payment (id, status, payer_id, payee_id, amount_minor, currency, reason,
                version, created_at, expires_at, cancelled_at)
            SELECT gen_random_uuid(), 'cancelled', $1, $2, 100, 'RUB', 'expired', 2, at,
                at + interval '1 day', at
            FROM (SELECT $4::timestamptz - n * interval '1 second' AS at
                  FROM generate_series(1, $3::int) AS n) AS times
            """,
            payer,
            payee,
            count,
            room.clock.now(),
        )


async def others(room: Room, count: int) -> None:
    """Store payments of others, twenty of each."""
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO payment (id, status, payer_id, payee_id, amount_minor, currency, reason,
                version, created_at, expires_at, cancelled_at)
            SELECT gen_random_uuid(), 'cancelled', md5(n / 20 || 'a')::uuid,
                md5(n / 20 || 'b')::uuid, 100, 'RUB', 'expired', 2, at, at + interval '1 day', at
            FROM (SELECT n, $2::timestamptz - interval '1 year' - n * interval '1 second' AS at
                  FROM generate_series(1, $1::int) AS n) AS times
            """,
            count,
            room.clock.now(),
        )
