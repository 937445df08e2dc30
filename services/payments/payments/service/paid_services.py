"""Holds the verbs of paid services: open one, change one. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.logs import get_logger
from payments.domain.paid_service_rules import Editor, decide_change, decide_opening
from payments.domain.paid_services import PaidService
from payments.domain.parties import Wallet
from payments.refusals import TooManyServices
from payments.repository import PaidServices

log = get_logger(__name__)


async def open_paid_service(
    uow: UnitOfWork, paid_service: PaidService, wallet: Wallet | None, *, most: int
) -> PaidService:
    """Store a new paid service.

    Raises the refusals of ``decide_opening``, and TooManyServices where its owner has ``most``.
    """
    opened = decide_opening(paid_service, wallet)
    if await PaidServices(uow).owned(paid_service.owner_id, most) >= most:
        raise TooManyServices(most=most)
    await PaidServices(uow).add(opened)
    return opened


async def change_paid_service(
    uow: UnitOfWork,
    paid_service_id: UUID,
    editor: Editor,
    changes: Mapping[str, Any],
    wallet: Wallet | None,
) -> PaidService:
    """Change a paid service, and log who did.

    Raises the refusals of ``decide_change``.
    """
    paid_services = PaidServices(uow)
    found = await paid_services.lock(paid_service_id)
    changed = decide_change(found, editor, changes, wallet, uow.clock.now())
    await paid_services.save(changed)
    uow.after_commit(
        lambda: log.info(
            "biller_changed",
            service_id=str(paid_service_id),
            by=str(editor.user_id),
            fields=sorted(changes),
        )
    )
    return changed
