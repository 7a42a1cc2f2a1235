from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import Conversation
from assistant.errors import NotAuthorised
from assistant.permits import Proposal, args_hash, draft_proposal
from assistant.proposals import permit_for, settle
from assistant.shop import Action, Receipt
from tests.assistant.store.world import DECISION, NOW, SHOP

TALK = Conversation(id="t", shop=SHOP, customer_id="c1", opened_at=NOW)
CANCEL = Action(name="cancel_refund", order_id="O1", amount=12000)


def draft(**changes: Any) -> Proposal:
    given_: dict[str, Any] = {
        "conversation": TALK,
        "action": CANCEL,
        "title": "取消",
        "terms": (),
        "decisions": [DECISION],
        "at": NOW,
    }
    return draft_proposal(**(given_ | changes))


def test_a_proposal_carries_the_clauses_rows_and_facts_it_rests_on() -> None:
    further = replace(DECISION, table="DT-20", row="R1", code="ALLOW", clauses=("shop/authority@1#bot",), read={})
    proposal = draft(decisions=[replace(DECISION, also=(further,))], clauses=["cn/cancel@2024-07#unshipped", "x@1#y"])
    assert proposal.clauses == ("cn/cancel@2024-07#unshipped", "shop/authority@1#bot", "x@1#y")
    assert [row.table for row in proposal.tables] == ["DT-13", "DT-20"]
    assert proposal.decisions[0]["read"] == {"order_state": "PAID"}
    assert proposal.as_event().args_hash == args_hash(CANCEL)
    assert Proposal.model_validate_json(proposal.model_dump_json()) == proposal


def test_money_without_a_clause_an_amount_below_zero_and_a_stranger_are_refused() -> None:
    draft(decisions=[replace(DECISION, clauses=())], action=CANCEL.model_copy(update={"amount": None}))
    for changes in (
        {"decisions": [replace(DECISION, clauses=())]},
        {"action": CANCEL.model_copy(update={"amount": -1})},
        {"conversation": TALK.model_copy(update={"customer_id": None})},
    ):
        with pytest.raises(NotAuthorised):
            draft(**changes)


names = st.text(max_size=8)
actions = st.builds(
    Action,
    name=names,
    order_id=st.none() | names,
    args=st.dictionaries(names, st.none() | st.booleans() | st.integers() | names, max_size=4),
    amount=st.none() | st.integers(0, 10**7),
)


@given(actions, actions)
def test_two_actions_have_the_same_hash_only_if_they_are_the_same(one: Action, other: Action) -> None:
    assert (args_hash(one) == args_hash(other)) == (_spelled(one) == _spelled(other))


def _spelled(action: Action) -> str:
    """Every field, where True and 1 are not the same."""
    return repr((action.name, action.order_id, sorted(action.args.items()), action.amount))


@given(actions)
def test_the_hash_survives_storage_and_the_order_of_arguments(action: Action) -> None:
    turned = action.model_copy(update={"args": dict(reversed(action.args.items()))})
    assert args_hash(Action.model_validate_json(action.model_dump_json())) == args_hash(action) == args_hash(turned)


@pytest.mark.parametrize(("minutes", "state"), [(0, "done"), (10, "done"), (10.01, "unknown"), (-1, "unknown")])
def test_done_outside_the_permit_is_for_a_person_to_look_at(minutes: float, state: str) -> None:
    permit = permit_for(draft(), at=NOW, lifetime=timedelta(minutes=10), by="assistant")
    at = NOW + timedelta(minutes=minutes)
    receipt = Receipt(key=permit.permit_id, reference="S1", action="cancel_refund", order_id="O1", at=at)
    settled = settle(permit, "t", "done", receipt=receipt, done_at=at)
    assert (settled.state, settled.receipt) == (state, "S1")
