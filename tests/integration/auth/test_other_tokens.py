"""Whatever text auth hands out for another purpose is no access token (ASVS 9.2.2)."""

from datetime import timedelta

import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.front_end import registered
from tests.integration.auth.mailed import last_token
from tests.integration.auth.world import PASSWORD, World, code


async def texts_of(world: World) -> dict[str, str]:
    """Return one secret text of each kind that auth gives to anybody."""
    pending = await world.register("pending", email="pending@example.com")
    alice = await Guarded.arrive(world)
    own = alice.login.headers
    asked = {"email": "alice@example.com"}
    links = await world.post("/v1/auth/email/change", asked, headers=(await alice.log_in()).headers)
    key = {"name": "Shop", "scopes": ["payments:read"]}
    made = await world.post("/v1/auth/api-keys", key, headers=own)
    challenge = await world.post("/v1/auth/login/passkey/begin", {})
    admin = await world.admin()
    front_end = await registered(world.http, admin.headers)
    code_of_login = await front_end.logged_in("root-admin", PASSWORD)
    tokens = (await front_end.exchange(await front_end.logged_in("root-admin", PASSWORD))).json()
    await world.post("/v1/auth/password/forgot", {"email": "pending@example.com"})
    return {
        "refresh": alice.login.refresh_token,
        "a client's refresh": tokens["refresh_token"],
        "activation": pending["activation"]["token"],
        "reset": await last_token(world),
        "address": links.json()["links"][0]["token"],
        "second factor": (await alice.begin())["mfa_token"],
        "recovery": alice.recovery_codes[0],
        "passkey": challenge.json()["options"]["challenge"],
        "authorization code": code_of_login,
        "client's secret": front_end.secret or "",
        "API key": made.json()["key"],
        "service": world.wiring.signer.for_service(
            "svc:payments", timedelta(minutes=5), world.clock.now()
        ),
    }


@pytest.mark.check(16)
async def test_no_text_of_another_purpose_is_an_access_token(world: World) -> None:
    texts = await texts_of(world)
    assert all(texts.values())
    for kind, text in texts.items():
        for path in ("/v1/auth/me", "/v1/auth/sessions", "/v1/users"):
            headers = {"Authorization": f"Bearer {text}"}
            answer = await world.http.get(path, headers=headers)
            assert code(answer) == (401, "token_invalid"), (kind, path)


@pytest.mark.check(16)
async def test_no_text_opens_what_another_is_for(world: World) -> None:
    texts = await texts_of(world)
    texts.pop("second factor")
    for kind, text in texts.items():
        if not kind.endswith("refresh"):
            assert (await world.refresh(text)).status_code == 401, kind
        answer = await world.post("/v1/auth/login/code", {"mfa_token": text[:128], "code": "1" * 6})
        assert answer.status_code in (401, 422), kind
        for purpose, path in (("activation", "activate"), ("address", "email/confirm")):
            if kind != purpose:
                answer = await world.post(f"/v1/auth/{path}", {"token": text})
                assert answer.status_code in (400, 422), (kind, path)
        if kind != "reset":
            body = {"token": text, "password": "another horse and battery"}
            answer = await world.post("/v1/auth/password/reset", body)
            assert answer.status_code in (400, 422), kind
