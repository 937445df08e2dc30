from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from deploy.generate.pages import NOTHING
from deploy.generate.saga_pages import page

from kit.messaging.messages import Command, Reply
from kit.saga import Saga, Step, Task
from kit.saga.definition import Ask


class Reserved(Reply):
    type: ClassVar[str] = "store.reserved.v1"


class Sold(Reply):
    type: ClassVar[str] = "store.sold.v1"


class Free(Reply):
    type: ClassVar[str] = "store.free.v1"


def ask(made: Ask) -> Command:
    return Command(command_id=made.command_id)


RESERVE = Step(
    name="reserve",
    asks=ask,
    asks_words="store `reserve`",
    done=Reserved,
    refused=Sold,
    undo=ask,
    undo_words="store `free`",
    undone=Free,
    deadline=timedelta(seconds=7.5),
)
LOOK = Step(
    name="look",
    applies_when="it is dear",
    asks=Task("look"),
    asks_words="an eye",
    no_undo_because="it only looks",
)
SHIP = Step(
    name="ship",
    asks=ask,
    asks_words="store `ship`",
    done=Reserved,
    is_point_of_no_return=True,
)
ORDER = Saga(name="order", version=3, steps=(RESERVE, LOOK, SHIP))


TABLE = f"""\
| step | when | asks | done | refused | undo | deadline |
|---|---|---|---|---|---|---|
| reserve | always | store `reserve` | `reserved` | `sold` | store `free` | 7.5 s |
| look | it is dear | an eye | it says yes | it says no | {NOTHING} (it only looks) | 30 s |
| **ship** (point of no return) | always | store `ship` | `reserved` | {NOTHING} | {NOTHING} \
| 30 s, then an alarm |
"""


def test_the_table_has_a_row_for_each_step() -> None:
    assert TABLE in page(ORDER)


def arrows(saga: Saga) -> set[str]:
    return {line.strip() for line in page(saga).splitlines() if "->" in line}


def test_the_picture_shows_the_way_on_past_what_does_not_apply_and_back() -> None:
    assert arrows(ORDER) == {
        "start --> reserve",
        "reserve --> if_look",
        'if_look{"it is dear?"} -->|yes| look',
        "if_look -->|no| ship",
        "look --> ship",
        "ship --> done",
        "reserve -.->|no| refused",
        "look -.->|no| undo_reserve",
        "undo_reserve -.-> refused",
    }


def test_steps_of_one_condition_are_passed_over_together() -> None:
    dear = replace(RESERVE, applies_when="it is dear")
    saga = Saga(name="order", version=1, steps=(dear, LOOK, SHIP))
    assert {
        "start --> if_reserve",
        'if_reserve{"it is dear?"} -->|yes| reserve',
        "if_reserve -->|no| ship",
        "reserve --> look",
        "look --> ship",
    } <= arrows(saga)
    assert not any("if_look" in arrow for arrow in arrows(saga))


def test_steps_of_two_conditions_are_asked_for_one_after_the_other() -> None:
    rare = replace(LOOK, name="show", applies_when="it is rare")
    saga = Saga(name="order", version=1, steps=(LOOK, rare, SHIP))
    assert {
        "start --> if_look",
        "look --> if_show",
        "if_look -->|no| if_show",
        'if_show{"it is rare?"} -->|yes| show',
        "show --> ship",
        "if_show -->|no| ship",
    } <= arrows(saga)


def test_a_last_step_that_does_not_apply_leads_to_the_end() -> None:
    saga = Saga(name="order", version=1, steps=(SHIP, LOOK))
    assert {"ship --> if_look", "look --> done", "if_look -->|no| done"} <= arrows(saga)
