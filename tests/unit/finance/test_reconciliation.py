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
TOLD = ToldBalance(wallet_id=WALLET, owner_id=USER, seq=2, balance_minor=150)
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
    assert difference_with_wallet(TOLD, BOOKED) is None
    spoilt = difference_with_wallet(TOLD, BOOKED._replace(sum_minor=140))
    assert spoilt == Difference("wallet", USER, ACCOUNT, WALLET, expected=150, found=140)
    behind = BOOKED._replace(seq=1, sum_minor=140)
    assert difference_with_wallet(TOLD, behind) is None
    assert is_behind(TOLD, behind)
    assert not is_behind(TOLD, BOOKED)


def test_a_wallet_that_has_moved_is_unknown_without_an_account() -> None:
    found = difference_with_wallet(TOLD, None)
    assert found == Difference("unknown", USER, None, WALLET, expected=2, found=0)
    assert difference_with_wallet(TOLD._replace(seq=0), None) is None
    assert not is_behind(TOLD, None)
