"""Knows the words by which banks name the columns of their tables."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

# By what a column holds: the words for it, the likelier first. A column whose name begins with one
# counts where none is named so exactly.
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "date": (
        *("date", "дата операции", "дата", "transaction date", "дата совершения операции"),
        *("дата платежа", "дата транзакции", "дата проводки", "posting date", "booking date"),
        *("posted", "completed date", "value date", "started date"),
    ),
    "debit": (
        *("debit", "дебет", "расход", "списание", "сумма списания", "withdrawal", "withdrawals"),
        *("paid out", "money out", "debit amount"),
    ),
    "credit": (
        *("credit", "кредит", "приход", "доход", "зачисление", "поступление", "сумма зачисления"),
        *("deposit", "deposits", "paid in", "money in", "credit amount"),
    ),
    "amount": (
        *("amount", "сумма", "сумма платежа", "сумма операции", "сумма в валюте счета"),
        *("сумма в валюте счёта", "сумма в рублях", "transaction amount", "sum", "value"),
    ),
    "description": (
        *("description", "описание операции", "описание", "назначение платежа", "назначение"),
        *(
            "payee",
            "контрагент",
            "details",
            "narrative",
            "memo",
            "merchant",
            "детали",
            "получатель",
        ),
        *("transaction", "name", "наименование"),
    ),
    "note": ("note", "notes", "примечание", "комментарий", "comment"),
    "category": ("category", "категория", "категория операции"),
    "tags": ("tags", "теги", "метки"),
    "currency": (
        *("currency", "валюта", "валюта счета", "валюта счёта", "валюта платежа"),
        "валюта операции",
    ),
    "at": ("at", "timestamp"),
    "account": ("account", "счет", "счёт", "номер счета", "номер счёта"),
    "type": (
        *("type", "тип", "тип операции", "вид операции", "приход/расход", "дебет/кредит"),
        *("debit/credit", "credit/debit", "dr/cr", "cr/dr", "transaction type"),
    ),
    "status": ("status", "статус", "статус операции", "state", "состояние"),
    "id": ("id", "transaction id", "id операции", "fitid", "идентификатор операции"),
}
_SIDES: Final = frozenset({"debit", "credit"})
# What a bank says of an amount without a sign that went out, and of what it did not carry out.
OUTGOING: Final = frozenset(
    {
        *("expense", "debit", "dr", "d", "withdrawal", "out", "outgoing", "sent"),
        *("списание", "расход", "дебет", "дт", "оплата"),
    }
)
VOID: Final = frozenset(
    {
        *("failed", "declined", "rejected", "reverted", "cancelled", "canceled"),
        *("отклонена", "отклонено", "отклонён", "отменена", "отменено", "отменён"),
        *("отказ", "ошибка", "неуспешно"),
    }
)
_BLANKS: Final = re.compile(r"[\s\u00a0_]+")


def word_of(name: str) -> str:
    """Return a column's name as names are compared."""
    return _BLANKS.sub(" ", name).strip(" .:\"'*").casefold()


def guessed(names: Sequence[str]) -> dict[str, int]:
    """Return the column of each thing that some name stands for."""
    words = [word_of(name) for name in names]
    found: dict[str, int] = {}
    for is_exact in (True, False):
        for held, known in WORDS.items():
            if held in found or (held == "amount" and found.keys() & _SIDES and not is_exact):
                continue  # what only begins so may be a fee beside debit and credit
            place = _place(words, known, found, is_exact=is_exact)
            if place is not None:
                found[held] = place
    if "amount" in found:  # of a table with all three the one with a sign is enough
        found.pop("debit", None)
        found.pop("credit", None)
    return found


def _place(
    words: Sequence[str], known: Sequence[str], found: Mapping[str, int], *, is_exact: bool
) -> int | None:
    taken = {*found.values()}
    for one in known:
        for place, word in enumerate(words):
            fits = word == one if is_exact else word.startswith(f"{one} ") and one != "value"
            if fits and place not in taken:
                return place
    return None
