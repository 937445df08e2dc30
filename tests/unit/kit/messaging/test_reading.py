from datetime import timedelta
from typing import Any

import orjson
import pytest

from kit.messaging import cloudevents
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.dead_letters import ERROR_LENGTH, NAME_LENGTH, dead_letter
from kit.messaging.decoder import Decoded, Decoder, Item, ignored
from kit.messaging.routes import by_type
from testkit.clock import FakeClock
from testkit.toys import Sung, ToyTold, delivery, encoded, event_id, work

CLOCK = FakeClock()
TODAY = CLOCK.now().date()


async def handle(*_: Any) -> None:
    """Do nothing."""


def reader(*, unknown_is_fine: bool = True) -> Decoder:
    return Decoder("kit.events", by_type({ToyTold: handle}), unknown_is_fine=unknown_is_fine)


def texts(reading: Decoded) -> list[str]:
    return [item.envelope.message.text for item in reading.items]  # type: ignore[attr-defined]


def reasons(reading: Decoded) -> list[str]:
    return [dead.reason for dead in reading.dead]


def told(text: str) -> bytes:
    return encoded(ToyTold(text=text), clock=CLOCK)


def test_events_are_read_in_order_from_packs_and_alone() -> None:
    reading = reader().read([delivery(told("1"), told("2")), delivery(told("3"), tag=2)], TODAY)
    assert texts(reading) == ["1", "2", "3"]
    assert reading.dead == []


def test_bytes_that_are_no_event_become_one_letter() -> None:
    reading = reader().read([delivery(b"\x00garbage"), delivery(told("1"))], TODAY)
    assert texts(reading) == ["1"]
    assert reasons(reading) == ["undecodable"]
    assert reading.dead[0].body == b"\x00garbage"


@pytest.mark.parametrize(
    "bad", [b"7", b"null", b'"text"', b"[]", b"{}", b'{"id": "x", "type": "kit.told.v1"}']
)
def test_a_bad_event_in_a_pack_is_a_letter_and_its_neighbours_are_read(bad: bytes) -> None:
    reading = reader().read([delivery(told("1"), bad, told("2"))], TODAY)
    assert texts(reading) == ["1", "2"]
    assert reasons(reading) == ["undecodable"]


def test_data_that_does_not_fit_its_type_is_a_letter_that_names_its_event() -> None:
    body = encoded(ToyTold(text="x"), subject="42", clock=CLOCK).replace(b'"x"', b"5")
    reading = reader().read([delivery(body)], TODAY)
    (dead,) = reading.dead
    assert (dead.reason, dead.id, dead.key) == ("undecodable", event_id(body), "42")
    assert dead.type == ToyTold.type
    assert orjson.loads(dead.body) == orjson.loads(body)


def test_an_event_of_a_type_nobody_handles_is_passed_over() -> None:
    reading = reader().read([delivery(encoded(Sung(text="la"), clock=CLOCK))], TODAY)
    assert (reading.items, reading.dead) == ([], [])


def test_a_command_of_a_type_nobody_handles_is_a_letter() -> None:
    commands = reader(unknown_is_fine=False)
    reading = commands.read([delivery(encoded(work(), clock=CLOCK), told("1"))], TODAY)
    assert reasons(reading) == ["unknown_command"]
    assert reading.dead[0].error == "kit.work.v1"
    assert texts(reading) == ["1"]


@pytest.mark.parametrize(
    ("days", "expected"), [(0, []), (14, []), (15, ["stale"]), (-1, []), (-2, ["stale"])]
)
def test_an_event_older_than_the_inbox_remembers_is_a_letter(
    days: int, expected: list[str]
) -> None:
    reading = reader().read([delivery(told("1"))], TODAY + timedelta(days=days))
    assert reasons(reading) == expected


def test_an_id_of_another_kind_is_stale_as_its_duplicates_could_not_be_found() -> None:
    raw = orjson.loads(told("1")) | {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
    reading = reader().read([delivery(orjson.dumps(raw))], TODAY)
    assert reasons(reading) == ["stale"]


def test_the_same_bytes_without_an_id_are_the_same_letter() -> None:
    first, again = dead_letter("q", b"garbage", "r", "e"), dead_letter("q", b"garbage", "r", "e")
    assert first.id == again.id
    assert dead_letter("other", b"garbage", "r", "e").id != first.id


def test_a_letter_holds_only_text_that_postgresql_can_store() -> None:
    raw = {"id": "1", "subject": "a\x00b" * 500, "type": ["list"]}
    made = dead_letter("q", orjson.dumps(raw), "undecodable", "\x00" * 5000)
    assert "\x00" not in made.key + made.type + made.error
    assert len(made.key) == NAME_LENGTH
    assert len(made.error) == ERROR_LENGTH
    assert orjson.loads(made.body) == raw


def test_a_single_event_may_come_under_the_name_of_a_batch_only_as_an_array() -> None:
    alone = delivery(told("1"))
    mislabelled = type(alone)(1, "kit", alone.body, cloudevents.BATCH, 0)
    assert reasons(reader().read([mislabelled], TODAY)) == ["undecodable"]


def test_each_message_goes_to_its_handler_with_the_event_as_it_came() -> None:
    body = told("1")
    (item,) = reader().read([delivery(body)], TODAY).items
    assert item == Item(cloudevents.decode(body, ToyTold), handle, body)
    assert reader().item(body) == item


def test_a_letter_says_which_queue_what_and_why() -> None:
    bytes_alone = reader().read([delivery(b"{")], TODAY).dead
    assert bytes_alone == [dead_letter("kit.events", b"{", "undecodable", bytes_alone[0].error)]
    assert bytes_alone[0].error.startswith("not JSON: ")
    bad = orjson.dumps({"type": "kit.told.v1", "id": "x"})
    (unusable,) = reader().read([delivery(bad)], TODAY).dead
    assert unusable == dead_letter("kit.events", bad, "undecodable", unusable.error)
    assert unusable.error.startswith("no usable id or type: ")
    raw = told("1")
    (old,) = reader().read([delivery(raw)], TODAY + timedelta(days=15)).dead
    assert old == dead_letter("kit.events", raw, "stale", f"event id {event_id(raw)}")
    strange = encoded(work(), clock=CLOCK)
    commands = reader(unknown_is_fine=False)
    (unknown,) = commands.read([delivery(strange)], TODAY).dead
    assert unknown == dead_letter("kit.events", strange, "unknown_command", "kit.work.v1")


def test_events_that_nobody_handles_are_counted_for_their_queue() -> None:
    before = ignored.labels("kit.events")._value.get()
    reader().read([delivery(encoded(Sung(text="la"), clock=CLOCK))], TODAY)
    assert ignored.labels("kit.events")._value.get() == before + 1


def test_an_event_that_nobody_handles_can_not_be_read_alone() -> None:
    raw = encoded(Sung(text="la"), clock=CLOCK)
    with pytest.raises(UndecodableError, match=r"^nobody handles kit\.sung\.v1$"):
        reader().item(raw)
