"""Owns the app of every service: the common operations, and the way of a request.

Does not open databases or read settings from the environment; the runtime does.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.clock import SystemClock
from kit.refusals import Refusal
from kit.settings import WebSettings
from kit.web import docs, health
from kit.web.allowance import Allowance
from kit.web.openapi import API_VERSION
from kit.web.openapi.document import complete
from kit.web.routes import Router
from kit.web.serving.dispatch import RouteTable
from kit.web.serving.edge import Edge
from kit.web.serving.route import Route

READINESS_SECONDS = 2.0
Describe = Callable[[dict[str, Any]], dict[str, Any]]


class WebApp(FastAPI):
    """A FastAPI app whose operations are all declared by `kit.web.routes.Router`."""

    def __init__(
        self,
        *,
        name: str,
        settings: WebSettings,
        refusals: Sequence[type[Refusal]],
        describe: Describe | None = None,
        **declared: Any,
    ) -> None:
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None, **declared)
        self.name = name
        self.refusals = tuple(refusals)
        self.kit_routes: list[Route] = []
        self._settings = settings
        self._describe = describe or (lambda document: document)

    def include_router(self, router: Router | APIRouter, *_: Any, **options: Any) -> None:
        """Add a router's operations.

        Raises:
            TypeError: it is not one of ours (its operations would have no access level), or
                options are given.
        """
        if not isinstance(router, Router) or options:
            raise TypeError("operations are declared by kit.web.routes.Router")
        for route in router.routes:
            self.kit_routes.append(route)
            self.router.routes.append(route)
        self.middleware_stack = None

    def add_middleware(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse middleware: requests pass only the edge and would leave it out silently."""
        raise TypeError("middleware is not supported: kit.web.serving.edge is all of it")

    def add_exception_handler(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse handlers: kit.web.outages and kit.refusals say what answers an error."""
        raise TypeError("exception handlers are not supported: raise a kit.refusals.Refusal")

    def build_middleware_stack(self) -> ASGIApp:
        """Return the edge; Starlette's own stack serves only the lifespan."""
        if self.dependency_overrides:
            raise TypeError("dependency_overrides are not supported: pass the real thing in")
        if strangers := [r for r in self.router.routes if not isinstance(r, Route)]:
            raise TypeError(f"not declared by kit.web.routes.Router: {strangers}")
        return Edge(
            RouteTable(self.kit_routes),
            service=self.name,
            max_body_bytes=self._settings.max_body_bytes,
            shown=[
                route.path
                for route in self.kit_routes
                if route.include_in_schema and route.access != "service"
            ],
            other=self.router,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope (ASGI 3)."""
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, which is made once."""
        if self.openapi_schema is None:
            shown = [route for route in self.kit_routes if route.include_in_schema]
            document = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                tags=self.openapi_tags,
                routes=shown,
                servers=[{"url": "/"}],
            )
            self.openapi_schema = self._describe(complete(document, shown, self.refusals))
        return self.openapi_schema


def create_app(  # noqa: PLR0913 (each is named at the one call per service)
    *,
    name: str,
    title: str,
    description: str,
    settings: WebSettings,
    refusals: Sequence[type[Refusal]],
    routers: Sequence[Router] = (),
    tags: Sequence[dict[str, Any]] = (),
    describe: Describe | None = None,
) -> WebApp:
    """Return a service's app.

    Args:
        name: The service.
        title: Title of its documentation.
        description: Markdown, opens its documentation.
        settings: Its settings; also on `app.state.settings`.
        refusals: Its own catalogue (`kit.refusals.catalogue`); kit's refusals are known.
        routers: Its operations; more may follow by `include_router`.
        tags: Names and descriptions of the groups of operations.
        describe: Adds to the OpenAPI document what is no operation: webhooks that are sent.
    """
    app = WebApp(
        name=name,
        settings=settings,
        refusals=refusals,
        title=title,
        version=API_VERSION,
        description=description,
        openapi_tags=list(tags) or None,
        describe=describe,
    )
    app.state.settings = settings
    app.state.clock = SystemClock()
    app.state.allowance = Allowance()
    app.state.turns = None  # unless the service shares out turns
    app.state.readiness = {}
    app.state.readiness_seconds = READINESS_SECONDS
    app.include_router(health.router)
    app.include_router(docs.openapi_router)
    if not settings.in_production:
        app.include_router(docs.router)
    for router in routers:
        app.include_router(router)
    return app
