"""Finds where a request comes from, behind trusted proxies.

What anybody else says about it is never looked at.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from gateway.forwarding.headers import Header
from gateway.settings import ProxyHeader

Network = IPv4Network | IPv6Network

_REMEMBERED: Final = 1024
# One element of Forwarded (RFC 7239 §4), to be read backwards: a comma within a quoted string does
# not end it. A quote that no string begins or ends with is odd; all that is left of such an element
# is part of the match, so that looking through any text takes one pass.
# Atomic groups, not possessive ones: before Python 3.11.5 these lose what they have matched.
_WITHIN: Final = r'(?>(?:[^,"]|(?<![^\s;,])"(?>(?:[^"]|"\\)*)"(?==))*)'
_BACKWARDS: Final = re.compile(rf'({_WITHIN})(?:,|$|("{_WITHIN}).*+)', re.DOTALL)
_PARAMETER: Final = re.compile(
    r'(?:^|;)\s*+([a-z]++)=("(?>(?:[^"\\]|\\.)*)"|[^;"\s]*+)', re.IGNORECASE
)
# An address, with or without a port: 203.0.113.7:80, [2001:db8::1]:80, 2001:db8::1.
_NODE: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\w+)?|([0-9.]+)(?::\w+)?|([0-9A-Fa-f:.]+)")
_SCHEMES: Final = frozenset(("http", "https"))


class TrustedProxies:
    """Knows which peers are believed, and which header they write.

    `trusts` tells of an address whether it is a proxy's.

    Args:
        networks: The proxies' own addresses.
        header: What they write; the other one may be the caller's, and is not looked at.
    """

    def __init__(self, networks: tuple[Network, ...], header: ProxyHeader) -> None:
        self._networks = networks
        self._header = header.encode()
        self.trusts = lru_cache(_REMEMBERED)(self._is_in_a_network)

    def origin(self, peer: str, scheme: str, headers: Iterable[Header]) -> tuple[str, str]:
        """Return the caller's address and scheme.

        Each proxy adds, on the right, whom it heard from: the rightmost address that is no proxy's
        is the caller's, and all left of it is only what the caller says. Where an address can't be
        read, the one before it counts.
        """
        if not self._networks or not self.trusts(peer):
            return peer, scheme
        headers = list(headers)
        address, told = peer, scheme
        for node, proto in self._hops(headers):
            found = _address(node)
            if found is None:
                break
            address, told = found, proto or told
            if not self.trusts(address):
                break
        return address, told if told in _SCHEMES else scheme

    def _hops(self, headers: list[Header]) -> Iterator[tuple[str, str]]:
        """Yield what each proxy has added, the nearest first: address, and scheme or ""."""
        if self._header == b"forwarded":
            for line in _lines(headers, self._header):
                for element in _elements(line):
                    yield _parameter(element, "for"), _parameter(element, "proto").lower()
            return
        # Of schemes only the nearest proxy's word is known: the list need not be as long.
        proto = next(_listed(headers, b"x-forwarded-proto"), "").lower()
        for node in _listed(headers, self._header):
            yield node, proto

    def _is_in_a_network(self, text: str) -> bool:
        address = _parsed(text)
        return address is not None and any(address in network for network in self._networks)


def _lines(headers: list[Header], name: bytes) -> Iterator[str]:
    """Yield the values of a header, the last first."""
    return (value.decode("latin-1") for given, value in reversed(headers) if given == name)


def _listed(headers: list[Header], name: bytes) -> Iterator[str]:
    """Yield the elements of a list that knows no quotes, the last first."""
    for line in _lines(headers, name):
        for element in reversed(line.split(",")):
            if stripped := element.strip():
                yield stripped


def _elements(line: str) -> Iterator[str]:
    """Yield the elements of a line of Forwarded, the last first.

    Read from the right, what a proxy has appended can't be altered by what a caller has sent before
    it. An element with an odd quote begins at the last comma, and nothing left of it can be read.
    """
    for found in _BACKWARDS.finditer(line[::-1]):
        good, odd = found.groups(default="")
        if element := (good + odd)[::-1].strip():
            yield element
        if odd:
            yield ""


def _parameter(element: str, wanted: str) -> str:
    """Return what is said of `wanted`; "" where it is not, or more than once."""
    said = [value for name, value in _PARAMETER.findall(element) if name.lower() == wanted]
    return said[0].strip('"') if len(said) == 1 else ""


@lru_cache(_REMEMBERED)
def _address(node: str) -> str | None:
    """Return an address without its port, as it is usually written; else None."""
    found = _NODE.fullmatch(node)
    if found is None:
        return None
    parsed = _parsed(found[found.lastindex or 0])
    return None if parsed is None else str(parsed)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
