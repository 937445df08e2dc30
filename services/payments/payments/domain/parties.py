"""Defines what payments knows of people and wallets, by events or by asking."""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct

from payments.domain.paid_services import PaidService


def username_key(username: str) -> str:
    """Return the key that all spellings of a username share: NFKC and casefold.

    This is auth's rule.
    """
    once = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", once)


class Person(Struct, frozen=True):
    """A user as auth tells; one who registered by e-mail alone has no ``username``.

    ``closed`` is one who is being deleted, which auth does not tell yet.
    """

    user_id: UUID
    username: str | None
    status: str

    @property
    def is_active(self) -> bool:
        """Tell whether the account is activated and not disabled."""
        return self.status == "active"

    @property
    def is_barred(self) -> bool:
        """Tell whether the account is closed, disabled or deleted.

        `pending` does not count: it may be old news.
        """
        return self.status in {"closed", "disabled", "deleted"}

    @property
    def may_have_become_active(self) -> bool:
        """Tell whether the user may be active by now, so that auth must be asked."""
        return self.status not in {"active", "closed"}


class Wallet(Struct, frozen=True):
    """A user's wallet as the wallet service tells."""

    account_id: UUID
    owner_id: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class WalletFunds:
    """What a wallet holds now, as the wallet service answers; 0 if it is not opened.

    ``room_minor`` is how much more it can hold, in minor units; None where that is not known.
    """

    available_minor: int
    is_frozen: bool
    room_minor: int | None = None


class PayeeName(Struct, frozen=True):
    """Names the payee, by exactly one of these."""

    username: str | None = None
    user_id: UUID | None = None
    wallet_id: UUID | None = None
    service_id: UUID | None = None


class Ends(Struct, frozen=True):
    """Names the payer and the payee of a new payment, as the payer named them."""

    payer_id: UUID
    payee: PayeeName
    from_wallet_id: UUID | None = None


class Parties(Struct, frozen=True):
    """All that is known of the ends of a new payment; None means there is none.

    ``is_payer_full`` says that the payer has as many payments waiting to be paid as one may have,
    ``are_heard`` that one of the two may want to be told of a new payment.
    """

    payer: Person | None
    payee: Person | None
    payer_wallet: Wallet | None = None
    payee_wallet: Wallet | None = None
    paid_service: PaidService | None = None
    is_payer_full: bool = False
    are_heard: bool = True
