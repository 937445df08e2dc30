"""Defines an answer with its own status and headers, perhaps without a body."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel
from pydantic_core import from_json, to_json
from starlette.responses import Response

from kit.web.problems import RawHeaders, raw_headers

M = TypeVar("M", bound=BaseModel)

_JSON: RawHeaders = [(b"content-type", b"application/json")]


class Answer(Response):
    """A JSON answer with a status and headers, for operations and idempotent work.

    It is rendered when it is made, from the model's own declaration, so that only documented fields
    leave.

    Attributes:
        own_headers: The headers it was given.
        stored: The body that is kept for repetitions, without what is said only once.
        is_repeated: Whether it is such a kept answer, given again.
    """

    body: bytes

    def __init__(  # noqa: PLR0913 - one for each part of an answer
        self,
        status: int,
        model: BaseModel | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        stored: BaseModel | None = None,
        is_repeated: bool = False,
    ) -> None:
        """Render the answer from a model, or take a rendered body, or have none."""
        self.status_code = status
        self.background = None
        self.body = body if model is None else to_json(model)
        self.stored = self.body if stored is None else to_json(stored)
        self.is_repeated = is_repeated
        self._model = model
        self.own_headers = dict(headers or {})
        self.raw_headers = raw_headers(self.own_headers)
        if self.body:
            self.raw_headers += _JSON
        if self.body or status != 204:  # noqa: PLR2004 (RFC 9110 §8.6: 204 has no length)
            self.raw_headers.append((b"content-length", str(len(self.body)).encode()))

    def says(self, facts: type[M]) -> M:
        """Read the fields of `facts` from the answer.

        Only a kept answer is parsed for it; `facts` must be small, and have no field that older
        answers lack.
        """
        if self._model is None:
            return facts.model_validate_json(self.body)
        return facts.model_validate(self._model, from_attributes=True)

    def with_fields(self, **fields: object) -> "Answer":
        """Return the answer with these fields of its body set, the others as they are.

        Only a kept answer is parsed for it, and is not validated again.
        """
        status, headers = self.status_code, self.own_headers
        if self._model is not None:
            return Answer(status, self._model.model_copy(update=fields), headers)
        body = to_json(from_json(self.body) | fields)
        return Answer(status, headers=headers, body=body, is_repeated=self.is_repeated)
