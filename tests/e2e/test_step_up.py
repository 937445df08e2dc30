"""A user's own limits on the real stack: above them money leaves by a proof of who it is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from deploy.stack import Stack
from tests.e2e.test_api_keys import make, program

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person, eventually

LIMITS = "/v1/auth/confirmation-limits"


@dataclass
class Guarded:
    """Somebody with an authenticator app, whose login is from before there was one."""

    person: Person
    refresh_token: str = ""
    secret: str = ""

    async def set_up(self) -> None:
        """Log in, and set the app up by its last code: the next one proves something again."""
        login = {"username": self.person.username, "password": PASSWORD}
        tokens = (await self.person.post("/v1/auth/login", login)).raise_for_status().json()
        self.refresh_token = tokens["refresh_token"]
        self.use(tokens["access_token"])
        enrolled = await self.person.post("/v1/auth/totp/enroll")
        self.secret = enrolled.raise_for_status().json()["secret"]
        body = {"code": self.code(seconds_ago=30)}
        (await self.person.post("/v1/auth/totp/confirm", body)).raise_for_status()

    def code(self, seconds_ago: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(datetime.now(UTC) - timedelta(seconds=seconds_ago))

    def use(self, token: str) -> None:
        self.person.token, self.person.headers = token, {"Authorization": f"Bearer {token}"}

    async def refresh(self) -> None:
        body = {"refresh_token": self.refresh_token}
        tokens = (await self.person.post("/v1/auth/refresh", body)).raise_for_status().json()
        self.refresh_token = tokens["refresh_token"]
        self.use(tokens["access_token"])

    async def step_up(self) -> None:
        answer = await self.person.post("/v1/auth/step-up", {"code": self.code()})
        self.use(answer.raise_for_status().json()["access_token"])

    async def limit(self, above: str) -> httpx.Response:
        body = {"limits": [{"currency": "RUB", "above": above}]}
        return await self.person.http.put(LIMITS, json=body, headers=self.person.headers)


def refused(answer: httpx.Response) -> bool:
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required"), answer.text
    return True


@pytest.mark.check(28)
async def test_above_the_own_limit_money_leaves_by_a_second_factor_alone(
    stack: Stack, alice: Person, bob: Person, keeper: Keeper
) -> None:
    await alice.top_up("1000.00")
    product = await keeper.product("150.00", 5)
    guarded = Guarded(alice)
    await guarded.set_up()
    before = dict(alice.headers)
    assert (await guarded.limit("100.00")).status_code == 200
    async with httpx.AsyncClient(base_url=stack.url_of("payments")) as payments:
        for door in (alice.http, payments):
            await eventually(
                lambda door=door: door.get("/v1/payments", headers=before),  # type: ignore[misc]
                lambda answer: answer.status_code == 401,
                within=1.0,
            )
    await guarded.refresh()

    small, large = await alice.create(bob, "100.00"), await alice.create(bob, "100.01")
    assert (await alice.pay(small["id"], wait=10)).json()["status"] == "paid"
    answer = await alice.pay(large["id"], wait=10)
    assert refused(answer)
    assert answer.headers["www-authenticate"].endswith('max_age="900", acr_values="mfa"')
    assert refused(await alice.buy(product))
    assert refused(await guarded.limit("1000.00"))
    assert await alice.balance() == 900

    await guarded.step_up()
    assert (await alice.pay(large["id"], wait=10)).json()["status"] == "paid"
    assert (await alice.buy(product)).json()["status"] == "paid"
    assert str(await alice.balance()) == "649.99"

    shop = program(alice, (await make(alice))["key"])
    assert refused(await shop.pay((await shop.create(bob, "100.01"))["id"]))
    allowed = await shop.pay((await shop.create(bob, "100.00"))["id"], wait=10)
    assert allowed.json()["status"] == "paid"

    assert (await guarded.limit("1000.00")).status_code == 200
