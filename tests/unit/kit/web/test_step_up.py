"""kit.web.step_up: how recent and how strong a login must be, and for what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kit.money import Money
from kit.step_up import StepUpRequired
from kit.web.identity import Caller, Identity
from kit.web.routes import Router
from kit.web.step_up import require_recent, without_step_up

from .conftest import ROOT, TOKENS, StatedClaims, StatedTokens, bearer, serve, till

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


LIMITS = {"RUB": 1000_00}
SPENT = Money(1000_01, "RUB")


def identity(*amr: str, minutes_ago: float = 0, has_factor: bool = False, **more: Any) -> Identity:
    """Return an administrator who logged in so long ago, by these proofs."""
    return Identity(
        subject=str(ROOT),
        user_id=ROOT,
        session_id=None,
        roles=frozenset({"admin"}),
        service=None,
        token="",
        auth_time=NOW - minutes_ago * MINUTE,
        amr=amr,
        has_factor=has_factor,
        **more,
    )


@pytest.mark.parametrize(
    "caller",
    [
        identity("pwd"),
        identity("pwd", minutes_ago=15),
        identity("pwd", "otp", "mfa", has_factor=True),
        identity("hwk", "mfa", has_factor=True),
    ],
)
def test_a_recent_login_with_what_its_user_has_is_enough(caller: Identity) -> None:
    require_recent(caller, NOW)


@pytest.mark.parametrize(
    ("caller", "needs_factor", "challenge"),
    [
        (identity("pwd", minutes_ago=16), False, 'max_age="900"'),
        (identity("pwd", "otp", "mfa", minutes_ago=16), True, 'max_age="900"'),
        (identity("pwd", has_factor=True), False, 'max_age="900", acr_values="mfa"'),
        (identity("pwd"), True, 'max_age="900", acr_values="mfa"'),
        (identity("key"), False, 'max_age="900"'),
        (identity("key", "otp"), True, 'max_age="900"'),
        (replace(identity("pwd"), scope=frozenset({"payments:write"})), False, 'max_age="900"'),
        (replace(identity("pwd", "otp", "mfa"), scope=frozenset()), True, 'max_age="900"'),
    ],
)
def test_an_old_or_weak_login_is_told_what_it_lacks(
    caller: Identity,
    needs_factor: bool,  # noqa: FBT001 - a parameter of the table
    challenge: str,
) -> None:
    with pytest.raises(StepUpRequired) as refused:
        require_recent(caller, NOW, needs_factor=needs_factor)
    said = refused.value.headers["WWW-Authenticate"]
    assert said == f'Bearer error="insufficient_user_authentication", {challenge}'
    assert ("factor" in refused.value.detail()) == ("acr_values" in challenge)


def test_nobody_knows_when_a_login_without_a_time_was() -> None:
    with pytest.raises(StepUpRequired):
        require_recent(Identity("", ROOT, None, frozenset(), None, ""), NOW)


def test_a_shorter_time_is_said_too() -> None:
    with pytest.raises(StepUpRequired, match="300 s"):
        require_recent(identity("pwd", minutes_ago=6), NOW, within=5 * MINUTE)


@pytest.mark.parametrize(
    "caller",
    [
        identity("pwd", minutes_ago=60),
        identity("key", minutes_ago=60),
        identity("pwd", minutes_ago=15, confirm_above=LIMITS),
        identity("pwd", "otp", "mfa", has_factor=True, confirm_above=LIMITS),
    ],
)
def test_without_limits_or_with_a_recent_login_any_amount_is_spent(caller: Identity) -> None:
    without_step_up(caller, NOW).require(SPENT)


@pytest.mark.parametrize(
    ("caller", "needs_factor"),
    [
        (identity("pwd", minutes_ago=15 + 1 / 60, confirm_above=LIMITS), False),
        (identity("pwd", has_factor=True, confirm_above=LIMITS), True),
        (identity("key", confirm_above=LIMITS), False),
        (identity("key", "otp", has_factor=True, confirm_above=LIMITS), False),
    ],
)
def test_an_old_or_weak_login_or_a_key_spends_no_more_than_its_user_chose(
    caller: Identity,
    needs_factor: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    without_step_up(caller, NOW).require(Money(1000_00, "RUB"), Money(10**15, "USD"))
    with pytest.raises(StepUpRequired) as refused:
        without_step_up(caller, NOW).require(SPENT)
    assert ("acr_values" in refused.value.headers["WWW-Authenticate"]) == needs_factor


def drawer() -> Router:
    router = Router(tags=["till"])

    @router.get("/v1/drawer", access="admin", operation_id="look", summary="Look")
    async def look(caller: Caller) -> None:
        """Look into the drawer."""

    @router.put("/v1/drawer", access="admin", operation_id="change", summary="Change")
    async def change(caller: Caller) -> None:
        """Change what is in it."""

    @router.put("/v1/own", access="user", operation_id="own", summary="Change one's own")
    async def own(caller: Caller) -> None:
        """Change what is one's own."""

    return router


async def statuses(amr: tuple[str, ...], minutes_ago: int, **settings: Any) -> list[int]:
    """Return how a look, a change, and a change to one's own are answered."""
    auth_time = datetime.now(UTC) - minutes_ago * MINUTE
    roles = frozenset({"user", "admin"})
    root = StatedClaims(str(ROOT), user_id=ROOT, roles=roles, auth_time=auth_time, amr=amr)
    app = till(drawer(), **settings)
    app.state.tokens = StatedTokens({**TOKENS.known, "root": root})
    async with serve(app) as client:
        answers = [
            await client.request(method, path, headers=bearer("root"))
            for method, path in (("GET", "/v1/drawer"), ("PUT", "/v1/drawer"), ("PUT", "/v1/own"))
        ]
    return [answer.status_code for answer in answers]


async def test_an_administrators_change_needs_a_recent_login_and_a_look_does_not() -> None:
    assert await statuses(("pwd",), 1) == [200, 200, 200]
    assert await statuses(("pwd",), 20) == [200, 403, 200]
    assert await statuses(("key",), 1) == [200, 403, 200]


async def test_in_production_an_administrators_change_needs_a_second_factor() -> None:
    production = {
        "ENVIRONMENT": "production",
        "CURSOR_SECRET": "kX9v2Qm7Lw4Tz8Bn1Rf6Yc3Hd5Js0Pg-Ae",
    }
    assert await statuses(("pwd",), 1, ADMIN_FACTOR=True) == [200, 403, 200]
    assert await statuses(("pwd", "otp", "mfa"), 1, ADMIN_FACTOR=True) == [200, 200, 200]
    assert await statuses(("pwd",), 1, **production) == [200, 403, 200]
    assert await statuses(("pwd",), 1, ADMIN_FACTOR=False) == [200, 200, 200]
    with pytest.raises(ValueError, match="ADMIN_FACTOR"):
        await statuses(("pwd",), 1, ADMIN_FACTOR=False, **production)


def test_only_an_administrators_change_is_documented_as_needing_it() -> None:
    paths = till(drawer()).openapi()["paths"]
    refused = paths["/v1/drawer"]["put"]["responses"]["403"]
    assert "step_up_required" in refused["content"]["application/problem+json"]["examples"]
    assert "WWW-Authenticate" in refused["headers"]
    looked = paths["/v1/drawer"]["get"]["responses"]["403"]
    assert "step_up_required" not in looked["content"]["application/problem+json"]["examples"]
