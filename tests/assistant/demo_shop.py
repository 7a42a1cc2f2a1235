"""The shipped demo shop at a standing clock, for tests."""

from datetime import datetime
from functools import cache

from assistant.catalogue import Catalogue
from knowledge.pack import Pack, load_pack

NOW = datetime.fromisoformat("2026-11-22T11:30:00+08:00")


@cache
def demo_pack() -> Pack:
    return load_pack("demo")


@cache
def demo_catalogue(now: datetime = NOW) -> Catalogue:
    pack = demo_pack()
    return Catalogue.from_data(pack.data("catalogue"), now, shop=pack.data("shop"))
