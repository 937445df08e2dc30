"""GET /v1/users?expand=wallets, composed of auth's and wallet's answers."""

from typing import Any

import orjson
import pytest

USERS: list[dict[str, Any]] = [
    {"id": "u1", "username": "alice"},
    {"id": "u2", "username": "bob"},
    {"id": "u3"},
]
PAGES: dict[str, Any] = {
    "": {
        "items": [{"id": "w3", "owner_id": "u2"}, {"id": "w2", "owner_id": "u1"}],
        "next_cursor": "more",
    },
    "more": {"items": [{"id": "w1", "owner_id": "u1"}], "next_cursor": None},
}
LINK = b'<?limit=3&cursor=c>; rel="next"'


@pytest.fixture
def listed(service: Any) -> Any:
    """Answer as auth and wallet do."""

    async def respond(seen: Any, _: Any, send: Any) -> None:
        document: Any = {"items": USERS, "next_cursor": "c"}
        headers = [(b"content-type", b"application/json"), (b"link", LINK)]
        if seen.path == "/v1/wallets":
            _, _, cursor = seen.query.partition("&cursor=")
            document, headers = PAGES[cursor], headers[:1]
        body = orjson.dumps(document)
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    service.respond = respond
    return service


@pytest.mark.parametrize("path", ["/v1/users?limit=3&expand=wallets", "/users?limit=3"])
async def test_each_user_comes_with_the_wallets_they_own(door: Any, listed: Any, path: str) -> None:
    answer = await door.get(path)
    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            {**USERS[0], "wallets": [PAGES[""]["items"][1], PAGES["more"]["items"][0]]},
            {**USERS[1], "wallets": [PAGES[""]["items"][0]]},
            {**USERS[2], "wallets": []},
        ],
        "next_cursor": "c",
    }
    assert answer.headers["link"] == '<?expand=wallets&limit=3&cursor=c>; rel="next"'
    assert answer.headers["content-type"] == "application/json"
    asked = [(seen.path, seen.query) for seen in listed.seen]
    assert asked == [
        ("/v1/users", "limit=3"),  # auth knows nothing of wallets
        ("/v1/wallets", "owner_id=u1,u2,u3&limit=100"),
        ("/v1/wallets", "owner_id=u1,u2,u3&limit=100&cursor=more"),
    ]


async def test_the_link_to_the_next_page_works_for_the_alias_too(door: Any, listed: Any) -> None:
    await door.get("/users?limit=3&expand=wallets&cursor=c")
    assert listed.seen[0].query == "limit=3&cursor=c"


@pytest.mark.parametrize("expand", ["nothing", "", "wallets,roles"])
async def test_nothing_else_can_be_asked_for(door: Any, listed: Any, expand: str) -> None:
    answer = await door.get(f"/v1/users?limit=3&expand={expand}")
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/query/expand", "not_allowed")
    assert listed.seen == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/users"),
        ("GET", "/v1/users?search=expand%3Dwallets"),
        ("HEAD", "/v1/users"),
    ],
)
async def test_otherwise_the_list_is_auths_alone(
    door: Any, listed: Any, method: str, path: str
) -> None:
    answer = await door.request(method, path)
    assert answer.status_code == 200
    if method == "GET":
        assert answer.json()["items"] == USERS
    assert [seen.path for seen in listed.seen] == ["/v1/users"]


async def test_an_empty_list_asks_for_no_wallets(door: Any, service: Any) -> None:
    service.answers(200, b'{"items":[],"next_cursor":null}')
    answer = await door.get("/v1/users?expand=wallets")
    assert answer.json() == {"items": [], "next_cursor": None}
    assert len(service.seen) == 1


async def test_what_auth_refuses_is_refused_and_no_wallet_is_shown(door: Any, service: Any) -> None:
    service.answers(403, b'{"code":"forbidden"}')
    answer = await door.get("/v1/users?expand=wallets")
    assert (answer.status_code, answer.json()) == (403, {"code": "forbidden"})
    assert [seen.path for seen in service.seen] == ["/v1/users"]


async def test_without_a_token_it_is_not_reached(door: Any, service: Any) -> None:
    assert (await door.client.get("/v1/users?expand=wallets")).status_code == 401
    assert service.seen == []


async def test_the_parameter_is_documented_with_auths_operation(door: Any, service: Any) -> None:
    page = {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation = {"operationId": "list_users", "responses": {"200": page}}
    document = {"paths": {"/v1/users": {"get": operation}}}
    service.answers(200, orjson.dumps(document))
    published = (await door.client.get("/openapi/auth.json")).json()
    described = published["paths"]["/v1/users"]["get"]
    [parameter] = described["parameters"]
    assert (parameter["name"], parameter["schema"]["enum"]) == ("expand", ["wallets"])
    _, extended = described["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
    assert extended["properties"]["items"]["items"]["required"] == ["id", "wallets"]
