"""Owns the base of all request and answer models, and the models of all services.

Does not hold any service's own models.
"""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

# The configuration of an answer that is a dataclass: documented like a model, made and written at a
# third of its cost (`DECISIONS.md`). It is not checked where it is made.
ANSWER = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Model(BaseModel):
    """A request or answer: frozen, no unknown fields, input never repeated in errors.

    Requests are read strictly by `kit.web.serving` (a JSON number is no string, “1” no number),
    so that all services agree on what a body means.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_serialization_defaults_required=True,  # an answer always has all its fields
    )


class Page(Model, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name of a page in documents, and in clients made from them."""
        return f"{params[0].__name__.removeprefix('Any').removesuffix('Answer')}Page"

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Pass as `cursor` to get the next page; null on the last page."
    )


class Fault(Model):
    """One value that was not accepted."""

    pointer: str = Field(description="Where it is, as an RFC 6901 pointer into the body.")
    code: str = Field(description="Stable reason.")
    detail: str = Field(description="Reason for people.")


class Problem(Model):
    """RFC 9457 problem document; `code` is stable, texts are for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[Fault] | None = None
    methods: list[str] | None = Field(
        default=None, description="With `otp_required`: how to prove who one is."
    )
    mfa_token: str | None = Field(
        default=None, description="With `otp_required` at a login: for its second factor."
    )
    reason: str | None = Field(
        default=None, description="Of a purchase: the code by which its payment was refused."
    )
    error: str | None = Field(default=None, description="At the token endpoint: RFC 6749 §5.2.")
    error_description: str | None = Field(default=None, description="Likewise; English.")
