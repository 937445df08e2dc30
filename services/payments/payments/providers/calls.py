"""Makes one call to a provider, bounded in time and size; reads answers strictly.

The reasons of a refused call are kept in the provider's words, without secrets: see `one_line`.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from kit.card_numbers import holds_card_number
from kit.logs import REDACTED, get_logger, scrub
from kit.money import AmountRefused
from payments.domain.cards.charges import ProviderNotice
from payments.domain.cards.provider_faults import ProviderFault
from payments.providers.protocol import ProviderError

CALL_SECONDS: Final = 5.0
LONGEST_ANSWER_BYTES: Final = 256 * 1024
LONGEST_TEXT: Final = 300

log = get_logger(__name__)

M = TypeVar("M", bound=BaseModel)

# Reads the answer to a refused call; raises ValidationError where it can't be read.
FaultReader: TypeAlias = Callable[[httpx.Headers, bytes], ProviderFault]

_KEY: Final = re.compile(r"\b(?:sk|rk|pk|whsec|live|test)_[\w*.-]{4,}")


class RejectedError(ProviderError):
    """A definite no (4xx): the same request will always get the same answer."""

    @property
    def status(self) -> int | None:
        """The status of the answer."""
        return self.fault.status


async def ask(
    client: httpx.AsyncClient,
    model: type[M],
    method: str,
    url: str,
    *,
    read_fault: FaultReader,
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
        raise ProviderError(ProviderFault(message="no answer in time")) from None
    except httpx.HTTPError as error:
        raise ProviderError(ProviderFault(message=type(error).__name__)) from None
    if not answer.is_success:
        raise _failure(answer, body, read_fault)
    try:
        return model.model_validate_json(body)
    except ValidationError:
        fault = ProviderFault(status=answer.status_code, message="an answer that can't be read")
        raise ProviderError(fault) from None


def one_line(text: object) -> str | None:
    """Return a provider's text as one short line, without card numbers and secrets."""
    if not isinstance(text, str) or not text:
        return None
    seen = (one if one.isprintable() else " " for one in text[: 4 * LONGEST_TEXT])
    line = " ".join("".join(seen).split())
    if holds_card_number(line):
        return REDACTED
    return _KEY.sub(REDACTED, scrub(line))[:LONGEST_TEXT] or None


def read_each(model: type[M], listed: Iterable[Mapping[str, Any]]) -> list[M]:
    """Read every item of a list as a model.

    Raises:
        ProviderError: one of them is not what it should be.
    """
    try:
        return [model.model_validate(one) for one in listed]
    except ValidationError:
        raise ProviderError("a list that can't be read") from None


def read_readable(
    read: Callable[[Mapping[str, Any]], ProviderNotice | None], listed: Iterable[Mapping[str, Any]]
) -> list[ProviderNotice]:
    """Read those notices of a list that can be read; the others must not hide them."""
    found = []
    for one in listed:
        try:
            notice = read(one)
        except (ValueError, AmountRefused):
            log.warning("provider_event_unreadable", event_id=one_line(one.get("id")))
        else:
            found += [] if notice is None else [notice]
    return found


# Not about the charge but the call: a wrong or old key, too many calls, or one still being served.
_ABOUT_THE_CALL: Final = frozenset({401, 403, 408, 409, 425, 429})


def _failure(answer: httpx.Response, body: bytes, read_fault: FaultReader) -> ProviderError:
    status = answer.status_code
    try:
        fault = replace(read_fault(answer.headers, body), status=status)
    except ValidationError:
        fault = ProviderFault(status=status)
    if httpx.codes.is_client_error(status) and status not in _ABOUT_THE_CALL:
        return RejectedError(fault)
    return ProviderError(fault)


async def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            fault = ProviderFault(status=answer.status_code, message="answer too long")
            raise ProviderError(fault)
    return body
