"""kit.web.identity and routes: who may call what."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from kit.refusals import Forbidden, NotAuthenticated
from kit.web.access import Access
from kit.web.identity import Caller, Identity, MaybeCaller, caller, maybe_caller
from kit.web.routes import Router
from kit.web.schemas import Model

from .conftest import ALICE, TillSettings, bearer, serve, till


class Whoami(Model):
    subject: str
    is_admin: bool
    service: str | None
    token: str


def operations() -> Router:
    router = Router(tags=["till"])

    def declare(access: Access) -> None:
        @router.get(f"/v1/{access}", access=access, operation_id=access, summary="Who am I")
        async def whoami(caller: Caller) -> Whoami:
            return Whoami(
                subject=caller.subject,
                is_admin=caller.is_admin,
                service=caller.service,
                token=caller.token,
            )

    for access in ("user", "owner", "admin", "service"):
        declare(access)

    @router.get("/v1/public", access="public", operation_id="public", summary="Anyone")
    async def anyone() -> dict[str, str]:
        return {"hello": "world"}

    return router


async def get(path: str, headers: Mapping[str, str] | Mapping[bytes, bytes]) -> httpx.Response:
    async with serve(till(operations())) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("token", "allowed"),
    [
        ("alice", {"public", "user", "owner"}),
        ("root", {"public", "user", "owner", "admin"}),
        ("payments", {"public", "service"}),
    ],
)
async def test_each_kind_of_caller_reaches_its_operations_and_no_others(
    token: str, allowed: set[str]
) -> None:
    statuses = {
        access: (await get(f"/v1/{access}", bearer(token))).status_code
        for access in ("public", "user", "owner", "admin", "service")
    }

    assert {access for access, status in statuses.items() if status == 200} == allowed
    assert {status for access, status in statuses.items() if access not in allowed} <= {401, 403}


async def test_a_user_is_forbidden_what_admins_and_services_may() -> None:
    for access in ("admin", "service"):
        answer = await get(f"/v1/{access}", bearer("alice"))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_services_token_is_no_users_token_whatever_roles_it_names() -> None:
    for access in ("user", "owner", "admin"):
        answer = await get(f"/v1/{access}", bearer("payments"))
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.check(55)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": "alice"}, {"Authorization": "Basic YTpi"}],
)
async def test_without_a_bearer_token_nobody_is_signed_in(headers: dict[str, str]) -> None:
    answer = await get("/v1/user", headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "wrong", "alice x", "al\u00efce"])
async def test_a_bad_token_is_refused(token: str) -> None:
    answer = await get("/v1/user", {b"Authorization": f"Bearer {token}".encode("latin-1")})

    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_a_token_in_the_query_string_is_not_accepted() -> None:
    answer = await get("/v1/user?access_token=alice&authorization=alice", {})

    assert answer.status_code == 401


async def test_the_scheme_is_read_without_regard_to_case() -> None:
    answer = await get("/v1/user", {"Authorization": "bEARER alice"})

    assert answer.json() == {
        "subject": str(ALICE),
        "is_admin": False,
        "service": None,
        "token": "alice",
    }


async def test_a_public_operation_needs_no_token_and_minds_no_bad_one() -> None:
    assert (await get("/v1/public", {})).status_code == 200
    assert (await get("/v1/public", bearer("wrong"))).status_code == 200


@pytest.mark.check(53)
async def test_identity_headers_of_the_caller_change_nothing() -> None:
    headers = {"X-User-Id": str(ALICE), "X-Roles": "admin", "X-Original-URL": "/v1/public"}

    assert (await get("/v1/admin", headers)).status_code == 401
    assert (await get("/v1/admin", headers | bearer("alice"))).status_code == 403


async def test_without_a_verifier_everybody_is_turned_away() -> None:
    app = till(operations())
    del app.state.tokens
    async with serve(app) as client:
        answer = await client.get("/v1/user", headers=bearer("alice"))

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_service_has_no_user() -> None:
    identity = Identity("svc:x", None, None, frozenset(), "x", "token")
    with pytest.raises(Forbidden):
        _ = identity.user
    assert Identity(str(ALICE), ALICE, None, frozenset(), None, "token").user == ALICE


async def test_the_caller_is_known_within_a_request_only() -> None:
    with pytest.raises(NotAuthenticated):
        await caller(Request({"type": "http"}))
    identity = Identity(str(ALICE), ALICE, None, frozenset(), None, "token")
    assert await caller(Request({"type": "http", "saldo.identity": identity})) is identity


class OpenSettings(TillSettings):
    """The till's settings with one that opens an operation."""

    is_open: bool = False


def opening() -> Router:
    router = Router(tags=["till"])

    @router.get(
        "/v1/opened", access="user", open_by="is_open", operation_id="opened", summary="Who"
    )
    async def opened(caller: MaybeCaller) -> dict[str, str | None]:
        return {"subject": None if caller is None else caller.subject}

    return router


@pytest.mark.parametrize(
    ("is_open", "headers", "answered"),
    [
        (False, {}, (401, "not_authenticated")),
        (False, bearer("alice"), (200, str(ALICE))),
        (True, {}, (200, None)),
        (True, bearer("alice"), (200, str(ALICE))),
        (True, bearer("wrong"), (401, "token_invalid")),
        (True, bearer("payments"), (401, "token_invalid")),
    ],
)
async def test_a_setting_opens_an_operation_to_those_without_a_token_only(
    is_open: bool,  # noqa: FBT001 - a parameter of the table
    headers: dict[str, str],
    answered: tuple[int, str | None],
) -> None:
    app = till(opening())
    app.state.settings = OpenSettings(is_open=is_open)
    async with serve(app) as client:
        answer = await client.get("/v1/opened", headers=headers)
    told = answer.json()
    assert (answer.status_code, told.get("code", told.get("subject"))) == answered
    declared = app.openapi()["paths"]["/v1/opened"]["get"]
    assert (declared["x-access"], declared["x-open-by"]) == ("user", "is_open")


def shelf() -> Router:
    router = Router(tags=["till"])

    @router.get("/v1/shelf", access="public", operation_id="shelf", summary="Look")
    async def shelf(caller: MaybeCaller) -> dict[str, str | None]:
        return {"subject": None if caller is None else caller.subject}

    @router.get(
        "/v1/edited", access="admin", open_by="is_open", operation_id="edited", summary="Edit"
    )
    async def edited(caller: Caller) -> dict[str, str | None]:
        return {"subject": caller.subject}

    return router


@pytest.mark.parametrize(
    ("headers", "subject"),
    [
        ({}, None),
        (bearer("alice"), str(ALICE)),
        (bearer("wrong"), None),
        (bearer("payments"), None),
    ],
)
async def test_a_public_operation_may_know_who_calls_and_serves_a_bad_token_as_none(
    headers: dict[str, str], subject: str | None
) -> None:
    app = till(shelf())
    async with serve(app) as client:
        answer = await client.get("/v1/shelf", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"subject": subject})
    declared = app.openapi()["paths"]["/v1/shelf"]["get"]
    assert declared["security"] == [{}, {"password": []}, {"bearer": []}]


@pytest.mark.parametrize(
    ("is_open", "headers", "status"),
    [
        (False, {}, 401),
        (False, bearer("alice"), 403),
        (False, bearer("root"), 200),
        (True, {}, 401),
        (True, bearer("alice"), 200),
        (True, bearer("root"), 200),
        (True, bearer("payments"), 401),
    ],
)
async def test_a_setting_opens_an_operation_for_admins_to_all_users(
    is_open: bool,  # noqa: FBT001 - a parameter of the table
    headers: dict[str, str],
    status: int,
) -> None:
    app = till(shelf())
    app.state.settings = OpenSettings(is_open=is_open)
    async with serve(app) as client:
        assert (await client.get("/v1/edited", headers=headers)).status_code == status


@pytest.mark.parametrize("declared", [{"access": "public"}, {"access": "user", "open_by": "open"}])
def test_a_public_operation_can_not_ask_for_its_caller(declared: Any) -> None:
    router = Router(tags=["till"])
    declare = router.get("/x", **declared, operation_id="x", summary="x")

    async def operation(caller: Caller) -> None:
        """Ask."""

    with pytest.raises(TypeError, match="no caller"):
        declare(operation)


async def test_where_an_operation_stands_open_there_may_be_no_caller() -> None:
    assert await maybe_caller(Request({"type": "http"})) is None
    identity = Identity(str(ALICE), ALICE, None, frozenset(), None, "token")
    assert await maybe_caller(Request({"type": "http", "saldo.identity": identity})) is identity
