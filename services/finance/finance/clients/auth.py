"""Asks auth for people whom no event has told of yet."""

from typing import Final, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from finance.domain.people import UNTOLD, Person
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TIMEOUT_SECONDS: Final = 2.0


class _User(BaseModel):
    user_id: UUID
    username: str | None
    status: Literal["pending", "active", "disabled", "deleted"]


class AuthClient:
    """Calls auth's internal operations, with finance's own token."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, url: str) -> None:
        self._client = client
        self._token = token
        self._url = f"{url.rstrip('/')}/internal/users"

    async def called(self, username: str) -> Person | None:
        """Return who has a username, however it is spelt; None where nobody has.

        Raises:
            Unavailable: auth gives no usable answer.
        """
        try:
            answer = await self._client.get(
                self._url,
                params={"username": username},
                headers=await self._token.headers(),
                timeout=TIMEOUT_SECONDS,
            )
        except httpx.HTTPError as error:
            raise Unavailable from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise Unavailable
        try:
            found = _User.model_validate_json(answer.content)
        except ValidationError as error:
            raise Unavailable from error
        return Person(found.user_id, found.username, found.status, UNTOLD)
