"""Says which function handles which message."""

from kit.messaging.routes import Routes


def routes() -> Routes:
    """Return the routes; the catalogue is told nothing."""
    return Routes()
