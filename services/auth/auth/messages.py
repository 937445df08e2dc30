"""The table of auth's messages: it listens to nobody. What it tells stands in `contracts.auth`."""

from typing import Final

from kit.messaging.routes import Routes

ROUTES: Final = Routes()
