"""Shapes the query of the list of transactions, and reads it into a filter."""

from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from finance.domain.books import FinanceBook
from finance.domain.transactions.transactions import TransactionFilter, TransactionType
from finance.schemas.periods import PeriodFilters
from finance.schemas.texts import bounds_in
from kit.web.fields import IDS, AmountText, CurrencyCode, split_ids
from kit.web.queries import PageQuery


class TransactionsQuery(PeriodFilters, PageQuery):
    """Filters and page of transactions, newest day first."""

    id: str | None = Field(None, pattern=IDS, description="Ids, separated by commas.")
    account_id: UUID | None = None
    category_id: UUID | None = Field(
        None, description="Also those with a part in it; not those of categories below it."
    )
    type: TransactionType | None = None
    text: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Stands in the description or the note, in capital or small letters.",
        examples=["lunch"],
    )
    tag: str | None = Field(None, min_length=1, max_length=50, examples=["weekend"])
    currency: CurrencyCode | None = None
    amount_min: AmountText | None = None
    amount_max: AmountText | None = Field(
        None, description="In `currency`, which must be named with it, as with `amount_min`."
    )
    uncategorised: bool = Field(
        default=False, description="Only those that nobody has placed: no category, no parts."
    )

    @model_validator(mode="after")
    def _read_amounts(self) -> Self:
        self._bounds()
        return self

    def _bounds(self) -> tuple[int | None, int | None]:
        return bounds_in(self.currency, self.amount_min, self.amount_max)

    def wanted(self, book: FinanceBook) -> TransactionFilter:
        """Return the filter as the repository takes it.

        Raises:
            PeriodInvalid: nothing can be in the period.
        """
        amount_min, amount_max = self._bounds()
        return TransactionFilter(
            user_id=book.user_id,
            period=self.period(book),
            ids=None if self.id is None else tuple(split_ids(self.id)),
            account_id=self.account_id,
            category_id=self.category_id,
            type=self.type,
            text=self.text,
            tag=self.tag,
            currency=self.currency,
            amount_min=amount_min,
            amount_max=amount_max,
            is_uncategorised=self.uncategorised,
        )
