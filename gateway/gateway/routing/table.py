"""Finds the route of a request, in tables compiled of `routes` and `aliases`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from gateway.routing import routes
from gateway.routing.aliases import ALIASES

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

_READING: Final = frozenset(("GET", "HEAD"))
_SLASH: Final = 0x2F
_NOT_SHOWN: Final = frozenset((b"/metrics", b"/health/upstreams"))


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The operation of an alias: method, path, and an addition to the query.

    A number in `path` stands for that segment of the alias' own path.
    """

    method: str
    path: tuple[bytes | int, ...]
    query: bytes

    def path_for(self, path: bytes) -> bytes:
        """Return the operation's path for a path that the alias matched."""
        given = path.split(b"/")
        return b"/".join(given[part] if isinstance(part, int) else part for part in self.path)

    def query_for(self, query: bytes) -> bytes:
        """Return the operation's query: the caller's, and the addition unless it is there."""
        if not self.query or self.query in query.split(b"&"):
            return query
        return b"&".join(filter(None, (query, self.query)))


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """Says where a request goes.

    Attributes:
        label: Names the route in metrics and logs; never contains what a caller sent.
        is_prefix: Whether it is of many operations, which `templates` tells apart.
        upstream: The service that answers, empty where the gateway does.
        own: The part of the gateway that answers, empty where a service does alone.
        is_public: Whether no token is needed.
        is_for_admins: Whether the token must be an administrator's; services say so themselves.
        is_import: Whether its bodies may be as large as a file.
        rewrite: What the alias stands for, None for a canonical path.
        reads: The limit that counts where something is read.
        changes: The limit that counts where something is changed.
    """

    label: str
    upstream: str = ""
    own: str = ""
    is_public: bool = False
    is_for_admins: bool = False
    is_import: bool = False
    rewrite: Rewrite | None = None
    reads: str = routes.READ
    changes: str = routes.WRITE
    is_prefix: bool = False

    def limit(self, method: str) -> str:
        """Return the limit that counts for a method."""
        return self.reads if method in _READING else self.changes


class _Shape:
    """The patterns with parameters in the same places.

    Attributes:
        parameters: The places.
        routes: By the words in the other ones.
    """

    def __init__(self, parameters: tuple[int, ...]) -> None:
        self.parameters = parameters
        self.routes: dict[bytes, ProxyRoute] = {}

    def words_of(self, segments: Sequence[bytes]) -> bytes:
        """Return a path's words, with what no pattern has for a parameter that is empty."""
        words = list(segments)
        for at in self.parameters:
            words[at] = b"*" if words[at] else b""
        return b"/".join(words)


class ProxyRoutes:
    """Finds routes by exact path, then by pattern, then by prefix.

    Each step is a dictionary look-up; for patterns one for each way that those of the path's length
    have their parameters, the ones with fewer first.
    """

    def __init__(self) -> None:
        self._exact: dict[tuple[str, bytes], ProxyRoute] = {}
        self._patterns: dict[tuple[str, int], list[_Shape]] = {}
        self._prefixes: dict[bytes, ProxyRoute] = {}
        self._aliases: set[bytes] = set()

    @classmethod
    def of(cls, *, in_production: bool, serves_docs: bool) -> Self:
        """Return the compiled tables of an environment."""
        table = cls()
        for prefix, upstream in routes.PREFIXES.items():
            changes = routes.MONEY if prefix in routes.MONEY_PREFIXES else routes.WRITE
            table.add_prefix(prefix, ProxyRoute(prefix, upstream, changes=changes))
        if not in_production:
            for prefix, upstream in routes.DEVELOPMENT_PREFIXES.items():
                table.add_prefix(prefix, ProxyRoute(prefix, upstream, is_public=True))
        public = {**routes.PUBLIC, **routes.OPENED_BELOW}
        for operation in {*public, *routes.IMPORTS, *routes.LIMITS}:
            table.add_operation(operation, is_public=operation in public)
        table.add_own(routes.OWN, is_public=False)
        table.add_own(routes.OWN_PUBLIC, is_public=True)
        if serves_docs:
            table.add_own(routes.DOCUMENTATION, is_public=not in_production)
        for alias, operation in ALIASES.items():
            table.add_alias(alias, operation)
        return table

    def add_prefix(self, prefix: str, route: ProxyRoute) -> None:
        """Route everything below one or two segments."""
        self._prefixes[prefix.encode()] = replace(route, is_prefix=True)

    def add_operation(self, operation: str, *, is_public: bool) -> None:
        """Route an operation that is public, an import, or has its own limit."""
        path = operation.partition(" ")[2]
        below = self._below(path.encode())
        upstream = routes.PUBLIC.get(operation) or (below.upstream if below else "")
        made = ProxyRoute(
            path,
            upstream,
            is_public=is_public,
            is_import=operation in routes.IMPORTS,
        )
        if below is not None:
            made = replace(made, reads=below.reads, changes=below.changes)
        if limit := routes.LIMITS.get(operation):
            made = replace(made, reads=limit, changes=limit)
        self.add(operation, made)

    def add_own(self, operations: Mapping[str, str], *, is_public: bool) -> None:
        """Route operations to parts of the gateway itself."""
        for operation, own in operations.items():
            label = operation.partition(" ")[2]
            made = ProxyRoute(label, own=own, is_public=is_public)
            if is_public:
                made = replace(made, reads=routes.PAGE)
            elif operation in routes.DOCUMENTATION:
                made = replace(made, is_for_admins=True)
            self.add(operation, made)

    def add(self, operation: str, route: ProxyRoute) -> None:
        """Route one operation, as `GET /v1/users/{id}`."""
        method, _, path = operation.partition(" ")
        if "{" not in path:
            self._exact[method, path.encode()] = route
            return
        segments = path.encode().split(b"/")
        shapes = self._patterns.setdefault((method, len(segments)), [])
        given = tuple(at for at, part in enumerate(segments) if part[:1] == b"{")
        shape = next((one for one in shapes if one.parameters == given), None)
        if shape is None:
            shape = _Shape(given)
            shapes.append(shape)
            shapes.sort(key=lambda one: len(one.parameters))
        shape.routes.setdefault(shape.words_of(segments), route)

    def add_alias(self, alias: str, operation: str) -> None:
        """Route an alias of an operation to where the operation goes.

        Raises:
            ValueError: the operation is not routed, or needs what the alias does not have.
        """
        method, _, target = operation.partition(" ")
        path, _, query = target.partition("?")
        route = self.find(method, path.encode())
        if route is None:
            raise ValueError(f"alias {alias}: {operation} is not routed")
        rewrite = Rewrite(method, tuple(_sources(alias, path)), query.encode())
        label = alias.partition(" ")[2]
        self.add(alias, replace(route, label=label, rewrite=rewrite, is_prefix=False))
        if "{" not in label:
            self._aliases.add(label.encode())

    def find(self, method: str, path: bytes) -> ProxyRoute | None:
        """Return the route of a request, None where there is none."""
        if method == "HEAD":
            method = "GET"
        path = _bare(path)
        return self._exactly(method, path) or self._below(path)

    def _exactly(self, method: str, path: bytes) -> ProxyRoute | None:
        route = self._exact.get((method, path))
        if route is not None or path in self._aliases:  # a word, not the id of a pattern
            return route
        given = path.split(b"/")
        for shape in self._patterns.get((method, len(given)), ()):
            route = shape.routes.get(shape.words_of(given))
            if route is not None:
                return route
        return None

    def _below(self, path: bytes) -> ProxyRoute | None:
        """Return the route of a prefix; nothing is below the path of an alias."""
        if path in self._aliases:
            return None
        first = path.find(b"/", 1)
        if first < 0:
            return self._prefixes.get(path)
        second = path.find(b"/", first + 1)
        route = self._prefixes.get(path if second < 0 else path[:second])
        return route or self._prefixes.get(path[:first])

    def listed(self, path: bytes) -> dict[str, ProxyRoute]:
        """Return the tables' routes of a path by method; none where it is below a prefix."""
        path = _bare(path)
        found = {method: self._exactly(method, path) for method in METHODS}
        return {method: route for method, route in found.items() if route is not None}

    @property
    def shown(self) -> list[str]:
        """Return the paths that a caller who mistypes one may be told of.

        They are neither aliases nor for operators only.
        """
        exact = {path for _, path in self._exact} - self._aliases - _NOT_SHOWN
        return sorted(path.decode() for path in {*exact, *self._prefixes})


def _bare(path: bytes) -> bytes:
    return path[:-1] if path[-1] == _SLASH and len(path) > 1 else path


def _sources(alias: str, path: str) -> Iterable[bytes | int]:
    given = alias.partition(" ")[2].split("/")
    for segment in path.split("/"):
        yield given.index(segment) if segment.startswith("{") else segment.encode()
