"""Decides who may make and change billers, and what a payment to one is of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.money import Money
from payments.domain.billers import Biller
from payments.domain.parties import Wallet
from payments.refusals import (
    CurrencyMismatch,
    OnlyOwnerMayEdit,
    ServiceAmountMissing,
    ServiceNotActive,
    ServiceNotFound,
    ServicePriceDiffers,
    WalletNotFound,
)


@dataclass(frozen=True, slots=True)
class Editor:
    """Who wants to change a biller."""

    user_id: UUID
    is_admin: bool = False

    def may_edit(self, biller: Biller) -> bool:
        """Tell whether this is the biller's owner, or an admin."""
        return self.is_admin or self.user_id == biller.owner_id


def decide_opening(biller: Biller, wallet: Wallet | None) -> Biller:
    """Return a new biller, or raise where its wallet is not its owner's or of another currency.

    ``wallet`` is the one that the biller names, as far as there is such a wallet.
    """
    if biller.account_id is None:
        return biller
    if wallet is None or wallet.owner_id != biller.owner_id:
        raise WalletNotFound
    if wallet.currency != biller.currency:
        raise CurrencyMismatch(currency=biller.currency)
    return biller


def decide_change(
    found: Biller | None,
    editor: Editor,
    changes: Mapping[str, Any],
    wallet: Wallet | None,
    now: datetime,
) -> Biller:
    """Return a biller as it is to be, or raise the first refusal that applies."""
    if found is None:
        raise ServiceNotFound
    if not editor.may_edit(found):
        raise OnlyOwnerMayEdit
    changed = replace(found, **changes, updated_at=now)
    return decide_opening(changed, wallet) if "account_id" in changes else changed


def decide_amount(biller: Biller, amount: Money | None, currency: str | None) -> Money:
    """Return what a payment to a biller is of, or raise the first refusal that applies.

    Args:
        biller: What is paid for.
        amount: What the payer names, None where it is left to the biller.
        currency: Which currency the payer names, where no amount is.
    """
    if not biller.is_active:
        raise ServiceNotActive
    named = amount.currency if amount is not None else currency
    if named is not None and named != biller.currency:
        raise CurrencyMismatch(currency=named)
    if biller.price_minor is None:
        if amount is None:
            raise ServiceAmountMissing
        return amount
    price = Money(biller.price_minor, biller.currency)
    if amount is not None and amount != price:
        raise ServicePriceDiffers(price=price.decimal, currency=price.currency)
    return price
