"""Asks auth for people's addresses, which are used at once and never stored.

It never calls inside a unit of work.
"""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken
from notifications.domain.mails import MailContact

TIMEOUT_SECONDS = 5.0


class _Contact(BaseModel):
    user_id: UUID
    email: str | None
    username: str | None
    language: Literal["en", "ru"] | None = None
    pending_email: str | None = None


class _Contacts(BaseModel):
    items: list[_Contact]


class ContactsClient:
    """Calls auth's internal operation with notifications' own service token."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, auth_url: str) -> None:
        self._client = client
        self._token = token
        self._url = f"{auth_url.rstrip('/')}/internal/contacts"

    async def of(self, user_ids: Collection[UUID]) -> dict[UUID, MailContact]:
        """Return the contacts of these people; unknown and deleted ones are left out.

        Raises:
            Unavailable: auth gives no usable answer.
        """
        query = {"id": ",".join(sorted(map(str, user_ids)))}
        try:
            answer = await self._client.get(
                self._url,
                params=query,
                headers=await self._token.headers(),
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            found = _Contacts.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable from error
        return {
            one.user_id: MailContact(one.email, one.username, one.language, one.pending_email)
            for one in found.items
        }
