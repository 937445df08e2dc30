"""Decides which URLs webhooks may go to, as far as the text alone can tell.

`webhooks.guard` checks the addresses that the host's name resolves to.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from notifications.domain.networks import Address, is_loopback, is_public, parsed

LONGEST_URL: Final = 2048
HTTPS_PORTS: Final = frozenset({443, 8443})
HTTP_PORTS: Final = frozenset({80, 8080})
FIRST_FREE_PORT: Final = 1024

# Printable ASCII without space, quotes, angle brackets, backslash, caret, backtick, braces, bar.
# Parsers of URLs treat these differently, and so disagree about where the URL leads.
_CHARACTERS: Final = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
_DOTTED: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
# WHATWG URL: a host whose last label is a number, in any form, is an IPv4 address.
_ENDS_IN_A_NUMBER: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class UrlFault(StrEnum):
    """Why a URL is refused; the codes are stable and also appear in attempts."""

    MALFORMED = "url_malformed"
    CREDENTIALS = "url_has_credentials"
    HTTPS_REQUIRED = "https_required"
    PORT = "port_not_allowed"
    NOT_PUBLIC = "address_not_public"
    NOT_FOUND = "host_not_found"


class UrlFaultError(Exception):
    """A URL was refused; `fault` says why."""

    def __init__(self, fault: UrlFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Reach:
    """Where webhooks may go; anything but the public Internet is for development.

    `hosts` are lower-case names that may resolve to any address.
    """

    plain_http: bool = False
    loopback: bool = False
    hosts: frozenset[str] = frozenset()

    def permits(self, address: Address) -> bool:
        """Tell whether a connection to the address is allowed."""
        return is_public(address) or (self.loopback and is_loopback(address))

    def names(self, host: str) -> bool:
        """Tell whether the host is one that may resolve to any address."""
        return host.rstrip(".").casefold() in self.hosts


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a URL: a name to resolve, or an address."""

    host: str
    port: int
    address: Address | None


def read_url(url: str, reach: Reach) -> Target:
    """Return the target of a URL; checks go in the order of `UrlFault`.

    Raises:
        UrlFaultError: webhooks may not be sent there.
    """
    parts = _split(url)
    if "@" in parts.netloc:
        raise UrlFaultError(UrlFault.CREDENTIALS)
    target = _target(parts)
    is_local = reach.names(target.host) or (reach.loopback and _may_be_local(target))
    if parts.scheme == "http" and not (reach.plain_http or is_local):
        raise UrlFaultError(UrlFault.HTTPS_REQUIRED)
    ports = HTTPS_PORTS if parts.scheme == "https" else HTTP_PORTS
    if target.port not in ports and not (is_local and target.port >= FIRST_FREE_PORT):
        raise UrlFaultError(UrlFault.PORT)
    if target.address is not None and not reach.permits(target.address):
        raise UrlFaultError(UrlFault.NOT_PUBLIC)
    return target


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or not _CHARACTERS.fullmatch(url):
        raise UrlFaultError(UrlFault.MALFORMED)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UrlFaultError(UrlFault.MALFORMED) from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UrlFaultError(UrlFault.MALFORMED)
    return parts


def _target(parts: SplitResult) -> Target:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UrlFaultError(UrlFault.MALFORMED) from None
    if port is None:
        port = 443 if parts.scheme == "https" else 80
    address = parsed(host)
    is_spelt_well = (
        address is not None
        and ("[" in parts.netloc) == (address.version == 6)  # noqa: PLR2004 - IP's version
        and (address.version == 6 or _DOTTED.fullmatch(host))  # noqa: PLR2004 - as above
    ) or (
        address is None
        and "[" not in parts.netloc
        and _NAME.fullmatch(host)
        and not _ENDS_IN_A_NUMBER.fullmatch(host)
    )
    if not is_spelt_well:
        raise UrlFaultError(UrlFault.MALFORMED)
    return Target(host, port, address)


def _may_be_local(target: Target) -> bool:
    if target.address is not None:
        return is_loopback(target.address)
    return target.host.rstrip(".") == "localhost"
