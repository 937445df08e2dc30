"""Turns a request into an operation's arguments, as its signature declares them.

FastAPI reads the signature once and documents it; this serves it, with the strict bodies and the
error model of `kit.web`, at about a quarter of the cost (figures in `kit/web/README.md`).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import iscoroutinefunction
from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import TypeAdapter, ValidationError

from kit.refusals import BodyUnreadable, FieldFault, PathUnknown, ValidationFailed
from kit.web.faults import MAX_FAULTS, faults_of, nul_faults, required, unknown_parameter
from kit.web.identity import caller, maybe_caller
from kit.web.serving import bodies
from kit.web.serving.bodies import BodyReader, Placed
from kit.web.serving.exchange import Exchange
from kit.web.serving.parameters import Parameter, Parameters, name_of
from kit.web.state import FromState

Arguments = dict[str, Any]

_CALLERS = (caller, maybe_caller)


class _Value(NamedTuple):
    """One declared value: its argument, its name in the request, and how it is read.

    `names` are all names of the request that it takes in: its own, or those of a model's fields.
    """

    name: str
    key: str
    validate: Callable[..., Any]
    is_required: bool
    default: Callable[[], Any]
    is_model: bool
    names: tuple[str, ...]


class _Dependency(NamedTuple):
    """An argument that another function provides."""

    name: str
    provide: Callable[..., Any]
    is_async: bool
    binder: "Binder"

    @property
    def waits(self) -> bool:
        """Tell whether providing it may wait for something."""
        return self.is_async or self.binder.waits


class Binder:
    """Reads the arguments of one function from a request."""

    def __init__(
        self, asked: Parameters, *, other_bodies: Mapping[str, BodyReader] | None = None
    ) -> None:
        """Compile what a function asks for.

        Args:
            asked: What it asks for.
            other_bodies: Readers of bodies that are no JSON, by content type.
        """
        self._path = [_value(one) for one in asked.path]
        self._query = [_value(one) for one in asked.query]
        # A model that says so takes a query with parameters that it does not know.
        self._ignores_strangers = any(_ignores_others(one) for one in asked.query)
        self._headers = [(one.key.encode(), _value(one)) for one in asked.headers]
        self._fields = [_value(one, is_json=not asked.is_form) for one in asked.body]
        self._other_bodies = dict(other_bodies or {})
        self._request = asked.request
        self._callers = [d.name for d in asked.dependencies if d.call in _CALLERS and d.name]
        self._needs_caller = any(d.call is caller for d in asked.dependencies)
        self._takes_caller = any(d.call is maybe_caller for d in asked.dependencies)
        self._stated = [
            (d.name, d.call.key) for d in asked.dependencies if isinstance(d.call, FromState)
        ]
        provided = [_dependency(d) for d in asked.dependencies if not _is_at_hand(d)]
        self._at_once = [one for one in provided if not one.waits]
        self._awaited = [one for one in provided if one.waits]
        self._dependencies = provided  # all of them, for what is told of the function
        # Whether reading the arguments may wait for something.
        self.waits: bool = bool(self._fields) or bool(self._awaited)
        # Whether a form is read rather than JSON.
        self.is_form: bool = asked.is_form or any(d.binder.is_form for d in self._dependencies)
        self.parameters: tuple[str, ...] = tuple(sorted(self._query_names()))

    def _query_names(self) -> set[str]:
        """Return the public names of query parameters that this and its dependencies know."""
        own = {name for value in self._query for name in value.names}
        return own.union(*(d.binder.parameters for d in self._dependencies))

    @property
    def asks_for_caller(self) -> bool:
        """Tell whether this or a dependency requires the caller's identity."""
        return self._needs_caller or any(d.binder.asks_for_caller for d in self._dependencies)

    @property
    def takes_caller(self) -> bool:
        """Tell whether this or a dependency takes the identity of a caller, if any."""
        return self._takes_caller or any(d.binder.takes_caller for d in self._dependencies)

    @property
    def reads_body(self) -> bool:
        """Tell whether a body is read at all."""
        return bool(self._fields) or any(d.binder.reads_body for d in self._dependencies)

    async def bind(self, exchange: Exchange) -> Arguments:
        """Return the arguments for a request.

        Raises:
            PathUnknown: a path parameter is not of its type, so there can't be such a thing.
            QueryInvalid, BodyUnreadable, BodyTooLarge, ContentTypeUnsupported: by their names.
            ValidationFailed: with all faults of query, headers and body together.
        """
        query = exchange.scope["query_string"]
        parameters: dict[str, str] = {}
        strangers: list[FieldFault] = []
        if query:
            parameters = bodies.parse_query(query)
            strangers = [
                unknown_parameter(name, self.parameters)
                for name in parameters
                if name not in self.parameters and not self._ignores_strangers
            ]
        form: dict[str, str] | None = None
        if self.is_form:
            body = await bodies.read(exchange.receive)
            if body:  # an empty body is a form without fields, and needs no type
                content_type = exchange.headers.get(b"content-type")
                bodies.require_content_type(content_type, bodies.FORM)
            form = bodies.parse_form(body)
            if faults := nul_faults(form):
                raise ValidationFailed(errors=faults)
        return await self.arguments(exchange, parameters, form, strangers)

    async def arguments(
        self,
        exchange: Exchange,
        parameters: dict[str, str],
        form: dict[str, str] | None,
        strangers: Sequence[FieldFault] = (),
    ) -> Arguments:
        """Return the arguments, from what was read once for all dependencies.

        `strangers` are the faults of parameters of the query that none of them knows.
        """
        faults: list[FieldFault] = []
        arguments = self._head_arguments(exchange, parameters, faults)
        if self._fields and form is not None:
            self._take_form(form, arguments, faults)
        elif self._fields:
            await self._take_json(exchange, arguments, faults)
        faults.extend(strangers)
        self._complete(exchange, parameters, arguments, faults)
        for dependency in self._awaited:
            inner = await dependency.binder.arguments(exchange, parameters, form)
            provided = dependency.provide(**inner)
            arguments[dependency.name] = await provided if dependency.is_async else provided
        return arguments

    def arguments_at_once(self, exchange: Exchange, parameters: dict[str, str]) -> Arguments:
        """Return the arguments as `arguments` does, where nothing has to be waited for."""
        faults: list[FieldFault] = []
        arguments = self._head_arguments(exchange, parameters, faults)
        self._complete(exchange, parameters, arguments, faults)
        return arguments

    def _head_arguments(
        self, exchange: Exchange, parameters: dict[str, str], faults: list[FieldFault]
    ) -> Arguments:
        """Return the arguments that stand in the head of a request."""
        arguments: Arguments = {}
        if self._path:
            self._take_path(exchange.path_values, arguments)
        if self._query:
            _take_all(self._query, parameters, "/query", arguments, faults)
        for raw, value in self._headers:
            given = exchange.headers.get(raw)
            text = None if given is None else given.decode("latin-1")
            _take(value, text, "/header", arguments, faults)
        return arguments

    def _complete(
        self,
        exchange: Exchange,
        parameters: dict[str, str],
        arguments: Arguments,
        faults: list[FieldFault],
    ) -> None:
        """Refuse faulty arguments; add those that are there, or made of others, at once."""
        if faults:
            raise ValidationFailed(errors=faults)
        for name in self._callers:
            arguments[name] = exchange.identity
        for name, key in self._stated:
            arguments[name] = getattr(exchange.scope["app"].state, key)
        if self._request is not None:
            arguments[self._request] = exchange.request()
        for dependency in self._at_once:
            inner = dependency.binder.arguments_at_once(exchange, parameters)
            arguments[dependency.name] = dependency.provide(**inner)

    def _take_path(self, values: dict[str, str], arguments: Arguments) -> None:
        try:
            for value in self._path:
                arguments[value.name] = value.validate(values[value.key])
        except ValidationError:
            raise PathUnknown from None

    async def _take_json(
        self, exchange: Exchange, arguments: Arguments, faults: list[FieldFault]
    ) -> None:
        body = await bodies.read(exchange.receive)
        exchange.scope["saldo.body_bytes"] = len(body)
        value = self._fields[0]
        content_type = exchange.headers.get(b"content-type")
        if not body and not value.is_required:
            arguments[value.name] = value.default()
            return
        name = _media_type(content_type) if self._other_bodies else bodies.JSON
        reader = self._other_bodies.get(name)
        if not body and (reader is None or name == bodies.JSON):
            raise BodyUnreadable(why=bodies.NO_BODY)
        read, found, placed = await bodies.aside(
            partial(self._read, value, body, content_type, reader), length=len(body)
        )
        exchange.scope["saldo.placed"] = placed
        faults.extend(found)
        arguments[value.name] = read

    def _read(
        self, value: _Value, body: bytes, content_type: bytes | None, reader: BodyReader | None
    ) -> tuple[Any, list[FieldFault], Placed]:
        """Return the value of a body, its faults, and where further ones are in it."""
        placed: Placed = bodies.as_it_is
        if reader is None:
            bodies.require_content_type(content_type, bodies.JSON)
            document = bodies.parse_json(body)
        else:
            bodies.require_content_type(content_type, _media_type(content_type))
            document, placed = reader(body)
            body = orjson.dumps(document)
        if b"\\u0000" in body and (found := nul_faults(document)[:MAX_FAULTS]):
            return None, [placed(fault) for fault in found], placed
        try:
            return value.validate(body, strict=True), [], placed
        except ValidationError as error:
            found = faults_of(error, document=document)
            return None, [placed(fault) for fault in found], placed

    def _take_form(
        self, form: dict[str, str], arguments: Arguments, faults: list[FieldFault]
    ) -> None:
        value = self._fields[0]
        if not value.is_model:
            _take_all(self._fields, form, "", arguments, faults)
            return
        try:
            arguments[value.name] = value.validate(form)
        except ValidationError as error:
            faults.extend(faults_of(error, document=form))


def _media_type(content_type: bytes | None) -> str:
    return (content_type or b"").decode("latin-1").partition(";")[0].strip().lower()


def _take_all(
    values: list[_Value],
    given: dict[str, str],
    prefix: str,
    arguments: Arguments,
    faults: list[FieldFault],
) -> None:
    for value in values:
        if not value.is_model:
            _take(value, given.get(value.key), prefix, arguments, faults)
            continue
        taken = {name: given[name] for name in value.names if name in given}
        try:
            arguments[value.name] = value.validate(taken)
        except ValidationError as error:
            faults.extend(faults_of(error, document=given, prefix=prefix))


def _take(
    value: _Value, text: str | None, prefix: str, arguments: Arguments, faults: list[FieldFault]
) -> None:
    if text is None:
        if value.is_required:
            faults.append(required(f"{prefix}/{value.key}"))
        else:
            arguments[value.name] = value.default()
        return
    try:
        arguments[value.name] = value.validate(text)
    except ValidationError as error:
        faults.extend(faults_of(error, document=None, prefix=f"{prefix}/{value.key}"))


def _value(parameter: Parameter, *, is_json: bool = False) -> _Value:
    info, model = parameter.info, parameter.model
    with warnings.catch_warnings():
        # pydantic warns that an alias has no effect here; FastAPI's declarations have one.
        warnings.simplefilter("ignore")
        declared: Any = Annotated[info.annotation, info]
        adapter: TypeAdapter[Any] = TypeAdapter(declared)
    read = adapter.validator
    return _Value(
        name=parameter.name,
        key=parameter.key,
        validate=read.validate_json if is_json else read.validate_python,
        is_required=info.is_required(),
        default=_nothing
        if info.default is None
        else lambda: info.get_default(call_default_factory=True),
        is_model=model is not None,
        names=(parameter.key,)
        if model is None
        else tuple(name_of(name, info) for name, info in model.model_fields.items()),
    )


def _nothing() -> None:
    """Return None, which most values have by default."""


def _ignores_others(parameter: Parameter) -> bool:
    model = parameter.model
    return model is not None and model.model_config.get("extra") == "ignore"


def _is_at_hand(asked: Parameters) -> bool:
    """Tell whether an argument is there without anything called for it."""
    return asked.call in _CALLERS or isinstance(asked.call, FromState)


def _dependency(asked: Parameters) -> _Dependency:
    call: Any = asked.call
    return _Dependency(
        name=asked.name,
        provide=call,
        is_async=iscoroutinefunction(call)
        or (not isinstance(call, type) and iscoroutinefunction(call.__call__)),
        binder=Binder(asked),
    )
