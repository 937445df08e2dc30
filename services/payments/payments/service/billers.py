"""The verbs of billers: open one, change one. They never commit; the edge does."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.logs import get_logger
from payments.domain.billers import Biller
from payments.domain.billing import Editor, decide_change, decide_opening
from payments.domain.parties import Wallet
from payments.refusals import TooManyServices
from payments.repository import Billers

log = get_logger(__name__)


async def open_biller(
    uow: UnitOfWork, biller: Biller, wallet: Wallet | None, *, most: int
) -> Biller:
    """Store a new biller.

    Raises the refusals of ``decide_opening``, and TooManyServices where its owner has ``most``.
    """
    opened = decide_opening(biller, wallet)
    if await Billers(uow).owned(biller.owner_id, most) >= most:
        raise TooManyServices(most=most)
    await Billers(uow).add(opened)
    return opened


async def change_biller(
    uow: UnitOfWork,
    biller_id: UUID,
    editor: Editor,
    changes: Mapping[str, Any],
    wallet: Wallet | None,
) -> Biller:
    """Change a biller; raises the refusals of ``decide_change``. Who does is logged."""
    billers = Billers(uow)
    found = await billers.lock(biller_id)
    changed = decide_change(found, editor, changes, wallet, uow.clock.now())
    await billers.save(changed)
    uow.after_commit(
        lambda: log.info(
            "biller_changed",
            service_id=str(biller_id),
            by=str(editor.user_id),
            fields=sorted(changes),
        )
    )
    return changed
