"""Among whose payments a list is read: one's own, or for administrators everybody's."""

from uuid import UUID

from kit.web.audit import Audit
from payments.api.viewing import Viewer
from payments.domain.listing import Direction, Scope
from payments.queries import PaymentFilters
from payments.repository import Known, Lists
from payments.wiring import Wiring


async def scope_of(
    viewer: Viewer, asked: PaymentFilters, wired: Wiring, audit: Audit
) -> Scope | None:
    """Return where to look for what is asked for; None where there can't be any such payment."""
    is_everybodys = viewer.caller.is_admin and asked.direction is Direction.ALL
    if is_everybodys:
        await audit.read("payment")
    payer_id, payee_id = [await person_named(wired, name) for name in (asked.payer, asked.payee)]
    owner_id = None if asked.wallet_id is None else await _owner_of(wired, asked.wallet_id)
    payment_id = None
    if asked.transfer_id is not None:
        async with wired.database.read() as connection:
            payment_id = await Lists(connection).of_transfer(asked.transfer_id)
    named = (asked.payer, asked.payee, asked.wallet_id, asked.transfer_id)
    meant = (payer_id, payee_id, owner_id, payment_id)
    if any(name is not None and one is None for name, one in zip(named, meant, strict=True)):
        return None
    return Scope(
        viewer_id=None if is_everybodys else viewer.user_id,
        payer_id=payer_id,
        payee_id=payee_id,
        wallet_id=asked.wallet_id,
        owner_id=owner_id,
        payment_id=payment_id,
    )


async def person_named(wired: Wiring, name: str | None) -> UUID | None:
    """Return whom a user id or a username names, None where that is nobody known."""
    if name is None:
        return None
    try:
        return UUID(name)
    except ValueError:
        async with wired.database.read() as connection:
            return await Known(connection).named(name)


async def _owner_of(wired: Wiring, wallet_id: UUID) -> UUID | None:
    async with wired.database.read() as connection:
        wallet = await Known(connection).wallet(wallet_id)
    wallet = wallet or await wired.neighbours.wallet(wallet_id)
    return None if wallet is None else wallet.owner_id
