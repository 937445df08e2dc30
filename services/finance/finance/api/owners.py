"""Says whose book a request is about: the caller's own, and nobody else's.

What a request names is looked for in it.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from finance.domain.books import BookOwner
from finance.refusals import AccountNotYours, CategoryNotYours
from finance.repository import Accounts, FinanceCategories
from finance.wiring import Wired
from kit.db import Connection
from kit.web.identity import Caller

OK, CREATED, ACCEPTED = 200, 201, 202


async def _owner(caller: Caller, wired: Wired) -> BookOwner:
    return BookOwner(caller.user, wired.settings.time_zone)


Owning = Annotated[BookOwner, Depends(_owner)]
MoveTo = Annotated[
    UUID | None, Query(description="Who takes over what refers to it, so that it can go.")
]


async def require_own(
    connection: Connection,
    user_id: UUID,
    *,
    account_id: UUID | None,
    category_id: UUID | None,
    within: str = "",
) -> None:
    """Refuse an account or a category that is not the user's.

    Args:
        connection: Where they are looked for.
        user_id: Whose they must be.
        account_id: None where no account is named.
        category_id: None where no category is named.
        within: The part of the request that names them, as `query/`; its body by default.

    Raises:
        AccountNotYours, CategoryNotYours: by their names.
    """
    if account_id and not await Accounts(connection).of(user_id, (account_id,)):
        raise AccountNotYours(f"{within}account_id")
    if category_id and not await FinanceCategories(connection).of(user_id, (category_id,)):
        raise CategoryNotYours(f"{within}category_id")
