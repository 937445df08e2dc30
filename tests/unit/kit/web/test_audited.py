"""kit.web.audit: of whom something is kept, and who it says it was."""

from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from kit.audit import Act
from kit.db import Database, UnitOfWork
from kit.step_up import StepUpRequired
from kit.web.audit import Audit
from kit.web.identity import Identity
from testkit.clock import FakeClock

MINUTE = timedelta(minutes=1)
ADMIN, ALICE, BOB, WALLET = (UUID(int=number) for number in range(1, 5))


class Kept:
    """A database that keeps nothing but acts."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.acts: list[Act] = []

    @asynccontextmanager
    async def unit_of_work(self) -> Any:
        yield self

    async def record(self, _: UnitOfWork, act: Act) -> None:
        self.acts.append(act)


def audit(
    kept: Kept,
    role: str | None,
    *,
    for_admins_only: bool = False,
    minutes_ago: int = 0,
    needs_factor: bool = False,
) -> Audit:
    caller = None
    if role is not None:
        roles, at = frozenset({"user", role}), kept.clock.now() - minutes_ago * MINUTE
        caller = Identity(str(ADMIN), ADMIN, None, roles, None, "token", at, ("pwd",))
    return Audit(
        caller=caller,
        action="freeze_wallet",
        for_admins_only=for_admins_only,
        needs_factor=needs_factor,
        address="203.0.113.7",
        database=cast("Database", kept),
        record=kept.record,
    )


@pytest.mark.parametrize(
    ("role", "for_admins_only", "owners", "is_kept"),
    [
        (None, False, [ALICE], False),
        ("user", False, [ALICE], False),
        ("admin", False, [ALICE], True),
        ("admin", False, [ADMIN], False),
        ("admin", False, [ALICE, ADMIN], False),
        ("admin", True, [ADMIN], True),
        ("admin", True, [], True),
    ],
)
async def test_what_an_administrator_does_about_others_is_kept_and_nothing_else(
    role: str | None, owners: Sequence[UUID], *, for_admins_only: bool, is_kept: bool
) -> None:
    kept = Kept()
    asked = audit(kept, role, for_admins_only=for_admins_only)
    await asked.changed(cast("UnitOfWork", kept), "wallet", WALLET, *owners, concerned=[BOB])
    await asked.read("wallet", WALLET, *owners)
    assert len(kept.acts) == (2 if is_kept else 0)
    for act, concerned in zip(kept.acts, ([*owners, BOB], owners), strict=False):
        assert (act.actor_id, act.action, act.subject_id) == (ADMIN, "freeze_wallet", str(WALLET))
        assert act.owner_ids == tuple(concerned)


@pytest.mark.parametrize("weak", [{"minutes_ago": 16}, {"needs_factor": True}])
async def test_others_own_is_changed_by_a_recent_login_alone_and_ones_own_by_any(
    weak: dict[str, Any],
) -> None:
    kept = Kept()
    uow, asked = cast("UnitOfWork", kept), audit(kept, "admin", **weak)
    with pytest.raises(StepUpRequired):
        await asked.changed(uow, "wallet", WALLET, ALICE)
    assert kept.acts == []
    await asked.changed(uow, "wallet", WALLET, ADMIN)
    await audit(kept, "user", **weak).changed(uow, "wallet", WALLET, ALICE)
    await asked.read("wallet", WALLET, ALICE)
    assert len(kept.acts) == 1
    # A route for administrators alone has asked for it before.
    await audit(kept, "admin", for_admins_only=True, **weak).changed(uow, "wallet", WALLET, ALICE)
    assert len(kept.acts) == 2


async def test_a_list_is_kept_once_for_each_owner_and_once_where_it_is_everybodys() -> None:
    kept = Kept()
    asked = audit(kept, "admin")
    await asked.listed("payment", [ALICE, ADMIN, BOB])
    assert [act.owner_id for act in kept.acts] == [ALICE, BOB]
    await asked.listed("payment", None)
    assert kept.acts[-1].owner_id is None
    await asked.listed("payment", [ADMIN])
    assert len(kept.acts) == 3
