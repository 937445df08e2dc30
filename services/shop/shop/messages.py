"""Says which function handles which message."""

from kit.messaging.routes import Routes


def routes() -> Routes:
    """Return no routes: shop handles no messages."""
    return Routes()
