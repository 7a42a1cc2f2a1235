"""Writes sent through the gate, right ones and wrong ones: the real tables, proposals, permits, effects and ledger,
over a store in memory and a shop of the suite's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias

from assistant.build import IN_MEMORY
from assistant.conversation import Answered, Lang
from assistant.gate import Denied, Records, WriteGate
from assistant.permits import Permits
from assistant.profile import read_profile
from assistant.proposals import Proposal, Settled, args_hash, new_id
from assistant.shop import Action, Shop
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, signing_key
from assistant.store.proposals import ProposalStore
from assistant.write_rules import WriteBook, read_writes
from evals.intervals import Metric, share
from evals.report import Failure, Missed
from knowledge.clauses import Place
from knowledge.decide import PolicySet
from knowledge.pack import load_pack

Consent: TypeAlias = Literal[
    "yes", "nothing", "no", "late", "twice", "other_terms", "other_customer", "never_proposed"
]  # fmt: skip
"""How the customer's answer goes: `yes` is the only one upon which a write may happen."""


class RecordedShop(Shop, Records, Protocol):
    """A shop that also yields the facts its tables read, and lists the rows it has changed."""

    @property
    def run(self) -> str:
        """An id of its own: money given in one shop is not given in another."""
        ...

    @property
    def changed(self) -> dict[Any, Any]: ...


@dataclass(frozen=True)
class Write:
    """A write somebody asks for. `before` is done first, `between` happens after it was proposed and before the answer;
    both by the same customer, with their yes.
    """

    kind: str
    customer_id: str
    action: Action
    codes: frozenset[str] = frozenset()
    """The codes with which it has to be denied; none for a write that has to be done."""
    before: tuple[Action, ...] = ()
    between: tuple[Action, ...] = ()
    consent: Consent = "yes"
    rows: tuple[tuple[str, str, Any], ...] = ()
    """Kind, key and content of rows that are other than in the data when it begins."""


@dataclass(frozen=True)
class Outcome:
    """What became of a write: done, or denied by a code with its clauses; `changed` tells whether any row moved."""

    write: Write
    code: str
    clauses: tuple[str, ...]
    done: bool
    changed: bool

    @property
    def as_wanted(self) -> bool:
        """Done and changed if it may be; else denied, for a reason that was to be expected, with a clause."""
        if not self.write.codes:
            return self.done
        return not self.done and not self.changed and self.code in self.write.codes and bool(self.clauses)


@dataclass
class GateRun:
    """The parts all writes of a suite share. Open with `open`, close with `aclose`."""

    policies: PolicySet
    book: WriteBook
    database: Database
    ledger: LedgerStore
    key: str
    place: Place
    lang: Lang
    now: datetime
    effects: Counter[str] = field(default_factory=Counter[str])
    """How many effects each ledger must hold: every shop under test has one of its own."""
    talks: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    @classmethod
    async def open(cls, pack_name: str, now: datetime) -> GateRun:
        pack = load_pack(pack_name)
        policies = PolicySet(pack)
        profile = read_profile(pack.data("shop"), key=pack.name)
        database = await Database.open(IN_MEMORY)
        return cls(
            policies=policies,
            book=read_writes(pack.data("writes"), {table.id for table in policies.tables()}),
            database=database,
            ledger=LedgerStore(database, signing_key(None)),
            key=profile.key,
            place=Place(platform=profile.platform, region=profile.region),
            lang=profile.languages[0],
            now=now,
        )

    async def aclose(self) -> None:
        await self.database.aclose()

    async def try_write(self, write: Write, shop: RecordedShop) -> Outcome:
        """Ask for `write` on `shop` and answer as it says. Raises `RuntimeError` when what comes before is denied."""
        shop.changed.update({(kind, key): row for kind, key, row in write.rows})
        for action in write.before:
            await self._must(action, write.customer_id, shop)
        before = dict(shop.changed)
        asked = await self._propose(write.action, write.customer_id, shop)
        if isinstance(asked, Denied):
            return self._outcome(write, asked, shop, before)
        for action in write.between:
            await self._must(action, write.customer_id, shop)
        if write.between or write.consent == "twice":
            if write.consent == "twice":
                await self._confirm(asked, shop, "yes")
            before = dict(shop.changed)
        return self._outcome(write, await self._confirm(asked, shop, write.consent), shop, before)

    async def _must(self, action: Action, customer_id: str, shop: RecordedShop) -> None:
        asked = await self._propose(action, customer_id, shop)
        done = asked if isinstance(asked, Denied) else await self._confirm(asked, shop, "yes")
        if isinstance(done, Denied) or done.state != "done":
            raise RuntimeError(f"{action} had to be done first and was not: {done}")

    def _outcome(self, write: Write, end: Denied | Settled, shop: RecordedShop, before: dict[Any, Any]) -> Outcome:
        changed = shop.changed != before
        if isinstance(end, Denied):
            return Outcome(write, end.code, end.clauses, done=False, changed=changed)
        return Outcome(write, end.state.upper(), (), done=end.state == "done", changed=changed)

    async def _propose(self, action: Action, customer_id: str, shop: RecordedShop) -> Proposal | Denied:
        talk = await self._talk(customer_id, shop)
        return await self._gate(shop).propose(action, talk, customer_id=customer_id, at=self.now)

    async def _confirm(self, proposal: Proposal, shop: RecordedShop, consent: Consent) -> Settled | Denied:
        customer, proposal_id, terms = proposal.customer_id, proposal.proposal_id, proposal.args_hash
        at, answer = self.now, "yes"
        match consent:
            case "late":
                at = proposal.expires_at + timedelta(seconds=1)
            case "no":
                answer = "no"
            case "other_terms":
                terms = args_hash(proposal.action.model_copy(update={"amount": (proposal.action.amount or 0) + 1}))
            case "other_customer":
                customer = f"{customer}-other"
            case "never_proposed":
                proposal_id = new_id()
            case _:
                pass
        answered = Answered.model_validate(
            {"proposal_id": proposal_id, "answer": answer, "client_id": f"a-{proposal_id}-{consent}"}
        )
        end = await self._gate(shop).confirm(
            proposal_id,
            None if consent == "nothing" else answered,
            args_hash=terms,
            customer_id=customer,
            conversation_id=await self._talk(customer, shop),
            at=at,
        )
        self.effects[self._ledger_of(shop)] += isinstance(end, Settled)
        return end

    async def _talk(self, customer_id: str, shop: RecordedShop) -> str:
        name = (self._ledger_of(shop), customer_id)
        if name not in self.talks:
            store = ConversationStore(self.database, self.ledger)
            talk = await store.open(name[0], customer_id, "eval", self.lang, at=self.now)
            self.talks[name] = talk.id
        return self.talks[name]

    def _ledger_of(self, shop: RecordedShop) -> str:
        return f"{self.key}-{shop.run}"

    def _gate(self, shop: RecordedShop) -> WriteGate:
        proposals = ProposalStore(self.database, self.ledger, self._ledger_of(shop))
        permits = Permits(proposals, self.ledger, shop)
        conversations = ConversationStore(self.database, self.ledger)
        return WriteGate(self.policies, self.book, permits, conversations, shop, place=self.place)

    async def ledgers_hold(self) -> Metric:
        """The share of ledgers that verify whole and hold a permit and an effect for each write done, and no more."""
        found = []
        for key, effects in sorted(self.effects.items()):
            verified = await self.ledger.verify(key)
            found.append(verified.n == (1 + 2 * effects if effects else 0))
        return held(found)


def by_kind_and_clause(outcomes: Sequence[Outcome]) -> dict[str, Metric]:
    """For each kind of wrong write, the share denied with each code and first clause."""
    totals = Counter(outcome.write.kind for outcome in outcomes)
    found = Counter(
        (o.write.kind, "SLIPPED" if o.done or o.changed else o.code, next(iter(o.clauses), "no clause"))
        for o in outcomes
    )
    return {f"{kind}: {code} {clause}": share(n, totals[kind]) for (kind, code, clause), n in sorted(found.items())}


def failures_of(outcomes: Sequence[Outcome], group: str) -> list[Failure]:
    """The writes that did not end as they had to."""
    return [
        Failure(
            case=f"{outcome.write.kind} {outcome.write.action.name} {outcome.write.action.order_id or ''}".strip(),
            group=group,
            misses=(
                Missed(
                    step=0,
                    what="write",
                    expected=" or ".join(sorted(outcome.write.codes)) or "done",
                    found=f"{outcome.code}{', rows changed' if outcome.changed else ''}",
                ),
            ),
            trace=(str(outcome.write.action),),
        )
        for outcome in outcomes
        if not outcome.as_wanted
    ]


def held(flags: Collection[bool]) -> Metric:
    """The share of checks that held."""
    return share(sum(flags), len(flags))
