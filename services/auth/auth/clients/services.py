"""Asks payments and wallet to close a user who is being deleted, and to reopen one who is not.

Never inside a unit of work. Auth signs the token it shows there itself.
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
    """What stands in the way of a deletion: the code of who says so, and each thing."""

    code: str
    faults: tuple[FieldFault, ...]


class ClosingClient:
    """The internal operations by which owners of money are closed."""

    def __init__(
        self, client: httpx.AsyncClient, token: Callable[[], str], *, payments: str, wallet: str
    ) -> None:
        """Take the client (its owner closes it), what makes a token, and the two addresses."""
        self._client = client
        self._token = token
        # Payments first: what is under way there is what holds money in wallets.
        self._owners = [f"{url.rstrip('/')}/internal/owners" for url in (payments, wallet)]

    async def close(self, user_id: UUID, language: Language) -> list[Obstacles]:
        """Close a user everywhere; returns what stands in the way, where it was refused.

        Raises:
            Unavailable: one of them gives no usable answer; others may have closed the user.
        """
        answers = [await self._post(url, user_id, "close", language) for url in self._owners]
        return [standing for standing in answers if standing is not None]

    async def reopen(self, user_id: UUID) -> None:
        """Undo `close` everywhere, also where it was refused.

        Raises:
            Unavailable: as above.
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
                log.warning("neighbour_refused", url=url, verb=verb, status=answer.status_code)
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
