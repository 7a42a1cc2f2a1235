"""Every flow on every order of the demo shop: what is said has no hole, no figure out of nowhere, no forged quote."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest

from assistant.authority import room
from assistant.build import Parts
from assistant.context import TurnContext
from assistant.conversation import Acted, Citation, DialogueState, Done, Lang, Said
from assistant.errors import EffectRefused
from assistant.flow_reply import question_for
from assistant.flow_run import Outcome
from assistant.flow_runner import run_flow
from assistant.guard import MARK, check
from assistant.orders import apply
from assistant.shop import Customer, Order
from assistant.turn import Assistant
from assistant.wording import PLACEHOLDER
from knowledge.quotes import check_shown
from tests.assistant.talk import NOW, begin, shop_open
from tests.assistant.turns import turn_of

LANGS: tuple[Lang, ...] = ("zh", "en")
HAN = re.compile("[\u4e00-\u9fff]")
SAID: dict[Lang, dict[str, object]] = {
    "zh": {"condition": ["tried_on"], "line": "all", "target_variant": "XL", "defect": "袖口破了一个洞",
           "address": "浙江省杭州市文三路", "invoice_title": "林晓雨", "reason": "wrong_size"},
    "en": {"condition": ["tried_on"], "line": "all", "target_variant": "XL", "defect": "a hole in the sleeve",
           "address": "Wensan Road, Hangzhou", "invoice_title": "Amy Reed", "reason": "wrong_size"},
}  # fmt: skip
"""Everything a flow may ask for, said."""


@dataclass(frozen=True)
class Run:
    intent: str
    order: Order
    lang: Lang
    turn: TurnContext
    outcome: Outcome

    @property
    def name(self) -> str:
        return f"{self.intent} {self.lang} …{self.order.order_id[-4:]} {self.order.state}"


@pytest.fixture(scope="module")
def runs(parts: Parts) -> list[Run]:
    """Each flow about an order, on each order, in both languages."""
    return asyncio.run(_runs(parts))


async def _runs(parts: Parts) -> list[Run]:
    texts: dict[Lang, str] = {"zh": "好", "en": "please"}
    heard = {lang: parts.understander.hear(text, DialogueState(lang=lang), NOW) for lang, text in texts.items()}
    found: list[Run] = []
    async with shop_open(parts) as assistant:
        flows = [intent for intent, flow in assistant.engine.flows.flows.items() if flow.subject == "order"]
        for customer, order in await _orders(assistant):
            for lang, intent in product(LANGS, flows):
                turn = turn_of(
                    assistant, customer, texts[lang], heard=heard[lang], lang=lang, order_id=order.order_id,
                    flow=intent, slots=dict(SAID[lang]),
                )  # fmt: skip
                found.append(Run(intent, order, lang, turn, await run_flow(intent, turn)))
    return found


async def _orders(assistant: Assistant) -> list[tuple[Customer, Order]]:
    shop = assistant.engine.shop
    numbers = assistant.engine.policies.pack.data("orders")["customers"]
    customers = [found for number in numbers if (found := await shop.customer(number))]
    return [(customer, order) for customer in customers for order in await shop.orders(customer.customer_id)]


def test_every_flow_says_something_on_every_order(runs: list[Run]) -> None:
    assert len(runs) > 4000
    assert [run.name for run in runs if not run.outcome.text.strip()] == []


def test_no_reply_has_a_hole(runs: list[Run]) -> None:
    assert [(run.name, text) for run in runs for text in _shown(run.outcome) if PLACEHOLDER.search(text)] == []


def test_the_guard_stops_none_of_our_own_replies(runs: list[Run]) -> None:
    assert [(run.name, stopped) for run in runs if (stopped := run.turn.violations(run.outcome.text))] == []


def test_every_figure_of_the_terms_comes_from_the_order_or_a_rule(runs: list[Run]) -> None:
    wrong = []
    for run in runs:
        evidence = run.turn.evidence
        for term in run.outcome.proposal.terms if run.outcome.proposal else ():
            assert term.label.strip(), run.name
            assert term.value.strip("；; "), (run.name, term.label)
            wrong += [(run.name, term.label, v.words) for v in check(term.value, evidence) if v.kind != "act"]
    assert wrong == []


def test_english_replies_hold_no_chinese(runs: list[Run]) -> None:
    english = [run for run in runs if run.lang == "en"]
    assert [(run.name, text) for run in english for text in _shown(run.outcome) if HAN.search(text)] == []


def test_every_mark_has_its_citation_and_every_citation_its_words_in_the_document(
    runs: list[Run], parts: Parts
) -> None:
    policies = parts.pack.policies
    seen: dict[tuple[str, int, int], Citation] = {}
    for run in runs:
        marks = {int(mark.strip("[]")) for mark in MARK.findall(run.outcome.text)}
        assert marks <= {citation.mark for citation in run.turn.citations}, run.name
        seen |= {(f"{c.clause}/{run.lang}", c.start, c.end): c for c in run.turn.citations}
    assert len(seen) > 20
    forged = [where for where, c in seen.items() if not check_shown(where[0], where[1:], c.text, policies)]
    assert forged == []
    assert not any(check_shown(where[0], where[1:], c.text + "。", policies) for where, c in seen.items())


def test_no_proposal_pays_more_than_may_still_be_paid(runs: list[Run]) -> None:
    proposed = [(run, run.outcome.proposal.action) for run in runs if run.outcome.proposal]
    assert [run.name for run, action in proposed if (action.amount or 0) > room((), run.order, action)] == []


def test_nothing_is_proposed_that_the_order_does_not_allow(runs: list[Run]) -> None:
    refused = []
    for run in runs:
        if run.outcome.proposal:
            try:
                apply(run.order, run.outcome.proposal.action, NOW, "S1")
            except EffectRefused as error:
                refused.append((run.name, error.what))
    assert refused == []


def test_both_languages_come_to_the_same(runs: list[Run]) -> None:
    def gist(run: Run) -> object:
        action = run.outcome.proposal.action if run.outcome.proposal else None
        proposed = (action.name, action.amount) if action else None
        asks = run.outcome.question.asks if run.outcome.question else None
        called = run.outcome.hand_off.reason if run.outcome.hand_off else None
        decided = [(event.kind, getattr(event, "code", "")) for event in run.turn.events]
        return proposed, asks, called, decided, len(run.turn.citations)

    by_lang = {lang: {(r.intent, r.order.order_id): r for r in runs if r.lang == lang} for lang in LANGS}
    pairs = [(run, by_lang["en"][key]) for key, run in by_lang["zh"].items()]
    assert [zh.name for zh, en in pairs if gist(zh) != gist(en)] == []


async def test_every_proposal_that_is_agreed_to_ends_in_words_the_guard_passes(runs: list[Run], parts: Parts) -> None:
    kinds = {}
    for run in runs:
        if run.outcome.proposal and not run.outcome.proposal.needs_agent:
            kinds.setdefault((run.outcome.proposal.action.name, run.order.state, run.lang), run)
    assert len({action for action, _, _ in kinds}) >= 10
    for run in kinds.values():
        async with shop_open(parts) as assistant:
            talk = await begin(assistant, run.order.customer_id, run.lang)
            assert run.outcome.proposal is not None
            proposal = run.outcome.proposal.model_copy(update={"conversation_id": talk.id})
            await assistant.conversations.commit(
                talk.head, [proposal.as_event(), Done(turn=1)], at=NOW, proposals=[proposal], turn_done=True
            )
            entries = await talk.button("yes", proposal.proposal_id)
            (acted,) = [entry for entry in entries if isinstance(entry, Acted)]
            first = next(entry.text for entry in entries if isinstance(entry, Said))
            wanted = "refused_effect" if acted.state == "refused" else None
            assert first != talk.fixed("not_sure", run.lang), run.name
            assert wanted is None or first == talk.fixed(wanted, run.lang), run.name
            assert acted.state in {"done", "refused"}, run.name


@pytest.mark.parametrize("lang", LANGS)
def test_the_guard_passes_every_fixed_text(parts: Parts, assistant: Assistant, lang: Lang) -> None:
    turn = turn_of(assistant, None, "在吗", understander=parts.understander, lang=lang)
    calls_a_person = {"unknown_effect", "needs_agent", "approval_expired"}
    texts = {name: text.in_(lang) for name, text in parts.flows.texts.items() if name not in calls_a_person}
    stopped = {name: text for name, text in texts.items() if turn.violations(text)}
    assert stopped == {}
    turn.evidence.act("handed_off")
    assert [name for name, text in parts.flows.texts.items() if turn.violations(text.in_(lang))] == []


@pytest.mark.parametrize("lang", LANGS)
def test_whatever_a_table_may_ask_for_has_a_question(parts: Parts, assistant: Assistant, lang: Lang) -> None:
    turn = turn_of(assistant, None, "在吗", understander=parts.understander, lang=lang)
    claimed = [name for name, fact in parts.policies.facts.items() if fact.source == "claimed" and fact.ask]
    assert len(claimed) > 5
    for name in [*claimed, *parts.flows.questions]:
        assert question_for(name, turn).text != turn.say("unclear"), name


def _shown(outcome: Outcome) -> Iterator[str]:
    """Every text a customer would see."""
    yield outcome.text
    if outcome.question:
        yield from (reply.label for reply in outcome.question.quick_replies)
    yield from (reply.label for reply in outcome.quick_replies)
    if outcome.proposal:
        yield outcome.proposal.title
        yield from (f"{term.label}: {term.value}" for term in outcome.proposal.terms)
    yield from (card.title for card in outcome.cards)
