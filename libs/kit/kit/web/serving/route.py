"""Serves one operation: access, arguments, the call, its answer.

Does not open units of work: the operation itself does, so that COMMIT is over before the answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from kit.http import LINK
from kit.refusals import Refusal, TokenInvalid
from kit.scopes import NotForKeys, ScopeMissing
from kit.turns import Turns
from kit.web.access import Access
from kit.web.answers import Answer
from kit.web.identity import Identity, authenticate, authorise
from kit.web.oauth import say_in_oauth
from kit.web.pagination import next_link
from kit.web.schemas import Page
from kit.web.serving.binding import Binder
from kit.web.serving.bodies import BodyReader, parse_query
from kit.web.serving.exchange import Exchange
from kit.web.serving.parameters import parameters_of
from kit.web.step_up import changes_something, require_recent

_NO_CONTENT = 204


class Route(APIRoute):
    """One operation: declared and documented by FastAPI, served by kit.

    Attributes:
        access: Who may call it: anyone, any user, the owner (users; the verb checks whose), admins,
            services.
        refusals: What it may refuse, beyond what every operation of its kind may.
        is_idempotent: Whether it takes an Idempotency-Key.
        max_body_bytes: Largest body, where it differs from the service's.
        open_by: A setting of the service that, when true, lets in a step further: to an operation
            for users also those without a token, to one for admins all users.
        scope: What a token that is limited to scopes has to name, as `payments:write`; None closes
            the operation to such tokens. Only what is for users keeps one.
        other_bodies: Readers of bodies that are no JSON, by content type.
        answer_headers: What its answers also carry, of those in `kit.http`.
        answer_examples: An answer of each status, where the model's own example is of another.
        asked: What its function asks for.
        takes_caller: Whether it wants to know who calls where no token is needed.
        speaks_oauth: Whether it refuses as a token endpoint does (`kit.web.oauth`).
        takes_turn: Whether it counts among its caller's, where the application lets each have few
            at once (`kit.turns`); not one that reads a large body by itself, or lets callers wait.
    """

    def __init__(  # noqa: PLR0913 (each is a declaration of its own)
        self,
        path: str,
        endpoint: Callable[..., Awaitable[Any]],
        *,
        access: Access,
        refusals: Sequence[type[Refusal]] = (),
        is_idempotent: bool = False,
        max_body_bytes: int | None = None,
        open_by: str | None = None,
        scope: str | None = None,
        other_bodies: Mapping[str, BodyReader] | None = None,
        answer_headers: Sequence[str] = (),
        answer_examples: Mapping[int, Any] | None = None,
        speaks_oauth: bool = False,
        takes_turn: bool = True,
        **declared: Any,
    ) -> None:
        """Read the operation's signature.

        Raises:
            TypeError: it is no coroutine function, or asks for something that is not supported.
        """
        if not iscoroutinefunction(endpoint):
            raise TypeError(f"{path}: an operation is an async function")
        super().__init__(path, endpoint, **declared)
        if "response_class" in declared and self.response_model is not None:
            raise TypeError(f"{path}: what is not answered in JSON is returned as a Response")
        self.access: Access = access
        self.refusals = tuple(refusals)
        self.is_idempotent = is_idempotent
        self.max_body_bytes = max_body_bytes
        self.other_bodies = dict(other_bodies or {})
        self.open_by = open_by
        self.speaks_oauth = speaks_oauth
        self.takes_turn = takes_turn
        self.answer_headers = tuple(answer_headers)
        self.answer_examples = dict(answer_examples or {})
        self.asked = parameters_of(self)
        self.binder = Binder(self.asked, other_bodies=other_bodies)
        if self.may_be_public and self.binder.asks_for_caller:
            raise TypeError(f"{path}: a public operation has no caller")
        self.takes_caller = self.binder.takes_caller
        self.scope = scope if self._is_for_users else None
        self._answer_status = self.status_code or 200
        self._answer_type = self.response_model if _is_model(self.response_model) else None
        self._answer: TypeAdapter[Any] = TypeAdapter(self.response_model)

    async def serve(self, exchange: Exchange) -> None:
        """Check access, read the arguments, run the operation, send its answer."""
        exchange.identity = await self._caller(exchange)
        try:
            arguments = await self.binder.bind(exchange)
            turn = self._turn(exchange)
            if turn is None:
                result = await self.endpoint(**arguments)
            else:
                async with turn:
                    result = await self.endpoint(**arguments)
        except Refusal as refusal:
            if self.speaks_oauth:
                say_in_oauth(refusal)
            raise
        if isinstance(result, Response):
            await exchange.respond(result)
        elif self._answer_status == _NO_CONTENT:
            await exchange.respond(Answer(_NO_CONTENT))
        else:
            await self._send(exchange, result)

    @property
    def may_be_public(self) -> bool:
        """Whether it is served without a token, always or by a setting."""
        return self.access == "public" or (bool(self.open_by) and self.access == "user")

    @property
    def _is_for_users(self) -> bool:
        """Whether users who are no administrators may have a say in it."""
        if self.access == "public":
            return self.takes_caller
        return self.access in ("user", "owner") or bool(self.open_by)

    @property
    def is_change(self) -> bool:
        """Whether it may change something: an administrator's login must then be recent."""
        return changes_something(self.methods)

    async def _caller(self, exchange: Exchange) -> Identity | None:
        """Return who calls, None where nobody has to say; refuse who may not.

        A setting may open an operation a step further. Where no token is needed, and the operation
        wants to know, whoever sends one is who it says; a public operation is served to a bad one,
        or one of other scopes, as to none.
        """
        state = exchange.scope["app"].state
        access, is_told = self.access, b"authorization" in exchange.headers
        if self.open_by and getattr(state.settings, self.open_by):
            access = "user" if access == "admin" or is_told else "public"
        if access == "public" and not (is_told and self.takes_caller):
            return None
        try:
            identity = await authenticate(exchange.headers, getattr(state, "tokens", None))
            authorise(identity, "user" if access == "public" else access, self.scope)
            if access == "admin" and self.is_change:
                needs = state.settings.needs_admin_factor
                require_recent(identity, state.clock.now(), needs_factor=needs)
        except (TokenInvalid, ScopeMissing, NotForKeys):
            if access == "public":
                return None
            raise
        return identity

    def _turn(self, exchange: Exchange) -> AbstractAsyncContextManager[None] | None:
        """Return the turn to wait for; None where the application lets all run at once."""
        turns: Turns | None = exchange.scope["app"].state.turns
        caller = exchange.identity
        if turns is None or not self.takes_turn or caller is None or caller.user_id is None:
            return None
        return turns.of(caller.user_id)

    async def _send(self, exchange: Exchange, result: Any) -> None:
        # A value of another type than declared is first read into that type, so that only
        # documented fields leave (ASVS 5.0 §15.3.1).
        if self._answer_type is None or type(result) is not self._answer_type:
            result = self._answer.validate_python(result, from_attributes=True)
        body = self._answer.dump_json(result, by_alias=True)
        if isinstance(result, Page) and result.next_cursor is not None:
            parameters = parse_query(exchange.scope["query_string"])
            link = {LINK: next_link(parameters, result.next_cursor)}
            await exchange.respond(Answer(self._answer_status, body=body, headers=link))
        else:
            await exchange.answer_json(self._answer_status, body)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
