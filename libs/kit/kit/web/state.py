"""Hands operations what the composition root has put on the application's state."""

from typing import Any

from fastapi import Depends, Request


class FromState:
    """Reads a name from the application's state.

    `kit.web.serving.binding` knows it, and looks there without a request.

    Attributes:
        key: The name.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, request: Request) -> Any:
        """Return what stands there, as FastAPI would ask for it."""
        return getattr(request.app.state, self.key)


def from_state(name: str) -> Any:
    """Return a parameter's default that reads a name from the application's state."""
    return Depends(FromState(name))
