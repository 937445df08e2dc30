"""Declares operations, each with its access level and its refusals.

Does not serve them: `kit.web.serving` does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, Required, TypedDict, TypeVar, Unpack

from starlette.responses import Response

from kit.refusals import Refusal
from kit.web.access import Access
from kit.web.serving.bodies import BodyReader
from kit.web.serving.route import Route

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

_NO_CONTENT = 204


class Declared(TypedDict, total=False):
    """The declaration of an operation; its last ten fields are FastAPI's own."""

    access: Required[Access]
    operation_id: Required[str]
    summary: Required[str]
    refusals: Sequence[type[Refusal]]
    is_idempotent: bool
    max_body_bytes: int
    open_by: str
    scope: str | None
    speaks_oauth: bool
    takes_turn: bool
    other_bodies: Mapping[str, BodyReader]
    answer_headers: Sequence[str]
    answer_examples: Mapping[int, Any]
    status_code: int
    response_model: Any
    response_class: type[Response]
    response_description: str
    responses: dict[int | str, dict[str, Any]]
    description: str
    tags: list[str]
    deprecated: bool
    include_in_schema: bool
    openapi_extra: dict[str, Any]


class _Decorator(Protocol):
    def __call__(self, operation: F) -> F: ...


class Router:
    """Holds operations of one topic; `WebApp.include_router` adds them to a service."""

    def __init__(self, *, tags: Sequence[str], scope: str | None = None) -> None:
        """Start an empty router, whose operations appear under these tags.

        `scope` is the noun that limited tokens name, as `payments`: a GET needs `payments:read`,
        all else `payments:write`, unless the operation says otherwise. Without it, no limited
        token opens any of them.
        """
        self.tags = list(tags)
        self.scope = scope
        self.routes: list[Route] = []

    def get(self, path: str, **declared: Unpack[Declared]) -> _Decorator:
        """Declare a GET; see `Declared`."""
        return self._operation("GET", path, declared)

    def post(self, path: str, **declared: Unpack[Declared]) -> _Decorator:
        """Declare a POST; see `Declared`."""
        return self._operation("POST", path, declared)

    def put(self, path: str, **declared: Unpack[Declared]) -> _Decorator:
        """Declare a PUT; see `Declared`."""
        return self._operation("PUT", path, declared)

    def patch(self, path: str, **declared: Unpack[Declared]) -> _Decorator:
        """Declare a PATCH; see `Declared`."""
        return self._operation("PATCH", path, declared)

    def delete(self, path: str, **declared: Unpack[Declared]) -> _Decorator:
        """Declare a DELETE, answered with 204 unless it says otherwise; see `Declared`."""
        declared.setdefault("status_code", _NO_CONTENT)
        return self._operation("DELETE", path, declared)

    def _operation(self, method: str, path: str, declared: Declared) -> _Decorator:
        if strangers := declared.keys() - Declared.__annotations__.keys():
            raise TypeError(f"{path}: {', '.join(sorted(strangers))}: not supported")
        declared["tags"] = [*self.tags, *declared.get("tags", [])]
        if self.scope is not None:
            kind = "read" if method == "GET" else "write"
            declared.setdefault("scope", f"{self.scope}:{kind}")

        def declare(operation: F) -> F:
            options: dict[str, Any] = dict(declared)
            self.routes.append(Route(path, operation, methods=[method], **options))
            return operation

        return declare
