"""Serves rules: list, show, add, replace, delete, try, apply."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from finance.api.owners import CREATED, OK, Owning
from finance.domain.feed.rules import CategoryRule, RuleDraft
from finance.refusals import (
    AccountNotYours,
    CategoryNotYours,
    RuleNotFound,
    RulePayeeUnknown,
    TooManyRules,
)
from finance.repository import FinancePeople, Rules
from finance.repository.feed.categorisation import NEWEST
from finance.schemas.feed.rules import (
    RuleAnswer,
    RuleRequest,
    RulesApplication,
    RulesApplied,
    RulesQuery,
    RuleTrialAnswer,
    RuleTryRequest,
)
from finance.service.feed import rules as service
from finance.wiring import Wired, Wiring
from kit.db import Connection, UnitOfWork
from kit.edits import EditStale
from kit.http import ETAG, LOCATION
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.etags import IfMatch, IfMatchMalformed, etag
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import KeyCursors, KeyPosition, page_of
from kit.web.routes import Router
from kit.web.schemas import Page

PATH: Final = "/v1/finance/rules"
PAGES: Final = 10  # that one call applies rules to, each in a unit of work of its own
_ONE: Final = f"{PATH}/{{rule_id}}"
_EDIT: Final = (RuleNotFound, EditStale, IfMatchMalformed)
_NAMED: Final = (CategoryNotYours, AccountNotYours, RulePayeeUnknown)

router = Router(tags=["rules"], scope="finance")


@router.get(
    PATH,
    access="user",
    operation_id="list_rules",
    summary="List one's rules",
    description="In the order in which they are tried.",
    response_model=Page[RuleAnswer],
    refusals=(CursorInvalid,),
)
async def list_rules(
    owner: Owning, caller: Caller, query: Annotated[RulesQuery, Query()], wired: Wired
) -> Page[RuleAnswer]:
    """Show a page of the caller's rules."""
    cursors = query.key_cursors(
        wired.settings.cursor_secret, list_name="list_rules", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        found = await Rules(connection).page(owner.user_id, after, query.limit + 1, query.span)
        names = await _names(connection, *found)
    return page_of(
        Page[RuleAnswer],
        found,
        lambda rule: RuleAnswer.of(rule, names),
        limit=query.limit,
        cursors=cursors,
        place=lambda rule: KeyPosition(rule.place, rule.id),
    )


@router.get(
    _ONE,
    access="owner",
    operation_id="get_rule",
    summary="Show one rule",
    response_model=RuleAnswer,
    answer_headers=(ETAG,),
    refusals=(RuleNotFound,),
)
async def get_rule(rule_id: UUID, owner: Owning, wired: Wired) -> Answer:
    """Show a rule to its owner."""
    async with wired.database.read() as connection:
        found = await Rules(connection).find(owner.user_id, rule_id)
        if found is None:
            raise RuleNotFound
        return await _answer(connection, OK, found)


@router.post(
    PATH,
    access="user",
    operation_id="create_rule",
    summary="Add a rule",
    description="It sorts what is booked from now on; `…/apply` sorts the past.",
    status_code=201,
    response_model=RuleAnswer,
    answer_headers=(LOCATION, ETAG),
    is_idempotent=True,
    refusals=(*_NAMED, TooManyRules),
)
async def create_rule(
    request: Request, caller: Caller, owner: Owning, body: RuleRequest, wired: Wired
) -> Answer:
    """Find the payee outside the unit of work, then store the rule among the others."""
    draft = await _draft(body, wired)

    async def work(uow: UnitOfWork) -> Answer:
        added = await service.add_rule(uow, owner, draft)
        return await _answer(uow, CREATED, added, {LOCATION: f"{PATH}/{added.id}"})

    return await idempotently(request, caller, operation="create_rule", body=body, work=work)


@router.put(
    _ONE,
    access="owner",
    operation_id="replace_rule",
    summary="Replace a rule",
    description="Without `place` it stays where it is.",
    response_model=RuleAnswer,
    answer_headers=(ETAG,),
    refusals=(*_EDIT, *_NAMED),
)
async def replace_rule(
    rule_id: UUID, owner: Owning, body: RuleRequest, edition: IfMatch, wired: Wired
) -> Answer:
    """Put another rule in the place of one."""
    draft = await _draft(body, wired)
    async with wired.database.unit_of_work() as uow:
        changed = await service.replace_rule(uow, owner, rule_id, draft, edition)
        return await _answer(uow, OK, changed)


@router.delete(
    _ONE,
    access="owner",
    operation_id="delete_rule",
    summary="Delete a rule",
    description="What it has sorted stays so until the rules are applied.",
    refusals=_EDIT,
)
async def delete_rule(rule_id: UUID, owner: Owning, edition: IfMatch, wired: Wired) -> None:
    """Delete a rule."""
    async with wired.database.unit_of_work() as uow:
        await service.delete_rule(uow, owner, rule_id, edition)


@router.post(
    f"{PATH}/try",
    access="user",
    operation_id="try_rule",
    scope="finance:read",  # it changes nothing
    summary="Try a rule on the past; nothing is stored",
    response_model=RuleTrialAnswer,
    refusals=(*_NAMED, RuleNotFound),
)
async def try_rule(owner: Owning, body: RuleTryRequest, wired: Wired) -> RuleTrialAnswer:
    """Say what a rule would sort otherwise of the latest transactions, and show some."""
    now, draft = wired.database.clock.now(), await _draft(body.rule, wired)
    async with wired.database.read() as connection:
        trial, end = await service.try_on(connection, owner, draft, body.replaces, now)
    return RuleTrialAnswer.of(trial, is_whole=end is None)


@router.post(
    f"{PATH}/apply",
    access="user",
    operation_id="apply_rules",
    summary="Sort the past by one's rules",
    description="Some thousands of transactions, the newest first; `next_cursor` goes on with older"
    " ones. What one has sorted oneself stays, and so does what a wallet has not told of and has a"
    " category. To call it again changes nothing more.",
    response_model=RulesApplied,
    refusals=(CursorInvalid,),
)
async def apply_rules(
    owner: Owning, caller: Caller, body: RulesApplication, wired: Wired
) -> RulesApplied:
    """Sort page after page, each in a unit of work of its own."""
    cursors = KeyCursors(
        wired.settings.cursor_secret, list_name="apply_rules", subject=caller.subject
    )
    place = cursors.decode(body.cursor)
    before = NEWEST if place is None else (date.fromordinal(int(place[0])), place[1])
    looked_at = changed = 0
    for _ in range(PAGES):
        async with wired.database.unit_of_work() as uow:
            applied = await service.apply_rules(uow, owner, before)
        looked_at += applied.looked_at
        changed += applied.changed
        if applied.end is None:
            return RulesApplied(looked_at=looked_at, changed=changed, next_cursor=None)
        before = applied.end
    cursor = cursors.encode(before[0].toordinal(), before[1])
    return RulesApplied(looked_at=looked_at, changed=changed, next_cursor=cursor)


async def _draft(body: RuleRequest, wired: Wiring) -> RuleDraft:
    """Return a rule as its owner has written it, with the payee found who is named.

    Auth is asked for who may have registered a moment ago; the answer is kept until it tells of
    them, so that the name is shown, too.

    Raises:
        Unavailable: auth must be asked and does not answer.
    """
    if body.payee_username is None:
        return body.draft(body.payee_id)
    async with wired.database.read() as connection:
        known = await FinancePeople(connection).called(body.payee_username)
    if known is not None:
        return body.draft(known)
    asked = await wired.auth.called(body.payee_username)
    if asked is None:
        return body.draft(None)
    async with wired.database.unit_of_work() as uow:
        await FinancePeople(uow).remember([asked])
    return body.draft(asked.user_id)


async def _names(connection: Connection, *rules: CategoryRule) -> Mapping[UUID, str | None]:
    payees = {rule.payee_id for rule in rules if rule.payee_id is not None}
    return await FinancePeople(connection).names(payees)


async def _answer(
    connection: Connection,
    status: int,
    rule: CategoryRule,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    shown = RuleAnswer.of(rule, await _names(connection, rule))
    return Answer(status, shown, {**(headers or {}), **etag(rule.version)})
