from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from finance.domain.accounts import AccountKind, FinanceAccount
from finance.domain.categories import CategoryType, FinanceCategory
from finance.domain.transactions.transactions import Transaction, TransactionType
from finance.files.bookings import booking_of, by_name
from finance.files.readers.lines import Line

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FOOD = UUID(int=5)
STAMPS: dict[str, Any] = {"version": 1, "created_at": NOW, "updated_at": NOW}
ACCOUNT = FinanceAccount(
    id=UUID(int=1),
    user_id=UUID(int=2),
    name="Cash",
    kind=AccountKind.CASH,
    currency="RUB",
    opening_minor=0,
    balance_minor=0,
    wallet_id=None,
    seq=0,
    **STAMPS,
)
CATEGORIES = by_name(
    [
        FinanceCategory(
            id=FOOD,
            user_id=UUID(int=2),
            name="Еда",
            type=CategoryType.EXPENSE,
            colour=None,
            parent_id=None,
            **STAMPS,
        )
    ]
)


def booked(**facts: Any) -> Transaction:
    line = Line(**{"number": 2, "date": date(2026, 1, 31), "amount_minor": -500, **facts})
    return booking_of(
        line,
        ACCOUNT,
        transaction_id=UUID(int=9),
        key="k",
        categories=CATEGORIES,
        zone="Europe/Moscow",
        now=NOW,
    )


def test_the_sign_says_the_type() -> None:
    assert booked().type is TransactionType.EXPENSE
    assert booked(amount_minor=500).type is TransactionType.INCOME


def test_the_day_of_a_moment_is_that_of_the_book() -> None:
    at = datetime(2026, 1, 31, 22, tzinfo=UTC)
    assert (booked(at=at).day, booked(at=at).at) == (date(2026, 2, 1), at)


@pytest.mark.parametrize("name", ["еда", "ЕДА", "Дом:Еда", "Дом / Еда"])
def test_a_category_is_found_by_its_name_and_the_last_of_its_levels(name: str) -> None:
    assert booked(category=name).category_id == FOOD
    assert booked(category=name).is_category_own


def test_a_category_of_the_other_type_or_of_no_known_name_counts_as_none() -> None:
    assert booked(category="Еда", amount_minor=500).category_id is None
    assert booked(category="Прочее").category_id is None
    assert not booked(category="Прочее").is_category_own


def test_what_no_document_of_xml_may_hold_is_not_kept() -> None:
    assert booked(description="a\ufffeb\uffff\U0010ffff c\x01").description == "a b c"


def test_texts_are_bounded_on_one_line_and_hold_no_full_card_number() -> None:
    found = booked(description="a\nb" + "x" * 900, note="4111 1111 1111 1111", tags=("", "t\nu"))
    assert found.description is not None
    assert found.description.startswith("a bxxx")
    assert len(found.description) == 500
    assert (found.note, found.tags) == ("**** **** **** 1111", ("t u",))
