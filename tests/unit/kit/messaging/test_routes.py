from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit import context
from kit.context import Context
from kit.messaging.messages import Envelope
from kit.messaging.routes import by_type, caused_by
from testkit.toys import Sung, ToyTold


async def handle(*_: Any) -> None:
    """Do nothing."""


def test_what_is_done_about_a_message_carries_on_its_story() -> None:
    told = Envelope(
        id=UUID(int=1),
        source="kit",
        type="kit.told.v1",
        subject="42",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        sequence=None,
        reply_to=None,
        correlation_id="story",
        causation_id="before",
        traceparent="00-aa-bb-01",
        message=ToyTold(text="hi"),
    )
    with caused_by(told):
        assert context.current() == Context(
            traceparent="00-aa-bb-01", correlation_id="story", causation_id=str(UUID(int=1))
        )
    assert context.current() == Context()


def test_handlers_are_found_by_the_name_on_the_wire() -> None:
    assert by_type({ToyTold: handle, Sung: handle}) == {
        "kit.told.v1": (ToyTold, handle),
        "kit.sung.v1": (Sung, handle),
    }
