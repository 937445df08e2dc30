"""Asks payments and wallet to close a user who is being deleted, or to reopen one.

It never calls inside a unit of work. Auth signs its own service token for these calls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from kit.refusals import FieldFault, Language, Unavailable

TIMEOUT_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class _Fault(BaseModel):
    pointer: str
    code: str
    detail: str


class _Problem(BaseModel):
    code: str
    errors: list[_Fault] = []


@dataclass(frozen=True, slots=True)
class Obstacles:
    """The reasons why a service refuses a deletion: its code, and a fault for each."""

    code: str
    faults: tuple[FieldFault, ...]


class ClosingClient:
    """Calls the internal operations that close and reopen owners."""

    def __init__(
        self, client: httpx.AsyncClient, token: Callable[[], str], *, payments: str, wallet: str
    ) -> None:
        """Take the HTTP client (its owner closes it), a source of tokens, two addresses."""
        self._client = client
        self._token = token
        # Payments first, because open payments hold money in wallets.
        self._owners = [f"{url.rstrip('/')}/internal/owners" for url in (payments, wallet)]

    async def close(self, user_id: UUID, language: Language) -> list[Obstacles]:
        """Close a user everywhere; return the reasons of those that refuse.

        Raises:
            Unavailable: a service gives no usable answer; others may have closed the user.
        """
        answers = [await self._post(url, user_id, "close", language) for url in self._owners]
        return [standing for standing in answers if standing is not None]

    async def reopen(self, user_id: UUID) -> None:
        """Undo `close` everywhere, even where it was refused.

        Raises:
            Unavailable: a service gives no usable answer.
        """
        for url in self._owners:
            await self._post(url, user_id, "reopen", "en")

    async def _post(
        self, url: str, user_id: UUID, verb: str, language: Language
    ) -> Obstacles | None:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept-Language": language}
        try:
            answer = await self._client.post(
                f"{url}/{user_id}/{verb}", headers=headers, timeout=TIMEOUT_SECONDS
            )
            if answer.status_code == httpx.codes.CONFLICT:
                return _read(answer)
            if answer.status_code != httpx.codes.NO_CONTENT:
                log.warning("close_refused", url=url, verb=verb, status=answer.status_code)
                raise Unavailable
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable from error
        return None


def _read(answer: httpx.Response) -> Obstacles:
    problem = _Problem.model_validate_json(answer.content)
    return Obstacles(
        problem.code,
        tuple(FieldFault(one.pointer, one.code, one.detail, one.detail) for one in problem.errors),
    )
