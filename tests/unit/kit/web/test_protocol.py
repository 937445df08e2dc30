"""How the bytes of answers leave a server."""

import asyncio
from typing import cast

from kit.web.serving.protocol import HeadHolder

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Written:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


def held() -> tuple[HeadHolder, Written]:
    written = Written()
    return HeadHolder(cast("asyncio.Transport", written)), written


def test_head_and_body_leave_in_one_write() -> None:
    holder, written = held()
    holder.write(HEAD)
    assert written.writes == []
    holder.write(b"body")
    holder.write(b"more")
    assert written.writes == [HEAD + b"body", b"more"]


def test_a_head_with_nothing_behind_it_leaves_with_the_empty_write() -> None:
    holder, written = held()
    holder.write(HEAD)
    holder.write(b"")
    assert written.writes == [HEAD]


def test_the_go_ahead_for_a_body_is_not_held() -> None:
    holder, written = held()
    holder.write(CONTINUE)
    holder.write(HEAD)
    holder.write(b"body")
    assert written.writes == [CONTINUE, HEAD + b"body"]


def test_closing_sends_what_is_held() -> None:
    holder, written = held()
    holder.write(HEAD)
    assert not holder.is_closing()
    holder.close()
    assert written.writes == [HEAD]
    assert holder.is_closing()
