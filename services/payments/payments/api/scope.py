"""Finds whose payments a list reads: the caller's, or for admins everybody's."""

from uuid import UUID

from kit.web.audit import Audit
from payments.api.bounds import require_wallet
from payments.api.viewer import Viewer
from payments.domain.filters import Direction, ListScope
from payments.repository import KnownPeople, Lists
from payments.repository.payments import payments_among
from payments.schemas.queries import PaymentFilters
from payments.wiring import Wiring


async def scope_of(
    viewer: Viewer, asked: PaymentFilters, wired: Wiring, audit: Audit
) -> ListScope | None:
    """Return where to look for the payments; None where no payment can match.

    Raises:
        WalletNotFound: an API key asks beyond its wallets; it has to name one of them.
    """
    require_wallet(viewer.caller, asked.wallet_id)
    is_everybodys = viewer.caller.is_admin and asked.direction is Direction.ALL
    payer_id, payee_id = [await person_named(wired, name) for name in (asked.payer, asked.payee)]
    owner_id = None if asked.wallet_id is None else await _owner_of(wired, asked.wallet_id)
    payment_ids = await _ids_of(wired, asked)
    if is_everybodys:
        sides = await sides_of(wired, *(payment_ids or ()))
        owners = owners_among(payer_id, payee_id, owner_id, *sides)
        if owners is None or viewer.user_id not in owners:  # one's own list needs no audit
            await audit.listed("payment", owners)
    named, meant = (asked.payer, asked.payee, asked.wallet_id), (payer_id, payee_id, owner_id)
    if payment_ids == [] or any(
        name is not None and one is None for name, one in zip(named, meant, strict=True)
    ):
        return None
    return ListScope(
        viewer_id=None if is_everybodys else viewer.user_id,
        payer_id=payer_id,
        payee_id=payee_id,
        wallet_id=asked.wallet_id,
        owner_id=owner_id,
        payment_ids=payment_ids,
    )


async def person_named(wired: Wiring, name: str | None) -> UUID | None:
    """Return the user whom an id or a username names; None where none is known."""
    if name is None:
        return None
    try:
        return UUID(name)
    except ValueError:
        async with wired.database.read() as connection:
            return await KnownPeople(connection).named(name)


async def sides_of(wired: Wiring, *payment_ids: UUID | None) -> tuple[UUID, ...]:
    """Return payer and payee of each of those payments that there are."""
    named = [one for one in payment_ids if one is not None]
    if not named:
        return ()
    async with wired.database.read() as connection:
        found = await payments_among(connection, named)
    return tuple(side for payment in found for side in (payment.payer_id, payment.payee_id))


def owners_among(*people: UUID | None) -> list[UUID] | None:
    """Return the people a list is about, each once; None where it is everybody's."""
    return list(dict.fromkeys(one for one in people if one is not None)) or None


async def _ids_of(wired: Wiring, asked: PaymentFilters) -> list[UUID] | None:
    """Return the payments that are asked for by id or by a transfer; None for any."""
    if asked.transfer_id is None:
        return asked.ids
    async with wired.database.read() as connection:
        found = await Lists(connection).of_transfer(asked.transfer_id)
    return [] if found is None or found not in (asked.ids or [found]) else [found]


async def _owner_of(wired: Wiring, wallet_id: UUID) -> UUID | None:
    async with wired.database.read() as connection:
        wallet = await KnownPeople(connection).wallet(wallet_id)
    wallet = wallet or await wired.services.wallet(wallet_id)
    return None if wallet is None else wallet.owner_id
