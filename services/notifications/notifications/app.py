"""The composition root: puts notifications together. Every choice of a part is made here."""

from typing import Final

from kit.refusals import catalogue
from kit.runtime import Service
from kit.web.app import create_app
from notifications import refusals
from notifications.api import ROUTERS
from notifications.messages import ROUTES
from notifications.settings import Settings

NAME: Final = "notifications"
_DESCRIPTION: Final = """
What has happened, told to whom it concerns: payments made, received, failed and cancelled, and
money that came in. Texts are English or Russian, by `Accept-Language`.
"""
_TAGS: Final = ({"name": "notices", "description": "Notices with their read state."},)


def build(settings: Settings) -> Service:
    """Return the service; nothing is opened yet."""
    web = create_app(
        name=NAME,
        title="Saldo notifications",
        version="1.0.0",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=ROUTERS,
        tags=_TAGS,
    )
    return Service(name=NAME, settings=settings, web=web, routes=ROUTES)
