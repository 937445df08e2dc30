"""Owns the one line by which an operation says that an administrator saw or changed something.

Does not keep it: `app.state.record_audit` does (`kit.audit.Recorder`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request

from kit import context
from kit.audit import Act, Recorder
from kit.db import Database, UnitOfWork
from kit.ids import new_id
from kit.web.address import address_of
from kit.web.identity import Identity


@dataclass(frozen=True, slots=True)
class Audit:
    """What is kept of one request; nothing, unless an administrator is about others' business.

    On an operation for administrators everything is. On one that is for owners as well, only what
    is not the caller's own.
    """

    caller: Identity | None
    action: str
    for_admins_only: bool
    address: str
    database: Database
    record: Recorder

    async def changed(
        self,
        uow: UnitOfWork,
        kind: str,
        subject_id: UUID | str | None = None,
        *owners: UUID,
        concerned: Sequence[UUID] = (),
    ) -> None:
        """Write down, in the unit of work of the change, what is changed.

        Args:
            uow: Where it is changed.
            kind: What it is: `user`, `wallet`, `payment`, …
            subject_id: Which one.
            owners: All whose it is; it is found in the log under each of them.
            concerned: Whom it concerns as well, without its being theirs to change: a payer who is
                given back by an administrator, perhaps by themselves.
        """
        if self._is_kept(owners):
            await self._keep(uow, kind, subject_id, (*owners, *concerned))

    async def read(self, kind: str, subject_id: UUID | str | None = None, *owners: UUID) -> None:
        """Write down what is shown, and commit it: before the answer, with no connection held.

        A list has no ``subject_id``; see `listed` for one that is asked for by owners.
        """
        if self._is_kept(owners):
            async with self.database.unit_of_work() as uow:
                await self._keep(uow, kind, subject_id, owners)

    async def listed(self, kind: str, owners: Collection[UUID] | None) -> None:
        """Write down that a list was shown: once for each owner, once where it is everybody's."""
        asked: list[tuple[UUID, ...]] = [()] if owners is None else [(one,) for one in owners]
        kept = [one for one in asked if self._is_kept(one)]
        if kept:
            async with self.database.unit_of_work() as uow:
                for owner in kept:
                    await self._keep(uow, kind, None, owner)

    def _is_kept(self, owners: Collection[UUID]) -> bool:
        if self.caller is None or not self.caller.is_admin:
            return False
        return self.for_admins_only or self.caller.user not in owners

    async def _keep(
        self, uow: UnitOfWork, kind: str, subject_id: UUID | str | None, owners: Sequence[UUID]
    ) -> None:
        act = Act(
            id=new_id(),
            at=uow.clock.now(),
            actor_id=cast("Identity", self.caller).user,
            action=self.action,
            subject_kind=kind,
            subject_id=None if subject_id is None else str(subject_id),
            owner_id=owners[0] if owners else None,
            owner_ids=tuple(dict.fromkeys(owners)),
            request_id=context.current().request_id,
            address=self.address,
        )
        await self.record(uow, act)


async def audit_of(request: Request) -> Audit:
    """Return what an operation tells of itself; routes take `Auditing`."""
    route, state = request.scope["saldo.route"], request.app.state
    return Audit(
        caller=request.scope.get("saldo.identity"),
        action=route.operation_id,
        for_admins_only=route.access == "admin",
        address=address_of(request),
        database=state.database,
        record=state.record_audit,
    )


Auditing = Annotated[Audit, Depends(audit_of)]
