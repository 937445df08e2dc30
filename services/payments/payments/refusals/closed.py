"""Says what keeps a user from being closed; `contracts.payments` has the refusal."""

from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from kit.money import decimal_text
from kit.refusals import FieldFault


class Open(NamedTuple):
    """Something of a user's that is not over; its amount, if any, is in minor units."""

    kind: Literal["payment", "refund", "charge", "bulk", "dispute", "movement", "return"]
    id: UUID
    status: str
    amount_minor: int | None
    currency: str | None


_WORDS = {
    "payment": ("Payment", "Платёж"),
    "refund": ("Refund", "Возврат"),
    "charge": ("Card charge", "Списание с карты"),
    "bulk": ("Bulk", "Пакет платежей"),
    "dispute": ("Card dispute", "Спор по карте"),
    "movement": ("Movement for a card's provider", "Движение для провайдера карты"),
    "return": ("Return to a card", "Возврат на карту"),
}


def open_faults(standing: Iterable[Open]) -> list[FieldFault]:
    """Return a fault for each thing that is not over, for `PaymentsOpen`."""
    return [_fault(one) for one in standing]


def _fault(one: Open) -> FieldFault:
    word_en, word_ru = _WORDS[one.kind]
    of_en = of_ru = ""
    if one.amount_minor is not None and one.currency is not None:
        amount = f"{decimal_text(one.amount_minor, one.currency)} {one.currency}"
        of_en, of_ru = f" of {amount}", f" на {amount}"
    return FieldFault(
        pointer=f"/{one.kind}s/{one.id}",
        code=one.status,
        detail_en=f"{word_en} {one.id}{of_en} is not over: {one.status}.",
        detail_ru=f"{word_ru} {one.id}{of_ru}: ещё не закончено, {one.status}.",
    )
