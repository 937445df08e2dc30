"""What does not fit together, in a book or between it and a wallet, is named."""

from uuid import UUID

import pytest

from finance.domain.feed.reconciliation import (
    BookedBalance,
    BookedWallet,
    Difference,
    ToldBalance,
    difference_with_wallet,
    differences_within,
    is_behind,
)

ACCOUNT, USER, WALLET = (UUID(int=number) for number in (1, 2, 3))
OWN = BookedBalance(
    account_id=ACCOUNT,
    user_id=USER,
    wallet_id=None,
    seq=0,
    opening_minor=100,
    balance_minor=150,
    sum_minor=50,
    movements=0,
    last_seq=0,
)
LINKED = OWN._replace(
    wallet_id=WALLET, seq=2, opening_minor=0, sum_minor=150, movements=2, last_seq=2
)
TOLD = ToldBalance(wallet_id=WALLET, owner_id=USER, seq=2, balance_minor=150, first_position=17)
BOOKED = BookedWallet(account_id=ACCOUNT, wallet_id=WALLET, seq=2, sum_minor=150)


@pytest.mark.parametrize(
    ("account", "found"),
    [
        (OWN, []),
        (LINKED, []),
        (OWN._replace(balance_minor=151), ["balance"]),
        (LINKED._replace(movements=1), ["movements"]),
        (LINKED._replace(last_seq=3), ["last_seq"]),
    ],
)
def test_what_of_an_account_does_not_fit_is_named(account: BookedBalance, found: list[str]) -> None:
    assert [one.what for one in differences_within(account)] == found


def test_an_account_differs_from_its_wallet_at_the_same_movement_alone() -> None:
    assert difference_with_wallet(TOLD, BOOKED, is_read=True) is None
    spoilt = difference_with_wallet(TOLD, BOOKED._replace(sum_minor=140), is_read=True)
    assert spoilt == Difference("wallet", USER, ACCOUNT, WALLET, expected=150, found=140)
    behind = BOOKED._replace(seq=1, sum_minor=140)
    assert difference_with_wallet(TOLD, behind, is_read=True) is None
    assert is_behind(TOLD, behind, is_read=True)
    assert not is_behind(TOLD, BOOKED, is_read=True)


@pytest.mark.parametrize(
    ("told", "is_read", "found", "behind"),
    [
        (TOLD, True, Difference("unknown", USER, None, WALLET, expected=2, found=0), False),
        (TOLD, False, None, True),
        (TOLD._replace(seq=0, first_position=None), False, None, False),
    ],
)
def test_a_wallet_without_an_account_is_unknown_once_it_was_read_of(
    told: ToldBalance, *, is_read: bool, found: Difference | None, behind: bool
) -> None:
    assert difference_with_wallet(told, None, is_read=is_read) == found
    assert is_behind(told, None, is_read=is_read) is behind
