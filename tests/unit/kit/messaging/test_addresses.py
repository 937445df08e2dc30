"""Where a message goes: by what it is, and by who sends it."""

from typing import ClassVar

import pytest

from kit.ids import new_id
from kit.messaging.messages import Message
from kit.messaging.outbox import address
from kit.messaging.topology import COMMANDS, REPLIES, of_service
from testkit.toys import ToyTold, Worked, work


class Odd(Message):
    """Neither event, command nor reply."""

    type: ClassVar[str] = "kit.odd.v1"


def test_an_event_goes_to_the_exchange_of_who_tells_it() -> None:
    told = ToyTold(text="x")
    assert address(told, "wallet", None) == ("wallet.events", told.type, None)


def test_a_command_goes_to_its_owner_and_says_where_the_answer_is_waited_for() -> None:
    exchange, key, reply_to = address(work(), "payments", None)
    assert (exchange, key, reply_to) == (COMMANDS, "kit", "payments")


def test_a_reply_goes_to_whoever_asked_and_to_nobody_where_that_is_not_said() -> None:
    reply = Worked(in_reply_to=new_id())
    assert address(reply, "wallet", "payments") == (REPLIES, "payments", None)
    with pytest.raises(ValueError, match="needs `to`"):
        address(reply, "wallet", None)


def test_a_message_of_no_kind_goes_nowhere() -> None:
    with pytest.raises(TypeError, match="Odd is neither event, command nor reply"):
        address(Odd(), "wallet", None)


def test_who_reads_nothing_has_no_queue_not_even_for_the_dead() -> None:
    silent = of_service("wallet", commands=0, replies=False, event_types=())
    assert silent.queues == ()
    assert [one.name for one in silent.exchanges] == ["wallet.events"]
