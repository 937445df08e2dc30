"""Renders a refusal as RFC 9457 problem+json in the caller's language.

Does not decide what is refused. Nothing that the caller sent is ever repeated.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from kit.http import preferred_language
from kit.refusals import Language, Refusal

CONTENT_TYPE = "application/problem+json"

RawHeaders = list[tuple[bytes, bytes]]


def problem(refusal: Refusal, *, language: Language, request_id: str) -> dict[str, Any]:
    """Return the members of the problem document."""
    document: dict[str, Any] = {
        "type": problem_type(refusal.code),
        "title": refusal.title(language),
        "status": refusal.status,
        "detail": refusal.detail(language),
        "instance": f"urn:saldo:request:{request_id}",
        "code": refusal.code,
        "request_id": request_id,
        **refusal.members,
    }
    if refusal.errors:
        document["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail(language)}
            for fault in refusal.errors
        ]
    return document


def problem_type(code: str) -> str:
    """Return the URI that names a kind of problem."""
    return f"urn:saldo:problem:{code}"


def render(
    refusal: Refusal, *, accept_language: str | bytes | None, request_id: str
) -> tuple[int, RawHeaders, bytes]:
    """Return a refusal's status, headers and body.

    The headers have content type and language, but not the length.
    """
    language = preferred_language(accept_language)
    headers: RawHeaders = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-language", language.encode()),
        (b"vary", b"Accept-Language"),
        *raw_headers(refusal.headers),
    ]
    body = orjson.dumps(problem(refusal, language=language, request_id=request_id))
    return refusal.status, headers, body


def raw_headers(headers: Mapping[str, str]) -> RawHeaders:
    """Encode headers for ASGI, refusing a line break, which would split the answer.

    Raises:
        ValueError: a value holds a line break.
    """
    raw = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    for _, value in raw:
        if b"\r" in value or b"\n" in value or b"\0" in value:
            raise ValueError("a header value holds a control character")
    return raw
