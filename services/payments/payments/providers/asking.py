"""One call to a provider: bounded in time and size, its answer read strictly."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from payments.providers.protocol import ProviderError

CALL_SECONDS: Final = 5.0
LONGEST_ANSWER_BYTES: Final = 256 * 1024

M = TypeVar("M", bound=BaseModel)


class RejectedError(ProviderError):
    """A definite no (4xx): the same request will never be answered otherwise."""

    def __init__(self, status: int) -> None:
        """Take the status of the answer."""
        super().__init__(f"status {status}")
        self.status = status


async def ask(
    client: httpx.AsyncClient,
    model: type[M],
    method: str,
    url: str,
    **options: Any,
) -> M:
    """Send a request and read its answer as a model.

    Raises:
        RejectedError: the provider refuses (4xx, but for "later" and "who are you").
        ProviderError: any other answer, or none.
    """
    try:
        async with (
            asyncio.timeout(CALL_SECONDS),
            client.stream(method, url, timeout=CALL_SECONDS, **options) as answer,
        ):
            body = await _bounded(answer)
    except TimeoutError:
        raise ProviderError("no answer in time") from None
    except httpx.HTTPError as error:
        raise ProviderError(type(error).__name__) from None
    if not answer.is_success:
        raise _failure(answer.status_code)
    try:
        return model.model_validate_json(body)
    except ValidationError:
        raise ProviderError("an answer that can't be read") from None


def read_each(model: type[M], listed: Iterable[Mapping[str, Any]]) -> list[M]:
    """Read the things that a list has.

    Raises:
        ProviderError: one of them is not what it should be.
    """
    try:
        return [model.model_validate(one) for one in listed]
    except ValidationError:
        raise ProviderError("a list that can't be read") from None


# Not answers about the charge: keys that are wrong or old, too much at once, still at work on it.
_ABOUT_THE_CALL: Final = frozenset({401, 403, 408, 409, 425, 429})


def _failure(status: int) -> ProviderError:
    if httpx.codes.is_client_error(status) and status not in _ABOUT_THE_CALL:
        return RejectedError(status)
    return ProviderError(f"status {status}")


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            raise ProviderError("answer too long")
    return body
