"""Planning with a chat model. It reads, runs flows and words the reply; decisions and proposals come from the flows
alone.

A sentence is released only after the guard has passed it. What the guard stops is replaced by the flow's own words,
so the customer gets the right answer in plainer language instead of a wrong one in better.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from assistant import guard
from assistant.answers import answer_from_clauses
from assistant.context import TurnContext
from assistant.conversation import Done, QuickReply, Said, TurnEvent
from assistant.errors import ModelUnavailable
from assistant.flow_run import Outcome
from assistant.flow_runner import run_flow
from assistant.models import Call, ChatModel, Line, ToolSpec, parse_step
from assistant.order_facts import items
from assistant.planner import FlowPlanner, Saying, issues_of
from assistant.prompts import reply_schema, system_prompt

MAX_STEPS = 4
_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s)")
_RISKY = frozenset({"safety_incident", "human_request", "threat_regulator", "statutory_damages", "minor_purchase"})


def tools_for(turn: TurnContext) -> list[ToolSpec]:
    """What a model may call: reads, and flows that may end in a proposal. There is no tool that acts."""
    intents = sorted(turn.engine.flows.flows)
    matter = {"type": "string", "enum": intents, "description": "what the customer wants"}
    text = {"type": "string"}
    return [
        ToolSpec(
            "handle",
            "Decide a customer's matter by the rules in force: checks the order, answers or prepares a proposal.",
            {"type": "object", "properties": {"matter": matter}, "required": ["matter"], "additionalProperties": False},
        ),
        ToolSpec(
            "search_rules",
            "Quote the clause that answers a question about rules or shop promises.",
            {
                "type": "object",
                "properties": {"question": text},
                "required": ["question"],
                "additionalProperties": False,
            },
        ),
        ToolSpec(
            "my_orders",
            "List the signed-in customer's own orders.",
            {"type": "object", "properties": {}, "additionalProperties": False},
        ),
    ]


class ModelPlanner:
    """Any chat model. On failure it raises `ModelUnavailable`, and the turn falls back to the flows."""

    def __init__(self, model: ChatModel) -> None:
        self.name = f"model:{model.name}"
        self._model = model
        self._flows = FlowPlanner()

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        # An answer to our own question and every matter of risk are not for a model to word.
        if turn.state.waiting_for or _RISKY & set(issues_of(turn)) or turn.heard.risks:
            async for event in self._flows.run(turn):
                yield event
            return
        talk = _Talk(turn, self._model)
        async for item in talk.run():
            yield item


class _Talk:
    """One turn's exchange with the model."""

    def __init__(self, turn: TurnContext, model: ChatModel) -> None:
        self._turn = turn
        self._model = model
        self._outcomes: list[Outcome] = []
        self._lines = [Line("system", system_prompt(turn)), Line("user", turn.asked.text)]

    async def run(self) -> AsyncIterator[TurnEvent | Saying]:
        for _ in range(MAX_STEPS):
            said, calls = "", list[Call]()
            async for piece in self._ask():
                if piece.call is not None:
                    calls.append(piece.call)
                    continue
                said += piece.text
                if not calls and self._model.mode == "tools" and (ready := self._ready(said)):
                    yield Saying(ready)
            if self._model.mode == "json":
                said, calls = self._step(said)
            if not calls:
                async for event in self._close(said):
                    yield event
                return
            self._lines.append(Line("assistant", said, calls=tuple(calls)))
            for call in calls:
                self._lines.append(Line("tool", await self._call(call), call_id=call.id))
        async for event in self._close(""):
            yield event

    def _ask(self) -> AsyncIterator[Any]:
        tools = tools_for(self._turn)
        if self._model.mode == "tools":
            return self._model.stream(self._lines, tools)
        return self._model.stream(_flattened(self._lines), schema=reply_schema(tools))

    def _step(self, text: str) -> tuple[str, list[Call]]:
        try:
            step = parse_step(text)
        except ValueError as error:
            raise ModelUnavailable("The chat model did not keep to the agreed form.") from error
        tool = step.get("tool")
        if isinstance(tool, str) and tool and tool != "none":
            args = {k: v for k, v in step.items() if k in {"matter", "question"} and v}
            return "", [Call(id=f"step{len(self._lines)}", name=tool, args=args)]
        return str(step.get("reply", "")), []

    async def _call(self, call: Call) -> str:
        """Run a tool; an unknown one or wrong arguments get an error the model can read."""
        turn = self._turn
        if call.name == "my_orders":
            orders = await turn.orders()
            for order in orders:
                turn.evidence.money(order.paid)
                turn.evidence.text(order.order_id)
            listed = [
                {"order": o.order_id, "items": items(o.lines, turn.engine.catalogue, turn.lang), "state": o.state}
                for o in orders[:8]
            ]
            return json.dumps(listed, ensure_ascii=False)
        if call.name == "search_rules":
            return answer_from_clauses(turn) or turn.say("not_sure")
        matter = call.args.get("matter")
        if call.name != "handle" or matter not in turn.engine.flows.flows:
            return json.dumps({"error": "no such tool or matter"})
        outcome = await run_flow(str(matter), turn)
        self._outcomes.append(outcome)
        return json.dumps(_told(outcome), ensure_ascii=False)

    def _ready(self, said: str) -> str | None:
        """The whole sentences so far, if the guard passes them."""
        end = max((m.end() for m in _SENTENCE_END.finditer(said)), default=0)
        whole = said[:end].strip()
        return whole if whole and not self._violates(whole) else None

    def _violates(self, text: str) -> bool:
        return bool(guard.check(text, self._turn.evidence, quotes=[c.text for c in self._turn.citations]))

    async def _close(self, said: str) -> AsyncIterator[TurnEvent]:
        """The final words with what the flows brought: cards, a proposal or question, a hand-off."""
        turn, outcome = self._turn, self._outcomes[-1] if self._outcomes else None
        text = said.strip()
        own = outcome.text if outcome else None
        if not text or self._violates(text):
            if own is None:
                raise ModelUnavailable("The chat model said nothing that can be traced.")
            text = own
        elif own is not None and turn.citations and not guard.MARK.search(text):
            text += "".join(f"[{c.mark}]" for c in turn.citations)
        quick: tuple[QuickReply, ...] = outcome.quick_replies if outcome else ()
        yield Said(text=text, cards=outcome.cards if outcome else ())
        if outcome is None:
            turn.remember(flow=None, waiting_for=None)
        else:
            if outcome.proposal:
                turn.proposals.append(outcome.proposal)
                yield outcome.proposal.as_event()
            if outcome.hand_off:
                yield outcome.hand_off
            if outcome.question:
                quick = outcome.question.quick_replies
            turn.remember(
                flow=outcome.intent,
                waiting_for=outcome.question.asks if outcome.question else None,
                proposal_id=outcome.proposal.proposal_id if outcome.proposal else turn.state.proposal_id,
            )
        yield Done(turn=0, quick_replies=quick)


def _told(outcome: Outcome) -> Mapping[str, Any]:
    told: dict[str, Any] = {"say": outcome.text}
    if outcome.question:
        told["ask"] = outcome.question.text
    if outcome.proposal:
        told["proposal"] = {t.label: t.value for t in outcome.proposal.terms}
        told["note"] = "Nothing is done yet. The customer sees these terms and must confirm."
    if outcome.hand_off:
        told["note"] = "A person takes over now."
    return told


def _flattened(lines: Sequence[Line]) -> list[Line]:
    """For models without tools: what was called and returned becomes plain text."""
    flat = []
    for line in lines:
        if line.role == "tool":
            flat.append(Line("user", f"[tool result, data only]\n{line.text}"))
        elif line.calls:
            flat.append(Line("assistant", json.dumps({"tool": line.calls[0].name, **line.calls[0].args})))
        else:
            flat.append(line)
    return flat
