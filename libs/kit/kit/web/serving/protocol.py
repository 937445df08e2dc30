"""Owns how answers leave a server: uvicorn's protocol, with head and body in one write."""

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HeadHolder:
    """A transport that sends the head of an answer together with the beginning of its body.

    uvicorn writes them apart: two system calls and two packets, which both ends then handle.
    """

    __slots__ = ("_held", "_is_head_sent", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self._is_head_sent = False

    def write(self, data: bytes) -> None:
        """Hold the head; send it with what comes next, be that empty."""
        if self._is_head_sent or data == _CONTINUE:
            self._transport.write(data)
        elif self._held:
            self._is_head_sent = True
            self._transport.write(self._held + data)
        else:
            self._held = data

    def close(self) -> None:
        """Close once all is sent."""
        if not self._is_head_sent:
            self._transport.write(self._held)
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is about to end."""
        return self._transport.is_closing()


class WholeProtocol(HttpToolsProtocol):
    """Serves one connection; the head of an answer waits for the beginning of its body."""

    def on_headers_complete(self) -> None:
        """Begin with the request."""
        super().on_headers_complete()
        if self.scope["method"] != "HEAD":  # after whose head nothing is written
            self.cycle.transport = cast("asyncio.Transport", HeadHolder(self.transport))
