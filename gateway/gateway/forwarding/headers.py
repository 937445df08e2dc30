"""Decides by their names which headers pass the gateway, inward and outward.

The fate of a name is looked up once and remembered, so that a request costs one dictionary look-up
for each of its headers.
"""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from gateway.refusals import HeadersTooLarge
from kit.http import ONCE_ONLY
from kit.refusals import RequestRefused

MAX_HEADER_BYTES: Final = 32 * 1024
MAX_HEADERS: Final = 100
_REMEMBERED_NAMES: Final = 1000

Header = tuple[bytes, bytes]

# RFC 9110 §7.6.1: these concern one connection only.
_HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
# The gateway writes these itself.
_OURS: Final = frozenset(
    (b"content-length", b"expect", b"host", b"x-request-id", b"traceparent", b"tracestate")
)
# Claims by callers: who calls, and from where, only the token and the connection tell.
_CLAIMS: Final = frozenset(
    (
        b"cf-connecting-ip",
        b"client-ip",
        b"fastly-client-ip",
        b"forwarded",
        b"remote-addr",
        b"remote-user",
        b"true-client-ip",
        b"via",
        b"x-admin",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-host",
        b"x-http-method",
        b"x-http-method-override",
        b"x-identity",
        b"x-method-override",
        b"x-original-host",
        b"x-original-url",
        b"x-real-ip",
        b"x-rewrite-url",
        b"x-role",
        b"x-roles",
        b"x-scope",
        b"x-scopes",
        b"x-service",
        b"x-session-id",
        b"x-subject",
        b"x-tenant-id",
        b"x-user",
    )
)
_CLAIM_PREFIXES: Final = (
    b"x-auth",
    b"x-consumer-",
    b"x-forwarded",
    b"x-internal-",
    b"x-jwt-",
    b"x-remote-",
    b"x-saldo-",
    b"x-user-",
)
# The gateway itself reads these.
_READ: Final = ONCE_ONLY | {
    b"accept",
    b"accept-language",
    b"access-control-request-method",
    b"connection",
    b"origin",
    b"traceparent",
    b"upgrade",
    b"x-request-id",
}
_AUTHORIZATION: Final = b"authorization"
_BEARER: Final = b"bearer "
# `Connection: authorization` must not remove the token on the way.
_END_TO_END: Final = _READ - _HOP_BY_HOP
_USUAL_CONNECTIONS: Final = frozenset((b"keep-alive", b"close"))

# These are not passed outward; our own server writes `date`.
_NOT_OUTWARD: Final = _HOP_BY_HOP | {
    b"date",
    b"ratelimit",
    b"ratelimit-policy",
    b"server",
    b"via",
    b"x-powered-by",
    b"x-request-id",
    b"x-saldo-origin",
}


class _Fate(Enum):
    PASSED = auto()
    READ_AND_PASSED = auto()
    READ = auto()
    DROPPED = auto()


# Looking up a member of the class costs more than everything else that is done to a header.
_PASSED, _READ_AND_PASSED, _DROPPED = _Fate.PASSED, _Fate.READ_AND_PASSED, _Fate.DROPPED


class Inbound:
    """The headers of one request.

    Attributes:
        passed: Those that go on to the service, as they came.
        read: The values of those that the gateway reads, by lower-case name.
        size: Size of the header block, in bytes.
    """

    __slots__ = ("passed", "read", "size")

    def __init__(self) -> None:
        self.passed: list[Header] = []
        self.read: dict[bytes, bytes] = {}
        self.size = 0

    @property
    def bearer(self) -> str | None:
        """Return the access token or API key that came, None where neither did."""
        credentials = self.read.get(_AUTHORIZATION)
        if credentials is None or credentials[:7].lower() != _BEARER:
            return None
        return credentials[7:].strip(b" ").decode("latin-1")

    def authorise_by(self, token: str | None) -> None:
        """Pass this token on in place of what the caller sent; None passes nothing on."""
        self.passed = [header for header in self.passed if header[0] != _AUTHORIZATION]
        if token is not None:
            self.passed.append((_AUTHORIZATION, b"Bearer " + token.encode("ascii")))

    def check(self, count: int) -> None:
        """Refuse a header block that is too large.

        Raises:
            HeadersTooLarge: in bytes, or in the number of fields.
        """
        if self.size > MAX_HEADER_BYTES or count > MAX_HEADERS:
            raise HeadersTooLarge(limit_bytes=MAX_HEADER_BYTES, limit_count=MAX_HEADERS)


class HeaderSorter:
    """Sorts headers by the fate of their names."""

    def __init__(self) -> None:
        self._inward: dict[bytes, _Fate] = {}
        self._outward: dict[bytes, bytes | None] = {}

    def inward(self, headers: Iterable[Header], inbound: Inbound) -> None:
        """Sort the headers of a request into `inbound`.

        Raises:
            RequestRefused: a header that may come only once came twice.
        """
        passed, read, size = inbound.passed, inbound.read, 0
        contradicts = False  # refused at the end: the refusal has the request's id and language
        for header in headers:
            name, value = header
            size += len(name) + len(value) + 4
            fate = self._inward.get(name) or self._learn_inward(name)
            if fate is _PASSED:
                passed.append(header)
            elif fate is not _DROPPED:
                if name in read and name in ONCE_ONLY:
                    contradicts = True
                read[name] = value
                if fate is _READ_AND_PASSED:
                    passed.append(header)
        inbound.size = size
        if contradicts:
            raise RequestRefused
        connection = read.get(b"connection")
        if connection is not None and connection.lower() not in _USUAL_CONNECTIONS:
            inbound.passed = _without_named(passed, connection)

    def outward(self, headers: Iterable[Header]) -> list[Header]:
        """Return the headers of a service's answer that go to the caller, in lower case."""
        passed = []
        for header in headers:
            name = header[0]
            lowered = self._outward.get(name, b"")
            if lowered == b"":
                lowered = self._learn_outward(name)
            if lowered is not None:
                passed.append((lowered, header[1]))
        return passed

    def _learn_inward(self, name: bytes) -> _Fate:
        fate = _fate(name)
        if len(self._inward) < _REMEMBERED_NAMES:
            self._inward[name] = fate
        return fate

    def _learn_outward(self, name: bytes) -> bytes | None:
        lowered: bytes | None = name.lower()
        if lowered in _NOT_OUTWARD:
            lowered = None
        if len(self._outward) < _REMEMBERED_NAMES:
            self._outward[name] = lowered
        return lowered


def _fate(name: bytes) -> _Fate:
    normalised = name.lower().replace(b"_", b"-").replace(b".", b"-")
    if normalised in _CLAIMS or normalised.startswith(_CLAIM_PREFIXES):
        return _Fate.DROPPED
    if normalised != name:
        # Some servers read `x_y` as `x-y`; a caller who means `x-y` can write it.
        return _Fate.DROPPED
    is_kept_back = name in _HOP_BY_HOP or name in _OURS
    if name in _READ:
        return _Fate.READ if is_kept_back else _Fate.READ_AND_PASSED
    return _Fate.DROPPED if is_kept_back else _Fate.PASSED


def _without_named(passed: list[Header], connection: bytes) -> list[Header]:
    """Return the headers that `Connection` does not name, and those of the request.

    RFC 9110 §7.6.1 wants the named ones dropped, but what belongs to the request stays.
    """
    named = {token.strip().lower() for token in connection.split(b",")} - _END_TO_END
    return [header for header in passed if header[0] not in named]
