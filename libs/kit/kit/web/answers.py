"""Owns an answer that says more than a model can: a status of its own, headers, nothing at all."""

from collections.abc import Mapping

from pydantic import BaseModel
from starlette.responses import Response

from kit.web.problems import RawHeaders, raw_headers

_JSON: RawHeaders = [(b"content-type", b"application/json")]


class Answer(Response):
    """A JSON answer with a status and headers; return it from an operation or idempotent work.

    It is rendered when it is made, from the model's own declaration, so that only documented
    fields leave. `own_headers` are the headers it was given.
    """

    body: bytes

    def __init__(
        self,
        status: int,
        model: BaseModel | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
    ) -> None:
        """Render the answer from a model, or take a body rendered before, or have none."""
        self.status_code = status
        self.background = None
        self.body = body if model is None else model.__pydantic_serializer__.to_json(model)
        self.own_headers = dict(headers or {})
        self.raw_headers = raw_headers(self.own_headers)
        if self.body:
            self.raw_headers += _JSON
        if self.body or status != 204:  # noqa: PLR2004 (RFC 9110 §8.6: 204 has no length)
            self.raw_headers.append((b"content-length", str(len(self.body)).encode()))
