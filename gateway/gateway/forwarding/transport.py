"""Has an httpx client ask whichever replica of a service is there."""

import asyncio
from typing import Final

import httpx

from gateway.forwarding.replicas import Replica, Replicas
from kit.trust import TRUST

_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)


class ReplicaTransport(httpx.AsyncBaseTransport):
    """Sends what is addressed to any replica of a service to the one whose turn it is.

    What could not be sent is sent to the next one. Other addresses are asked as they are.
    """

    def __init__(self, replicas: Replicas) -> None:
        self._replicas = replicas
        self._addresses = {_address(replica) for replica in replicas.all}
        self._inner = httpx.AsyncHTTPTransport(verify=TRUST)
        self._loop = asyncio.get_running_loop()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; called by the client.

        Raises:
            httpx.TransportError: no replica took it, or the one that did broke off.
        """
        if httpx.URL(request.url).copy_with(raw_path=b"/") not in self._addresses:
            return await self._inner.handle_async_request(request)
        refused: Exception = httpx.ConnectError("there is no replica")
        for replica in self._replicas.in_turn():
            request.url = _address(replica).copy_with(raw_path=request.url.raw_path)
            try:
                answer = await self._inner.handle_async_request(request)
            except _NOT_SENT as error:
                replica.fell(self._loop.time())
                refused = error
            else:
                replica.rose()
                return answer
        raise refused

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def _address(replica: Replica) -> httpx.URL:
    return httpx.URL(str(replica.url)).copy_with(raw_path=b"/")
