"""Writes the head and the body of an answer at once, in uvicorn's protocol."""

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HeadHolder:
    """A transport that sends the head of an answer with the start of its body.

    uvicorn writes them apart: two system calls and two packets, which both ends then handle.
    """

    __slots__ = ("_held", "_is_head_sent", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self._is_head_sent = False

    def write(self, data: bytes) -> None:
        """Hold the head, and send it with what comes next, even if that is empty."""
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
        """Tell whether the connection is about to end."""
        return self._transport.is_closing()


class WholeProtocol(HttpToolsProtocol):
    """Serves one connection; the head of an answer waits for the start of its body."""

    def on_headers_complete(self) -> None:
        """Begin the request, with a transport that holds the head of its answer."""
        super().on_headers_complete()
        if self.scope["method"] != "HEAD":  # nothing follows the head of its answer
            self.cycle.transport = cast("asyncio.Transport", HeadHolder(self.transport))
