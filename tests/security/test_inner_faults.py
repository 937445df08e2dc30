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


def _guarded(room: str) -> list[Operation]:
    return [one for one in operations(room, committed(room)) if one.access != "public"]


@pytest.mark.check(58)
@pytest.mark.parametrize("room", [room for room in rooms.services() if _guarded(room)])
async def test_a_fault_is_a_problem_that_tells_nothing(room: str) -> None:
    service = rooms.build(room)
    service.state.clock, service.state.tokens = SystemClock(), Broken()
    transport = httpx.ASGITransport(app=service.web, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{room}") as http:
        for one in _guarded(room):
            path = "/".join(str(new_id()) if "{" in part else part for part in one.path.split("/"))
            headers = {"Authorization": "Bearer a.b.c"}
            answer = await http.request(one.method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (500, "internal_error"), one.name
            assert answer.headers["content-type"] == "application/problem+json"
            told = answer.text + str(answer.headers)
            assert not [word for word in ("SELECT", "/srv", "line", "1.2.3", room) if word in told]
