"""The composition root: puts the sandbox together."""

from typing import Final

from kit.refusals import catalogue
from kit.runtime import Service
from kit.web.app import create_app
from sandbox import api, refusals
from sandbox.settings import Settings
from sandbox.verifiers import Verifier

NAME: Final = "sandbox"
_DESCRIPTION: Final = """
The outside world, simulated. Two verification services judge payments, and fail now and then as
such services do: “one” 10 % of the time, “two” 25 %. Never part of production.
"""
_TAGS: Final = ({"name": "verification", "description": "The two verification services."},)


def build(settings: Settings) -> Service:
    """Return the service, ready to be run by ``kit.runtime``."""
    web = create_app(
        name=NAME,
        title="Saldo sandbox",
        version="1.0.0",
        description=_DESCRIPTION,
        settings=settings,
        refusals=catalogue(refusals),
        routers=(api.router,),
        tags=_TAGS,
    )
    web.state.verifiers = {
        name: Verifier(behaviour) for name, behaviour in settings.behaviours.items()
    }
    return Service(name=NAME, settings=settings, web=web)
