"""Owns turning a request into an operation's arguments, as its signature declares them.

FastAPI reads the signature once and documents it; this serves it, with the strict bodies and the
error model of `kit.web`, at about a quarter of the cost (figures in libs/kit/README.md). Does not
support what Saldo has no use for: cookies, uploads, background tasks, dependencies with `yield`.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import params
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, TypeAdapter, ValidationError

from kit.refusals import BodyUnreadable, FieldFault, PathUnknown, ValidationFailed
from kit.web import bodies
from kit.web.exchange import Exchange
from kit.web.faults import MAX_FAULTS, faults_of, nul_faults, required, unknown_parameter
from kit.web.identity import caller, maybe_caller

Arguments = dict[str, Any]

_CALLERS = (caller, maybe_caller)


class ForeignBody(NamedTuple):
    """What a body of another type than JSON says, and how to tell where a fault of it stands."""

    document: Any
    placed: Callable[[FieldFault], FieldFault]


# Reads a body into the JSON document it stands for; raises ValidationFailed.
BodyReader = Callable[[bytes], ForeignBody]


class _Value(NamedTuple):
    """One declared value: its argument's name, its name in the request, how it is read.

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

    async def add(self, arguments: Arguments, inner: Arguments) -> None:
        provided = self.provide(**inner)
        if self.is_async:
            provided = await provided
        arguments[self.name] = provided


class Binder:
    """Reads the arguments of one function from exchanges."""

    def __init__(
        self,
        dependant: Dependant,
        *,
        embed: bool,
        other_bodies: Mapping[str, BodyReader] | None = None,
    ) -> None:
        """Compile a signature as FastAPI understood it.

        Args:
            dependant: The signature.
            embed: Whether FastAPI puts the body's fields into one object.
            other_bodies: Readers of bodies that are no JSON, by content type.

        Raises:
            TypeError: it asks for something that is not supported.
        """
        _refuse_unsupported(dependant)
        self._path = [_value(field) for field in dependant.path_params]
        self._query = [_value(field) for field in dependant.query_params]
        self._headers = [_value(field) for field in dependant.header_params]
        self._fields = [_value(field) for field in dependant.body_params]
        self._is_form = any(isinstance(f.field_info, params.Form) for f in dependant.body_params)
        self._embed = embed
        self._other_bodies = dict(other_bodies or {})
        if self._fields and embed and not self._is_form:
            raise TypeError("a JSON body is one model")
        self._request = dependant.request_param_name or dependant.http_connection_param_name
        self._callers = [d.name for d in dependant.dependencies if d.call in _CALLERS and d.name]
        self._needs_caller = any(d.call is caller for d in dependant.dependencies)
        self._dependencies = [
            _dependency(d, embed) for d in dependant.dependencies if d.call not in _CALLERS
        ]
        self.parameters: tuple[str, ...] = tuple(sorted(self._query_names()))

    def _query_names(self) -> set[str]:
        """Return the query's parameters that this and what it depends on know, by public name."""
        own = {name for value in self._query for name in value.names}
        return own.union(*(d.binder.parameters for d in self._dependencies))

    @property
    def asks_for_caller(self) -> bool:
        """Whether the caller's identity is among the arguments, or theirs, and can't be None."""
        return self._needs_caller or any(d.binder.asks_for_caller for d in self._dependencies)

    @property
    def is_form(self) -> bool:
        """Whether a form is read rather than JSON."""
        return self._is_form or any(d.binder.is_form for d in self._dependencies)

    @property
    def reads_body(self) -> bool:
        """Whether a body is read at all."""
        return bool(self._fields) or any(d.binder.reads_body for d in self._dependencies)

    async def bind(self, exchange: Exchange) -> Arguments:
        """Return the arguments.

        Raises:
            PathUnknown: a path parameter is not of its type, so there can't be such a thing.
            QueryInvalid, BodyUnreadable, BodyTooLarge, ContentTypeUnsupported: by their names.
            ValidationFailed: with all faults of query, headers and body together.
        """
        query = exchange.scope["query_string"]
        parameters = bodies.parse_query(query) if query else {}
        strangers = [
            unknown_parameter(name, self.parameters)
            for name in parameters
            if name not in self.parameters
        ]
        form: dict[str, str] | None = None
        if self.is_form:
            body = await bodies.read(exchange.receive)
            if body:  # nothing has no type, and is a form without fields
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
        """Return the arguments, given what is read once for a function and its dependencies.

        `strangers` are the query's parameters that none of them knows.
        """
        arguments = self._path_arguments(exchange.path_values)
        faults: list[FieldFault] = []
        if self._query:
            _take(self._query, parameters, "/query", arguments, faults)
        if self._headers:
            given = {k.decode("latin-1"): v.decode("latin-1") for k, v in exchange.headers.items()}
            _take(self._headers, given, "/header", arguments, faults)
        if self._fields and form is not None:
            self._take_form(form, arguments, faults)
        elif self._fields:
            await self._take_json(exchange, arguments, faults)
        faults.extend(strangers)
        if faults:
            raise ValidationFailed(errors=faults)
        for name in self._callers:
            arguments[name] = exchange.identity
        if self._request is not None:
            arguments[self._request] = exchange.request()
        for dependency in self._dependencies:
            inner = await dependency.binder.arguments(exchange, parameters, form)
            await dependency.add(arguments, inner)
        return arguments

    def _path_arguments(self, values: dict[str, str]) -> Arguments:
        try:
            return {value.name: value.validate(values[value.key]) for value in self._path}
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
        if not body and _media_type(content_type) not in self._other_bodies:
            raise BodyUnreadable(why=bodies.NO_BODY)
        read, found = await bodies.aside(
            partial(self._read, value, body, content_type), length=len(body)
        )
        faults.extend(found)
        arguments[value.name] = read

    def _read(
        self, value: _Value, body: bytes, content_type: bytes | None
    ) -> tuple[Any, list[FieldFault]]:
        """Return what a body says, or its faults."""
        name = _media_type(content_type)
        reader = self._other_bodies.get(name)
        bodies.require_content_type(content_type, bodies.JSON if reader is None else name)
        placed: Callable[[FieldFault], FieldFault] | None = None
        if reader is None:
            document = bodies.parse_json(body)
        else:
            document, placed = reader(body)
            body = orjson.dumps(document)
        if b"\\u0000" in body and (found := nul_faults(document)[:MAX_FAULTS]):
            return None, [placed(fault) for fault in found] if placed else found
        try:
            return value.validate(body, strict=True), []
        except ValidationError as error:
            found = faults_of(error, document=document)
            return None, [placed(fault) for fault in found] if placed else found

    def _take_form(
        self, form: dict[str, str], arguments: Arguments, faults: list[FieldFault]
    ) -> None:
        if self._embed:
            _take(self._fields, form, "", arguments, faults)
            return
        value = self._fields[0]
        try:
            arguments[value.name] = value.validate(form)
        except ValidationError as error:
            faults.extend(faults_of(error, document=form))


def _media_type(content_type: bytes | None) -> str:
    return (content_type or b"").decode("latin-1").partition(";")[0].strip().lower()


def _take(
    values: list[_Value],
    given: dict[str, str],
    prefix: str,
    arguments: Arguments,
    faults: list[FieldFault],
) -> None:
    for value in values:
        try:
            if value.is_model:
                taken = {name: given[name] for name in value.names if name in given}
                arguments[value.name] = value.validate(taken)
            elif value.key in given:
                arguments[value.name] = value.validate(given[value.key])
            elif value.is_required:
                faults.append(required(f"{prefix}/{value.key}"))
            else:
                arguments[value.name] = value.default()
        except ValidationError as error:
            where = prefix if value.is_model else f"{prefix}/{value.key}"
            faults.extend(
                faults_of(error, document=given if value.is_model else None, prefix=where)
            )


def _value(field: Any) -> _Value:
    info = field.field_info
    with warnings.catch_warnings():
        # pydantic warns that an alias means nothing here; FastAPI's declarations carry one.
        warnings.simplefilter("ignore")
        declared: Any = Annotated[info.annotation, info]
        adapter: TypeAdapter[Any] = TypeAdapter(declared)
    is_json = isinstance(info, params.Body) and not isinstance(info, params.Form)
    key = info.alias or field.name
    if isinstance(info, params.Header) and info.alias in (None, field.name):
        key = field.name.replace("_", "-")
    key = key.lower() if isinstance(info, params.Header) else key
    model = info.annotation
    is_model = isinstance(model, type) and issubclass(model, BaseModel)
    return _Value(
        name=field.name,
        key=key,
        validate=adapter.validate_json if is_json else adapter.validate_python,
        is_required=info.is_required(),
        default=lambda: info.get_default(call_default_factory=True),
        is_model=is_model,
        names=tuple(f.alias or n for n, f in model.model_fields.items()) if is_model else (key,),
    )


def _dependency(dependant: Dependant, embed: bool) -> _Dependency:  # noqa: FBT001
    call: Any = dependant.call
    if isgeneratorfunction(call) or isasyncgenfunction(call):
        raise TypeError(
            f"{call} ends after the answer is sent; open what it opens in the operation"
        )
    return _Dependency(
        name=str(dependant.name),
        provide=call,
        is_async=iscoroutinefunction(call)
        or (not isinstance(call, type) and iscoroutinefunction(call.__call__)),
        binder=Binder(dependant, embed=embed),
    )


def _refuse_unsupported(dependant: Dependant) -> None:
    unsupported = {
        "cookies": dependant.cookie_params,
        "uploads": [f for f in dependant.body_params if isinstance(f.field_info, params.File)],
        "a response to fill": dependant.response_param_name,
        "background tasks": dependant.background_tasks_param_name,
        "web sockets": dependant.websocket_param_name,
        "security scopes": dependant.security_scopes_param_name,
    }
    found = [name for name, is_used in unsupported.items() if is_used]
    if found:
        raise TypeError(f"{dependant.call} asks for {', '.join(found)}: not supported")
