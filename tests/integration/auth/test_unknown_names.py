"""Whoever asks about a name learns nothing of it: not by the answer, nor by what it costs."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from tests.integration.auth.factors.people import Guarded
from tests.integration.auth.front_end import FrontEnd, registered
from tests.integration.auth.world import PASSWORD, Json, World

from auth.settings import Settings

WRONG = "not the password"
OWN = ("instance", "request_id", "id", "number", "email", "expires_at")
Ask = Callable[[World, str], Awaitable[httpx.Response]]


async def log_in(world: World, name: str) -> httpx.Response:
    return await world.post("/v1/auth/login", {"username": name, "password": WRONG})


async def log_in_with_code(world: World, name: str) -> httpx.Response:
    body = {"username": name, "password": WRONG, "otp": "123456"}
    return await world.post("/v1/auth/login", body)


async def ask_for_tokens(world: World, name: str) -> httpx.Response:
    form = {"grant_type": "password", "username": name, "password": WRONG}
    return await world.http.post("/v1/auth/token", data=form)


async def resend(world: World, name: str) -> httpx.Response:
    body = {"username": name, "password": WRONG}
    return await world.post("/v1/auth/activation/resend", body)


async def forget(world: World, name: str) -> httpx.Response:
    return await world.post("/v1/auth/password/forgot", {"email": f"{name}@example.com"})


async def register(world: World, name: str) -> httpx.Response:
    body = {"email": f"{name}@example.com", "password": PASSWORD}
    return await world.post("/v1/auth/register", body)


KNOWN = ("active", "pending", "disabled", "guarded", "disabled@example.com")
UNKNOWN = ("nobody", "nobody@example.com", "'; DROP TABLE user_account --")


@pytest.fixture
async def people(world: World) -> None:
    """Make one user of each kind."""
    await world.register("pending", email="pending@example.com")
    await world.arrive("active", email="active@example.com")
    disabled = await world.arrive("disabled", email="disabled@example.com")
    await Guarded.arrive(world, "guarded")
    admin = await world.admin()
    change = {"is_active": False}
    await world.http.patch(f"/v1/users/{disabled['id']}", json=change, headers=admin.headers)


async def cost(world: World, ask: Ask, name: str) -> tuple[Json, tuple[int, int]]:
    """Ask, and return all that a stranger sees, and the hashes and statements that it cost.

    How many bytes were answered is among the headers.
    """
    hasher, database = world.wiring.hasher, world.database
    before = hasher.hashes, database.statements
    answer = await ask(world, name)
    after = hasher.hashes, database.statements
    headers = {**answer.headers, "x-request-id": None}
    seen = {"status": answer.status_code, "headers": headers, "body": _shape(answer.json())}
    return seen, (after[0] - before[0], after[1] - before[1])


def _shape(body: Json) -> Json:
    """Return a body, and of what is every answer's own only how long it is."""
    return {
        name: _shape(value)
        if isinstance(value, dict)
        else len(str(value))
        if name in OWN
        else value
        for name, value in body.items()
    }


@pytest.mark.check(25)
@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("ask", "hashes"), [(log_in, 1), (log_in_with_code, 1), (ask_for_tokens, 1), (resend, 1)]
)
async def test_known_and_unknown_names_differ_in_nothing(
    world: World, ask: Ask, hashes: int
) -> None:
    """One hash is nearly all the time that it takes; statements are the rest."""
    found = [await cost(world, ask, name) for name in KNOWN + UNKNOWN]
    first, (made, _) = found[0]
    assert (first["status"] in (400, 401), made) == (True, hashes)
    assert all(one == found[0] for one in found)


@pytest.mark.check(25)
@pytest.mark.usefixtures("people")
async def test_known_and_unknown_addresses_differ_in_nothing_when_forgotten(world: World) -> None:
    names = ("active", "pending", "disabled", "nobody", "active")  # the last one is asked again
    found = [await cost(world, forget, name) for name in names]
    assert found[0][0]["status"] == 202
    assert all(one == found[0] for one in found)


class TestLinksAreMailed:
    """Addresses, where no answer has a link."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings.model_validate({"ENVIRONMENT": "test", "activation_delivery": "email"})

    @pytest.fixture
    async def people(self, world: World) -> None:
        """Make somebody whose address is known; active or not, it makes no difference."""
        await register(world, "known")
        await register(world, "other")

    @pytest.mark.check(25)
    @pytest.mark.usefixtures("people")
    async def test_known_and_unknown_addresses_differ_in_nothing_when_registered(
        self, world: World
    ) -> None:
        names = ("known", "other", "nobo1", "nobo2", "known")
        found = [await cost(world, register, name) for name in names]
        assert (found[0][0]["status"], found[0][1][0]) == (201, 1)
        assert all(one == found[0] for one in found)

    @pytest.mark.check(25)
    @pytest.mark.usefixtures("people")
    async def test_known_and_unknown_addresses_differ_in_nothing_when_changed_to(
        self, world: World
    ) -> None:
        alice = await world.admin()

        async def change(world: World, name: str) -> httpx.Response:
            body = {"email": f"{name}@example.com"}
            return await world.post("/v1/auth/email/change", body, headers=alice.headers)

        names = ("known", "nobo1", "other", "nobo2", "known")
        _, *found = [
            await cost(world, change, name) for name in names
        ]  # the first has no earlier one
        assert found[0][0]["status"] == 202
        assert all(one == found[0] for one in found)


@pytest.mark.check(25)
@pytest.mark.usefixtures("people")
async def test_known_and_unknown_names_differ_in_nothing_on_a_clients_page(world: World) -> None:
    admin = await world.log_in("root-admin")
    front_end = await registered(world.http, admin.headers)
    pages = [await seen_on(front_end, name) for name in KNOWN + UNKNOWN[:2]]
    assert pages[0][0] == 401
    assert len(set(pages)) == 1


async def seen_on(front_end: FrontEnd, name: str) -> tuple[int, str]:
    """Return what a page says of a wrong password, but for what was typed and sealed."""
    page = await front_end.page()
    answer = await front_end.submit(page, username=name, password=WRONG)
    return answer.status_code, answer.text.partition('role="alert">')[2].partition("<")[0]
