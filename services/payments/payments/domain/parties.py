"""What payments knows of people and wallets when it decides: told by events or asked for."""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from payments.domain.paid_services import PaidService


def username_key(username: str) -> str:
    """Return what two spellings of one username have in common: auth's rule, NFKC and casefold."""
    once = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", once)


@dataclass(frozen=True, slots=True)
class Person:
    """A user as told by auth; ``username`` is None for one who registered by e-mail alone.

    ``closed`` is one who is just being deleted: of that auth does not know yet.
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
        """Tell whether the account is closed for good or for now: `pending` may be old news."""
        return self.status in {"closed", "disabled", "deleted"}

    @property
    def may_have_become_active(self) -> bool:
        """Tell whether auth may know better than what was told."""
        return self.status not in {"active", "closed"}


@dataclass(frozen=True, slots=True)
class Wallet:
    """A user's wallet as told by wallet."""

    account_id: UUID
    owner_id: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class Purse:
    """What a wallet holds now, as asked at wallet; one not opened yet is empty.

    ``room_minor`` says how much more it can hold, None where that is not known.
    """

    available_minor: int
    is_frozen: bool
    room_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PayeeName:
    """How the payee was named: exactly one of these is set."""

    username: str | None = None
    user_id: UUID | None = None
    wallet_id: UUID | None = None
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """Whom a new payment is to be between, as the payer said it."""

    payer_id: UUID
    payee: PayeeName
    from_wallet_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """All that could be learned about the ends of a new payment; None is "there is none".

    ``is_payer_full`` says that as many of the payer's payments wait to be paid as may.
    """

    payer: Person | None
    payee: Person | None
    payer_wallet: Wallet | None = None
    payee_wallet: Wallet | None = None
    paid_service: PaidService | None = None
    is_payer_full: bool = False
