"""Ask a decision table, and read what tables there are: for people at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from assistant.conversation import Lang
from knowledge.clauses import Policy
from knowledge.decide import PolicySet
from knowledge.decision import Actor
from knowledge.errors import UnknownTable
from knowledge.facts import check_facts
from knowledge.grounds import Explained, Ground, explain
from knowledge.scope_words import place_of
from knowledge.tables import Row, Table
from server.conversations import Body
from server.front import TheColleague, TheFront, TheLanguage
from server.problems import responses
from server.views import plain

router = APIRouter(prefix="/v1/desk", tags=["desk"], responses=responses())

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class DecideBody(Body):
    """A question to a table. `at` is the instant of the event, whose versions decide; now if it is left out."""

    table: Name = Field(examples=["DT-02"])
    facts: dict[Name, JsonValue] = Field(default_factory=dict, max_length=300, examples=[{"signed": True}])
    at: AwareDatetime | None = None
    decided_at: AwareDatetime | None = None
    platform: Name | None = None
    region: Name | None = None
    category: Name | None = None
    channel: Name | None = None


class GroundView(BaseModel):
    """A clause the decision rests on, quoted: `start` and `end` are its span in that version's text."""

    ref: str
    title: str
    heading: list[str]
    text: str
    start: int
    end: int
    level: str
    status: str
    source: str
    in_force_from: datetime | None
    in_force_to: datetime | None


class DecisionView(BaseModel):
    """What a table says: `result` is the canonical spelling, `amount` fen, `appeal` where the customer can turn."""

    result: str
    code: str
    table: str
    title: str
    row: str
    policy: str
    clauses: list[GroundView]
    needs: list[str]
    questions: list[str]
    amount: int | None
    formula: str | None
    deadline: datetime | None
    actor: Actor
    appeal: str | None
    at: datetime | None
    read: dict[str, Any]
    also: list[dict[str, Any]]


class RowView(BaseModel):
    """A row as its author wrote it."""

    id: str
    when: str
    code: str | None
    then: str | None
    amount: str | None
    deadline: str | None
    needs: list[str]
    actor: Actor
    clauses: list[str]


class VersionView(BaseModel):
    """One version of a table, in the policy that states it."""

    policy: str
    title: str
    level: str
    status: str
    platforms: list[str]
    in_force_from: datetime | None
    in_force_to: datetime | None
    mode: Literal["first", "accumulate"]
    rows: list[RowView]


class FactView(BaseModel):
    """A fact that the table may read."""

    name: str
    type: str
    source: str
    values: list[str]
    question: str


class TableHead(BaseModel):
    """A table in the list."""

    id: str
    title: str
    versions: list[str]


class TableView(BaseModel):
    """A table with its versions, the one that goes first first, and every fact it may read."""

    id: str
    title: str
    versions: list[VersionView]
    facts: list[FactView]


@router.post("/decide")
async def decide(front: TheFront, _colleague: TheColleague, lang: TheLanguage, body: DecideBody) -> DecisionView:
    """Ask a decision table about facts. Nothing is written; the answer quotes every clause it rests on."""
    policies = front.assistant.engine.policies
    now = front.assistant.engine.clock.now()
    decision = policies.decide(
        body.table,
        check_facts(policies.facts, body.facts),
        at=body.at or now,
        place=place_of(body.platform, body.region, body.category, body.channel, "agent"),
        decided_at=body.decided_at,
    )
    return decision_view(explain(policies, decision, lang))


@router.get("/tables")
async def read_tables(front: TheFront, _colleague: TheColleague, lang: TheLanguage) -> list[TableHead]:
    """Every decision table of the shop, with the policies that state it."""
    policies = front.assistant.engine.policies
    found: dict[str, list[str]] = {}
    for table in policies.tables():
        found.setdefault(table.id, []).append(table.policy.key)
    return [TableHead(id=name, title=policies.title(name, lang), versions=keys) for name, keys in found.items()]


@router.get("/tables/{table}")
async def read_table(
    front: TheFront,
    _colleague: TheColleague,
    lang: TheLanguage,
    table: Annotated[str, Path(max_length=64, examples=["DT-02"])],
) -> TableView:
    """One table: its versions with their rows, and the facts it reads with the question for each."""
    policies = front.assistant.engine.policies
    versions = [each for each in policies.tables() if each.id == table]
    if not versions:
        raise UnknownTable(f"There is no table {table}.")
    return TableView(
        id=table,
        title=policies.title(table, lang),
        versions=[_version(each, policies, lang) for each in versions],
        facts=[_fact(name, policies, lang) for name in sorted(policies.reads(table))],
    )


def decision_view(explained: Explained) -> DecisionView:
    decision = explained.decision
    return DecisionView(
        result=explained.result,
        code=decision.code,
        table=decision.table,
        title=explained.title,
        row=decision.row,
        policy=decision.policy,
        clauses=[_ground(each) for each in explained.grounds],
        needs=list(decision.needs),
        questions=list(explained.questions),
        amount=decision.amount,
        formula=decision.formula,
        deadline=decision.deadline,
        actor=decision.actor,
        appeal=decision.appeal,
        at=decision.at,
        read=plain(decision.read),
        also=[plain(each) for each in decision.also],
    )


def _ground(ground: Ground) -> GroundView:
    return GroundView(
        ref=ground.ref,
        title=ground.title,
        heading=list(ground.heading),
        text=ground.quote.reading or ground.quote.text,
        start=ground.quote.start,
        end=ground.quote.end,
        level=ground.level,
        status=ground.status,
        source=ground.source,
        in_force_from=ground.in_force_from,
        in_force_to=ground.in_force_to,
    )


def _version(table: Table, policies: PolicySet, lang: Lang) -> VersionView:
    policy: Policy = policies.policy(table.policy.key, lang) or table.policy
    return VersionView(
        policy=policy.key,
        title=policy.title,
        level=policy.level,
        status=policy.status,
        platforms=sorted(policy.scope.platforms),
        in_force_from=policy.window.start,
        in_force_to=policy.window.end,
        mode=table.mode,
        rows=[_row(row) for row in table.rows],
    )


def _row(row: Row) -> RowView:
    return RowView(
        id=row.id,
        when=row.when.source,
        code=row.code,
        then=row.then,
        amount=row.amount.source if row.amount else None,
        deadline=row.deadline.source if row.deadline else None,
        needs=list(row.needs),
        actor=row.actor,
        clauses=list(row.clauses),
    )


def _fact(name: str, policies: PolicySet, lang: Lang) -> FactView:
    fact = policies.facts[name]
    return FactView(
        name=name,
        type=f"{fact.type}{'?' if fact.nullable else ''}",
        source=fact.source,
        values=list(fact.values),
        question=(fact.ask or {}).get(lang, ""),
    )
