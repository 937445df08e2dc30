"""Names the field of a refusal where one kind of value stands in several."""

from collections.abc import Iterable, Mapping
from typing import Final

from kit.refusals import FieldFault, FieldRefusal, Refusal

# What may refer to an account or a category, in both languages.
USES: Final[Mapping[str, tuple[str, str]]] = {
    "transactions": ("transactions", "операции"),
    "splits": ("parts of split transactions", "части разбитых операций"),
    "recurring": ("recurring transactions", "повторяющиеся операции"),
    "rules": ("rules", "правила"),
    "budgets": ("budgets", "бюджеты"),
    "categories": ("categories in it", "вложенные категории"),
}


class NamedFieldRefusal(FieldRefusal):
    """Refuses a field that the place of the refusal names; else its class's own."""

    def __init__(self, at: str | None = None, **params: object) -> None:
        """Take where the value stands: `splits/0/category_id`; a query's `query/move_to`."""
        if at is not None:
            self.field = at
        super().__init__(**params)


class InUseRefusal(Refusal):
    """Refuses to delete what something refers to; each fault is one kind of users."""

    status = 409

    def __init__(self, uses: Mapping[str, int]) -> None:
        """Take how many of each of USES there are."""
        super().__init__(errors=_faults(uses))


def _faults(uses: Mapping[str, int]) -> Iterable[FieldFault]:
    for name, count in uses.items():
        en, ru = USES[name]
        yield FieldFault(f"/{name}", "in_use", f"{count}: {en}.", f"{count}: {ru}.")
