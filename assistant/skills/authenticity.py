"""Whether the goods are genuine, from the documents the shop holds and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.catalogue import Catalogue
from assistant.conversation import Card, Lang
from assistant.shop import Product
from assistant.skills.advice import listed


@dataclass(frozen=True, slots=True)
class AuthenticityRequest:
    product_id: str


@dataclass(frozen=True, slots=True)
class AuthenticityAdvice:
    """`documented`: the catalogue names papers; `no_papers`: it names none, and nothing is claimed."""

    outcome: Literal["documented", "no_papers", "unknown_product"]
    product: Product | None = None
    asks: tuple[str, ...] = ()

    def text(self, lang: Lang) -> str:
        zh = lang == "zh"
        if self.product is None:
            return "请问您想了解哪一件商品？" if zh else "Which product do you have in mind?"
        name = self.product.name.in_(lang)
        if self.outcome == "no_papers":
            if zh:
                return f"资料里没有登记{name}的资质文件，我不能替它作保证。需要的话我请人工同事查证。"
            return (
                f"No papers are on file for {name}, so I will not vouch for it. A colleague can check and answer you."
            )
        papers = listed([paper.in_(lang) for paper in self.product.qualifications], lang)
        if zh:
            return f"{name}登记在册的资质文件有：{papers}。需要查看原件可以联系人工同事。"
        return f"The papers on file for {name} are: {papers}. A colleague can show you the originals."

    def card(self, lang: Lang) -> Card | None:
        return None


def advise(request: AuthenticityRequest, catalogue: Catalogue) -> AuthenticityAdvice:
    """The product's papers, if there are any."""
    product = catalogue.product(request.product_id)
    if product is None:
        return AuthenticityAdvice("unknown_product", asks=("product",))
    return AuthenticityAdvice("documented" if product.qualifications else "no_papers", product)
