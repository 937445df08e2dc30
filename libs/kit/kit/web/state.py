"""Hands operations what the composition root has put on the application's state."""

from typing import Any

from fastapi import Depends, Request


def from_state(name: str) -> Any:
    """Return the default of a parameter that is filled with what stands under a name."""

    def found(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(found)
