"""Declares the gateway's own operations; `documents.own` describes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from kit.refusals import Refusal
from kit.web.access import Access


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """A GET that the gateway answers with JSON of its own.

    Attributes:
        path: Where it is.
        operation_id: What clients call it.
        tag: The group that it is shown in, with what that is about.
        summary: What it gives, in a line.
        description: What more there is to say, if anything.
        parameters: What may be asked for, as an OpenAPI document has it.
        access: Who may call it.
        answer: The model of what it answers.
        answers: What that is, in words.
        example: An answer.
        refusals: What it may refuse.
    """

    path: str
    operation_id: str
    tag: tuple[str, str]
    summary: str
    access: Access
    answer: type[BaseModel]
    answers: str
    example: Any
    refusals: Sequence[type[Refusal]]
    description: str | None = None
    parameters: Sequence[dict[str, Any]] = ()
