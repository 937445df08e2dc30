"""Keeps webhooks out of our own network by checking every address.

Names are resolved only here, and connections are made only to addresses that were just checked, so
a name that resolves differently the next time gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from notifications.domain.networks import Address, parsed
from notifications.domain.webhook_urls import Reach, Target, UrlFault, UrlFaultError, read_url

LOOK_UP_SECONDS: Final = 3.0

AddressInfo = tuple[int, int, int, str, tuple[object, ...]]
LookUp = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefusedError(OSError):
    """A connection to an address that is not public was refused."""


async def look_up(host: str, port: int) -> list[str]:
    """Return a name's addresses by the machine's resolver; raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(AbstractResolver):
    """Resolves names for the HTTP client; refuses one with any forbidden address."""

    def __init__(self, reach: Reach, look_up: LookUp = look_up) -> None:
        self.reach = reach
        self._look_up = look_up
        self._named: frozenset[Address] = frozenset()  # addresses of the hosts allowed by name

    async def check(self, url: str) -> None:
        """Raise UrlFaultError unless a webhook may be sent to the URL now."""
        target = read_url(url, self.reach)
        if target.address is None:
            await self._addresses(target)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 (all families are checked)
    ) -> list[ResolveResult]:
        """Return a name's addresses, all of them checked; raises UrlFaultError."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._addresses(Target(host, port, None))
        ]

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def open_socket(self, address_info: AddressInfo) -> socket.socket:
        """Open a connection's socket, after a last check of the address."""
        family, kind, protocol, _, where = address_info
        address = parsed(str(where[0]))
        if address is None or not (self.reach.permits(address) or address in self._named):
            raise AddressRefusedError(UrlFault.NOT_PUBLIC)
        return socket.socket(family, kind, protocol)

    async def _addresses(self, target: Target) -> Sequence[str]:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                found = await self._look_up(target.host, target.port)
        except (OSError, UnicodeError):
            raise UrlFaultError(UrlFault.NOT_FOUND) from None
        addresses = [parsed(text) for text in found]
        if not addresses:
            raise UrlFaultError(UrlFault.NOT_FOUND)
        if self.reach.names(target.host):
            self._named |= {address for address in addresses if address is not None}
        elif not all(address is not None and self.reach.permits(address) for address in addresses):
            raise UrlFaultError(UrlFault.NOT_PUBLIC)
        return found
