"""Putting the documents of services together."""

from typing import Any

from gateway.documents.combined import combined


def document(**schemas: Any) -> dict[str, Any]:
    paths = {
        f"/v1/{name.lower()}": {"get": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        for name in schemas
    }
    return {"paths": paths, "components": {"schemas": schemas}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_what_is_the_same_everywhere_stands_once() -> None:
    found = combined({"auth": document(Problem={"a": 1}), "wallet": document(Problem={"a": 1})})
    assert set(found["components"]["schemas"]) == {"Problem"}


def test_what_only_shares_a_name_is_told_apart_with_all_that_refers_to_it() -> None:
    found = combined(
        {
            "auth": document(Status={"enum": ["x"]}, Holder=ref("Status"), Own={"b": 2}),
            "wallet": document(Status={"enum": ["y"]}, Holder=ref("Status")),
        }
    )
    schemas = found["components"]["schemas"]
    assert set(schemas) == {"AuthStatus", "AuthHolder", "WalletStatus", "WalletHolder", "Own"}
    assert schemas["WalletStatus"] == {"enum": ["y"], "title": "WalletStatus"}
    assert schemas["WalletHolder"]["$ref"] == "#/components/schemas/WalletStatus"
    assert schemas["AuthHolder"]["$ref"] == "#/components/schemas/AuthStatus"


def test_tags_and_problems_stand_once() -> None:
    one = {**document(), "tags": [{"name": "me"}], "x-problems": [{"code": "a"}]}
    found = combined({"auth": one, "gateway": one})
    assert found["tags"] == [{"name": "me"}]
    assert found["x-problems"] == [{"code": "a"}]
