"""Shapes what the API of a book's settings takes and gives."""

from typing import Any, Self

from pydantic import ConfigDict

from finance.domain.books import FinanceBook
from finance.schemas.texts import BookZone
from kit.web.schemas import Model

_EXAMPLE: dict[str, Any] = {"time_zone": "Europe/Moscow"}


class FinanceSettingsChange(Model):
    """The settings to change."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    time_zone: BookZone


class FinanceSettingsAnswer(Model):
    """What is the same for all of a book."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    time_zone: str

    @classmethod
    def of(cls, book: FinanceBook) -> Self:
        """Return the settings of a book."""
        return cls(time_zone=book.time_zone)
