"""Levels and signatures by themselves, and any order of drafts, answers, verdicts and effects (stateful)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from assistant.approvals import (
    LEVELS,
    ROLES_OF,
    Finding,
    Level,
    Role,
    Signature,
    Signer,
    higher,
    may_sign,
    missing,
    person_of,
    settled_by,
)
from assistant.errors import CapReached, Conflict, LedgerBroken, NotAuthorised, NotFound, ProposalError
from assistant.ledger import LedgerEntry, append, verify
from assistant.permits import Permit, Proposal, has_room
from assistant.proposals import Grounds
from assistant.shop import Action
from assistant.store.approval_store import ApprovalStore
from assistant.store.proposals import GivenChanged, ProposalStore
from tests.assistant.store.world import MEMORY, NOW, SHOP, World, order, world

T = TypeVar("T")

ROLES: tuple[Role, ...] = ("agent", "supervisor", "legal")
PEOPLE = st.one_of(
    st.sampled_from(
        [Signer(name="赵", role="supervisor"), Signer(name="陈", role="legal"), Signer(name="孙", role="agent")]
    ),
    st.builds(Signer, name=st.sampled_from(["李", "王", "Wang", "ＷＡＮＧ"]), role=st.sampled_from(ROLES)),
)
DRAFTERS = st.sampled_from(["assistant", "agent:李", "supervisor:Wang"])


def enough(level: Level, signers: list[Signer], drafted_by: str) -> bool:
    """The same rule told another way: some choice of different people fills every role."""
    wanted = ROLES_OF[level]
    free = [s for s in signers if person_of(s.by) != person_of(drafted_by)]

    def fits(role: Role, signer: Signer) -> bool:
        return signer.role == role or (role == "agent" and signer.role == "supervisor")

    return any(
        len({s.person for s in chosen}) == len(chosen)
        and all(fits(role, signer) for role, signer in zip(wanted, chosen, strict=True))
        for chosen in permutations(free, len(wanted))
    )


@given(st.sampled_from(LEVELS), st.lists(PEOPLE, max_size=4, unique_by=lambda s: s.person), DRAFTERS)
def test_nobody_is_missing_exactly_when_different_people_fill_every_role(
    level: Level, signers: list[Signer], drafted_by: str
) -> None:
    assert (missing(level, signers, drafted_by) == ()) == enough(level, signers, drafted_by)


@given(st.sampled_from(LEVELS), st.lists(PEOPLE, max_size=3, unique_by=lambda s: s.person), DRAFTERS, PEOPLE)
def test_who_signed_or_drafted_never_signs_in_another_spelling_or_role(
    level: Level, signers: list[Signer], drafted_by: str, signer: Signer
) -> None:
    taken = {s.person for s in signers} | {person_of(drafted_by)}
    assert not (signer.person in taken and may_sign(level, signers, drafted_by, signer))


def test_a_person_is_one_person_whatever_the_role_and_the_spelling() -> None:
    assert {person_of(by) for by in ("agent:Wang", "supervisor:wang ", "legal:ＷＡＮＧ", "WANG")} == {"wang"}
    assert higher("agent", "supervisor+legal") == "supervisor+legal"


@pytest.mark.parametrize(
    ("roles", "references", "settles"),
    [
        (["agent"], ["S1"], False),
        (["agent", "agent"], ["S1", "S1"], False),
        (["agent", "supervisor"], ["S1", "S2"], False),
        (["agent", "supervisor"], ["S1", "S1"], True),
        (["agent", "supervisor", "supervisor"], ["S1", "S2", "S1"], True),
    ],
)
def test_two_people_settle_what_is_large_when_they_found_the_same(
    roles: list[Role], references: list[str], settles: bool
) -> None:
    found = [
        Finding(signer=Signer(name=f"p{n}", role=role), outcome="done", at=NOW, reference=reference)
        for n, (role, reference) in enumerate(zip(roles, references, strict=True))
    ]
    assert (settled_by(found, two=True) is not None) == settles
    assert settled_by(found, two=False) == found[0]


class Desk(RuleBasedStateMachine):
    """Two customers' orders of ¥120, and everything people can do about giving money on them, in any order."""

    drafted = Bundle("drafted")
    asked = Bundle("asked")
    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.now: datetime = NOW
        self.levels: dict[str, Level] = {}
        self.signed: dict[str, list[Signer]] = {}
        self.reserved: dict[str, int] = {}
        self.ends: dict[str, str] = {}
        self.run(self._open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def _open(self) -> None:
        orders = (order("O1"), order("O2", "c2"))
        self.world: World = await self.stack.enter_async_context(world(MEMORY, orders=orders))
        kept = ProposalStore(self.world.database, self.world.ledger, SHOP)
        self.store = ApprovalStore(self.world.database, self.world.ledger, kept, SHOP)

    def teardown(self) -> None:
        self.run(self._check_ledger())
        self.run(self.stack.aclose())
        self.loop.close()

    async def _check_ledger(self) -> None:
        if await self.world.ledger.head(SHOP) is not None:
            await self.world.ledger.verify(SHOP)

    @rule(
        target=drafted,
        which=st.sampled_from([("O1", "c1"), ("O2", "c2")]),
        amount=st.sampled_from([1, 4000, 6000, 12000]),
        level=st.sampled_from([None, *LEVELS]),
        drafted_by=DRAFTERS,
    )
    def draft_one(self, which: tuple[str, str], amount: int, level: Level | None, drafted_by: str) -> Proposal:
        return self.draft(which, amount, level, drafted_by)

    def draft(self, which: tuple[str, str], amount: int, level: Level | None, drafted_by: str) -> Proposal:
        async def work() -> Proposal:
            talk = await self.world.talk(which[1])
            action = Action(name="goodwill", order_id=which[0], amount=amount)
            _, proposal = await self.world.propose(
                talk, action, at=self.now, level=level, drafted_by=drafted_by, grounds=Grounds(purpose="goodwill"),
                lifetime=timedelta(days=9),
            )  # fmt: skip
            return proposal

        return self.run(work())

    @rule(target=permits, proposal=drafted)
    def say_yes(self, proposal: Proposal) -> Permit | None:
        try:
            permit = self.run(
                self.world.permits.authorise(
                    proposal.proposal_id, customer_id=proposal.customer_id, args_hash=proposal.args_hash,
                    conversation_id=proposal.conversation_id, at=self.now, by=proposal.drafted_by,
                )
            )  # fmt: skip
        except (ProposalError, NotAuthorised):
            return None
        assert proposal.level is None
        self._reserve(proposal)
        return permit

    @rule(
        target=asked, which=st.sampled_from([("O1", "c1"), ("O2", "c2")]), amount=st.sampled_from([1, 6000, 12000]),
        level=st.sampled_from(LEVELS), drafted_by=DRAFTERS,
    )  # fmt: skip
    def ask(self, which: tuple[str, str], amount: int, level: Level, drafted_by: str) -> Proposal:
        proposal = self.draft(which, amount, level, drafted_by)
        self.run(self.store.ask(proposal, level, at=self.now, until=self.now + timedelta(hours=24)))
        self.levels[proposal.proposal_id] = level
        return proposal

    @rule(proposal=asked)
    def agree_twice(self, proposal: Proposal) -> None:
        with pytest.raises(ProposalError):
            self.run(self.store.ask(proposal, "agent", at=self.now, until=self.now))

    @rule(target=permits, proposal=asked, signer=PEOPLE, up=st.sampled_from([False] * 4 + [True]))
    def approve(self, proposal: Proposal, signer: Signer, up: bool) -> Permit | None:
        async def work() -> Permit | None:
            standing = await self.world.permits.standing(proposal.customer_id, proposal.action.order_id)
            assert standing is not None
            if not has_room(standing, proposal.action):
                raise CapReached("full")
            level = self.levels.get(proposal.proposal_id, "agent")
            level = "supervisor+legal" if up else level
            signature = Signature(signer=signer, verdict="approve", at=self.now)
            signed = await self.store.approve(
                proposal.proposal_id, signature, level, lifetime=timedelta(minutes=10), seen=standing.given
            )
            self.levels[proposal.proposal_id] = signed.request.level
            self.signed.setdefault(proposal.proposal_id, []).append(signer)
            return signed.permit

        try:
            permit = self.run(work())
        except (ProposalError, NotAuthorised, Conflict, NotFound):
            return None
        assert self.ends.get(proposal.proposal_id) is None, "decided before"
        if permit is not None:
            self.ends[proposal.proposal_id] = "permitted"
            signers = self.signed[proposal.proposal_id]
            assert enough(self.levels[proposal.proposal_id], signers, proposal.drafted_by)
            assert len({s.person for s in signers}) == len(signers)
            self._reserve(proposal)
        return permit

    @rule(proposal=asked, signer=PEOPLE)
    def refuse(self, proposal: Proposal, signer: Signer) -> None:
        signature = Signature(signer=signer, verdict="refuse", at=self.now, reason="no")
        try:
            self.run(self.store.refuse(proposal.proposal_id, signature, tell=()))
        except (ProposalError, NotAuthorised, Conflict, NotFound):
            return
        assert self.ends.get(proposal.proposal_id) is None, "decided before"
        self.ends[proposal.proposal_id] = "refused"

    @rule(proposal=asked)
    def give_up(self, proposal: Proposal) -> None:
        try:
            self.run(
                self.world.permits.decline(
                    proposal.proposal_id, customer_id=proposal.customer_id,
                    conversation_id=proposal.conversation_id, at=self.now,
                )
            )  # fmt: skip
        except ProposalError:
            return
        assert self.ends.get(proposal.proposal_id) is None, "decided before"
        self.ends[proposal.proposal_id] = "withdrawn"

    @rule(permit=consumes(permits), late=st.booleans())
    def carry_out(self, permit: Permit | None, late: bool) -> None:
        if permit is None:
            return

        async def work() -> str:
            kept = await self.world.permits.find(permit.proposal_id)
            at = permit.expires_at + timedelta(seconds=1) if late else permit.issued_at
            settled = await self.world.permits.execute(permit, at)
            head = await self.world.talks.get(kept.proposal.conversation_id, customer_id=None)
            await self.world.talks.commit(head, [], at=at, settled=[settled], turn_done=False)
            return settled.state

        state = self.run(work())
        assert state == ("refused" if late else "done")
        self.reserved[permit.order_id or ""] -= permit.amount or 0

    @rule(hours=st.sampled_from([1, 23, 25]))
    def wait(self, hours: int) -> None:
        async def work() -> None:
            self.now += timedelta(hours=hours)
            for _, request in await self.store.requests(("awaiting",)):
                ended = await self.store.expire(request.proposal_id, self.now, tell=())
                assert ended == (self.now > request.expires_at)
                if ended:
                    assert self.ends.get(request.proposal_id) is None, "decided before"
                    self.ends[request.proposal_id] = "expired"

        self.run(work())

    @invariant()
    def never_more_than_was_paid(self) -> None:
        async def work() -> list[int]:
            orders = [await self.world.shop.order("c1", "O1"), await self.world.shop.order("c2", "O2")]
            return [o.returnable - self.reserved.get(o.order_id, 0) for o in orders if o]

        assert all(left >= 0 for left in self.run(work()))

    def _reserve(self, proposal: Proposal) -> None:
        order_id = proposal.action.order_id or ""
        self.reserved[order_id] = self.reserved.get(order_id, 0) + (proposal.action.amount or 0)


TestAnyOrderOfThings = Desk.TestCase
TestAnyOrderOfThings.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)


async def test_a_request_waits_for_every_role_and_is_decided_once() -> None:
    async with world() as w:
        store = ApprovalStore(w.database, w.ledger, w.permits.proposals, SHOP)
        _, proposal = await w.propose(await w.talk(), level="supervisor+legal", drafted_by="agent:李")
        await store.ask(proposal, "supervisor+legal", at=NOW, until=NOW + timedelta(hours=1))
        boss, legal = Signer(name="王", role="supervisor"), Signer(name="陈", role="legal")

        async def sign(signer: Signer, at: datetime = NOW) -> Permit | None:
            signature = Signature(signer=signer, verdict="approve", at=at)
            level: Level = "supervisor+legal"
            return (await store.approve(proposal.proposal_id, signature, level, lifetime=timedelta(minutes=1))).permit

        assert await sign(legal) is None
        assert (await w.permits.find(proposal.proposal_id)).state == "awaiting"
        for wrong in (legal, Signer(name="陈", role="supervisor"), Signer(name="李", role="supervisor")):
            with pytest.raises(NotAuthorised):
                await sign(wrong)
        with pytest.raises(ProposalError):
            await sign(boss, NOW + timedelta(hours=1, seconds=1))
        permit = await sign(boss)
        assert permit is not None
        assert (permit.level, permit.approved_by) == ("supervisor+legal", ("legal:陈", "supervisor:王"))
        for late in (boss, Signer(name="赵", role="supervisor")):
            with pytest.raises(Conflict):
                await sign(late)
        kinds = [entry.kind for entry in await w.ledger.entries(SHOP)]
        assert kinds == ["genesis", "request", "approval", "approval", "permit"]
        await w.ledger.verify(SHOP)


async def test_an_approval_that_was_decided_on_other_sums_is_decided_again() -> None:
    async with world() as w:
        store = ApprovalStore(w.database, w.ledger, w.permits.proposals, SHOP)
        talk, proposal = await w.propose(
            await w.talk(), Action(name="goodwill", order_id="O1", amount=7000), level="agent"
        )
        await store.ask(proposal, "agent", at=NOW, until=NOW + timedelta(hours=1))
        seen = await w.permits.proposals.given("c1")
        head = await w.talks.get(talk.id, customer_id=None)
        _, other = await w.propose(head, Action(name="goodwill", order_id="O1", amount=7000))
        await w.permits.authorise(
            other.proposal_id, customer_id="c1", conversation_id=talk.id, args_hash=other.args_hash, at=NOW,
            by="assistant",
        )  # fmt: skip
        signature = Signature(signer=Signer(name="王", role="agent"), verdict="approve", at=NOW)
        with pytest.raises(GivenChanged):
            await store.approve(proposal.proposal_id, signature, "agent", lifetime=timedelta(minutes=1), seen=seen)
        assert (await store.find(proposal.proposal_id))[1].signatures == ()


async def test_a_ledger_that_lacks_an_approval_or_has_it_twice_does_not_verify() -> None:
    async with world() as w:
        store = ApprovalStore(w.database, w.ledger, w.permits.proposals, SHOP)
        _, proposal = await w.propose(await w.talk(), level="supervisor", drafted_by="agent:李")
        await store.ask(proposal, "supervisor", at=NOW, until=NOW + timedelta(hours=1))
        signature = Signature(signer=Signer(name="王", role="supervisor"), verdict="approve", at=NOW)
        await store.approve(proposal.proposal_id, signature, "supervisor", lifetime=timedelta(minutes=1))
        genesis, asked, approval, permit = await w.ledger.entries(SHOP)
        forged = {
            "left out": [asked, permit],
            "never asked": [approval, permit],
            "by the drafter": [asked, _by(approval, "李"), permit],
            "by an agent": [asked, _by(approval, "王", "agent"), permit],
            "twice": [asked, approval, approval, permit],
            "refused": [asked, _said(approval, "refuse"), permit],
            "names another": [asked, _by(approval, "赵"), permit],
        }
        for entries in forged.values():
            with pytest.raises(LedgerBroken):
                verify(_chained(w, [genesis, *entries]), w.key.public_key())
        assert verify(_chained(w, [genesis, asked, approval, permit]), w.key.public_key()).n == 4


def _by(entry: LedgerEntry, name: str, role: str = "supervisor") -> LedgerEntry:
    return entry.model_copy(update={"body": {**entry.body, "signer": {"name": name, "role": role}}})


def _said(entry: LedgerEntry, verdict: str) -> LedgerEntry:
    return entry.model_copy(update={"body": {**entry.body, "verdict": verdict}})


def _chained(w: World, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """The same bodies as a well-formed, signed chain: what a forger with the key could write."""
    head, chain = None, []
    for entry in entries:
        made, head = append(head, entry.kind, entry.body, shop=SHOP, at=entry.at, key=w.key)
        chain.append(made)
    return chain
