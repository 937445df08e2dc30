"""Auth as a whole as tests see it: HTTP in, rows, tokens and messages out."""

from dataclasses import dataclass
from typing import Any

import httpx
from tests.integration.auth.owners import Owners

from auth.domain.audit import Origin
from auth.domain.users import ORDINARY, Role, UserStatus
from auth.repository import NewUser
from auth.service.sessions import Credentials, LoginAttempt, check_password
from auth.service.users import ensure
from auth.wiring import Wiring
from kit.db import Database
from kit.ids import new_id
from kit.redis import RedisLine
from kit.runtime import Service
from kit.tokens import TokenVerifier
from testkit.clock import FakeClock
from testkit.people import eventually

PASSWORD = "correct-horse-battery"
HERE = Origin("127.0.0.1")
Json = dict[str, Any]


@dataclass
class Login:
    """A session as its user holds it."""

    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


@dataclass
class World:
    """Auth and what surrounds it."""

    service: Service
    http: httpx.AsyncClient
    clock: FakeClock
    database: Database
    redis: RedisLine
    tokens: TokenVerifier
    owners: Owners

    @property
    def wiring(self) -> Wiring:
        wiring: Wiring = self.service.state.wiring
        return wiring

    async def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        return await self.http.post(path, json=body, **options)

    async def register(self, username: str, **more: Any) -> Json:
        answer = await self.post(
            "/v1/auth/register", {"username": username, "password": PASSWORD, **more}
        )
        assert answer.status_code == 201, answer.text
        registered: Json = answer.json()
        return registered

    async def arrive(self, username: str, **more: Any) -> Json:
        """Register and activate; returns the user."""
        registered = await self.register(username, **more)
        answer = await self.post("/v1/auth/activate", {"token": registered["activation"]["token"]})
        assert answer.status_code == 200, answer.text
        user: Json = answer.json()["user"]
        return user

    async def log_in(self, username: str, password: str = PASSWORD) -> Login:
        answer = await self.post("/v1/auth/login", {"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        return login_of(answer)

    async def credentials(self, username: str) -> Credentials:
        """Check the password as a login does, and open no session."""
        found = await check_password(
            self.database,
            self.wiring.hasher,
            LoginAttempt(username, PASSWORD, "127.0.0.1"),
            self.wiring.settings.lockout_rules,
            self.clock.now(),
        )
        assert isinstance(found, Credentials)
        return found

    async def refresh(self, refresh_token: str) -> httpx.Response:
        return await self.post("/v1/auth/refresh", {"refresh_token": refresh_token})

    async def admin(self, username: str = "root-admin") -> Login:
        """Make an administrator and log in."""
        new = NewUser(
            id=new_id(),
            username=username,
            email=None,
            full_name=None,
            password_hash=await self.wiring.hasher.hash(PASSWORD),
            status=UserStatus.ACTIVE,
            roles=ORDINARY | {Role.ADMIN},
        )
        async with self.database.unit_of_work() as uow:
            await ensure(uow, new, self.clock.now())
        return await self.log_in(username)

    async def status_with(self, login: Login) -> int:
        answer = await self.http.get("/v1/auth/me", headers=login.headers)
        return answer.status_code

    async def dies(self, login: Login) -> None:
        """Wait until the access token is refused."""
        await eventually(lambda: self.status_with(login), lambda status: status == 401, within=2)

    async def database_keeps_only(self, admins: list[str]) -> None:
        """Take the role from every other administrator."""
        async with self.database.unit_of_work() as uow:
            await uow.execute(
                "UPDATE user_account SET roles = ARRAY['user'] WHERE NOT id::text = ANY($1)", admins
            )

    async def count(self, query: str, *args: object) -> int:
        async with self.database.read() as connection:
            found: int = await connection.fetchval(query, *args)
        return found


def login_of(answer: httpx.Response) -> Login:
    body = answer.json()
    return Login(body["access_token"], body["refresh_token"])


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
