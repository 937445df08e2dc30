"""What breaks inside a service shows nothing of its inside, in every one of them."""

from typing import Any

import httpx
import pytest
from deploy.generate import rooms
from deploy.generate.operations import Operation, committed, operations

from kit.clock import SystemClock
from kit.ids import new_id

INNER = "SELECT password_hash FROM auth.user_account -- /srv/saldo/auth.py line 7, auth 1.2.3"


class Broken:
    """Stands for anything that a service leans on."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(INNER)


def _filled(one: Operation) -> str:
    return "/".join(str(new_id()) if "{" in part else part for part in one.path.split("/"))


def _example(one: Operation) -> Any:
    """Return the first body that an operation shows."""
    for media in one.declared.get("requestBody", {}).get("content", {}).values():
        shown = [media.get("example"), *(it["value"] for it in media.get("examples", {}).values())]
        return next(filter(None, shown), None)
    return None


@pytest.mark.check(58)
@pytest.mark.parametrize("room", rooms.services())
async def test_a_fault_is_a_problem_that_tells_nothing(room: str) -> None:
    service = rooms.build(room)
    service.state.clock, service.state.tokens = SystemClock(), Broken()
    for part in ("database", "redis", "wiring", "settings"):
        setattr(service.state, part, Broken())
    transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
    broken = 0
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{room}") as http:
        for one in operations(room, committed(room)):
            headers = {"Authorization": "Bearer a.b.c"}
            answer = await http.request(
                one.method, _filled(one), headers=headers, json=_example(one)
            )
            told = answer.text + str(answer.headers)
            assert not [word for word in ("SELECT", "/srv", "1.2.3", "Traceback") if word in told]
            if answer.status_code == 500 or one.access != "public":
                broken += 1
                assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
                assert answer.headers["content-type"] == "application/problem+json"
                assert not [word for word in ("line", room) if word in told], one.name
    assert broken
