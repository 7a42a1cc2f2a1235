"""What the shop has promised in writing, for anybody: its head and the clauses a customer may read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from assistant.conversation import Lang
from assistant.errors import NotFound
from assistant.profile import Greeting
from assistant.shop import Text
from server.front import TheFront, by_address
from server.problems import responses
from server.views import ClauseView, clause_view

router = APIRouter(prefix="/v1", tags=["shop"], responses=responses(), dependencies=[Depends(by_address)])


class ShopView(BaseModel):
    name: Text
    brand_color: str
    languages: list[Lang]
    greeting: Text
    quick_replies: list[Greeting]
    hours: Text | None


@router.get("/shop")
async def read_shop(front: TheFront) -> ShopView:
    """What the widget needs before anybody has said anything."""
    shop = front.assistant.profile
    return ShopView(
        name=shop.name,
        brand_color=shop.brand_color,
        languages=list(shop.languages),
        greeting=shop.greeting,
        quick_replies=list(shop.quick_replies),
        hours=shop.hours,
    )


@router.get("/clauses/{ref:path}")
async def read_clause(
    front: TheFront,
    ref: Annotated[
        str,
        Path(
            max_length=200,
            description="`policy@version#anchor` with `#` escaped as `%23`.",
            examples=["cn/no-reason-return@2024-07#counting"],
        ),
    ],
    lang: Annotated[Lang, Query()] = "zh",
) -> ClauseView:
    """A clause in the version it was cited in. One that is not for customers does not exist here."""
    clause = front.assistant.engine.index.clause(ref, lang)
    audiences = clause.policy.scope.audiences
    if audiences and "customer" not in audiences:
        raise NotFound("There is no such clause.")
    return clause_view(clause)
