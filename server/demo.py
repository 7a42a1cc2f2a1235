"""The demo shop: sign in as one of its customers, see their orders, sit down at the desk. Only on this machine.

These routes exist only when demo mode is on and the server listens on a loopback address.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from assistant.approvals import Role
from assistant.errors import NotFound
from assistant.settings import LOOPBACK
from assistant.shop import Text
from server.conversations import Body, Reference, SignedIn
from server.front import COOKIE, TheCustomer, TheFront, TheLanguage, by_address, same_origin
from server.identity import DESK_TTL
from server.problems import Forbidden, responses


def on_this_machine(front: TheFront, request: Request) -> None:
    """Refuse a page of another site, and a name that was made to point at this machine (DNS rebinding)."""
    if request.url.hostname not in LOOPBACK | {front.settings.host, "testserver"}:
        raise Forbidden("The demo answers only under this machine's own name.")
    same_origin(request)


router = APIRouter(
    tags=["demo"], responses=responses(403), dependencies=[Depends(by_address), Depends(on_this_machine)]
)


class DemoCustomer(BaseModel):
    customer_id: str
    name: str
    note: str


class DemoProduct(BaseModel):
    product_id: str
    name: Text
    category: str
    price_from: int


class SignIn(Body):
    customer_id: Reference


class DeskSignIn(Body):
    name: Annotated[str, Field(pattern=r"^[\w .\-]{1,40}$", examples=["小周"])]
    role: Role = "agent"


class AtTheDesk(BaseModel):
    name: str
    role: Role


@router.get("/demo/customers")
async def list_customers(front: TheFront) -> list[DemoCustomer]:
    """The demo shop's customers, with what each is good for."""
    return [
        DemoCustomer(customer_id=customer.customer_id, name=customer.name, note=customer.note)
        for customer in await front.demo_customers()
    ]


@router.post("/demo/sign-in")
async def sign_in(front: TheFront, body: SignIn) -> SignedIn:
    """A token of a demo customer, without a password."""
    if all(customer.customer_id != body.customer_id for customer in await front.demo_customers()):
        raise NotFound("There is no such demo customer.")
    issued = front.tokens.customer(body.customer_id)
    return SignedIn(token=issued.token, expires_at=issued.expires_at)


@router.get("/demo/products")
async def list_products(front: TheFront) -> list[DemoProduct]:
    """What the demo shop sells, with the lowest price of each product now, in fen."""
    engine = front.assistant.engine
    now = engine.clock.now()
    found = []
    for product in engine.catalogue.products:
        prices = [engine.catalogue.price_now(variant.sku, now) for variant in product.variants]
        known = [price.price for price in prices if price is not None]
        if known:
            found.append(
                DemoProduct(product_id=product.id, name=product.name, category=product.category, price_from=min(known))
            )
    return found


@router.get("/demo/orders")
async def list_orders(front: TheFront, customer: TheCustomer, lang: TheLanguage) -> list[dict[str, Any]]:
    """The signed-in customer's orders as cards."""
    return [card.model_dump(mode="json") for card in await front.order_cards(customer.subject, lang)]


@router.post("/desk/sign-in")
async def sit_down(front: TheFront, body: DeskSignIn, response: Response) -> AtTheDesk:
    """Sit down at the demo desk: the token goes into a cookie that scripts cannot read."""
    issued = front.tokens.colleague(body.name, body.role)
    response.set_cookie(
        COOKIE, issued.token, max_age=int(DESK_TTL.total_seconds()), httponly=True, samesite="strict", path="/"
    )
    return AtTheDesk(name=body.name, role=body.role)


@router.post("/desk/sign-out", status_code=204)
async def stand_up(response: Response) -> None:
    """Leave the desk."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
