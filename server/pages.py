"""The files people's browsers load: the demo shop's page, the desk, the widget and its parts. No build step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from assistant.settings import Settings
from server.shield import page_csp

STATIC = Path(__file__).with_name("static")


class Files(StaticFiles):
    """Files that a browser asks about again each time, and gets only when they changed."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def page(file: Path, csp: str) -> FileResponse:
    return FileResponse(file, headers={"Content-Security-Policy": csp, "Cache-Control": "no-cache"})


def install(app: FastAPI, settings: Settings) -> None:
    """Serve `static/`: its pages under our policy, every other entry of the folder under its own name."""
    framed_by = " ".join(("'self'", *settings.allowed_origins))
    pages: Mapping[str, tuple[str, str]] = {
        "/desk": ("desk/index.html", page_csp(framed_by)),
        **({"/": ("demo/index.html", page_csp())} if settings.demo else {}),
    }

    def route(path: str, file: Path, csp: str) -> None:
        async def show() -> FileResponse:
            return page(file, csp)

        app.add_api_route(path, show, methods=["GET"], include_in_schema=False, response_model=None)

    for path, (name, csp) in pages.items():
        if (STATIC / name).is_file():
            route(path, STATIC / name, csp)
    for entry in sorted(STATIC.iterdir()):
        if entry.name == "demo" and not settings.demo:
            continue
        if entry.is_dir():
            app.mount(f"/{entry.name}", GZipMiddleware(Files(directory=entry), minimum_size=500))
        elif entry.suffix in {".js", ".css", ".svg"}:
            route(f"/{entry.name}", entry, "default-src 'none'")
