"""Draws a saga's definition for a page: the table of its steps, and a picture."""

from collections.abc import Iterator

from deploy.generate.pages import NOTHING, code, table
from kit.messaging.messages import Message
from kit.saga import Saga, Step, Wait

_HEAD = ("step", "when", "asks", "done", "refused", "undo", "deadline")


def page(saga: Saga) -> str:
    """Return a saga's table and picture."""
    rows = table(_HEAD, map(_row, saga.steps))
    picture = "\n".join(["```mermaid", "flowchart LR", *_picture(saga), "```"])
    return f"Saga `{saga.name}`, version {saga.version}:\n\n{rows}\n\n{picture}"


def _row(step: Step) -> tuple[str, ...]:
    name = f"**{step.name}** (point of no return)" if step.is_point_of_no_return else step.name
    says = "it" if not isinstance(step.asks, Wait) else "the news"
    return (
        name,
        step.applies_when,
        step.asks_words,
        code(_short(step.done)) or f"{says} says yes",
        code(_short(step.refused)) or (NOTHING if step.done else f"{says} says no"),
        step.undo_words or _no_undo(step),
        f"{_deadline(step)}, then an alarm" if step.is_point_of_no_return else _deadline(step),
    )


def _deadline(step: Step) -> str:
    until = step.asks.until_words if isinstance(step.asks, Wait) else ""
    return until or f"{step.deadline.total_seconds():g} s"


def _no_undo(step: Step) -> str:
    return f"{NOTHING} ({step.no_undo_because})" if step.no_undo_because else NOTHING


def _short(reply: type[Message] | None) -> str:
    return reply.type.split(".")[1] if reply else ""


def _picture(saga: Saga) -> Iterator[str]:
    steps = saga.steps
    yield "    start([start])"
    for step in steps:
        shape = ("{{", "}}") if step.is_point_of_no_return else ("[", "]")
        yield f"    {step.name}{shape[0]}{step.name}{shape[1]}"
    yield "    done([done])"
    yield "    refused([refused])"
    yield from _ways_on(steps)
    yield from _ways_back(steps)


def _ways_on(steps: tuple[Step, ...]) -> Iterator[str]:
    """Draw the way forward, with a question before a step that may not apply."""
    open_ends, condition = ["start -->"], "always"
    for step in steps:
        if step.applies_when == condition != "always":
            yield f"    {open_ends[0]} {step.name}"
            open_ends[0] = f"{step.name} -->"
            continue
        condition = step.applies_when
        asked = f"if_{step.name}"
        yield from (
            f"    {end} {step.name if condition == 'always' else asked}" for end in open_ends
        )
        open_ends = [f"{step.name} -->"]
        if condition != "always":
            yield f'    {asked}{{"{condition}?"}} -->|yes| {step.name}'
            open_ends.append(f"{asked} -->|no|")
    yield from (f"    {end} done" for end in open_ends)


def _ways_back(steps: tuple[Step, ...]) -> Iterator[str]:
    """Draw where a refusal leads: through the undo of what was done, latest first."""
    back = "refused"
    for step in steps:
        is_task = step.done is None
        if step.refused or is_task:
            yield f"    {step.name} -.->|no| {back}"
        if step.undo and not step.is_point_of_no_return:
            undo = f"undo_{step.name}"
            yield f"    {undo}[/undo {step.name}/]"
            yield f"    {undo} -.-> {back}"
            back = undo
