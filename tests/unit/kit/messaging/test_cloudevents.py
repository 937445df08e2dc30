from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto

from kit import context
from kit.messaging import cloudevents
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.messages import Envelope, Event
from testkit.clock import FakeClock
from testkit.toys import ToyTold, Work, encoded

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def raw_of(body: bytes) -> dict[str, Any]:
    raw: dict[str, Any] = orjson.loads(body)
    return raw


def read(body: bytes) -> Envelope[ToyTold]:
    return cloudevents.decode(body, ToyTold)


def good(**changes: Any) -> bytes:
    event = raw_of(encoded(ToyTold(text="hi"), clock=FakeClock(AT)))
    return orjson.dumps(event | {"id": str(UUID(int=5))} | changes)


def test_an_event_is_a_cloudevent_and_comes_back_whole() -> None:
    event_id, body = cloudevents.encode(
        ToyTold(text="привет"), source="kit", subject="42", time=AT, sequence=7, reply_to="payments"
    )
    raw = orjson.loads(body)
    assert raw == {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "kit",
        "type": "kit.told.v1",
        "subject": "42",
        "time": "2026-01-02T03:04:05Z",
        "datacontenttype": "application/json",
        "schemaversion": 1,
        "sequence": 7,
        "replyto": "payments",
        "data": {"text": "привет"},
    }
    assert read(body) == Envelope(
        id=event_id,
        source="kit",
        type="kit.told.v1",
        subject="42",
        time=AT,
        sequence=7,
        reply_to="payments",
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        message=ToyTold(text="привет"),
    )


def test_ids_as_the_database_driver_gives_them_are_ids() -> None:
    from_driver = pgproto.UUID("01900000-0000-7000-8000-000000000001")
    raw = raw_of(encoded(Work(command_id=from_driver)))
    assert raw["data"]["command_id"] == "01900000-0000-7000-8000-000000000001"


def test_what_is_no_json_is_an_error_of_the_sender() -> None:
    class Odd(Event):
        type: ClassVar[str] = "kit.odd.v1"
        what: complex

    with pytest.raises(TypeError):
        encoded(Odd(what=1j))


def test_every_sending_has_an_id_of_its_own_that_carries_its_day() -> None:
    ids = [cloudevents.type_and_id(encoded(ToyTold(text="x")))[1] for _ in range(3)]
    assert len(set(ids)) == 3
    assert {one.version for one in ids} == {7}


def test_what_is_sent_in_a_request_carries_the_requests_ids() -> None:
    with context.bind(request_id="r-1", traceparent="00-aa-bb-01"):
        envelope = read(encoded(ToyTold(text="x")))
    assert (envelope.correlation_id, envelope.causation_id) == ("r-1", None)
    assert envelope.traceparent == "00-aa-bb-01"


def test_what_answers_a_message_names_it_and_keeps_its_story() -> None:
    with context.bind(request_id="r-1"):
        cause = read(encoded(ToyTold(text="first")))
    with context.bind(request_id="other"):
        _, body = cloudevents.encode(
            ToyTold(text="second"), source="kit", subject="1", time=AT, cause=cause
        )
    answer = read(body)
    assert (answer.correlation_id, answer.causation_id) == ("r-1", str(cause.id))


def test_what_answers_a_message_keeps_its_trace() -> None:
    with context.bind(correlation_id="story", traceparent="00-aa-bb-01"):
        cause = read(encoded(ToyTold(text="first")))
    assert cloudevents.trace_of(cause) == {
        "correlation_id": "story",
        "causation_id": str(cause.id),
        "traceparent": "00-aa-bb-01",
    }
    _, body = cloudevents.encode(
        ToyTold(text="second"), source="kit", subject="1", time=AT, cause=cause
    )
    assert read(body).traceparent == "00-aa-bb-01"


def test_what_is_sent_within_a_story_carries_its_name_and_not_the_requests() -> None:
    with context.bind(request_id="r-1", correlation_id="story", causation_id="c-1"):
        envelope = read(encoded(ToyTold(text="x")))
    assert (envelope.correlation_id, envelope.causation_id) == ("story", "c-1")


def test_the_version_of_a_type_is_the_number_at_its_end() -> None:
    class Renewed(Event):
        type: ClassVar[str] = "kit.v1.renewed.v12"

    class Unnumbered(Event):
        type: ClassVar[str] = "kit.unnumbered"

    assert raw_of(encoded(Renewed()))["schemaversion"] == 12
    assert raw_of(encoded(Unnumbered()))["schemaversion"] == 1


def test_an_event_comes_back_with_every_attribute() -> None:
    raw = good(
        source="shop",
        subject="42",
        sequence=7,
        replyto="wallet",
        correlationid="story",
        causationid="c-1",
        traceparent="00-aa-bb-01",
    )
    assert cloudevents.decode(raw, ToyTold) == Envelope(
        id=UUID(int=5),
        source="shop",
        type="kit.told.v1",
        subject="42",
        time=AT,
        sequence=7,
        reply_to="wallet",
        correlation_id="story",
        causation_id="c-1",
        traceparent="00-aa-bb-01",
        message=ToyTold(text="hi"),
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"subject": 1}, "kit.told.v1: Expected `str`, got `int` - at `$.subject`"),
        ({"sequence": "7"}, "kit.told.v1: Expected `int | null`, got `str` - at `$.sequence`"),
        (
            {"time": "2026-01-02T03:04:05"},
            "kit.told.v1: Expected `datetime` with a timezone component - at `$.time`",
        ),
        ({"subject": "a\x00b"}, "kit.told.v1: an attribute with NUL"),
        ({"data": {"text": 1}}, "kit.told.v1: Expected `str`, got `int` - at `$.data.text`"),
    ],
)
def test_what_is_wrong_with_an_attribute_is_said(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UndecodableError) as raised:
        cloudevents.decode(good(**changes), ToyTold)
    assert str(raised.value) == said


def test_what_is_wrong_with_bytes_is_said() -> None:
    with pytest.raises(UndecodableError, match=r"^not JSON: Input data was truncated$"):
        cloudevents.unpack(b"{", cloudevents.SINGLE)
    with pytest.raises(UndecodableError, match=r"^a batch that is no array$"):
        cloudevents.unpack(b"{}", cloudevents.BATCH)
    with pytest.raises(UndecodableError, match=r"^no usable id or type: Object missing .+`type`$"):
        cloudevents.type_and_id(orjson.dumps({"id": str(UUID(int=1))}))


def test_a_type_and_an_id_are_read_as_they_came() -> None:
    assert cloudevents.type_and_id(good()) == ("kit.told.v1", UUID(int=5))


def test_a_pack_unpacks_into_its_events_in_order() -> None:
    bodies = [encoded(ToyTold(text=str(n))) for n in range(3)]
    raws = cloudevents.unpack(cloudevents.pack(bodies), cloudevents.BATCH)
    assert raws == bodies


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", cloudevents.SINGLE),
        (b"{", cloudevents.SINGLE),
        (b"\xff\xfe", cloudevents.SINGLE),
        (b'{"a": NaN}', cloudevents.SINGLE),
        (b'{"a": "\xff"}', cloudevents.SINGLE),
        (b'{"a": "\\ud800"}', cloudevents.SINGLE),
        (b"[" * 5000, cloudevents.BATCH),
        (b'{"not": "a batch"}', cloudevents.BATCH),
    ],
)
def test_what_is_no_event_is_undecodable(body: bytes, content_type: str) -> None:
    with pytest.raises(UndecodableError):
        cloudevents.unpack(body, content_type)


@pytest.mark.parametrize("raw", [None, 1, "text", [], {}, {"type": "x"}, {"type": "x", "id": 1}])
def test_an_event_without_a_usable_id_is_undecodable(raw: Any) -> None:
    with pytest.raises(UndecodableError):
        cloudevents.type_and_id(orjson.dumps(raw))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": 1},
        {"subject": None},
        {"subject": "a\x00b"},
        {"source": ["kit"]},
        {"time": "yesterday"},
        {"time": "2026-01-02T03:04:05"},
        {"time": 5},
        {"sequence": "7"},
        {"sequence": True},
        {"sequence": 7.0},
        {"id": "x"},
        {"id": "{00000000-0000-0000-0000-000000000005}"},
        {"replyto": 1},
        {"correlationid": {}},
        {"causationid": 1},
        {"traceparent": "\x00"},
        {"data": None},
        {"data": {}},
        {"data": {"text": 1}},
    ],
)
def test_an_event_with_an_attribute_of_the_wrong_kind_is_undecodable(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(UndecodableError):
        cloudevents.decode(good(**changes), ToyTold)


@pytest.mark.parametrize("missing", ["source", "subject", "time", "data"])
def test_an_event_that_lacks_an_attribute_is_undecodable(missing: str) -> None:
    raw = raw_of(good())
    del raw[missing]
    with pytest.raises(UndecodableError):
        cloudevents.decode(orjson.dumps(raw), ToyTold)


def test_what_a_newer_producer_adds_is_ignored() -> None:
    raw = good(newextension=1, data={"text": "hi", "added": {"later": True}})
    assert cloudevents.decode(raw, ToyTold).message == ToyTold(text="hi")
