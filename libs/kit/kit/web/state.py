"""Hands operations what the composition root has put on the application's state."""

from typing import Any

from fastapi import Depends, Request


def from_state(name: str) -> Any:
    """Return a parameter's default that reads a name from the application's state."""

    def found(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(found)
