"""kit.web.idempotency on a real PostgreSQL: one effect, one answer."""

import asyncio
from typing import Any

import pytest

from kit.db.unit_of_work import UnitOfWork
from kit.web.answers import Answer
from kit.web.idempotency import purge

from .conftest import Receipt, Till, TillClosed

HALF = {"worth": "0.50"}


async def test_without_a_key_every_request_has_its_effect(till: Till) -> None:
    first = await till.drop(HALF)
    second = await till.drop({"worth": "0.20"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert await till.coins() == 2
    assert await till.stored() == []


async def test_the_same_request_again_gets_the_same_answer_and_has_no_effect(till: Till) -> None:
    first = await till.drop(HALF, key="one")
    again = await till.drop({"note": None, "worth": "0.50"}, key="one")

    assert again.status_code == first.status_code == 201
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await till.coins() == 1


async def test_an_answer_that_would_be_given_again_is_known_before_the_work(till: Till) -> None:
    known: list[bool] = []
    till.hooks["known"] = known
    await till.drop({"worth": "0.10"})
    for user in ("alice", "alice", "bob"):
        await till.drop(HALF, key="one", user=user)
    await till.drop({"worth": "0.20"}, key="one", path="/v1/tokens")
    till.clock.advance(24 * 3600 + 1)
    await till.drop({"worth": "0.30"}, key="one")
    assert known == [False, False, True, False, False, False]


async def test_quoted_and_bare_are_the_same_key(till: Till) -> None:
    first = await till.drop(HALF, key="one:1.a-b_C")
    again = await till.drop(HALF, key='"one:1.a-b_C"')

    assert again.json() == first.json()
    assert await till.coins() == 1


@pytest.mark.parametrize(
    "key", ["", '""', '"', "a b", "a\tb", "é", "x" * 256, '"x', "a/b", "'; DROP TABLE"]
)
async def test_a_malformed_key_is_refused(till: Till, key: str) -> None:
    answer = await till.http.post(
        "/v1/coins",
        json=HALF,
        headers={b"Authorization": b"Bearer alice", b"Idempotency-Key": key.encode("latin-1")},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_malformed")
    assert await till.coins() == 0


async def test_a_key_may_have_255_characters(till: Till) -> None:
    assert (await till.drop(HALF, key="x" * 255)).status_code == 201


@pytest.mark.check(48)
async def test_the_same_key_with_another_body_names_what_differs(till: Till) -> None:
    await till.drop({"worth": "0.50", "note": "for tea"}, key="one")
    answer = await till.drop({"worth": "0.20"}, key="one")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/note", "/worth"]
    assert "0.50" not in answer.text
    assert await till.coins() == 1


async def test_values_of_the_body_are_not_stored(till: Till) -> None:
    await till.drop({"worth": "0.50", "note": "hunter2"}, key="one")
    (row,) = await till.stored()

    assert set(row["body"]) == {"worth", "note"}
    assert "hunter2" not in str(row["body"])
    assert len(row["body_hash"]) == 32


async def test_a_key_of_another_place_is_another_request(till: Till) -> None:
    await till.drop(HALF, key="one", path="/v1/tills/left/coins")
    answer = await till.drop(HALF, key="one", path="/v1/tills/right/coins")

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/path.id"]


@pytest.mark.check(10, 48)
async def test_the_same_key_of_another_user_or_operation_is_another_key(till: Till) -> None:
    answers = [
        await till.drop(HALF, key="one"),
        await till.drop(HALF, key="one", user="bob"),
        await till.drop({"worth": "0.20"}, key="one", path="/v1/tokens"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3
    assert await till.coins() == 3


@pytest.mark.check(48)
async def test_twenty_at_once_have_one_effect(till: Till) -> None:
    answers = await asyncio.gather(*(till.drop(HALF, key="one") for _ in range(20)))
    made = [answer for answer in answers if answer.status_code == 201]
    turned_away = [answer for answer in answers if answer.status_code == 409]

    assert await till.coins() == 1
    assert len(made) >= 1
    assert len({answer.content for answer in made}) == 1
    assert len([a for a in made if "idempotency-replayed" not in a.headers]) == 1
    assert len(made) + len(turned_away) == 20
    assert all(answer.headers["retry-after"] == "1" for answer in turned_away)
    assert all(a.json()["code"] == "idempotency_in_flight" for a in turned_away)


async def test_a_request_that_is_still_running_turns_its_repetition_away(till: Till) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def hold(_: UnitOfWork) -> None:
        has_begun.set()
        await may_end.wait()

    till.hooks["before"] = hold
    first = asyncio.get_running_loop().create_task(till.drop(HALF, key="one"))
    await has_begun.wait()
    del till.hooks["before"]
    second = await till.drop(HALF, key="one")
    other = await till.drop({"worth": "0.20"}, key="two")
    may_end.set()

    assert (await first).status_code == 201
    assert second.status_code == 409
    assert other.status_code == 201
    assert (await till.drop(HALF, key="one")).headers["idempotency-replayed"] == "true"


async def test_a_request_refused_by_validation_or_authentication_does_not_use_the_key_up(
    till: Till,
) -> None:
    invalid = await till.drop({"worth": 5}, key="one")
    unknown = await till.drop(HALF, key="one", user="wrong")
    valid = await till.drop(HALF, key="one")

    assert (invalid.status_code, unknown.status_code, valid.status_code) == (422, 401, 201)


async def test_a_refusal_changes_nothing_and_does_not_use_the_key_up(till: Till) -> None:
    async def refuse(_: UnitOfWork) -> Answer:
        raise TillClosed

    till.hooks["after"] = refuse
    refused = await till.drop(HALF, key="one")
    assert (refused.status_code, await till.coins(), await till.stored()) == (409, 0, [])

    del till.hooks["after"]
    assert (await till.drop({"worth": "0.20"}, key="one")).status_code == 201


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
async def test_an_answer_that_is_no_success_does_not_use_the_key_up(
    till: Till, status: int
) -> None:
    async def answer(_: UnitOfWork) -> Answer:
        return Answer(status)

    till.hooks["after"] = answer
    assert (await till.drop(HALF, key="one")).status_code == status
    assert await till.stored() == []


async def test_a_fault_rolls_back_and_does_not_use_the_key_up(till: Till) -> None:
    async def fail(_: UnitOfWork) -> Answer:
        raise ValueError("a bug")

    till.hooks["after"] = fail
    assert (await till.drop(HALF, key="one")).status_code == 500
    del till.hooks["after"]
    assert (await till.drop(HALF, key="one")).status_code == 201
    assert await till.coins() == 1


async def test_a_failed_commit_is_a_5xx_with_nothing_half_done(till: Till) -> None:
    await till.drop(HALF)
    answer = await till.drop(HALF, key="one")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "uq_coin_worth" not in answer.text
    assert await till.coins() == 1
    assert await till.stored() == []


async def test_an_accepted_answer_is_stored_and_repeated(till: Till) -> None:
    async def accept(_: UnitOfWork) -> Answer:
        return Answer(202, None, {"Location": "/v1/later"})

    till.hooks["after"] = accept
    first = await till.drop(HALF, key="one")
    again = await till.drop(HALF, key="one")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["location"] == "/v1/later"
    assert await till.coins() == 1


async def test_an_operation_without_a_body_is_repeated_too(till: Till) -> None:
    headers = {"Authorization": "Bearer alice", "Idempotency-Key": "one"}
    answers = [await till.http.post("/v1/kicks", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[1].content == b""


async def test_after_24_hours_a_key_is_free_again(till: Till) -> None:
    await till.drop(HALF, key="one")
    till.clock.advance(24 * 3600 - 1)
    assert (await till.drop(HALF, key="one")).headers["idempotency-replayed"] == "true"
    till.clock.advance(2)
    other = await till.drop({"worth": "0.20"}, key="one")

    assert other.status_code == 201
    assert "idempotency-replayed" not in other.headers
    assert len(await till.stored()) == 1
    replayed = await till.drop({"worth": "0.20"}, key="one")
    assert replayed.json() == other.json()


async def test_old_answers_are_purged_and_younger_ones_kept(till: Till) -> None:
    await till.drop(HALF, key="old")
    till.clock.advance(24 * 3600)
    await till.drop({"worth": "0.20"}, key="young")
    till.clock.advance(1)

    assert await purge(till.database) == 1
    assert [row["key"] for row in await till.stored()] == ["young"]
    assert await purge(till.database) == 0


async def test_many_old_answers_are_purged_in_steps(till: Till) -> None:
    async with till.database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO idempotency SELECT 'u', 'o', n::text, '', '{}', 200, '', '{}', $1"
            " FROM generate_series(1, 5001) AS n",
            till.clock.now(),
        )
    till.clock.advance(24 * 3600 + 1)

    assert await purge(till.database) == 5001
    assert await till.stored() == []


async def test_an_answer_that_is_no_longer_true_leaves_its_key_as_good_as_new(till: Till) -> None:
    asked: list[bytes] = []

    async def no_more(_: UnitOfWork, kept: Answer) -> bool:
        asked.append(kept.stored)
        return False

    first = await till.drop(HALF, key="one")
    till.hooks["stands"] = no_more
    other = await till.drop({"worth": "0.20"}, key="one")

    assert asked == [first.content]
    assert other.status_code == 201
    assert "idempotency-replayed" not in other.headers
    assert await till.coins() == 2
    del till.hooks["stands"]
    again = await till.drop({"worth": "0.20"}, key="one")
    assert (again.content, again.headers["idempotency-replayed"]) == (other.content, "true")


async def test_whoever_keeps_as_many_answers_as_may_be_is_counted_once_a_minute(
    full_till: Till,
) -> None:
    till = full_till

    async def counts() -> int:
        """Return how many statements are left of a refusal, besides those of its work."""
        before = till.database.statements
        answer = await till.drop({"worth": "0.20"}, key="one-too-many")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_keys")
        assert answer.headers["retry-after"] == "3600"
        return till.database.statements - before - 3  # lock, look for the key, drop

    assert (await till.drop(HALF, key="first")).status_code == 201
    assert [await counts(), await counts(), await counts()] == [1, 0, 0]
    till.clock.advance(60)
    assert await counts() == 1
    assert await till.coins() == 1
    assert (await till.drop(HALF, key="first")).headers["idempotency-replayed"] == "true"
    assert (await till.drop({"worth": "0.20"}, key="one", user="bob")).status_code == 201


async def test_a_key_costs_three_statements_and_a_repetition_two(till: Till) -> None:
    async def cost(body: Any, key: str | None) -> int:
        before = till.database.statements
        await till.drop(body, key=key)
        return till.database.statements - before

    effect = await cost({"worth": "0.10"}, None)
    assert await cost(HALF, "one") == effect + 3
    assert await cost(HALF, "one") == 2


async def test_the_stored_answer_is_exactly_what_was_sent(till: Till) -> None:
    sent = await till.drop(HALF, key="one")
    (row,) = await till.stored()

    assert row["answer"] == sent.content
    assert Receipt.model_validate_json(row["answer"]).worth == "0.50"
    assert row["headers"] == {"Location": sent.headers["location"]}


async def test_while_accepted_work_waits_for_too_long_nothing_more_is_accepted(till: Till) -> None:
    till.database.backlog_seconds = 3600.0
    answer = await till.drop(HALF, key="one")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    till.database.backlog_seconds = 0.0
    assert (await till.drop(HALF, key="one")).status_code == 201
    assert await till.coins() == 1
