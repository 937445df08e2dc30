"""Translates FastAPI's reading of a signature into kit's own classes.

FastAPI has no public name for that reading: `APIRoute.dependant` and its class are in no page of
its documentation. Only this module uses them; `tests/architecture` holds that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import Any, NamedTuple, get_args, get_origin

from fastapi import params
from fastapi.dependencies.models import Dependant  # noqa: TID251 - see above
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

_LISTS = {list, set, frozenset, tuple}


class Parameter(NamedTuple):
    """One declared value: its argument, its name in the request, its declaration."""

    name: str
    key: str
    info: FieldInfo

    @property
    def model(self) -> type[BaseModel] | None:
        """Return the model that the value is, None where it is none."""
        return _model(self.info)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one function, and the functions that provide arguments of it.

    Attributes:
        name: The argument that the function provides; empty for an operation.
        call: The function.
        is_form: Whether the body is a form.
        request: The argument that is the request itself, if any.
        dependencies: The functions that provide arguments.
    """

    name: str
    call: Callable[..., Any]
    path: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    body: tuple[Parameter, ...]
    is_form: bool
    request: str | None
    dependencies: tuple["Parameters", ...]

    def whole(self) -> Iterator["Parameters"]:
        """Yield this and its dependencies, at any depth."""
        yield self
        for dependency in self.dependencies:
            yield from dependency.whole()


def parameters_of(route: APIRoute) -> Parameters:
    """Return what an operation asks for.

    Raises:
        TypeError: it, or what it depends on, asks for something that is not supported.
    """
    asked = _read(route.dependant)
    bodies = [body for one in asked.whole() for body in one.body]
    is_whole = any(_is_whole(body) for body in bodies)
    if (is_whole and len(bodies) > 1) or any(_is_embedded(body) for body in bodies):
        raise TypeError(f"{route.path}: a body is one value, or the fields of a form")
    return asked


def _read(dependant: Dependant) -> Parameters:
    _refuse_unsupported(dependant)
    call: Any = dependant.call
    return Parameters(
        name=dependant.name or "",
        call=call,
        path=_parameters(dependant.path_params),
        query=_parameters(dependant.query_params),
        headers=_parameters(dependant.header_params),
        body=_parameters(dependant.body_params),
        is_form=any(isinstance(field.field_info, params.Form) for field in dependant.body_params),
        request=dependant.request_param_name or dependant.http_connection_param_name,
        dependencies=tuple(_read(inner) for inner in dependant.dependencies),
    )


def _parameters(fields: list[Any]) -> tuple[Parameter, ...]:
    return tuple(Parameter(field.name, _key(field), field.field_info) for field in fields)


def _key(field: Any) -> str:
    info: FieldInfo = field.field_info
    key = name_of(field.name, info)
    if not isinstance(info, params.Header):
        return key
    if key == field.name and info.convert_underscores:
        key = key.replace("_", "-")
    return key.lower()


def name_of(name: str, info: FieldInfo) -> str:
    """Return the name in a request of a value, from its argument or field."""
    return info.validation_alias if isinstance(info.validation_alias, str) else info.alias or name


def _is_whole(body: Parameter) -> bool:
    return body.model is not None or not isinstance(body.info, params.Form)


def _is_embedded(body: Parameter) -> bool:
    return isinstance(body.info, params.Body) and bool(body.info.embed) and _is_whole(body)


def _refuse_unsupported(dependant: Dependant) -> None:
    unsupported = {
        "cookies": dependant.cookie_params,
        "uploads": [f for f in dependant.body_params if isinstance(f.field_info, params.File)],
        "a response to fill": dependant.response_param_name,
        "background tasks": dependant.background_tasks_param_name,
        "web sockets": dependant.websocket_param_name,
        "security scopes": dependant.security_scopes_param_name or dependant.own_oauth_scopes,
        "a model of headers": [f for f in dependant.header_params if _model(f.field_info)],
        "lists in query, headers or form": [one for one in _texts(dependant) if _is_list(one)],
        "what ends after the answer is sent": _yields(dependant.call),
    }
    found = [name for name, is_used in unsupported.items() if is_used]
    if found:
        raise TypeError(f"{dependant.call} asks for {', '.join(found)}: not supported")


def _texts(dependant: Dependant) -> Iterator[FieldInfo]:
    """Yield the declarations of values that are read from a text, also within models."""
    forms = [field for field in dependant.body_params if isinstance(field.field_info, params.Form)]
    for field in (*dependant.query_params, *dependant.header_params, *forms):
        model = _model(field.field_info)
        yield from [field.field_info] if model is None else model.model_fields.values()


def _model(info: FieldInfo) -> type[BaseModel] | None:
    declared = info.annotation
    return declared if isinstance(declared, type) and issubclass(declared, BaseModel) else None


def _is_list(info: FieldInfo) -> bool:
    """Tell whether a value is a list, whose name a request would have to repeat."""
    declared: Any = info.annotation
    kinds = {get_origin(one) or one for one in (declared, *get_args(declared))}
    is_read_by_itself = any(isinstance(one, BeforeValidator) for one in info.metadata)
    return bool(kinds & _LISTS) and not is_read_by_itself


def _yields(call: Any) -> bool:
    return isgeneratorfunction(call) or isasyncgenfunction(call)
