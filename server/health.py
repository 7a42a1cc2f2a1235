"""For the machines that look after the server: alive, ready, counted."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from assistant.shop import Connected
from server.front import TheFront
from server.metrics import MEDIA_TYPE
from server.problems import ShuttingDown, responses

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(Health):
    """`backend` tells whether the shop's own system answers: `own` when there is none but ours."""

    backend: Literal["own", "ok", "unreachable"] = "own"


@router.get("/healthz")
async def alive() -> Health:
    """The process runs and answers."""
    return Health()


@router.get("/readyz", responses={503: responses()[503]})
async def ready(front: TheFront) -> Readiness:
    """The store can be read and the server is not about to stop.

    A shop's own system that is out of reach does not make the server unready: rules and products are still answered,
    and what needs an order goes to a person.
    """
    if front.turns.draining:
        raise ShuttingDown("The server is about to stop.")
    await front.assistant.conversations.queue(front.assistant.profile.key, limit=1)
    shop = front.assistant.engine.shop
    if not isinstance(shop, Connected):
        return Readiness()
    return Readiness(backend="ok" if await shop.reachable() else "unreachable")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def count(front: TheFront) -> Response:
    """Counters for Prometheus."""
    return Response(front.metrics.text(), media_type=MEDIA_TYPE)
