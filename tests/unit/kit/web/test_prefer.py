"""kit.web.prefer: how long to wait."""

import pytest

from kit.web.prefer import PreferWait, preference_applied, wait_seconds
from kit.web.routes import Router

from .conftest import serve, till


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=5", 5.0),
        ("WAIT = 5", 5.0),
        ('wait="5"', 5.0),
        ("respond-async, wait=10", 10.0),
        ("respond-async; wait=10", 10.0),
        ("wait=1", 1.0),
        ("wait=30", 30.0),
        ("wait=31", 30.0),
        ("wait=" + "9" * 1000, 30.0),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("wait", None),
        ("wait=", None),
        ("wait=٥", None),
        ("wait=soon, wait=3", 3.0),
        ("return=minimal", None),
    ],
)
def test_a_wait_of_1_to_30_seconds_is_read_and_anything_else_is_no_preference(
    header: str | None, seconds: float | None
) -> None:
    assert wait_seconds(header) == seconds


def test_what_was_granted_is_told() -> None:
    assert preference_applied(5.0) == {"Preference-Applied": "wait=5"}


async def test_an_operation_can_ask(router: Router) -> None:
    @router.post("/v1/pay", access="public", operation_id="pay", summary="Pay")
    async def pay(wait: PreferWait) -> list[float | None]:
        return [wait]

    async with serve(till(router)) as client:
        answer = await client.post("/v1/pay", headers={"Prefer": "wait=7"})
    assert answer.json() == [7.0]
