"""Names the differences between books and what wallet has; pure."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from finance.domain.feed.movements import BookMovement


class ToldBalance(NamedTuple):
    """How a wallet stands after its entry `seq`, as wallet tells.

    `first_position` is where its first entry stands among those of all wallets; None: it has none.
    """

    wallet_id: UUID
    owner_id: UUID
    seq: int
    balance_minor: int
    first_position: int | None


class BookedBalance(NamedTuple):
    """How an account stands, and what its transactions add up to.

    Amounts are in minor units. What is said of movements is 0 where there are none.
    """

    account_id: UUID
    user_id: UUID
    wallet_id: UUID | None
    seq: int
    opening_minor: int
    balance_minor: int
    sum_minor: int
    movements: int
    last_seq: int


class BookedWallet(NamedTuple):
    """How far a wallet is booked, and what up to a movement that was asked about."""

    account_id: UUID
    wallet_id: UUID
    seq: int
    sum_minor: int


class BookedAmount(NamedTuple):
    """What is booked of a movement; 0 where that is missing."""

    account_id: UUID
    amount_minor: int


class Difference(NamedTuple):
    """Something that is not as it should be: what, where, and both figures.

    `balance` is an account's own, against its transactions; `movements` how many there are of a
    linked one, and `last_seq` the last, against how far it is booked; `movement` what is booked of
    the one that has the number `seq`; `wallet` what is booked up to a movement, against wallet's
    balance after it; `unknown` a wallet that was read of, and that no account shows.
    """

    what: str
    user_id: UUID
    account_id: UUID | None
    wallet_id: UUID | None
    expected: int
    found: int
    seq: int | None = None


def differences_within(one: BookedBalance) -> Iterator[Difference]:
    """Yield what of an account does not fit together."""
    checks = [("balance", one.opening_minor + one.sum_minor, one.balance_minor)]
    if one.wallet_id is not None:  # so many, none twice, and the last of them: no gap
        checks += [("movements", one.seq, one.movements), ("last_seq", one.seq, one.last_seq)]
    for what, expected, found in checks:
        if expected != found:
            yield Difference(what, one.user_id, one.account_id, one.wallet_id, expected, found)


def difference_with_wallet(
    told: ToldBalance, booked: BookedWallet | None, *, is_read: bool
) -> Difference | None:
    """Return how a wallet differs from its account at the same movement, if it does.

    One that is booked less far is behind, which is no difference: the rest will come. So is one
    without an account before its first movement ``is_read``.
    """
    if booked is None:
        if told.seq == 0 or not is_read:
            return None
        return Difference("unknown", told.owner_id, None, told.wallet_id, told.seq, 0)
    if booked.seq < told.seq or booked.sum_minor == told.balance_minor:
        return None
    where = (told.owner_id, booked.account_id, told.wallet_id)
    return Difference("wallet", *where, told.balance_minor, booked.sum_minor)


def difference_of_movement(told: BookMovement, booked: BookedAmount) -> Difference | None:
    """Return how a movement differs from what is booked of it, if it does.

    Where none does, and the balance after the latest doesn't, no balance before does.
    """
    if told.amount_minor == booked.amount_minor:
        return None
    where = (told.owner_id, booked.account_id, told.wallet_id)
    return Difference("movement", *where, told.amount_minor, booked.amount_minor, told.seq)


def is_behind(told: ToldBalance, booked: BookedWallet | None, *, is_read: bool) -> bool:
    """Tell whether movements of a wallet are still to be booked."""
    if booked is None:
        return told.seq > 0 and not is_read
    return booked.seq < told.seq
