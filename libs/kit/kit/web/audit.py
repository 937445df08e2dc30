"""Records what an administrator saw or changed, by one line in an operation.

`app.state.record_audit` stores the record (`kit.audit.Recorder`).
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
from kit.web.step_up import require_recent


@dataclass(frozen=True, slots=True)
class Audit:
    """Records the acts of one request, where an administrator acts on others' objects.

    On an operation for administrators every act is recorded; on one that is for owners as well,
    only acts on objects that are not the caller's own. A change there needs the recent login that
    an operation for administrators needs, with a second factor where `needs_factor` says so.
    """

    caller: Identity | None
    action: str
    for_admins_only: bool
    needs_factor: bool
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
        """Record a change, in its unit of work, which a refusal rolls back.

        Args:
            uow: The unit of work of the change.
            kind: The kind of the object: `user`, `wallet`, `payment`, …
            subject_id: The object's id.
            owners: All its owners; the log finds the act under each of them.
            concerned: Users whom it concerns without owning it: a payer who is given back by an
                administrator, perhaps by themselves.

        Raises:
            StepUpRequired: an administrator with an old login has changed what is another's.
        """
        if not self._is_kept(owners):
            return
        if not self.for_admins_only:
            caller = cast("Identity", self.caller)
            require_recent(caller, uow.clock.now(), needs_factor=self.needs_factor)
        await self._keep(uow, kind, subject_id, (*owners, *concerned))

    async def read(self, kind: str, subject_id: UUID | str | None = None, *owners: UUID) -> None:
        """Record that an object is shown, and commit that.

        It is called before the answer, with no connection held. A list has no ``subject_id``; see
        `listed` for one that is asked for by owners.
        """
        if self._is_kept(owners):
            async with self.database.unit_of_work() as uow:
                await self._keep(uow, kind, subject_id, owners)

    async def listed(self, kind: str, owners: Collection[UUID] | None) -> None:
        """Record that a list is shown: once for each owner, or once for everybody's."""
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
    """Return the request's `Audit`; routes take it as `Auditing`."""
    route, state = request.scope["saldo.route"], request.app.state
    return Audit(
        caller=request.scope.get("saldo.identity"),
        action=route.operation_id,
        for_admins_only=route.access == "admin",
        needs_factor=state.settings.needs_admin_factor,
        address=address_of(request),
        database=state.database,
        record=state.record_audit,
    )


Auditing = Annotated[Audit, Depends(audit_of)]
