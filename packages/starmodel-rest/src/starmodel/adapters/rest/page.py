"""The page that shows the interface and lets one try it: Swagger UI out of local files, light and dark."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["documentation_routes"]

_FILES = {
    "swagger-ui-bundle.js": ("vendor/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("vendor/swagger-ui.css", "text/css"),
    "docs.js": ("docs.js", "text/javascript"),
    "docs.css": ("docs.css", "text/css"),
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}/docs/swagger-ui.css">
<link rel="stylesheet" href="{root}/docs/docs.css">
<script src="{root}/docs/swagger-ui-bundle.js" defer></script>
<script src="{root}/docs/docs.js" defer></script>
</head>
<body>
<main id="api" data-specification="{root}/openapi.json"></main>
<noscript><p>This page needs JavaScript; the same is in <a href="{root}/openapi.json">openapi.json</a>.</p></noscript>
</body>
</html>
"""


def documentation_routes(title: str) -> list[Route]:
    """Return the routes of the page and its files; nothing comes from elsewhere."""

    async def page(request: Request) -> Response:
        root = escape(request.scope.get("root_path", ""), quote=True)
        return HTMLResponse(_PAGE.format(title=escape(title), root=root))

    return [
        Route("/docs", page, methods=["GET"], name="documentation"),
        Route("/docs/{file}", _file, methods=["GET"], name="documentation-file"),
    ]


async def _file(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in _FILES:
        raise HTTPException(404)
    path, media = _FILES[name]
    content = (files(__package__) / "assets" / path).read_bytes()
    return Response(content, media_type=media, headers={"cache-control": "public, max-age=3600"})
