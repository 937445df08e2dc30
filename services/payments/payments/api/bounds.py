"""Holds API keys to their wallets and amounts, and people to their step-up.

A wallet outside a key's bounds is answered like one that does not exist.
"""

from uuid import UUID

from kit.step_up import ANY_AMOUNT, WithoutStepUp
from kit.web.identity import Identity
from kit.web.step_up import without_step_up
from payments.api.viewer import Viewer
from payments.domain.creation import PaymentOrder
from payments.domain.limits import KeyLimit
from payments.domain.payment import Method
from payments.refusals import WalletNotFound
from payments.repository import Payments
from payments.wiring import Wiring


def key_limit(caller: Identity) -> KeyLimit | None:
    """Return what the caller's API key may pay in a day; None where nothing bounds it."""
    if caller.per_day is None or caller.session_id is None:
        return None
    return KeyLimit(caller.session_id, caller.per_day)


def spared(caller: Identity, method: Method, wired: Wiring) -> WithoutStepUp:
    """Return what the caller may pay without a step-up; by card, any amount."""
    if method is Method.CARD:
        return ANY_AMOUNT
    return without_step_up(caller, wired.database.clock.now())


def require_wallet(caller: Identity, wallet_id: UUID | None) -> None:
    """Refuse a wallet outside the caller's bounds; a bounded key has to name one.

    Raises:
        WalletNotFound: it is outside, or none is named.
    """
    if not caller.may_use(wallet_id):
        raise WalletNotFound


def require_order(caller: Identity, order: PaymentOrder) -> None:
    """Refuse a payment that is outside the caller's bounds.

    Raises:
        WalletNotFound: it is paid from another wallet.
        KeyBounded: it would be paid later, when no key is at hand to be held to its amount.
    """
    require_wallet(caller, order.from_wallet_id)
    if order.execute_at is not None:
        caller.require_no_amount()


async def require_payment(viewer: Viewer, payment_id: UUID, wired: Wiring) -> None:
    """Refuse a payment outside the caller's bounds, which never change with it.

    Raises:
        PaymentNotFound: it is outside.
    """
    if viewer.caller.wallet_ids is None:
        return
    async with wired.database.read() as connection:
        viewer.may_see(await Payments(connection).get(payment_id))
