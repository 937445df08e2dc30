"""Users with second factors, as tests see them."""

from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pyotp
from tests.integration.auth.world import PASSWORD, Json, Login, World, login_of

from testkit.passkeys import Device

ORIGIN, PARTY = "http://localhost:8000", "localhost"


@dataclass
class Guarded:
    """A user with an authenticator app, logged in by password before it was set up."""

    world: World
    username: str
    login: Login
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)

    @classmethod
    async def arrive(cls, world: World, username: str = "alice") -> "Guarded":
        """Register, log in, and set an app up."""
        await world.arrive(username)
        return await cls.guard(world, username, await world.log_in(username))

    @classmethod
    async def guard(cls, world: World, username: str, login: Login) -> "Guarded":
        """Set an app up for a user."""
        person = cls(world, username, login)
        enrolled = await world.post("/v1/auth/totp/enroll", headers=login.headers)
        assert enrolled.status_code == 200, enrolled.text
        person.secret = enrolled.json()["secret"]
        confirmed = await world.post(
            "/v1/auth/totp/confirm", {"code": person.code()}, headers=login.headers
        )
        assert confirmed.status_code == 200, confirmed.text
        person.recovery_codes = confirmed.json()["recovery_codes"]
        world.clock.advance(30)  # a code is good once, and the next one is another
        return person

    def code(self, steps: int = 0) -> str:
        """Return the code that the app shows, or showed or will show so many steps away."""
        return pyotp.TOTP(self.secret).at(self.world.clock.now() + timedelta(seconds=30 * steps))

    def wrong_code(self) -> str:
        """Return a code that the app shows neither now nor a step away."""
        near = {self.code(steps) for steps in (-1, 0, 1)}
        return next(code for code in ("000000", "000001", "000002", "000003") if code not in near)

    async def begin(self) -> Json:
        """Give the right password; return the refusal that asks for the second factor."""
        answer = await self.try_password()
        assert answer.status_code == 403, answer.text
        asked: Json = answer.json()
        return asked

    async def try_password(self, password: str = PASSWORD, **more: str) -> httpx.Response:
        body = {"username": self.username, "password": password, **more}
        return await self.world.post("/v1/auth/login", body)

    async def give(self, mfa_token: str, **proof: str) -> httpx.Response:
        """Give a code to a login that waits for it."""
        return await self.world.post("/v1/auth/login/code", {"mfa_token": mfa_token, **proof})

    async def log_in(self) -> Login:
        """Log in by password and code."""
        answer = await self.try_password(otp=self.code())
        assert answer.status_code == 200, answer.text
        self.world.clock.advance(30)
        return login_of(answer)


def device(*, count: int | None = 0) -> Device:
    """Return a new device at the page of the house."""
    return Device(ORIGIN, PARTY, count=count)


async def add_passkey(world: World, login: Login, made_by: Device) -> httpx.Response:
    """Add a passkey to a user."""
    begun = await world.post("/v1/auth/passkeys/begin", headers=login.headers)
    assert begun.status_code == 200, begun.text
    credential = made_by.make(begun.json()["options"])
    body = {"name": " My phone ", "credential": credential}
    return await world.post("/v1/auth/passkeys", body, headers=login.headers)


async def sign_in(world: World, signed_by: Device, **body: str) -> httpx.Response:
    """Log in by passkey, alone or after a password."""
    begun = await world.post("/v1/auth/login/passkey/begin", body)
    assert begun.status_code == 200, begun.text
    credential = signed_by.sign(begun.json()["options"])
    return await world.post("/v1/auth/login/passkey", {**body, "credential": credential})


async def kinds(world: World) -> list[str]:
    """Return what the audit log tells, oldest first."""
    async with world.database.read() as connection:
        rows = await connection.fetch("SELECT action FROM audit ORDER BY position")
    return [row["action"] for row in rows]


async def claims_of(world: World, login: Login) -> tuple[tuple[str, ...], bool]:
    """Return by what a login was proved, and whether its user has a factor."""
    claims = await world.tokens.verify(login.access_token)
    return claims.amr, claims.has_factor
