"""A thousand filtered questions to each store: never fewer hits than there are, and those brute force ranks first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from knowledge.clauses import SHANGHAI, Hit, Place, Policy, Scope, Window
from knowledge.dense import Allowed, ApproximateIndex, Cosines, DenseIndex, Ids
from knowledge.embedding import HashEmbedder, Vectors
from knowledge.search import ClauseIndex
from knowledge.searchers import StoreVectors
from tests.knowledge.postgres_server import database

QUESTIONS = 1000
POLICIES = 300
EMBEDDER = HashEmbedder(64)
START = datetime(2024, 1, 1, tzinfo=SHANGHAI)
GOODS = ("连衣裙", "运动鞋", "手机", "玉镯", "车厘子", "猫粮", "婴儿车", "显示器", "净水器", "羽绒服", "面霜", "沙发")
DEEDS = ("退货", "换货", "退款", "补发", "开票", "改地址", "催单", "维修", "价格保护", "拒收", "取件", "赔付")
AXES = {
    "platform": ("taobao", "tmall", "jd", "1688"),
    "region": ("cn", "hk"),
    "category": ("fresh", "apparel", "digital"),
    "channel": ("chat", "phone"),
}


@dataclass(frozen=True)
class BruteForce:
    """Every vector compared by numpy: what the stores are compared with."""

    vectors: Vectors

    @property
    def size(self) -> int:
        return len(self.vectors)

    def search(self, query: Vectors, *, limit: int, allowed: Allowed | None = None) -> tuple[Ids, Cosines]:
        scores = self.vectors @ query
        ids = np.arange(self.size) if allowed is None else np.flatnonzero(allowed)
        best = ids[np.lexsort((ids, -scores[ids]))][:limit]
        return best, scores[best]

    def cosines(self, query: Vectors, ids: Ids) -> Cosines:
        return self.vectors[ids] @ query


@dataclass(frozen=True)
class Asked:
    words: str
    at: datetime
    place: Place
    k: int
    undated: bool


def scopes(draw: random.Random, values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(draw.sample(values, draw.choice((1, 1, 2)))) if draw.random() < 0.4 else frozenset()


def window(draw: random.Random) -> Window:
    start = START + timedelta(days=draw.randrange(900))
    return Window(
        start if draw.random() < 0.6 else None,
        start + timedelta(days=draw.randrange(1, 500)) if draw.random() < 0.5 else None,
    )


def policies(draw: random.Random) -> list[Policy]:
    made = []
    for number in range(POLICIES):
        sections = "".join(
            f"## 第{n}条 {{#a{n}}}\n{draw.choice(GOODS)}{draw.choice(DEEDS)}须在{number * 3 + n}小时内提出。\n\n"
            for n in range(3)
        )
        one = Policy(
            id=f"shop/p{number}",
            version="1",
            title=f"{draw.choice(GOODS)}{number}",
            lang="zh",
            text=f"---\n---\n{sections}",
            scope=Scope(
                *(scopes(draw, values) for values in AXES.values()),
                frozenset({"agent"}) if draw.random() < 0.1 else frozenset(),
            ),
            window=window(draw),
            status=draw.choice(("in_force", "in_force", "announced", "draft")),
            undated=draw.random() < 0.05,
        )
        made.append(one)
        if draw.random() < 0.3:  # its English counterpart, now and then with another window
            made.append(replace(one, lang="en", window=one.window if draw.random() < 0.7 else window(draw)))
    return made


def questions(draw: random.Random) -> Iterator[Asked]:
    for _ in range(QUESTIONS):
        chosen = {name: draw.choice((None, *values, "elsewhere")) for name, values in AXES.items()}
        place = Place(**chosen, audience=draw.choice(("customer", "customer", "agent")))
        words = f"{draw.choice(GOODS)}{draw.choice(('怎么', '能不能', '多久', ''))}{draw.choice(DEEDS)}"
        at = START + timedelta(days=draw.randrange(-50, 1500))
        yield Asked(words, at, place, draw.choice((1, 3, 5, 20, 200)), draw.random() < 0.2)


def allowed(index: ClauseIndex, asked: Asked) -> set[str]:
    """The clauses that may answer, told by the rules of scope and window alone."""
    return {
        clause.ref
        for clause in index.clauses
        if (policy := clause.policy).status != "draft"
        and policy.scope.covers(asked.place)
        and (asked.undated or not policy.undated)
        and policy.window.contains(asked.at)
    }


def hits(index: ClauseIndex, asked: Asked) -> list[Hit]:
    return index.search(asked.words, as_of=asked.at, place=asked.place, k=asked.k, include_undated=asked.undated)


def alike(found: list[Hit], best: list[Hit]) -> bool:
    """The same ranking; clauses of the same confidence may change places, for stores add up in other orders."""
    scores = np.allclose([hit.score for hit in found], [hit.score for hit in best], rtol=0, atol=1e-5)
    sure = [{hit.clause.ref for hit in hits if hit.score > hits[-1].score + 1e-5} for hits in (found, best) if hits]
    return len(found) == len(best) and scores and sure[:1] == sure[1:]


@pytest.fixture(scope="module")
def rules() -> list[Policy]:
    return policies(random.Random(4))


@pytest.fixture(scope="module")
def brute(rules: list[Policy]) -> ClauseIndex:
    return ClauseIndex.build(rules, EMBEDDER, store=BruteForce)


@pytest.fixture(params=["flat", "approximate", "pgvector"])
def store(request: pytest.FixtureRequest) -> Iterator[StoreVectors]:
    if request.param == "pgvector":
        from knowledge.dense_postgres import PostgresVectors

        opened = PostgresVectors(database(request.getfixturevalue("postgres_server"), "filters"))
        yield lambda vectors: opened.keep("shop", vectors)
        opened.close()
    else:
        yield {"flat": DenseIndex, "approximate": ApproximateIndex}[request.param]


def test_no_filtered_list_is_short_and_the_ranking_is_that_of_brute_force(
    store: StoreVectors, rules: list[Policy], brute: ClauseIndex
) -> None:
    index = ClauseIndex.build(rules, EMBEDDER, store=store)
    exact = not isinstance(index._searchers.dense, ApproximateIndex)
    short = wrong = same = sizes = 0
    for asked in questions(random.Random(8)):
        may, found = allowed(index, asked), hits(index, asked)
        refs = [hit.clause.ref for hit in found]
        sizes += len(refs)
        short += len(refs) != min(asked.k, len(may))
        wrong += not set(refs) <= may or len(set(refs)) != len(refs)
        same += alike(found, hits(brute, asked))
    assert (short, wrong) == (0, 0)
    assert same >= QUESTIONS * (1 if exact else 0.95)
    assert sizes > 5 * QUESTIONS, "filters that leave something"
