"""Every operation is asked what its document allows, and what it does not, by schemathesis.

`FUZZ_SECONDS` says how long it goes on with other values each time; without it, the same are tried.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deploy.stack import Stack
from tests.e2e.conftest import ROOT
from tests.e2e.fuzz import hooks

from testkit.keepers import Keeper
from testkit.people import PASSWORD, Person

FUZZ = Path(__file__).parent / "fuzz"
REPEATED = ["--seed=1", "--generation-deterministic"]
SHORT = [*REPEATED, "--max-examples=3", "--no-shrink"]


def for_how_long() -> list[str]:
    seconds = os.environ.get("FUZZ_SECONDS")
    return [f"--max-time={seconds}"] if seconds else SHORT


async def refresh_token(person: Person) -> str:
    login = {"username": person.username, "password": PASSWORD}
    answer = await person.http.post("/v1/auth/login", json=login)
    return str(answer.raise_for_status().json()["refresh_token"])


@pytest.mark.check(7, 21, 62)
async def test_answers_are_as_documented_whatever_is_asked(
    stack: Stack, alice: Person, keeper: Keeper, tmp_path: Path
) -> None:
    await alice.top_up("1000.00")
    told = {
        "SCHEMATHESIS_HOOKS": "tests.e2e.fuzz.hooks",
        "PYTHONPATH": str(ROOT),
        hooks.URL: stack.gateway_url,
        hooks.USER: await refresh_token(alice),
        hooks.ADMIN: await refresh_token(keeper.person),
    }
    program = [
        str(Path(sys.executable).parent / "st"),
        f"--config-file={FUZZ / 'schemathesis.toml'}",
    ]
    where = ["run", f"{stack.gateway_url}/openapi.json", "--no-color"]
    done = await asyncio.to_thread(
        subprocess.run,
        [*program, *where, *for_how_long()],
        cwd=tmp_path,
        env=os.environ | told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
