"""The connected example pack against its second server, for tests: the connector over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any

from assistant.backend import Backend, document_of, read_backend
from assistant.catalogue import Catalogue
from assistant.clock import Clock
from assistant.http_shop import HttpShop
from assistant.openapi import ApiDocument, read_api
from knowledge.pack import Pack, load_pack
from server.scripted_shop import ScriptedShop, running

TOKEN = "demo-backend-token"
PATIENCE = {"connect_timeout_s": 30, "read_timeout_s": 30, "write_timeout_s": 30}
"""More than a busy machine needs: a test of silence sets a time limit of its own."""


@cache
def connected_pack() -> Pack:
    return load_pack("connected")


@cache
def api() -> ApiDocument:
    return read_api(document_of(connected_pack(), backend()))


def backend(**changes: Any) -> Backend:
    """The example's backend, with some of its keys changed."""
    found = read_backend({"backend": {**connected_pack().data("shop")["backend"], **PATIENCE, **changes}})
    assert found is not None
    return found


def shop_at(url: str, clock: Clock, *, described: Backend | None = None, **more: Any) -> HttpShop:
    now = clock.now()
    catalogue = _catalogue(now)
    options = {"token": TOKEN, **more}
    return HttpShop(described or backend(), api(), catalogue, base_url=url, clock=clock, **options)


@cache
def _catalogue(now: datetime) -> Catalogue:
    pack = connected_pack()
    return Catalogue.from_data(pack.data("catalogue"), now, shop=pack.data("shop"))


@asynccontextmanager
async def connected_to(shop: ScriptedShop, *, clock: Clock | None = None, **more: Any) -> AsyncIterator[HttpShop]:
    """The connector to a running second server."""
    shop.token = TOKEN
    with running(shop) as url:
        connector = shop_at(url, clock or shop.clock, **more)
        try:
            yield connector
        finally:
            await connector.aclose()
