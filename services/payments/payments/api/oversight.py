"""Serves lists of everybody's refunds, bulks and charges, and of one's own bulks."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from kit.refusals import CursorInvalid
from kit.scopes import KeyBounded
from kit.web.audit import Auditing
from kit.web.pagination import Cursors, page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from payments.api.scope import owners_among, person_named, sides_of
from payments.api.viewer import Viewer, Viewing
from payments.domain.bulk import Bulk
from payments.domain.filters import ListedCharge
from payments.domain.refunds import Refund
from payments.repository import ChargesWanted, Lists, Oversight, RefundsWanted
from payments.schemas.bulk import BulkAnswer, summary
from payments.schemas.oversight import BulksQuery, ChargeSeen, ChargesQuery, RefundsQuery
from payments.schemas.refunds import RefundAnswer, refund_shown
from payments.wiring import Wired, Wiring

router = Router(tags=["oversight"], scope="payments")


OversightQuery = RefundsQuery | BulksQuery | ChargesQuery


@router.get(
    "/v1/payments/refunds",
    access="admin",
    operation_id="list_all_refunds",
    summary="List everybody's refunds",
    description="Newest first.",
    response_model=Page[RefundAnswer],
    refusals=(CursorInvalid,),
)
async def list_all_refunds(
    viewer: Viewing, query: Annotated[RefundsQuery, Query()], wired: Wired, audit: Auditing
) -> Page[RefundAnswer]:
    """Show a page of refunds of any payments."""
    payer_id, payee_id = [await person_named(wired, name) for name in (query.payer, query.payee)]
    sides = await _sides_named(wired, query)
    await audit.listed("refund", owners_among(payer_id, payee_id, *sides))
    cursors = _cursors(wired, viewer, "list_all_refunds", query)
    found: list[Refund] = []
    if _are_known((query.payer, payer_id), (query.payee, payee_id)):
        wanted = RefundsWanted(
            payment_id=query.payment_id,
            status=query.status,
            transfer_id=query.transfer_id,
            payer_id=payer_id,
            payee_id=payee_id,
            span=query.span,
        )
        async with wired.database.read() as connection:
            after = cursors.decode(query.cursor)
            found = await Oversight(connection).refunds(wanted, after, query.limit + 1)

    def shown(refund: Refund) -> RefundAnswer:
        return refund_shown(refund, viewer.language, to_payer=False)

    return page_of(Page[RefundAnswer], found, shown, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/payments/bulk",
    access="user",
    operation_id="list_bulks",
    summary="List bulks",
    description="Shows the caller's bulks, newest first; administrators see everybody's.",
    response_model=Page[BulkAnswer],
    refusals=(CursorInvalid, KeyBounded),
)
async def list_bulks(
    viewer: Viewing, query: Annotated[BulksQuery, Query()], wired: Wired, audit: Auditing
) -> Page[BulkAnswer]:
    """Show a page of bulks, and how far each has got."""
    viewer.caller.require_all_wallets()
    sender_id = await person_named(wired, query.owner)
    cursors = _cursors(wired, viewer, "list_bulks", query)
    whose = sender_id if viewer.caller.is_admin else viewer.user_id
    if viewer.caller.is_admin:
        await audit.listed("bulk", None if whose is None else [whose])
    is_anybodys = query.owner is None or sender_id is not None
    found: list[Bulk] = []
    async with wired.database.snapshot() as connection:
        if is_anybodys and sender_id in (None, whose):
            after = cursors.decode(query.cursor)
            found = await Oversight(connection).bulks(whose, after, query.limit + 1, query.span)
        counts = await Oversight(connection).counts([bulk.id for bulk in found[: query.limit]])

    def shown(bulk: Bulk) -> BulkAnswer:
        return BulkAnswer(**summary(bulk, counts[bulk.id]))

    return page_of(Page[BulkAnswer], found, shown, limit=query.limit, cursors=cursors)


@router.get(
    "/v1/payments/charges",
    access="admin",
    operation_id="list_charges",
    summary="List everybody's charges of cards",
    description="Newest first.",
    response_model=Page[ChargeSeen],
    refusals=(CursorInvalid,),
)
async def list_charges(
    viewer: Viewing, query: Annotated[ChargesQuery, Query()], wired: Wired, audit: Auditing
) -> Page[ChargeSeen]:
    """Show a page of charges, with what went wrong at the provider."""
    owner_id = await person_named(wired, query.owner)
    sides = await sides_of(wired, query.payment_id)
    # Of the two sides only the payer: the card is theirs.
    await audit.listed("charge", owners_among(owner_id, *sides[:1]))
    cursors = _cursors(wired, viewer, "list_charges", query)
    found: list[ListedCharge] = []
    if _are_known((query.owner, owner_id)):
        wanted = ChargesWanted(
            payment_id=query.payment_id,
            owner_id=owner_id,
            status=query.status,
            provider=query.provider,
            return_status=query.return_status,
            span=query.span,
        )
        async with wired.database.read() as connection:
            after = cursors.decode(query.cursor)
            found = await Oversight(connection).charges(wanted, after, query.limit + 1)
        found = [one for one in found if owner_id in (None, one.owner_id)]
    return page_of(Page[ChargeSeen], found, ChargeSeen.of, limit=query.limit, cursors=cursors)


async def _sides_named(wired: Wiring, query: RefundsQuery) -> tuple[UUID, ...]:
    """Return payers and payees of payments named by their id or a transfer's id."""
    sides = await sides_of(wired, query.payment_id)
    if query.transfer_id is None:
        return sides
    async with wired.database.read() as connection:
        payment_id = await Lists(connection).of_transfer(query.transfer_id)
    return sides + await sides_of(wired, payment_id)


def _cursors(wired: Wiring, viewer: Viewer, name: str, query: OversightQuery) -> Cursors:
    return query.cursors(
        wired.settings.cursor_secret, list_name=name, subject=viewer.caller.subject
    )


def _are_known(*named: tuple[str | None, UUID | None]) -> bool:
    return all(name is None or user_id is not None for name, user_id in named)
