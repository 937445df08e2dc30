"""Finds the operation of a path in a tree of segments, walked once per request.

A trailing slash is the same path, and HEAD is answered wherever GET is (RFC 9110 §9.3.2). Does not
redirect, and does not read what a segment means.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from kit.refusals import MethodNotAllowed, PathUnknown


class HasPath(Protocol):
    """A route, as far as the tree needs to know it."""

    @property
    def path(self) -> str:
        """Return the path, parameters in braces."""
        ...

    @property
    def methods(self) -> set[str] | None:
        """Return the methods."""
        ...


R = TypeVar("R", bound=HasPath)


@dataclass(slots=True)
class _Node(Generic[R]):
    children: dict[str, "_Node[R]"] = field(default_factory=dict)
    parameter: "_Node[R] | None" = None
    operations: dict[str, tuple[R, tuple[str, ...]]] = field(default_factory=dict)


class RouteTable(Generic[R]):
    """Holds routes by path and method; a literal segment goes before a parameter."""

    def __init__(self, routes: Iterable[R]) -> None:
        """Build the tree of segments.

        Raises:
            ValueError: a path is declared twice for a method, or its parameter has a converter.
        """
        self._root: _Node[R] = _Node()
        self._literal: dict[str, _Node[R]] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: R) -> None:
        node, names = self._root, []
        for segment in route.path.split("/"):
            if segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            elif "{" in segment:
                raise ValueError(f"{route.path}: a parameter is a whole segment")
            else:
                node = node.children.setdefault(segment, _Node())
        if any(not name.isidentifier() for name in names):
            raise ValueError(f"{route.path}: parameters have no converters")
        for method in route.methods or ():
            if method in node.operations:
                raise ValueError(f"{method} {route.path} is declared twice")
            node.operations[method] = route, tuple(names)
        if "GET" in node.operations:
            node.operations.setdefault("HEAD", node.operations["GET"])
        if not names and node.operations:
            self._literal[route.path] = node

    def find(self, method: str, path: str) -> tuple[R, dict[str, str]]:
        """Return the route and the values of its parameters.

        Raises:
            PathUnknown: there is no such path.
            MethodNotAllowed: the path has other methods, which Allow names.
        """
        node, values = self._node(path)
        found = node.operations.get(method)
        if found is None:
            raise MethodNotAllowed(allowed=_methods(node))
        route, names = found
        return route, dict(zip(names, values, strict=True)) if names else {}

    def allowed(self, path: str) -> set[str]:
        """Return the methods of a path.

        Raises:
            PathUnknown: there is no such path.
        """
        return _methods(self._node(path)[0])

    def _node(self, path: str) -> tuple[_Node[R], list[str]]:
        if path[-1:] == "/" and path != "/" and path[-2:] != "//":
            path = path[:-1]
        values: list[str] = []
        node = self._literal.get(path) or _walk(self._root, path.split("/"), 0, values)
        if node is None or "\0" in path:
            raise PathUnknown
        return node, values


def _methods(node: _Node[Any]) -> set[str]:
    return {*node.operations, "OPTIONS"}


def _walk(node: _Node[R], segments: list[str], index: int, values: list[str]) -> _Node[R] | None:
    if index == len(segments):
        return node if node.operations else None
    segment = segments[index]
    child = node.children.get(segment)
    if child is not None and (found := _walk(child, segments, index + 1, values)) is not None:
        return found
    if node.parameter is None or not segment:
        return None
    values.append(segment)
    found = _walk(node.parameter, segments, index + 1, values)
    if found is None:
        values.pop()
    return found
