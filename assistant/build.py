"""Chooses implementations: the only file that knows which database, embedder, model and shop stand behind the ports.

What does not depend on a conversation or a clock is loaded once (`Parts`) and shared; a case of an evaluation then
opens its own assistant over its own in-memory database in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from assistant.after_sale import AfterSale
from assistant.backend import Backend, document_of, read_backend
from assistant.catalogue import Catalogue
from assistant.clock import Clock, FixedClock, SystemClock
from assistant.content_report import Content
from assistant.context import Engine
from assistant.errors import StoreUnavailable
from assistant.evidence import read_evidence
from assistant.flows import FlowBook, read_flows
from assistant.intents import IntentModel
from assistant.openapi import read_api
from assistant.orders_data import load_orders
from assistant.permits import Permits
from assistant.planner import FlowPlanner, Planner
from assistant.profile import ShopProfile, read_profile
from assistant.quality import ScorecardRules, read_scorecard
from assistant.retention import OfferBook, read_offers
from assistant.settings import Settings
from assistant.shop import Shop
from assistant.steps import Steps, unobserved
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.files import FileStore
from assistant.store.ledger_store import LedgerStore, signing_key
from assistant.store.proposals import ProposalStore
from assistant.store.sql_shop import SqlShop
from assistant.store.ticket_talks import TicketTalks
from assistant.taxonomy import Taxonomy
from assistant.turn import Assistant
from assistant.understanding import Understander
from knowledge.archive import archive_pack
from knowledge.bundled_embedders import bundled_embedder
from knowledge.clauses import Policy
from knowledge.decide import PolicySet
from knowledge.dense import in_memory
from knowledge.documents import DOCUMENTS_FOLDER, Documents, read_documents
from knowledge.embedding import Embedder, HashEmbedder, Usem3Embedder
from knowledge.errors import XiaoerError
from knowledge.live_index import Clauses, LiveIndex
from knowledge.pack import Pack, load_pack, open_pack
from knowledge.reranking import RerankedIndex, Reranker
from knowledge.search import ClauseIndex
from knowledge.searchers import StoreVectors

IN_MEMORY = "sqlite+aiosqlite://"
INDEX_FOLDER = "index"
ARCHIVE_FOLDER = "archive"
DATABASE = "xiaoer.db"
LEDGER_KEY = "ledger.key"
FILES_FOLDER = "files"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a pack is made into, once: policies, index, flows and the trained intent model."""

    pack: Pack
    profile: ShopProfile
    policies: PolicySet
    index: Clauses
    flows: FlowBook
    offers: OfferBook
    scorecard: ScorecardRules
    understander: Understander


def shop_key(settings: Settings) -> str:
    """The key of the pack's shop, found without reading its policies."""
    chain = open_pack(settings.pack)
    bare = Pack(chain[0].name, chain[0], chain, ())
    return read_profile(bare.data("shop"), key=bare.name).key


def shop_directory(settings: Settings) -> Path:
    """The data directory of the pack's shop."""
    return settings.directory(shop_key(settings))


async def open_ledger(settings: Settings) -> tuple[LedgerStore, Database]:
    """The ledger of an installation that has one, for reading. The caller closes the database.

    Raises `StoreUnavailable` when there is no database or no signing key; neither is made.
    """
    directory = shop_directory(settings)
    key = directory / LEDGER_KEY
    for path in (key, *(() if settings.database_url else (directory / DATABASE,))):
        if not path.exists():
            raise StoreUnavailable(f"There is no {path}.", mend="Name the shop's folder with --data-dir.")
    database = await Database.open(_database_url(settings, directory))
    return LedgerStore(database, signing_key(key)), database


def _database_url(settings: Settings, directory: Path) -> str:
    return settings.database_url or f"sqlite+aiosqlite:///{directory / DATABASE}"


def load_parts(
    settings: Settings,
    *,
    index_folder: Path | None = None,
    documents: Path | None = None,
    archive: Path | None = None,
    wait: bool = False,
) -> Parts:
    """Load and compile a pack. Raises `PackError` (file and line) when it cannot be used.

    With `index_folder` what takes long, the clause index and the trained intents, is kept there for the next start; a
    stale index is rebuilt in the background unless `wait`. `documents` is the folder of what the shop has ingested:
    searched and quoted with the pack's policies, deciding nothing. In `archive` the pack is kept as it is now, so that
    what it decides can be proved when it has changed.
    """
    pack = load_pack(settings.pack)
    embedder = _own_embedder(settings)
    taxonomy = Taxonomy.parse(pack.data("intents"))
    flows = read_flows(pack.data("flows")).with_evidence(read_evidence(pack.data("evidence")))
    return Parts(
        pack=pack,
        profile=read_profile(pack.data("shop"), key=pack.name),
        policies=PolicySet(pack, kept_as=None if archive is None else archive_pack(pack, archive)),
        index=_reranked(
            _clauses(
                pack.policies,
                documents,
                partial(
                    _index,
                    embedder=embedder if embedder.name == settings.embedder else _searching_embedder(settings),
                    folder=index_folder,
                    wait=wait,
                    store=_store(settings, pack.name),
                ),
            ),
            settings,
        ),
        flows=flows.with_intents({name: intent.labels for name, intent in taxonomy.intents.items()}),
        offers=read_offers(pack.data("offers")),
        scorecard=read_scorecard(pack.data("scorecard")),
        understander=Understander(_intents(taxonomy, embedder, index_folder)),
    )


def _intents(taxonomy: Taxonomy, embedder: Embedder, folder: Path | None) -> IntentModel:
    if folder is None:
        return IntentModel.train(taxonomy, embedder)
    # the embedder reads its weights on first use: now, not while the first customer waits
    embedder.embed(["你好"])
    return IntentModel.kept_or_trained(taxonomy, embedder, folder / "intents.npz")


def _clauses(
    policies: Sequence[Policy], documents: Path | None, build: Callable[[Sequence[Policy]], ClauseIndex]
) -> Clauses:
    """The pack's policies alone, or with the shop's documents, followed as they change."""
    if documents is None:
        return build(policies)
    return LiveIndex.open(policies, Documents(documents), build).watch()


def open_index(settings: Settings) -> Clauses:
    """The index of the pack's policies and the shop's documents alone: kept with the shop's files where it has any."""
    directory = shop_directory(settings)
    embedder = _searching_embedder(settings)
    pack = load_pack(settings.pack)
    policies = (*pack.policies, *read_documents(directory / DOCUMENTS_FOLDER))
    folder = directory / INDEX_FOLDER if directory.is_dir() else None
    index = _index(policies, embedder=embedder, folder=folder, wait=True, store=_store(settings, pack.name))
    return _reranked(index, settings)


def open_live_index(settings: Settings) -> Clauses:
    """As `open_index`, following the shop's documents as they change, for a process that stays."""
    directory = shop_directory(settings)
    embedder = _searching_embedder(settings)
    folder = directory / INDEX_FOLDER if directory.is_dir() else None
    pack = load_pack(settings.pack)
    index = _clauses(
        pack.policies,
        directory / DOCUMENTS_FOLDER,
        partial(_index, embedder=embedder, folder=folder, wait=True, store=_store(settings, pack.name)),
    )
    return _reranked(index, settings)


def _index(
    policies: Sequence[Policy], *, embedder: Embedder, folder: Path | None, wait: bool, store: StoreVectors
) -> ClauseIndex:
    if folder is None:
        return ClauseIndex.build(policies, embedder, store=store)
    return ClauseIndex.open_or_build(
        policies, embedder, folder, background=not wait, store=store, earlier=bundled_embedder
    )


def _reranked(index: Clauses, settings: Settings) -> Clauses:
    reranker = named_reranker(settings)
    return index if reranker is None else RerankedIndex(index, reranker)


def named_reranker(settings: Settings) -> Reranker | None:
    """What reads the best clauses once more, if the settings name it. Raises `XiaoerError` if it cannot be set up."""
    if settings.reranker is None:
        return None
    # LangChain takes seconds to import: only an installation with a reranker pays for it
    try:
        from assistant.rerankers import open_reranker
    except ImportError as error:
        raise XiaoerError(
            f"The reranker {settings.reranker} needs the package {error.name}.", mend='pip install "xiaoer[model]"'
        ) from error
    return open_reranker(settings, SystemClock())


def _store(settings: Settings, shop: str) -> StoreVectors:
    """Where vectors are searched: in memory, or in the PostgreSQL that the settings name."""
    if settings.vectors_url is None:
        return in_memory
    try:
        from knowledge.dense_postgres import PostgresVectors
    except ImportError as error:
        raise StoreUnavailable(
            "Vectors in PostgreSQL need psycopg and pgvector.", mend="pip install 'xiaoer[postgres]'"
        ) from error
    return partial(PostgresVectors(settings.vectors_url.get_secret_value()).keep, shop)


async def open_assistant(
    settings: Settings,
    *,
    parts: Parts | None = None,
    clock: Clock | None = None,
    shop_data: Mapping[str, Any] | None = None,
    planner: Planner | None = None,
    steps: Steps = unobserved,
) -> Assistant:
    """An assistant ready to talk. The caller closes it with `Assistant.close`.

    `shop_data` replaces the pack's own customers and orders (`orders.yaml`); `planner` the one the settings choose.
    """
    directory = settings.directory(parts.profile.key) if parts else shop_directory(settings)
    in_memory = settings.database_url == IN_MEMORY
    kept = None if in_memory else directory
    parts = parts or load_parts(
        settings,
        index_folder=kept and kept / INDEX_FOLDER,
        documents=kept and kept / DOCUMENTS_FOLDER,
        archive=kept and kept / ARCHIVE_FOLDER,
    )
    clock = clock or (FixedClock(settings.now) if settings.now else SystemClock())
    if not in_memory:
        directory.mkdir(parents=True, exist_ok=True)
    database = await Database.open(_database_url(settings, directory))
    key = parts.profile.key
    ledger = LedgerStore(database, signing_key(None if in_memory else directory / LEDGER_KEY))
    backend = read_backend(parts.pack.data("shop")) if shop_data is None else None
    shop: Shop
    if backend is None:
        shop = own = SqlShop(database, key)
        catalogue = await _seed(own, parts, clock, shop_data)
    else:
        catalogue = _catalogue(parts, clock.now())
        shop = _connect(backend, parts, settings, catalogue, clock)
    once = backend is None or backend.idempotent
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
        ConversationStore(database, ledger, steps=steps),
        Permits(ProposalStore(database, ledger, key, steps=steps), ledger, shop, idempotent_shop=once, steps=steps),
        parts.understander,
        planner or _planner(settings, clock, parts.understander),
        database=database,
    )


def open_after_sale(assistant: Assistant, settings: Settings) -> AfterSale | None:
    """The tickets of the assistant's shop, None where they lie in another system."""
    shop, key = assistant.engine.shop, assistant.profile.key
    if not isinstance(shop, SqlShop):
        return None
    folder = None if settings.database_url == IN_MEMORY else settings.directory(key) / FILES_FOLDER
    return AfterSale(
        assistant.engine,
        shop,
        conversations=assistant.conversations,
        permits=assistant.permits,
        talks=TicketTalks(assistant.database, key),
        files=FileStore(assistant.database, key, folder),
    )


def open_content(assistant: Assistant, settings: Settings) -> Content:
    """Reports on what the shop's texts lack."""
    engine = assistant.engine
    return Content(engine.profile, engine.index, engine.clock, assistant.database, partial(_own_embedder, settings))


async def open_content_alone(settings: Settings) -> tuple[Content, Database]:
    """The same for an installation that has talked to customers, without an assistant. The caller closes the database.

    Raises `StoreUnavailable` when there is no database; none is made.
    """
    directory = shop_directory(settings)
    if not settings.database_url and not (directory / DATABASE).exists():
        raise StoreUnavailable(f"There is no {directory / DATABASE}.", mend="Name the shop's folder with --data-dir.")
    pack = load_pack(settings.pack)
    profile = read_profile(pack.data("shop"), key=pack.name)
    clock = FixedClock(settings.now) if settings.now else SystemClock()
    database = await Database.open(_database_url(settings, directory))
    return Content(profile, open_index(settings), clock, database, partial(_own_embedder, settings)), database


def _searching_embedder(settings: Settings) -> Embedder:
    """What clauses are searched with."""
    if settings.embedder != "openai":
        return bundled_embedder(settings.embedder)
    # LangChain takes seconds to import: only an installation with an endpoint pays for it
    from assistant.embeddings import open_endpoint

    return open_endpoint(settings, SystemClock())


def _own_embedder(settings: Settings) -> Embedder:
    """Intents are told apart and questions grouped on this machine, whatever embeds the clauses."""
    return HashEmbedder() if settings.embedder == "hash" else Usem3Embedder()


async def _seed(shop: SqlShop, parts: Parts, clock: Clock, shop_data: Mapping[str, Any] | None) -> Catalogue:
    """Fill an empty shop. Dates relative to now are resolved once, at the first start, and stay."""
    data = shop_data if shop_data is not None else parts.pack.data("orders")
    seeded_at = await shop.seeded_at()
    anchor = seeded_at or clock.now()
    catalogue = _catalogue(parts, anchor)
    if seeded_at is None:
        customers, orders = load_orders(data, catalogue, anchor)
        await shop.seed(customers, orders, at=anchor)
    return catalogue


def _catalogue(parts: Parts, anchor: datetime) -> Catalogue:
    return Catalogue.from_data(parts.pack.data("catalogue"), anchor, shop=parts.pack.data("shop"))


def _connect(backend: Backend, parts: Parts, settings: Settings, catalogue: Catalogue, clock: Clock) -> Shop:
    """The shop behind the pack's `backend`. Raises `XiaoerError` when its address is not set or not usable."""
    if settings.backend_url is None:
        raise XiaoerError(
            "The orders of this pack lie in another system, whose address is not set.", mend="Set XIAOER_BACKEND_URL."
        )
    # only an installation with a connected shop pays for an HTTP client
    try:
        from assistant.http_shop import HttpShop
    except ImportError as error:
        raise XiaoerError(
            f"A connected shop needs the package {error.name}.", mend='pip install "xiaoer[backend]"'
        ) from error

    return HttpShop(
        backend,
        read_api(document_of(parts.pack, backend)),
        catalogue,
        base_url=settings.backend_url,
        token=settings.backend_token.get_secret_value() if settings.backend_token else None,
        clock=clock,
    )


def _planner(settings: Settings, clock: Clock, understander: Understander) -> Planner:
    if settings.model is None:
        return FlowPlanner()
    # LangChain takes seconds to import: only an installation with a model pays for it
    from assistant.model_planner import ModelPlanner
    from assistant.models import open_model

    return ModelPlanner(open_model(settings, clock), understander.likely)
