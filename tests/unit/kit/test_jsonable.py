"""kit.jsonable: what orjson does not write by itself."""

from uuid import UUID

import orjson
import pytest
from msgspec import Struct

from kit.jsonable import plain


class DriversId(UUID):
    """An id as a driver gives it: of a subclass, which orjson does not know."""


class Toy(Struct):
    id: UUID
    name: str | None = None


ID = "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03"


def test_ids_of_the_driver_and_messages_are_written_as_their_contents() -> None:
    value = {"id": DriversId(ID), "toys": [Toy(id=DriversId(ID), name="kite")]}
    assert orjson.loads(orjson.dumps(value, plain)) == {
        "id": ID,
        "toys": [{"id": ID, "name": "kite"}],
    }


@pytest.mark.parametrize("value", [object(), {1, 2}, Toy, b"bytes"])
def test_anything_else_is_a_mistake_that_names_its_type(value: object) -> None:
    with pytest.raises(TypeError, match=f"^{type(value).__name__} is not JSON$"):
        plain(value)
