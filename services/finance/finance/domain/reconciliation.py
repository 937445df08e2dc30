"""Names the differences between books and what wallet has; pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import UUID


class ToldBalance(NamedTuple):
    """How a wallet stands after its entry `seq`, as wallet tells."""

    wallet_id: UUID
    owner_id: UUID
    seq: int
    balance_minor: int


class BookedBalance(NamedTuple):
    """How an account stands, and what its transactions add up to; amounts in minor units.

    `seq`, and what is said of movements, is 0 where it shows no wallet.
    """

    account_id: UUID
    user_id: UUID
    wallet_id: UUID | None
    seq: int
    opening_minor: int
    balance_minor: int
    sum_minor: int
    movements: int
    first_seq: int
    last_seq: int


class Difference(NamedTuple):
    """Something that is not as it should be: what, where, and both figures."""

    what: str
    user_id: UUID
    account_id: UUID | None
    wallet_id: UUID | None
    expected: int
    found: int


def differences_within(one: BookedBalance) -> Iterator[Difference]:
    """Yield what of an account does not fit together."""
    checks = [("sum", one.opening_minor + one.sum_minor, one.balance_minor)]
    if one.wallet_id is not None:
        checks += [
            ("movements", one.seq, one.movements),
            ("first_seq", min(one.seq, 1), one.first_seq),
            ("last_seq", one.seq, one.last_seq),
        ]
    for what, expected, found in checks:
        if expected != found:
            yield Difference(what, one.user_id, one.account_id, one.wallet_id, expected, found)


def differences_with_wallet(
    told: Iterable[ToldBalance], booked: Mapping[UUID, BookedBalance]
) -> Iterator[Difference]:
    """Yield wallets that are not booked, or whose balance is another at the same movement.

    ``booked`` is by wallet. An account that is behind is no difference: what it lacks will come.
    """
    for one in told:
        known = booked.get(one.wallet_id)
        if known is None:
            if one.seq:
                yield Difference("missing", one.owner_id, None, one.wallet_id, one.seq, 0)
        elif known.seq == one.seq and known.balance_minor != one.balance_minor:
            yield Difference(
                "balance",
                one.owner_id,
                known.account_id,
                one.wallet_id,
                one.balance_minor,
                known.balance_minor,
            )
