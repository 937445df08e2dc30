"""Shapes who wants to be told of new payments."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kit.web.schemas import Model

MOST_AT_ONCE = 1000


class ListenersRequest(Model):
    """Users who want to be told.

    With `are_all` nobody else does who was not named before.
    """

    user_ids: Annotated[list[UUID], Field(max_length=MOST_AT_ONCE)]
    are_all: bool = False
