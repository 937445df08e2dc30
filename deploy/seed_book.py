"""Fills alice's book of personal finance for `make seed`; safe to repeat.

What is there by its name, or its description, is not made again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from deploy.calls import ApiCaller

_API: Final = "/v1/finance"
_SALARY, _FOOD, _HOME, _SOUND, _GIFTS = "Зарплата", "Продукты", "Жильё", "Звук", "Подарки"
_CASH, _CARD, _SAVINGS = "Наличные", "Карта банка", "Накопления"
ACCOUNTS: Final = {
    _CASH: {"kind": "cash", "opening_balance": "12500.00"},
    _CARD: {"kind": "card", "opening_balance": "84300.00"},
    _SAVINGS: {"kind": "savings", "opening_balance": "300000.00"},
}
CATEGORIES: Final = {
    _SALARY: {"type": "income", "colour": "#2e7d32"},
    _FOOD: {"type": "expense", "colour": "#ef6c00"},
    _HOME: {"type": "expense", "colour": "#1565c0"},
    _SOUND: {"type": "expense", "colour": "#6a1b9a"},
    _GIFTS: {"type": "expense", "colour": "#c62828"},
}


@dataclass(frozen=True, slots=True)
class DemoBooking:
    """A transaction: so many days ago, of an account, in a category."""

    days_ago: int
    account: str
    category: str
    amount: str
    description: str


BOOKINGS: Final = (
    DemoBooking(40, _CARD, _SALARY, "140000.00", "Зарплата за прошлый месяц"),
    DemoBooking(38, _CARD, _HOME, "45000.00", "Аренда квартиры"),
    DemoBooking(33, _CARD, _FOOD, "6420.35", "Продукты на неделю"),
    DemoBooking(21, _CASH, _GIFTS, "3500.00", "Цветы"),
    DemoBooking(10, _CARD, _SALARY, "140000.00", "Зарплата"),
    DemoBooking(8, _CARD, _HOME, "45000.00", "Аренда"),
    DemoBooking(5, _CARD, _FOOD, "8215.90", "Продукты"),
    DemoBooking(2, _CASH, _FOOD, "640.00", "Рынок"),
)
# Of what wallets move by themselves.
RULES: Final = {_SOUND: {"product_category": "sound"}, _GIFTS: {"words": "concert"}}
BUDGETS: Final = {_FOOD: "20000.00", _HOME: "47000.00"}
_RENT: Final = "Аренда, каждый месяц"
_TO_SAVINGS: Final = "На накопления"


def fill_book(alice: ApiCaller) -> str:
    """Make what is missing; say what there is."""
    book = DemoBook(alice, datetime.now(UTC).date())
    book.book()
    book.save()
    book.repeat()
    book.rule()
    book.budget()
    counted = {noun: len(book.all(noun)) for noun in ("accounts", "categories", "rules")}
    return ", ".join(f"{count} {noun}" for noun, count in counted.items())


class DemoBook:
    """Adds to somebody's book what is missing of the demonstration."""

    def __init__(self, alice: ApiCaller, today: date) -> None:
        self._alice = alice
        self._today = today
        self._accounts = {
            name: self._named("accounts", {"name": name, **how}) for name, how in ACCOUNTS.items()
        }
        self._categories = {
            name: self._named("categories", {"name": name, **how})
            for name, how in CATEGORIES.items()
        }

    def all(self, noun: str) -> list[dict[str, Any]]:
        """Return all that there is of a noun, page by page."""
        found: list[dict[str, Any]] = []
        place: dict[str, str] = {}
        while True:
            page = self._alice.get(f"{_API}/{noun}", limit=100, **place)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            place = {"cursor": page["next_cursor"]}

    def book(self) -> None:
        """Book the transactions."""
        for one in BOOKINGS:
            if not self._has_booked(one.description):
                booked = {
                    "account_id": self._accounts[one.account],
                    "category_id": self._categories[one.category],
                    "amount": one.amount,
                    "description": one.description,
                    "date": self._day(one.days_ago),
                }
                self._alice.post(f"{_API}/transactions", booked)

    def save(self) -> None:
        """Move something to the savings."""
        if not self._has_booked(_TO_SAVINGS):
            moved = {
                "from_account_id": self._accounts[_CARD],
                "to_account_id": self._accounts[_SAVINGS],
                "amount": "20000.00",
                "description": _TO_SAVINGS,
                "date": self._day(9),
            }
            self._alice.post(f"{_API}/transfers", moved)

    def repeat(self) -> None:
        """Let the rent book itself, from the next month on."""
        if any(one["description"] == _RENT for one in self.all("recurring")):
            return
        next_month = (self._today.replace(day=1) + timedelta(days=32)).replace(day=1)
        rent = {
            "account_id": self._accounts[_CARD],
            "category_id": self._categories[_HOME],
            "type": "expense",
            "amount": "45000.00",
            "description": _RENT,
            "every": "month",
            "interval": 1,
            "anchor_day": 1,
            "next_date": f"{next_month}",
        }
        self._alice.post(f"{_API}/recurring", rent)

    def rule(self) -> None:
        """Add the rules, and let them sort what the wallet has moved before."""
        there = {one["category_id"] for one in self.all("rules")}
        for category, wanted in RULES.items():
            if self._categories[category] not in there:
                rule = {"category_id": self._categories[category], **wanted}
                self._alice.post(f"{_API}/rules", rule)
        self._alice.post(f"{_API}/rules/apply", {})

    def budget(self) -> None:
        """Set the budgets of this month."""
        there = {one["category_id"] for one in self._alice.get(f"{_API}/budgets")["items"]}
        for category, amount in BUDGETS.items():
            if self._categories[category] not in there:
                budget = {
                    "category_id": self._categories[category],
                    "amount": amount,
                    "currency": "RUB",
                    "month": f"{self._today:%Y-%m}",
                    "carry_over": True,
                }
                self._alice.post(f"{_API}/budgets", budget)

    def _has_booked(self, description: str) -> bool:
        found = self._alice.get(f"{_API}/transactions", text=description, limit=100)["items"]
        return any(one["description"] == description for one in found)

    def _named(self, noun: str, wanted: Mapping[str, str]) -> str:
        """Return the id of what has this name, made where it is missing."""
        for one in self.all(noun):
            if one["name"] == wanted["name"]:
                return str(one["id"])
        return str(self._alice.post(f"{_API}/{noun}", wanted)["id"])

    def _day(self, days_ago: int) -> str:
        return f"{self._today - timedelta(days=days_ago)}"
