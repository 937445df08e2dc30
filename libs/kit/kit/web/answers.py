"""Defines an answer with its own status and headers, perhaps without a body."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import orjson
from pydantic import BaseModel
from pydantic_core import from_json, to_json
from starlette.responses import Response

from kit.jsonable import plain
from kit.web.problems import RawHeaders, raw_headers

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    # What a body is written from: a model, or a dataclass, as `kit.web.schemas.ANSWER` has them.
    Shape: TypeAlias = BaseModel | DataclassInstance

M = TypeVar("M", bound=BaseModel)
_JSON: RawHeaders = [(b"content-type", b"application/json")]


class Answer(Response):
    """A JSON answer with a status and headers, for operations and idempotent work.

    It is rendered from the model's own declaration, so that only documented fields leave, when it
    is made; or, where it is given a function that makes the model, when it is sent or stored.

    Attributes:
        own_headers: The headers it was given.
        is_repeated: Whether it is a kept answer, given again.
    """

    def __init__(  # noqa: PLR0913 - one for each part of an answer
        self,
        status: int,
        model: "Shape | Callable[[], Shape] | None" = None,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        stored: BaseModel | None = None,
        is_repeated: bool = False,
    ) -> None:
        """Take a model, what makes one later, a rendered body, or nothing."""
        self.status_code = status
        self.background = None
        self.own_headers = dict(headers or {})
        self.is_repeated = is_repeated
        self._model = model
        self._stored = stored
        self._body = None if callable(model) else body or _rendered(model)

    @property
    def body(self) -> bytes:
        """The rendered answer, made at the first look; it may be set, too."""
        if self._body is None:
            self._body = _rendered(self._made)
        return self._body

    @body.setter
    def body(self, body: bytes) -> None:
        self._body = body

    @property
    def stored(self) -> bytes:
        """The body that is kept for repetitions, without what is said only once."""
        return self.body if self._stored is None else _rendered(self._stored)

    @property
    def raw_headers(self) -> RawHeaders:  # type: ignore[override] # made when it is sent
        """Its own headers and those that describe its body, made anew at each look."""
        raw = raw_headers(self.own_headers)
        if self.body:
            raw += _JSON
        if self.body or self.status_code != 204:  # noqa: PLR2004 (RFC 9110 §8.6: 204 has no length)
            raw.append((b"content-length", b"%d" % len(self.body)))
        return raw

    @property
    def _made(self) -> "Shape | None":
        """What it is written from, made at the first look."""
        if callable(self._model):
            self._model = self._model()
        return self._model

    def says(self, facts: type[M]) -> M:
        """Read the fields of `facts` from the answer.

        Only a kept answer is parsed for it; `facts` must be small, and have no field that older
        answers lack.
        """
        model = self._made
        if model is None:
            return facts.model_validate_json(self.body)
        return facts.model_validate(model, from_attributes=True)

    def with_fields(self, **fields: object) -> "Answer":
        """Return the answer with these fields of its body set, the others as they are.

        Only a kept answer is parsed for it, and is not validated again.
        """
        status, headers, model = self.status_code, self.own_headers, self._made
        if isinstance(model, BaseModel):
            return Answer(status, model.model_copy(update=fields), headers)
        if model is not None:
            return Answer(status, replace(model, **fields), headers)
        body = to_json(from_json(self.body) | fields)
        return Answer(status, headers=headers, body=body, is_repeated=self.is_repeated)


def _rendered(model: "Shape | None") -> bytes:
    if model is None:
        return b""
    if isinstance(model, BaseModel):
        return to_json(model)
    return orjson.dumps(model, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, BaseModel) else plain(value)
