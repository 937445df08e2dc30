"""What the documentation shows works when it is sent, as it stands there."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import jsonschema
from deploy.seed import PASSWORD

from testkit.keepers import Keeper
from testkit.people import Person

# They need a secret that only a mail, an earlier answer, a device or the caller's memory holds.
SECRETS = frozenset(
    {
        *("activate", "reset_password", "refresh", "resend_activation", "delete_me"),
        *("change_password", "change_email", "confirm_email", "confirm_totp", "step_up"),
        *("login_by_code", "begin_passkey_login", "login_by_passkey", "add_passkey"),
    }
)
# Logins of `make seed`, which this stack has not.
SEEDED = frozenset({"login", "token"})
# Providers and banks, who sign what they send.
SIGNED = frozenset({"hear_provider", "take_bank_credit"})


class Shown(NamedTuple):
    """An operation with nothing to fill in, and the body that its documentation shows."""

    method: str
    path: str
    operation: dict[str, Any]
    body: Any


def shown(document: dict[str, Any]) -> Iterator[Shown]:
    schemas = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "{" in path or "application/json" not in content:
                continue
            media = content["application/json"]
            schema = media["schema"]
            named = schema.get("anyOf", [schema])[0]
            model = schemas.get(named.get("$ref", "").rpartition("/")[2], named)
            examples = [media["example"]] if "example" in media else model["examples"]
            yield Shown(method.upper(), path, operation, examples[0])


def filled(body: Any, there: Mapping[str, str]) -> Any:
    """Return a body whose ids are of what is there; who reads the page puts in their own."""
    if isinstance(body, list):
        return [filled(part, there) for part in body]
    if not isinstance(body, dict):
        return body
    named = {name: there[name] for name in body.keys() & there.keys()}
    return {name: filled(part, there) for name, part in body.items()} | named


async def made(alice: Person, path: str, **body: str) -> str:
    answer = await alice.post(path, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def ids_of(alice: Person, product_id: str) -> Mapping[str, str]:
    """Return the ids that bodies name, of a product and of what is in alice's book."""
    cash, card = [await made(alice, "/v1/finance/accounts", name=name) for name in ("Cash", "Card")]
    food = await made(alice, "/v1/finance/categories", name="Of examples", type="expense")
    return {
        "product_id": product_id,
        "account_id": cash,
        "from_account_id": cash,
        "to_account_id": card,
        "category_id": food,
    }


async def test_every_body_that_is_shown_is_accepted_as_it_is(
    http: httpx.AsyncClient, alice: Person, keeper: Keeper, document: dict[str, Any]
) -> None:
    there = await ids_of(alice, await keeper.product("10.00", 5))
    await alice.top_up("100.00")
    # `make seed`, which a later test runs here, logs in with its own password.
    taken = await http.post("/v1/auth/register", json={"username": "bob", "password": PASSWORD})
    assert taken.status_code in {201, 409}
    if taken.status_code == 201:
        activation = taken.json()["activation"]["token"]
        await http.post("/v1/auth/activate", json={"token": activation})
    refused = {}
    tried = []
    for one in shown(document):
        name = one.operation["operationId"]
        if name in SECRETS | SEEDED | SIGNED or one.operation["x-access"] == "admin":
            continue
        if name.startswith("create_webhook"):  # the address that is shown is made up
            continue
        body = filled(one.body, there)
        answer = await http.request(one.method, one.path, json=body, headers=alice.headers)
        tried.append(name)
        if name == "set_confirmation_limits":  # it ends the token that it came with
            await alice.log_in()
        if str(answer.status_code) not in one.operation["responses"] or answer.is_error:
            refused[name] = (answer.status_code, answer.text)
    # The mail sink was told to refuse; the journeys after this one want their mails.
    assert (await http.put("/sandbox/mails/behaviour", json={"refuse": {}})).status_code == 200
    assert refused == {}
    assert {"register", "top_up", "create_payment", "quote_payment", "open_wallet"} <= set(tried)
    assert {"create_order", "buy"} <= set(tried)


def test_every_body_fits_its_schema(document: dict[str, Any]) -> None:
    for one in shown(document):
        schema = one.operation["requestBody"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        jsonschema.validate(one.body, whole)  # type: ignore[no-untyped-call]


def test_nothing_that_is_shown_names_somebody_elses_object_or_is_unfilled(
    document: dict[str, Any],
) -> None:
    for one in shown(document):
        assert "wallet_id" not in str(one.body), one.path
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "header":
                    assert "example" not in parameter
                assert "examples" not in parameter.get("schema", {}) or not parameter[
                    "name"
                ].endswith(("_id", "owner"))
    assert not [one for one in document["x-problems"] if "{" in one["detail"]["en"]]


def test_names_can_be_used_by_generators(document: dict[str, Any]) -> None:
    assert all(name.isalnum() for name in document["components"]["schemas"])
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert len(set(operations)) == len(operations)
