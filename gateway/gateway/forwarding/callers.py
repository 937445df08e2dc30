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
# A quoted string, or one that never ends: whatever is sent, looking through it takes one pass.
_QUOTED: Final = r'"(?:[^"\\]|\\.)*\\?(?:"|$)'
# One element of a list: a comma counts outside of quotes (RFC 9110 §5.6.1).
_ELEMENT: Final = re.compile(rf'(?:[^,"]|{_QUOTED})+')
# Of an element of Forwarded (RFC 7239 §4).
_PARAMETER: Final = re.compile(rf'([a-z]+)=({_QUOTED}|[^;"\s]*)', re.IGNORECASE)
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
        elements = _elements(headers, self._header)
        if self._header == b"forwarded":
            for element in reversed(elements):
                yield _parameter(element, "for"), _parameter(element, "proto").lower()
            return
        # Of schemes only the nearest proxy's word is known: the list need not be as long.
        proto = next(reversed(_elements(headers, b"x-forwarded-proto")), "").lower()
        for element in reversed(elements):
            yield element, proto

    def _is_in_a_network(self, text: str) -> bool:
        address = _parsed(text)
        return address is not None and any(address in network for network in self._networks)


def _elements(headers: list[Header], name: bytes) -> list[str]:
    """Return the elements of a list header, over all its lines."""
    lines = (value.decode("latin-1") for given, value in headers if given == name)
    return [element.strip() for line in lines for element in _ELEMENT.findall(line)]


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
