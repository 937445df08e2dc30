"""Every operation is asked what its document allows, and what it does not, by schemathesis.

`FUZZ_SECONDS` says how long it goes on, by values of its own each time; without it the values are
always the same, so that what fails has changed. `FUZZ_SEED` says which values: those of a run that
failed, which has printed its own.
"""

import asyncio
import os
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import pytest
from deploy.stack import Stack
from tests.e2e.conftest import ROOT
from tests.e2e.fuzz import names

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person

FUZZ: Final = Path(__file__).parent / "fuzz"
# In the order in which ids are made that others ask for.
DOCUMENTS: Final = (
    *("auth", "wallet", "shop", "payments", "finance", "notifications", "sandbox", "gateway"),
)
ALONE: Final = "examples,coverage,fuzzing"
# Without FUZZ_SECONDS: the values; how long all operations are asked one by one, and then stories
# are told of them; how many of each document, of at most forty steps.
SEED: Final = 11
SECONDS: Final = 60
STORIES: Final = 6
# One in so many of the links must be followed, or, where time was too short, one by so many
# requests of the stories.
OF_LINKS, OF_REQUESTS = 3, 20
SET_IN_SANDBOX: Final = ("failure_rate", "seed", "mode", "delay_ms", "refuse")
_STORY: Final = re.compile(
    r"API Links: +(\d+) covered / (\d+) selected.*?(\d+) generated", re.DOTALL
)


class Run(NamedTuple):
    """One run of schemathesis over one document."""

    document: str
    wanted: tuple[str, ...]

    async def __call__(self, stack: Stack, told: dict[str, str]) -> tuple[int, str]:
        """Ask, and return the exit code and what was said."""
        done = await asyncio.to_thread(
            subprocess.run,
            [
                str(Path(sys.executable).parent / "st"),
                f"--config-file={FUZZ / 'schemathesis.toml'}",
                *("run", f"{stack.gateway_url}/openapi/{self.document}.json", "--no-color"),
                *self.wanted,
            ],
            cwd=Path(told[names.KNOWN]).parent,
            env=os.environ | told,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, f"{self}\n{done.stdout}\n{done.stderr}"


async def runs(http: httpx.AsyncClient, seed: int) -> list[Run]:
    """Return what is to be run, with time by the number of operations."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "0"))
    sizes = {
        name: len((await http.get(f"/openapi/{name}.json")).json()["paths"]) for name in DOCUMENTS
    }

    def share(whole: int, name: str) -> str:
        return f"--max-time={1 + whole * sizes[name] // sum(sizes.values())}"

    def told_of(name: str) -> Iterator[Run]:
        of_each = share(seconds // 2 or SECONDS, name)
        yield Run(name, (f"--seed={seed}", f"--phases={ALONE}", of_each))
        if name == "gateway":  # its answers have no ids that others ask for: no links to follow
            return
        stories = ("--phases=stateful", "--no-shrink", share(seconds // 2 or SECONDS, name))
        few = () if seconds else (f"--max-examples={STORIES}",)
        yield Run(name, (f"--seed={seed}", *stories, *few))

    return [run for name in DOCUMENTS for run in told_of(name)]


async def refresh_token(person: Person) -> str:
    login = {"username": person.username, "password": PASSWORD}
    answer = await person.http.post("/v1/auth/login", json=login)
    return str(answer.raise_for_status().json()["refresh_token"])


async def own_id(person: Person) -> str:
    return str((await person.get("/v1/auth/me")).json()["id"])


@pytest.fixture
async def outside(http: httpx.AsyncClient) -> AsyncIterator[None]:
    """Leave the sandbox as it was: its operations tell it how to fail."""
    paths = ("/sandbox/verify/one", "/sandbox/verify/two", "/sandbox/mails/behaviour")
    before = {path: (await http.get(path)).json() for path in paths}
    yield
    for path, state in before.items():
        wanted = {name: state[name] for name in SET_IN_SANDBOX if name in state}
        assert (await http.put(path, json=wanted)).status_code == 200


@pytest.fixture
async def told(
    stack: Stack, alice: Person, bob: Person, keeper: Keeper, tmp_path: Path
) -> dict[str, str]:
    """Return what schemathesis's hooks are told: who asks whom."""
    await alice.top_up("100000.00")
    token = tmp_path / "token"
    token.write_text(await refresh_token(alice))
    return {
        "SCHEMATHESIS_HOOKS": "tests.e2e.fuzz.hooks",
        "PYTHONPATH": str(ROOT),
        names.URL: stack.gateway_url,
        names.USER: str(token),
        names.ADMIN: keeper.person.username,
        names.PAYEE: bob.username,
        names.SPARED: ",".join([await own_id(one) for one in (alice, bob, keeper.person)]),
        names.KNOWN: str(tmp_path / "known.json"),
    }


@pytest.mark.check(7, 21, 62)
@pytest.mark.usefixtures("outside")
async def test_answers_are_as_documented_whatever_is_asked(
    stack: Stack,
    http: httpx.AsyncClient,
    told: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn = secrets.randbelow(2**32) if "FUZZ_SECONDS" in os.environ else SEED
    seed = int(os.environ.get("FUZZ_SEED", drawn))
    said = [await run(stack, told) for run in await runs(http, seed)]
    found = [figures for _, text in said for figures in _STORY.findall(text)]
    covered, links, requests = (sum(int(one[place]) for one in found) for place in range(3))
    with capsys.disabled():
        print(f"\nFUZZ_SEED={seed}: {covered} of {links} links, {requests} requests")  # noqa: T201
    faults = [text for code, text in said if code != 0]
    assert not faults, "\n".join(faults)
    assert covered >= min(links // OF_LINKS, requests // OF_REQUESTS) > 0
