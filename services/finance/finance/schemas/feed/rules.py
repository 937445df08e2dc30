"""Shapes what the API of rules takes and gives."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from finance.domain.categories import CategoryType
from finance.domain.feed.categorisation import RuleTrial, SortingChange
from finance.domain.feed.rules import MOST_PLACES, CategoryRule, RuleDraft, folded
from finance.domain.transactions.transactions import TransactionType
from finance.schemas.texts import EntryText, Tags, VisibleLine, bounds_in
from finance.schemas.transactions.transactions import SplitAnswer
from kit.money import decimal_text
from kit.web.fields import AmountText, CurrencyCode, refuse_field
from kit.web.queries import SpanQuery
from kit.web.schemas import Model

MOST_EXAMPLES: Final = 20
_ID: Final = "0197a1e0-1b2c-7d3e-8f40-5a6b7c8d9e0f"
_EXAMPLE: Final[dict[str, Any]] = {
    "place": 1,
    "category_id": _ID,
    "tags": ["weekend"],
    "payee_id": None,
    "payee_username": None,
    "service_id": None,
    "product_category": None,
    "kind": "payment",
    "words": "tea cake",
    "amount_min": None,
    "amount_max": "5000.00",
    "currency": "RUB",
    "account_id": None,
}
# A rule with a condition is more than a category; an amount alone is one by its currency.
_CONDITIONS: Final = (
    "payee_id",
    "payee_username",
    "service_id",
    "product_category",
    "kind",
    "words",
    "currency",
    "account_id",
)

PlainName = Annotated[VisibleLine, Field(min_length=1, max_length=100)]


def _of_words(text: str) -> str:
    if not folded(text).split():
        raise refuse_field(
            "malformed",
            "Must hold a word at least.",
            "Должно содержать хотя бы одно слово.",
        )
    return text


RuleWords = Annotated[EntryText, AfterValidator(_of_words)]


class RuleRequest(Model):
    """A rule: what transactions must be like, and the category that they get."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    place: int | None = Field(
        None,
        ge=1,
        le=MOST_PLACES,
        description="Rules are tried in this order; the first that fits is taken. By default last.",
    )
    category_id: UUID = Field(description="Only transactions of its type fit.")
    tags: Tags = Field([])
    payee_id: UUID | None = Field(None, description="Who is at the other end, payee or payer.")
    payee_username: PlainName | None = Field(None, description="The same, by name.")
    service_id: UUID | None = Field(None, description="The paid service that was paid.")
    product_category: PlainName | None = Field(
        None, description="A slug of the shop's; what is bought in it or below it fits."
    )
    kind: PlainName | None = Field(
        None, description="Of a movement: `payment`, `refund`, `top_up`, `transfer`, …"
    )
    words: RuleWords | None = Field(
        None,
        min_length=1,
        description="Each of them occurs in the description or in the other's name, in capital or"
        " small letters, with or without accents.",
    )
    amount_min: AmountText | None = None
    amount_max: AmountText | None = Field(
        None, description="In `currency`, which must be named with it, as with `amount_min`."
    )
    currency: CurrencyCode | None = None
    account_id: UUID | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.payee_id is not None and self.payee_username is not None:
            raise refuse_field(
                "at_most_one",
                "Name the payee once: by payee_id or by payee_username.",
                "Укажите получателя один раз: payee_id или payee_username.",
                field="payee_username",
            )
        self._bounds()
        if all(getattr(self, name) is None for name in _CONDITIONS):
            raise refuse_field(
                "required",
                "Name a condition at least; this rule would fit everything.",
                "Укажите хотя бы одно условие: это правило подошло бы ко всему.",
                field="words",
            )
        return self

    def _bounds(self) -> tuple[int | None, int | None]:
        return bounds_in(self.currency, self.amount_min, self.amount_max)

    def draft(self, payee_id: UUID | None) -> RuleDraft:
        """Return the rule as its owner has written it, with the payee that was found."""
        amount_min_minor, amount_max_minor = self._bounds()
        return RuleDraft(
            category_id=self.category_id,
            tags=tuple(self.tags),
            place=self.place,
            payee_id=payee_id,
            payee_username=self.payee_username,
            service_id=self.service_id,
            product_category=self.product_category,
            kind=self.kind,
            words=self.words,
            amount_min_minor=amount_min_minor,
            amount_max_minor=amount_max_minor,
            currency=self.currency,
            account_id=self.account_id,
        )


class RuleTryRequest(Model):
    """A rule to be tried on the past."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rule": _EXAMPLE, "replaces": None}]}
    )

    rule: RuleRequest
    replaces: UUID | None = Field(None, description="The rule that it would take the place of.")


class RulesApplication(Model):
    """How far rules were applied to the past."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cursor": None}]})

    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the last call.")


class RuleAnswer(Model):
    """A rule of one's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    **_EXAMPLE,
                    "payee_id": _ID,
                    "payee_username": "pavel",
                    "type": "expense",
                    "created_at": "2026-01-31T12:00:00Z",
                    "updated_at": "2026-01-31T12:00:00Z",
                }
            ]
        }
    )

    id: UUID
    place: int
    category_id: UUID
    type: CategoryType = Field(description="That of its category.")
    tags: list[str]
    payee_id: UUID | None
    payee_username: str | None
    service_id: UUID | None
    product_category: str | None
    kind: str | None
    words: str | None
    amount_min: str | None
    amount_max: str | None
    currency: str | None
    account_id: UUID | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, rule: CategoryRule, names: Mapping[UUID, str | None]) -> "RuleAnswer":
        """Return a rule as its owner sees it; `names` are the usernames of payees."""
        return cls.model_construct(
            id=rule.id,
            place=rule.place,
            category_id=rule.category_id,
            type=CategoryType(rule.type),
            tags=list(rule.tags),
            payee_id=rule.payee_id,
            payee_username=None if rule.payee_id is None else names.get(rule.payee_id),
            service_id=rule.service_id,
            product_category=rule.product_category,
            kind=rule.kind,
            words=rule.words,
            amount_min=_text(rule.amount_min_minor, rule.currency),
            amount_max=_text(rule.amount_max_minor, rule.currency),
            currency=rule.currency,
            account_id=rule.account_id,
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )


class RuleExample(Model):
    """A transaction that a rule would sort otherwise, as it is and as it would be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "transaction_id": _ID,
                    "date": "2026-01-31",
                    "type": "expense",
                    "amount": "350.00",
                    "currency": "RUB",
                    "description": "Tea",
                    "category_id": None,
                    "new_category_id": _ID,
                    "new_splits": [],
                    "new_tags": ["weekend"],
                }
            ]
        }
    )

    transaction_id: UUID
    date: date
    type: TransactionType
    amount: str
    currency: str
    description: str | None
    category_id: UUID | None
    new_category_id: UUID | None
    new_splits: list[SplitAnswer]
    new_tags: list[str]

    @classmethod
    def of(cls, change: SortingChange) -> "RuleExample":
        """Show one change."""
        row, choice = change
        return cls.model_construct(
            transaction_id=row.id,
            date=row.date,
            type=TransactionType(row.type),
            amount=decimal_text(abs(row.amount_minor), row.currency),
            currency=row.currency,
            description=row.description,
            category_id=row.category_id,
            new_category_id=choice.category_id,
            new_splits=[SplitAnswer.of(part, row.currency) for part in choice.splits],
            new_tags=list(choice.tags),
        )


class RuleTrialAnswer(Model):
    """What a rule would do to the past, if all rules were applied with it."""

    looked_at: int = Field(
        description="How many transactions it was tried on, of those that rules may sort.",
        examples=[1200],
    )
    is_whole: bool = Field(description="Whether there are no older ones.", examples=[True])
    fitting: int = Field(description="How many meet its conditions.", examples=[14])
    changes: int = Field(
        description="How many of these, and of those that only the replaced rule fits, would be"
        " sorted otherwise.",
        examples=[9],
    )
    examples: list[RuleExample] = Field(description="The newest of the changes.")

    @classmethod
    def of(cls, trial: RuleTrial, *, is_whole: bool) -> Self:
        """Show a trial with a few of its changes."""
        return cls(
            looked_at=trial.looked_at,
            is_whole=is_whole,
            fitting=trial.fitting,
            changes=len(trial.changes),
            examples=[RuleExample.of(one) for one in trial.changes[:MOST_EXAMPLES]],
        )


class RulesApplied(Model):
    """What applying rules has come to."""

    looked_at: int = Field(description="Of those that rules may sort.", examples=[1200])
    changed: int = Field(examples=[9])
    next_cursor: str | None = Field(
        description="Call again with it for older transactions; null where there are none.",
        examples=[None],
    )


class RulesQuery(SpanQuery):
    """Page of rules, in the order in which they are tried; span of their making."""


def _text(minor: int | None, currency: str | None) -> str | None:
    return None if minor is None or currency is None else decimal_text(minor, currency)
