"""Owns where a request came from."""

from fastapi import Request


def address_of(request: Request) -> str:
    """Return where a request came from: the gateway says it, and drops what others have said."""
    told = request.headers.get("x-forwarded-for")
    if told is not None:
        return told
    return "" if request.client is None else request.client.host
