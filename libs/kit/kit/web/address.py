"""Finds the address that a request came from."""

from fastapi import Request

from kit.http import usual_address


def address_of(request: Request) -> str:
    """Return the address that a request came from, as the gateway reports it.

    The gateway drops what others have said about it.
    """
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded is not None:
        return forwarded
    return "" if request.client is None else usual_address(request.client.host)
