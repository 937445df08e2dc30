"""Names the field of a refusal where one kind of value stands in several."""

from kit.refusals import FieldRefusal


class NamedFieldRefusal(FieldRefusal):
    """Refuses a field that the place of the refusal names; else its class's own."""

    def __init__(self, at: str | None = None, **params: object) -> None:
        """Take where the value stands: `splits/0/category_id`; a query's `query/move_to`."""
        if at is not None:
            self.field = at
        super().__init__(**params)
