"""Serves a service's own `/docs` (Swagger UI), `/openapi.json` and its paths.

The assets are served from here, too. The documentation of all services together is the gateway's.
"""

import asyncio
from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from kit.web.answers import Answer
from kit.web.assets import packaged_asset
from kit.web.routes import Router

_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Saldo API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
_START = (
    'SwaggerUIBundle({url: "/openapi.json", dom_id: "#ui", deepLinking: true, '
    "persistAuthorization: true});\n"
)

openapi_router = Router(tags=["docs"])
router = Router(tags=["docs"])


@openapi_router.get(
    "/openapi.json",
    access="public",
    operation_id="get_openapi",
    summary="This service's OpenAPI document",
    include_in_schema=False,
)
async def get_openapi(request: Request) -> Response:
    """Answer the OpenAPI document."""
    # To make it takes a part of a second, which nobody else should wait for.
    document = await asyncio.to_thread(request.app.openapi)
    return Answer(200, body=orjson.dumps(document))


@openapi_router.get(
    "/openapi/paths.json",
    access="public",
    operation_id="get_paths",
    summary="The paths of the document",
    include_in_schema=False,
)
async def get_paths(request: Request) -> Response:
    """Answer the paths alone: making the whole document takes 2 to 7 MiB."""
    shown = (route.path for route in request.app.kit_routes if route.include_in_schema)
    return Answer(200, body=orjson.dumps(sorted(set(shown))))


@router.get(
    "/docs",
    access="public",
    operation_id="get_docs",
    summary="This service's documentation",
    include_in_schema=False,
)
async def get_docs() -> Response:
    """Answer the page of the documentation."""
    return _page(_PAGE, "text/html")


@router.get(
    "/docs/start.js",
    access="public",
    operation_id="get_docs_start",
    summary="Starts the page",
    include_in_schema=False,
)
async def get_docs_start() -> Response:
    """Answer the script that starts the page; the policy allows none inside the page."""
    return _page(_START, "text/javascript")


@router.get(
    "/docs/swagger-ui-bundle.js",
    access="public",
    operation_id="get_docs_script",
    summary="Swagger UI",
    include_in_schema=False,
)
async def get_docs_script() -> Response:
    """Answer Swagger UI's script."""
    return _page(_asset("swagger_bundle.js"), "text/javascript")


@router.get(
    "/docs/swagger-ui.css",
    access="public",
    operation_id="get_docs_style",
    summary="Swagger UI's looks",
    include_in_schema=False,
)
async def get_docs_style() -> Response:
    """Answer Swagger UI's style sheet."""
    return _page(_asset("swagger_style.css"), "text/css")


_asset = cache(packaged_asset)


def _page(content: str | bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-security-policy": _POLICY})
