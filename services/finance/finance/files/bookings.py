"""Decides what a line of a file is booked as."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from finance.domain.accounts import FinanceAccount
from finance.domain.categories import CategoryType, FinanceCategory
from finance.domain.dates.days import Dating
from finance.domain.names import name_key
from finance.domain.transactions.transactions import (
    MOST_TAGS,
    Transaction,
    TransactionOrigin,
    TransactionType,
)
from finance.files.readers.lines import Line
from finance.files.texts import one_line
from kit.card_numbers import with_masked_card_numbers

LONGEST_TEXT: Final = 500  # of what a file says, so much is kept
LONGEST_NOTE: Final = 5_000
LONGEST_TAG: Final = 50

CategoryIds = Mapping[tuple[CategoryType, str], UUID]


def by_name(categories: Iterable[FinanceCategory]) -> CategoryIds:
    """Return the ids of categories by what names them in files."""
    return {one.key: one.id for one in categories}


def booking_of(  # noqa: PLR0913 (what a line says, and where it goes)
    line: Line,
    account: FinanceAccount,
    *,
    transaction_id: UUID,
    key: str,
    categories: CategoryIds,
    zone: str,
    now: datetime,
) -> Transaction:
    """Return the transaction of a line; its sign says the type, none is a transfer.

    A category counts where the user has one of this name and type; of levels the last one.
    """
    kind = TransactionType.INCOME if line.amount_minor > 0 else TransactionType.EXPENSE
    dating = Dating.of(line.at or line.date, zone, now)
    named = name_key(line.category.replace(":", "/").rpartition("/")[2])
    category_id = categories.get((CategoryType(kind), named))
    return Transaction(
        id=transaction_id,
        user_id=account.user_id,
        account_id=account.id,
        type=kind,
        amount_minor=line.amount_minor,
        currency=account.currency,
        category_id=category_id,
        is_category_own=category_id is not None,
        description=kept_text(line.description),
        note=kept_text(line.note, LONGEST_NOTE),
        day=dating.day,
        at=dating.at,
        tags=_tags(line.tags),
        origin=TransactionOrigin.IMPORT,
        import_key=key,
        created_at=now,
        updated_at=now,
    )


def kept_text(text: str, longest: int = LONGEST_TEXT) -> str | None:
    """Return what is kept of a text: one line, bounded, no full card number."""
    return with_masked_card_numbers(one_line(text)[:longest].strip()) or None


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    kept = (kept_text(tag[:LONGEST_TAG]) for tag in tags)
    return tuple(dict.fromkeys(filter(None, kept)))[:MOST_TAGS]
