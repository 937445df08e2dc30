"""Serves the settings of one's book: show, change."""

from typing import Final

from finance.api.owners import OK, Owning
from finance.refusals import ZoneUnknown
from finance.repository import Books
from finance.schemas.settings import FinanceSettingsAnswer, FinanceSettingsChange
from finance.service.settings import change_zone
from finance.wiring import Wired
from kit.web.answers import Answer
from kit.web.routes import Router

PATH: Final = "/v1/finance/settings"

router = Router(tags=["settings"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="get_finance_settings",
    summary="Show the settings of one's book",
    response_model=FinanceSettingsAnswer,
)
async def get_finance_settings(owner: Owning, wired: Wired) -> Answer:
    """Show the settings, also where nothing is kept yet."""
    async with wired.database.read() as connection:
        book = await Books(connection).find(owner)
    return Answer(OK, FinanceSettingsAnswer.of(book))


@router.patch(
    PATH,
    access="user",
    operation_id="change_finance_settings",
    summary="Change the settings of one's book",
    description="Where the time zone changes, transactions whose moment is known move to the day"
    " that it is in the new one; those with a plain day stay.",
    response_model=FinanceSettingsAnswer,
    refusals=(ZoneUnknown,),
)
async def change_finance_settings(
    owner: Owning, body: FinanceSettingsChange, wired: Wired
) -> Answer:
    """Mean days in another zone."""
    async with wired.database.unit_of_work() as uow:
        changed = await change_zone(uow, owner, body.time_zone)
    return Answer(OK, FinanceSettingsAnswer.of(changed))
