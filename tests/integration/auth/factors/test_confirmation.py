"""Confirmation limits: set freely, loosened by a step-up, and named by every new token."""

from typing import Any
from uuid import UUID

import pytest
from asyncpg import CheckViolationError
from tests.integration.auth.factors.people import Guarded, kinds
from tests.integration.auth.world import PASSWORD, Json, Login, World, code, login_of

from contracts.auth import ConfirmationLimitsChanged
from testkit.pump import sent

LIMITS = "/v1/auth/confirmation-limits"
SIXTEEN_MINUTES = 16 * 60


def limits(**above: str) -> Json:
    """Return a body with these limits."""
    return {"limits": [{"currency": name, "above": text} for name, text in above.items()]}


async def put(world: World, login: Login, **above: str) -> Any:
    return await world.http.put(LIMITS, json=limits(**above), headers=login.headers)


async def refreshed(world: World, login: Login) -> Login:
    answer = await world.refresh(login.refresh_token)
    assert answer.status_code == 200, answer.text
    return login_of(answer)


async def named(world: World, login: Login) -> dict[str, int]:
    """Return the limits that an access token names."""
    return dict((await world.tokens.verify(login.access_token)).confirm_above)


async def test_whoever_sets_limits_gets_them_in_every_new_token(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    assert await named(world, login) == {}
    asked = await world.http.get(LIMITS, headers=login.headers)
    assert asked.json() == {"limits": []}

    answer = await put(world, login, USD="20", RUB="15000.00")
    assert answer.status_code == 200, answer.text
    shown = {"limits": [{"currency": "RUB", "above": "15000.00"}]}
    shown["limits"].append({"currency": "USD", "above": "20.00"})
    assert answer.json() == shown
    await world.dies(login)
    login = await refreshed(world, login)
    assert await named(world, login) == {"RUB": 15000_00, "USD": 20_00}
    assert await named(world, await world.log_in("alice")) == {"RUB": 15000_00, "USD": 20_00}
    asked = await world.http.get(LIMITS, headers=login.headers)
    assert asked.json() == shown


async def test_a_change_is_noted_with_what_was_before_and_told_once(world: World) -> None:
    alice = await world.arrive("alice")
    login = await world.log_in("alice")
    await put(world, login, RUB="100.00")
    login = await refreshed(world, login)
    await put(world, login, RUB="50.00", JPY="7")
    login = await refreshed(world, login)
    assert (await put(world, login, JPY="7", RUB="50")).status_code == 200
    assert await world.status_with(login) == 200, "equal limits end no token"

    answer = await world.http.get("/v1/auth/events", headers=login.headers)
    found = [one for one in answer.json()["items"] if "limits" in one["kind"]]
    assert [one["details"] for one in found] == [
        {"before": "100.00 RUB", "after": "7 JPY 50.00 RUB"},
        {"before": "", "after": "100.00 RUB"},
    ]
    assert {(one["kind"], one["by"]) for one in found} == {("confirmation_limits_changed", "user")}
    told = [one.message for one in await sent(world.database, ConfirmationLimitsChanged)]
    assert len(told) == 2
    assert {one.user_id for one in told if isinstance(one, ConfirmationLimitsChanged)} == {
        UUID(alice["id"])
    }


@pytest.mark.parametrize("above", [{"RUB": "100.01"}, {}, {"USD": "1.00"}])
async def test_an_old_login_sets_and_lowers_limits_but_loosens_none(
    world: World, above: dict[str, str]
) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    world.clock.advance(SIXTEEN_MINUTES)
    login = await refreshed(world, login)
    assert (await put(world, login, RUB="200.00")).status_code == 200
    login = await refreshed(world, login)
    assert (await put(world, login, RUB="100.00")).status_code == 200
    login = await refreshed(world, login)
    before = await kinds(world)

    refused = await put(world, login, **above)
    assert code(refused) == (403, "step_up_required")
    assert refused.headers["www-authenticate"].endswith('max_age="900"')
    assert await kinds(world) == before
    assert await named(world, await refreshed(world, login)) == {"RUB": 100_00}

    body = {"password": PASSWORD}
    stepped = await world.post("/v1/auth/step-up", body, headers=login.headers)
    login = Login(stepped.json()["access_token"], login.refresh_token)
    assert await named(world, login) == {"RUB": 100_00}
    assert (await put(world, login, **above)).status_code == 200


async def test_whoever_has_a_factor_loosens_nothing_without_it(world: World) -> None:
    person = await Guarded.arrive(world)
    login = await refreshed(world, person.login)
    assert (await put(world, login, RUB="100.00")).status_code == 200
    login = await refreshed(world, login)
    refused = await put(world, login)
    assert code(refused) == (403, "step_up_required")
    assert refused.headers["www-authenticate"].endswith(', acr_values="mfa"')
    assert (await put(world, await person.log_in())).status_code == 200


async def test_an_api_keys_token_names_them_too(world: World) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    await put(world, login, RUB="100.00")
    login = await refreshed(world, login)
    body = {"name": "A program", "scopes": ["payments:write"]}
    made = await world.post("/v1/auth/api-keys", body, headers=login.headers)
    assert made.status_code == 201, made.text
    form = {"grant_type": "client_credentials", "client_id": "svc:gateway"}
    form["client_secret"] = world.wiring.settings.client_secrets["svc:gateway"].get_secret_value()
    service = (await world.http.post("/v1/auth/token", data=form)).json()["access_token"]
    exchanged = await world.post(
        "/internal/api-keys/exchange",
        {"key": made.json()["key"], "address": "127.0.0.1"},
        headers={"Authorization": f"Bearer {service}"},
    )
    claims = await world.tokens.verify(exchanged.json()["access_token"])
    assert (claims.amr, claims.confirm_above) == (("key",), {"RUB": 100_00})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "required"),
        (limits(RUB="0"), "amount_invalid"),
        (limits(RUB="-1"), "amount_invalid"),
        (limits(RUB="1.001"), "amount_invalid"),
        (limits(RUB="10000000000000.01"), "amount_invalid"),
        (limits(XXX="1.00"), "currency_unknown"),
        ({"limits": [*limits(RUB="1")["limits"], *limits(RUB="2")["limits"]]}, "repeated_currency"),
        ({"limits": limits(RUB="1")["limits"] * 21}, "too_long"),
        ({"limits": [{"currency": "RUB", "above": 1}]}, "amount_invalid"),
        ({"limits": None}, "wrong_type"),
    ],
)
async def test_what_is_no_limit_is_refused(world: World, body: Json, fault: str) -> None:
    await world.arrive("alice")
    login = await world.log_in("alice")
    refused = await world.http.put(LIMITS, json=body, headers=login.headers)
    assert code(refused) == (422, "validation_failed")
    assert [one["code"] for one in refused.json()["errors"]] == [fault]


@pytest.mark.parametrize(
    "stored", ['["RUB"]', '"RUB"', '{"RUB": 0}', '{"RUB": "1"}', '{"RUB": 1.5}', '{"RUB": 1e16}']
)
async def test_the_table_keeps_nothing_but_amounts(world: World, stored: str) -> None:
    user = await world.arrive("alice")
    with pytest.raises(CheckViolationError, match="confirm_above_is_amounts"):
        async with world.database.unit_of_work() as uow:
            await uow.execute(
                f"UPDATE user_account SET confirm_above = '{stored}' WHERE id = $1",
                user["id"],
            )
