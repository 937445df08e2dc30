"""Makes recovery codes and uses them."""

import secrets

from auth.domain.audit import Kind
from auth.domain.factors.recovery import CODE_BYTES, CODES, digest, text_of
from auth.repository import RecoveryCodes, Users
from auth.service.audit import note
from auth.service.factors.changes import Acting
from kit.db import UnitOfWork


async def make_codes(uow: UnitOfWork, by: Acting) -> list[str]:
    """Make a user's recovery codes, which are known only now; all older ones end."""
    await Users(uow).lock(by.user_id)
    codes = [text_of(secrets.token_bytes(CODE_BYTES)) for _ in range(CODES)]
    await RecoveryCodes(uow).replace(by.user_id, [digest(by.user_id, code) for code in codes])
    await note(uow, Kind.RECOVERY_CODES_MADE, by.user_id, by.origin)
    return codes


async def is_right(uow: UnitOfWork, by: Acting, code: str) -> bool:
    """Use a recovery code; return whether it is the user's, and unused."""
    if not await RecoveryCodes(uow).use(by.user_id, digest(by.user_id, code), by.now):
        return False
    left = await RecoveryCodes(uow).left(by.user_id)
    await note(uow, Kind.RECOVERY_CODE_USED, by.user_id, by.origin, details={"left": left})
    return True
