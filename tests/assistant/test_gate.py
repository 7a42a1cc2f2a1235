"""The gate for writes that somebody else plans, before a shop with the retail benchmark's rules and data of our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from assistant.build import IN_MEMORY
from assistant.conversation import Answered, Decided, Proposed
from assistant.errors import NotFound
from assistant.gate import Denied, MistakenCall, WriteGate
from assistant.permits import Permits
from assistant.proposals import Proposal, Settled
from assistant.shop import Action
from assistant.store.conversations import ConversationStore
from assistant.store.database import Database
from assistant.store.ledger_store import LedgerStore, signing_key
from assistant.store.proposals import ProposalStore
from assistant.write_rules import read_writes
from evals.tau_shop import TauData, TauShop
from knowledge.clauses import SHANGHAI
from knowledge.decide import PolicySet
from knowledge.errors import XiaoerError
from knowledge.pack import load_pack
from tests.evals.tiny_sets import tau_rows

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=SHANGHAI)
CANCEL = Action(name="cancel_pending_order", order_id="#a0", args={"reason": "no longer needed"})


@dataclass
class Open:
    gate: WriteGate
    shop: TauShop
    talks: ConversationStore
    ledger: LedgerStore
    talk: str

    async def propose(self, action: Action) -> Proposal | Denied:
        return await self.gate.propose(action, self.talk, customer_id="user_a", at=NOW)

    async def answer(
        self, proposal: Proposal, answer: str = "yes", *, at: datetime = NOW, args_hash: str = ""
    ) -> Settled | Denied:
        answered = Answered.model_validate(
            {"proposal_id": proposal.proposal_id, "answer": answer, "client_id": f"{answer}{at}"}
        )
        return await self.gate.confirm(
            proposal.proposal_id,
            answered,
            args_hash=args_hash or proposal.args_hash,
            customer_id="user_a",
            conversation_id=self.talk,
            at=at,
        )


@pytest.fixture(scope="module")
def policies() -> PolicySet:
    return PolicySet(load_pack("tau_retail"))


@pytest.fixture
async def opened(policies: PolicySet) -> AsyncIterator[Open]:
    database = await Database.open(IN_MEMORY)
    ledger, shop = LedgerStore(database, signing_key(None)), TauShop(TauData(tau_rows()))
    talks = ConversationStore(database, ledger)
    talk = await talks.open("s", "user_a", "test", "en", at=NOW)
    book = read_writes(load_pack("tau_retail").data("writes"), {table.id for table in policies.tables()})
    permits = Permits(ProposalStore(database, ledger, "s"), ledger, shop)
    yield Open(WriteGate(policies, book, permits, talks, shop), shop, talks, ledger, talk.id)
    await database.aclose()


async def test_a_write_goes_from_its_table_through_the_customers_yes_into_the_ledger(opened: Open) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    assert [(term.label, term.value) for term in proposal.terms] == [
        ("Order", "#a0"), ("Reason", "no longer needed"), ("Refund", "80.20 dollars, the way it was paid"),
    ]  # fmt: skip
    assert proposal.clauses == (
        "shop/dealing-with-customers@1#scope", "shop/pending-orders@1#cancel", "shop/dealing-with-customers@1#consent",
    )  # fmt: skip
    assert opened.shop.changed == {}
    settled = await opened.answer(proposal)
    assert isinstance(settled, Settled)
    assert (settled.state, settled.amount) == ("done", 8020)
    assert (await opened.shop.order("user_a", "#a0")).state == "CLOSED"  # type: ignore[union-attr]
    assert [entry.kind for entry in await opened.ledger.entries("s")] == ["genesis", "permit", "effect"]
    kinds = [type(logged.entry).__name__ for logged in await opened.talks.read(opened.talk)]
    assert kinds == ["Decided", "Decided", "Proposed", "Answered", "Acted"]


async def test_a_denial_names_its_clauses_and_stands_in_the_log(opened: Open) -> None:
    denied = await opened.propose(CANCEL.model_copy(update={"args": {"reason": "too slow"}}))
    assert isinstance(denied, Denied)
    assert (denied.code, denied.clauses) == ("REASON_NOT_ACCEPTED", ("shop/pending-orders@1#cancel",))
    entries = [logged.entry for logged in await opened.talks.read(opened.talk)]
    assert [entry.code for entry in entries if isinstance(entry, Decided)] == ["ALLOW", "REASON_NOT_ACCEPTED"]
    assert not any(isinstance(entry, Proposed) for entry in entries)


async def test_the_amount_is_the_tables_whatever_the_caller_names(opened: Open) -> None:
    proposal = await opened.propose(CANCEL.model_copy(update={"amount": 999_999}))
    assert isinstance(proposal, Proposal)
    assert proposal.action.amount == 8020


async def test_the_table_is_asked_again_at_the_yes_for_the_world_has_moved(opened: Open) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    opened.shop.put("orders", "#a0", {**tau_rows()["orders"]["#a0"], "status": "processed"})
    denied = await opened.answer(proposal)
    assert isinstance(denied, Denied)
    assert denied.code == "NOT_PENDING"
    assert await opened.ledger.entries("s") == []
    again = await opened.answer(proposal, at=NOW + timedelta(minutes=1))
    assert isinstance(again, Denied)
    assert again.code == "ANSWERED_BEFORE"


async def test_another_amount_at_the_yes_is_other_terms(opened: Open) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    row = tau_rows()["orders"]["#a0"]
    dearer = {**row["payment_history"][0], "amount": 90.0}
    opened.shop.put("orders", "#a0", {**row, "payment_history": [dearer]})
    denied = await opened.answer(proposal)
    assert isinstance(denied, Denied)
    assert denied.code == "OTHER_TERMS"


@pytest.mark.parametrize(
    ("answer", "after", "args_hash", "code"),
    [
        ("no", 0, "", "DECLINED"),
        ("yes", 31, "", "TOO_LATE"),
        ("yes", 0, "0" * 64, "OTHER_TERMS"),
    ],
)
async def test_only_a_yes_in_time_to_these_terms_counts(
    opened: Open, answer: str, after: int, args_hash: str, code: str
) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    denied = await opened.answer(proposal, answer, at=NOW + timedelta(minutes=after), args_hash=args_hash)
    assert isinstance(denied, Denied)
    assert (denied.code, denied.clauses) == (code, ("shop/dealing-with-customers@1#consent",))
    assert opened.shop.changed == {}


async def test_silence_is_no_yes(opened: Open) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    terms = {"args_hash": proposal.args_hash, "customer_id": "user_a", "conversation_id": opened.talk, "at": NOW}
    denied = await opened.gate.confirm(proposal.proposal_id, None, **terms)  # type: ignore[arg-type]
    assert isinstance(denied, Denied)
    assert denied.code == "NOT_CONFIRMED"


async def test_a_second_yes_changes_nothing(opened: Open) -> None:
    proposal = await opened.propose(CANCEL)
    assert isinstance(proposal, Proposal)
    await opened.answer(proposal)
    changed = dict(opened.shop.changed)
    again = await opened.answer(proposal, at=NOW + timedelta(minutes=1))
    assert isinstance(again, Denied)
    assert again.code == "ANSWERED_BEFORE"
    assert opened.shop.changed == changed


async def test_what_the_pack_does_not_do_is_out_of_scope_and_goes_to_a_person(opened: Open) -> None:
    denied = await opened.propose(Action(name="undo_cancellation", order_id="#a3"))
    assert isinstance(denied, Denied)
    assert (denied.code, denied.decision.actor) == ("OUT_OF_SCOPE", "agent")


@pytest.mark.parametrize(
    "args",
    [{}, {"reason": "no longer needed", "amount": "all"}, {"reason": 7}],
    ids=["lacking", "unknown", "ill-typed"],
)
async def test_a_call_with_wrong_arguments_is_the_callers_mistake(opened: Open, args: dict[str, object]) -> None:
    with pytest.raises(MistakenCall):
        await opened.propose(CANCEL.model_copy(update={"args": args}))


async def test_somebody_elses_conversation_is_not_there(opened: Open) -> None:
    with pytest.raises(NotFound):
        await opened.gate.propose(CANCEL, opened.talk, customer_id="user_b", at=NOW)


def test_writes_name_the_key_that_is_wrong(policies: PolicySet) -> None:
    data = load_pack("tau_retail").data("writes")
    tables = {table.id for table in policies.tables()}
    with pytest.raises(XiaoerError, match=r"scope.*NOWHERE"):
        read_writes({**data, "scope": "NOWHERE"}, tables)
    with pytest.raises(XiaoerError, match="consent"):
        read_writes({key: value for key, value in data.items() if key != "consent"}, tables)
