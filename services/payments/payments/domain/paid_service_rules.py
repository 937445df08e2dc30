"""Decides who may make and change paid services, and the amount of paying one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.money import Money
from payments.domain.paid_services import PaidService
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
    """Who wants to change a paid service."""

    user_id: UUID
    is_admin: bool = False

    def may_edit(self, paid_service: PaidService) -> bool:
        """Tell whether this is the paid service's owner, or an admin."""
        return self.is_admin or self.user_id == paid_service.owner_id


def decide_opening(paid_service: PaidService, wallet: Wallet | None) -> PaidService:
    """Return a new paid service, if its wallet fits its owner and currency.

    ``wallet`` is the one that the paid service names; None where it does not exist.

    Raises:
        WalletNotFound: there is no such wallet, or it is another's.
        CurrencyMismatch: it has another currency.
    """
    if paid_service.account_id is None:
        return paid_service
    if wallet is None or wallet.owner_id != paid_service.owner_id:
        raise WalletNotFound
    if wallet.currency != paid_service.currency:
        raise CurrencyMismatch(currency=paid_service.currency)
    return paid_service


def decide_change(
    found: PaidService | None,
    editor: Editor,
    changes: Mapping[str, Any],
    wallet: Wallet | None,
    now: datetime,
) -> PaidService:
    """Return the changed paid service, or raise the first refusal that applies."""
    if found is None:
        raise ServiceNotFound
    if not editor.may_edit(found):
        raise OnlyOwnerMayEdit
    changed = replace(found, **changes, updated_at=now)
    return decide_opening(changed, wallet) if "account_id" in changes else changed


def decide_amount(paid_service: PaidService, amount: Money | None, currency: str | None) -> Money:
    """Return the amount of a payment to a paid service, or raise the first refusal.

    Args:
        paid_service: What is paid for.
        amount: What the payer names, None where it is left to the paid service.
        currency: Which currency the payer names, where no amount is.
    """
    if not paid_service.is_active:
        raise ServiceNotActive
    named = amount.currency if amount is not None else currency
    if named is not None and named != paid_service.currency:
        raise CurrencyMismatch(currency=named)
    if paid_service.price_minor is None:
        if amount is None:
            raise ServiceAmountMissing
        return amount
    price = Money(paid_service.price_minor, paid_service.currency)
    if amount is not None and amount != price:
        raise ServicePriceDiffers(price=price.decimal, currency=price.currency)
    return price
