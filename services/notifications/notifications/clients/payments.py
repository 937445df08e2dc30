"""Tells payments who wants to hear of new payments, never inside a unit of work."""

from collections.abc import Collection
from uuid import UUID

import httpx

from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TIMEOUT_SECONDS = 5.0


class ListenersClient:
    """Calls payments' internal operation with notifications' own service token."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, payments_url: str) -> None:
        self._client = client
        self._token = token
        self._url = f"{payments_url.rstrip('/')}/internal/listeners"

    async def add_listeners(self, user_ids: Collection[UUID], *, are_all: bool = False) -> None:
        """Name users whose new payments are told of from now on.

        Raises:
            Unavailable: payments does not answer, or refuses.
        """
        body = {"user_ids": [str(one) for one in user_ids], "are_all": are_all}
        try:
            answer = await self._client.post(
                self._url, json=body, headers=await self._token.headers(), timeout=TIMEOUT_SECONDS
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable from error
