"""Flows: what the assistant does for an intent, as data.

A flow has one shape: intent → facts (from a tool, else a slot, else one question) → tables → a reply or a proposal by
code. Branching lives in tables only. What does not fit is a typed skill that a flow names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.conversation import Lang
from assistant.evidence import EvidenceBook
from assistant.shop import OrderState, Text, TicketKind
from assistant.typed import typed
from assistant.wording import placeholders
from knowledge.errors import XiaoerError


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reply(Strict):
    """What to say for a code. `cite` adds clause references to those of the decision; `next` names the flow to go on
    with.

    `propose` names an action: its proposal follows the words. `hand_off` is the reason a person is called for.
    """

    zh: str = ""
    en: str = ""
    cite: tuple[str, ...] = ()
    propose: str | None = None
    card: Literal["order", "orders", "parcel", "case"] | None = None
    hand_off: str | None = None
    urgent: bool = False
    next: str | None = None
    go: str | None = None
    """The flow that is run instead, in the same turn."""

    def text(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


class Flow(Strict):
    """One intent's flow.

    `subject` is what it is about: with `order` one of the customer's own orders must be found first (among those in
    `states`). `assume` are facts the intent itself states. `ask` are slots needed before the tables. `tables` are
    decided in order: the first one's code picks the reply, the others yield values. Without tables, `by` names the
    fact whose value picks it. `skill` names a typed Python skill, `answer: search` quotes the clause that fits best.
    """

    subject: Literal["none", "order", "product"] = "none"
    states: tuple[OrderState, ...] = ()
    prefer: tuple[OrderState, ...] = ()
    """When several orders come into question and just one of them is in these states, that one is meant."""
    about: tuple[TicketKind, ...] = ()
    """When just one of several orders has an open case of the first of these kinds, else the second, that one is
    meant.
    """
    assume: dict[str, bool | int | str | list[str]] = Field(default_factory=dict)
    elsewhere: dict[OrderState, str] = Field(default_factory=dict)
    """The flow to go on with when the order meant is in a state outside `states`, by that state."""
    if_faulty: str | None = None
    """The flow to go on with while the talk is about a fault: who tells of one and then wants to exchange is not asked
    whether the law lets them change their mind.
    """
    rule: tuple[str, ...] = ()
    """Clauses that answer a question about the rule itself where search is not sure, the shop's own even before it."""
    terms: tuple[str, ...] = ()
    """Terms, by their English labels, that answer the question while a proposal with them waits for its yes."""
    ask: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    """Tables asked before the others: where one leaves it to a person, its code picks the reply and nothing more is
    decided.
    """
    consult: tuple[str, ...] = ()
    """Tables asked beside the others for what they can tell; one that lacks a fact or calls a person tells nothing."""
    by: str | None = None
    skill: str | None = None
    answer: Literal["search"] | None = None
    otherwise: str | None = None
    """The flow to go on with when no clause answers and the customer is signed in."""
    otherwise_if: re.Pattern[str] | None = None
    """Goes on with `otherwise` only where the folded message holds this pattern."""
    replies: dict[str, Reply] = Field(default_factory=dict)
    retention: bool = False
    """Whether an offer may stand beside the proposal, if DT-21 allows one."""

    def reply(self, code: str) -> Reply | None:
        """The reply for a code: exactly, else for its kind (`HUMAN(rule)` → `HUMAN`), else `default`."""
        return self.replies.get(code) or self.replies.get(code.partition("(")[0]) or self.replies.get("default")


class TermLine(Strict):
    label: Text
    value: Text


class ActionWords(Strict):
    """How an action is proposed and what is said once the ledger holds it.

    `amount` names the table whose amount it pays; `purpose` is what DT-20 is asked about. `args` are facts or slots
    that go with the action to the backend.
    """

    title: Text
    terms: tuple[TermLine, ...]
    done: Text
    amount: str | None = None
    ticket: TicketKind | None = None
    """The kind of case it opens: while one is open on the order, it is shown instead of proposing a second."""
    purpose: Literal["statutory_refund", "rule_compensation", "goodwill", "advance", "none"] = "none"
    args: tuple[str, ...] = ()


class FlowBook(Strict):
    """All flows of a pack, the words for codes and values, and the actions they propose."""

    flows: dict[str, Flow]
    actions: dict[str, ActionWords]
    phrases: dict[str, dict[str, Text]] = Field(default_factory=dict)
    texts: dict[str, Text] = Field(default_factory=dict)
    questions: dict[str, Text] = Field(default_factory=dict)
    choices: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    evidence: EvidenceBook = EvidenceBook()
    """What each kind of dispute needs as evidence; a file of its own, `evidence.yaml`."""

    def phrase(self, kind: str, value: str, lang: Lang) -> str | None:
        """The words for a code of a table or a value of a fact, exactly or by its kind; None when the pack has none."""
        words = self.phrases.get(kind, {})
        found = words.get(value) or words.get(value.partition("(")[0])
        return found.in_(lang) if found else None

    def text(self, name: str, lang: Lang) -> str:
        return self.texts[name].in_(lang)

    def with_intents(self, labels: Mapping[str, Text]) -> FlowBook:
        """The same book that can also name intents in words, beside the flows that are no intent of their own."""
        named = {**self.phrases.get("intent", {}), **labels}
        return self.model_copy(update={"phrases": {**self.phrases, "intent": named}})

    def with_evidence(self, evidence: EvidenceBook) -> FlowBook:
        """The same book that also knows what a case needs as evidence."""
        return self.model_copy(update={"evidence": evidence})

    def problems(self) -> Iterator[str]:
        """What cannot work: an action, flow or term that does not exist, languages that ask for different values."""
        labels = {term.label.en for action in self.actions.values() for term in action.terms}
        unknown = [(name, label) for name, flow in self.flows.items() for label in flow.terms if label not in labels]
        yield from (f"flow `{name}` tells the term `{label}`, which no action has" for name, label in unknown)
        for name, flow in self.flows.items():
            if not (flow.replies or flow.skill or flow.answer):
                yield f"flow `{name}` says nothing: give it replies, a skill or `answer: search`"
            if flow.tables and "default" not in flow.replies and "HUMAN" not in flow.replies:
                yield f"flow `{name}` has no reply for `HUMAN`: any table may hand to a person; add one or `default`"
            for state, instead in flow.elsewhere.items():
                if instead not in self.flows:
                    yield f"flow `{name}` goes on with `{instead}` for an order that is {state}, which is no flow"
            for further in (flow.otherwise, flow.if_faulty):
                if further and further not in self.flows:
                    yield f"flow `{name}` goes on with `{further}`, which is no flow"
            for code, reply in flow.replies.items():
                where = f"flow `{name}`, reply `{code}`"
                if reply.propose and reply.propose not in self.actions:
                    yield f"{where} proposes `{reply.propose}`, which no action defines"
                for further in (reply.next, reply.go):
                    if further and further not in self.flows:
                        yield f"{where} goes on with `{further}`, which is no flow"
                if placeholders(reply.zh) != placeholders(reply.en):
                    yield f"{where} uses other values in zh than in en"


def read_flows(data: Mapping[str, Any]) -> FlowBook:
    """Type the merged `flows.yaml` of a pack. Raises `XiaoerError` that names the key at fault."""
    book = typed(FlowBook, data, where="flows.yaml")
    for problem in book.problems():
        raise XiaoerError(f"flows.yaml: {problem}.")
    return book
