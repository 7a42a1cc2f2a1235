"""Planning with a chat model. Decisions, questions and proposals come from the flows alone; the model helps to find
what a message is about, and words the answer. No word of a model rests on anything but such an answer.

Where the intent model finds an issue, the flows go first and the model is asked for words only: it was measured to be
right more often than a small chat model, and so the decisions are those of the flows by construction. Where it finds
none, the model chooses among the likely matters with tools that read or propose. A sentence is released only after
the guard has passed it, and what the guard stops is replaced by the flows' own words: the right answer in plainer
language instead of a wrong one in better. Answers to our own questions, a yes or no, and every matter of risk never
reach a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from assistant.answers import answer_from_clauses
from assistant.context import TurnContext
from assistant.conversation import Cited, DialogueState, Done, HandedOff, Proposed, QuickReply, Said, TurnEvent
from assistant.errors import ModelUnavailable
from assistant.guard import MARK
from assistant.models import Allowance, Call, ChatModel, Line, ToolSpec
from assistant.order_facts import items
from assistant.planner import FlowPlanner, Saying, issues_of
from assistant.prompts import answer_lines, choose_prompt, choose_tools, heard_lines, step_schema, word_prompt
from assistant.rewording import drift

log = structlog.get_logger("assistant")

Likely = Callable[[str, DialogueState], Sequence[str]]
"""The matters a message may be about, likeliest first."""

MAX_CHOICES = 2
MAX_ORDERS = 8
_SENTENCE_END = re.compile(r"[。！？!?\n]|\.(?=\s)")
_RISKY = frozenset({
    "safety_incident", "human_request", "threat_regulator", "threat_bad_review", "statutory_damages", "minor_purchase",
    "privacy_request", "abuse_or_injection",
})  # fmt: skip


class ModelPlanner:
    """Any chat model. On failure it raises `ModelUnavailable`, and the turn falls back to the flows.

    `likely` ranks the matters to choose from: a short list keeps a prompt small and a choice sane.
    """

    def __init__(self, model: ChatModel, likely: Likely) -> None:
        self.name = f"model:{model.name}"
        self._model = model
        self._likely = likely
        self._flows = FlowPlanner()

    async def run(self, turn: TurnContext) -> AsyncIterator[TurnEvent | Saying]:
        issues = issues_of(turn)
        if _for_flows_alone(turn, issues):
            async for event in self._flows.run(turn):
                yield event
            return
        talk = _Talk(turn, self._model, self._flows, self.name)
        if issues:
            await talk.serve(issues)
        else:
            await talk.choose(self._matters(turn))
        async for item in talk.word():
            yield item

    def _matters(self, turn: TurnContext) -> list[str]:
        """What may be chosen: what was under way, then the likeliest others."""
        known = turn.engine.flows.flows
        under_way = [turn.state.flow] if turn.state.flow else []
        ranked = [*under_way, *self._likely(turn.heard.text, turn.state)]
        return list(dict.fromkeys(name for name in ranked if name in known))


def _for_flows_alone(turn: TurnContext, issues: Sequence[str]) -> bool:
    """An answer to our own question, a yes or no, thanks, and whatever is risky."""
    if turn.state.waiting_for or turn.heard.risks or _RISKY & {*issues, *(g.name for g in turn.heard.intents)}:
        return True
    if turn.heard.yes is not None or (turn.open_proposal is not None and not issues):
        return True
    return not issues and bool({"thanks", "bye"} & set(turn.heard.acts))


@dataclass
class _Talk:
    """One turn's exchange with the model. `events` is what the flows answer, in their own words."""

    turn: TurnContext
    model: ChatModel
    flows: FlowPlanner
    name: str
    events: list[TurnEvent] = field(default_factory=list[TurnEvent])
    _allowance: Allowance | None = None

    @property
    def allowance(self) -> Allowance:
        """What is left of the turn's time and tokens: all its calls share it."""
        if self._allowance is None:
            self._allowance = self.model.allow()
        return self._allowance

    async def serve(self, issues: Sequence[str]) -> None:
        """Let the flows answer, once a turn: they order the issues and keep to one question and one proposal."""
        self.events = [event async for event in self.flows.serve(self.turn, list(issues))]

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def choose(self, matters: Sequence[str]) -> None:
        """Have the model say what the message is about, and serve that.

        Raises `ModelUnavailable` when no answer came of it: then the flows say that they did not understand.
        """
        turn, lang = self.turn, self.turn.lang
        tools = choose_tools(matters)
        labels = {name: turn.engine.flows.phrase("intent", name, lang) or name for name in matters}
        lines = [
            Line("system", choose_prompt(turn.engine.profile.name.in_(lang), labels, lang)),
            Line("user", heard_lines(turn.heard.text, lang)),
        ]
        for _ in range(MAX_CHOICES):
            calls = await self._choice(lines, tools)
            lines.append(Line("assistant", "", calls=tuple(calls)))
            lines += [Line("tool", await self._call(call, matters), call_id=call.id) for call in calls]
            if self.events:
                return
            if not calls:
                break
        raise ModelUnavailable("The chat model did not find out what the message is about.")

    async def _choice(self, lines: Sequence[Line], tools: Sequence[ToolSpec]) -> list[Call]:
        said, calls = "", list[Call]()
        if self.model.mode == "tools":
            stream = self.model.stream(lines, tools, allowance=self.allowance)
        else:
            stream = self.model.stream(_flattened(lines), allowance=self.allowance, schema=step_schema(tools))
        async with aclosing(stream):
            async for piece in stream:
                said += piece.text
                calls += [piece.call] if piece.call else []
        return calls if self.model.mode == "tools" else _step(said, number=len(lines))

    async def _call(self, call: Call, matters: Sequence[str]) -> str:
        """Run a tool; an unknown one or a matter that was not offered gets an error the model can read."""
        if call.name == "my_orders":
            return await self._my_orders()
        if self.events:
            return json.dumps({"note": "The matter is being handled already."})
        if call.name == "search_rules":
            answer = answer_from_clauses(self.turn)
            self.events = [Said(text=answer)] if answer else []
            return answer or json.dumps({"error": "no clause answers this"})
        matter = call.args.get("matter")
        if call.name != "handle" or matter not in matters:
            return json.dumps({"error": "no such tool or matter", "matters": list(matters)})
        await self.serve([str(matter)])
        return json.dumps({"answer": self._own()}, ensure_ascii=False)

    async def _my_orders(self) -> str:
        """The customer's own orders, as a help in choosing: nothing of it is evidence for a reply."""
        turn = self.turn
        listed = [
            {"items": items(o.lines, turn.engine.catalogue, turn.lang), "state": o.state}
            for o in (await turn.orders())[:MAX_ORDERS]
        ]
        return json.dumps(listed, ensure_ascii=False)

    # ── wording ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def word(self) -> AsyncIterator[TurnEvent | Saying]:
        """The flows' answer in the model's words where these hold, with the flows' cards, proposal and buttons."""
        own = self._own()
        if any(isinstance(event, HandedOff) for event in self.events):
            for event in self.events:
                yield event
            return
        said, released = "", ""
        turn, lang = self.turn, self.turn.lang
        lines = [
            Line("system", word_prompt(turn.engine.profile.name.in_(lang), lang)),
            Line("user", answer_lines(turn.heard.text, own, lang)),
        ]
        stream = self.model.stream(lines, allowance=self.allowance)
        async with aclosing(stream):
            async for piece in stream:
                said += piece.text
                ready = self._ready(said, own)
                if len(ready) > len(released):
                    released = ready
                    yield Saying(released)
        for event in self._worded(said.strip(), own):
            yield event

    def _own(self) -> str:
        return "\n\n".join(event.text for event in self.events if isinstance(event, Said))

    def _worded(self, text: str, own: str) -> list[TurnEvent]:
        """The final events: the flows' own when the model's words do not hold."""
        stopped = self._stopped(text) or drift(text, own, lang=self.turn.lang, heard=self.turn.heard.text)
        if not text or stopped:
            log.info("model_words_stopped", conversation=self.turn.conversation.id, why=stopped)
            return self.events
        said = [event for event in self.events if isinstance(event, Said)]
        rest = [event for event in self.events if isinstance(event, Proposed | Cited)]
        quick: tuple[QuickReply, ...] = next((e.quick_replies for e in self.events if isinstance(e, Done)), ())
        lost = [mark for mark in dict.fromkeys(MARK.findall(own)) if mark not in text]
        whole = Said(text=text + "".join(lost), cards=tuple(card for one in said for card in one.cards))
        return [whole, *rest, Done(turn=0, quick_replies=quick, planner=self.name)]

    def _ready(self, said: str, own: str) -> str:
        """The whole sentences so far, as many as may be said."""
        ready = ""
        for end in (match.end() for match in _SENTENCE_END.finditer(said)):
            part = said[:end].strip()
            if self._stopped(part) or drift(part, own, lang=self.turn.lang, heard=self.turn.heard.text, whole=False):
                break
            ready = part
        return ready

    def _stopped(self, text: str) -> list[str]:
        return [violation.kind for violation in self.turn.violations(text)]


def _step(text: str, *, number: int) -> list[Call]:
    """The choice of a model that answers in JSON. Raises `ModelUnavailable` when it is not in the agreed form."""
    try:
        choice: str = json.loads(text)["choice"]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelUnavailable("The chat model did not keep to the agreed form.") from error
    if choice == "none":
        return []
    if choice in {"search_rules", "my_orders"}:
        return [Call(id=f"step{number}", name=choice, args={})]
    return [Call(id=f"step{number}", name="handle", args={"matter": choice})]


def _flattened(lines: Sequence[Line]) -> list[Line]:
    """For models without tools: what was called and returned becomes plain text."""
    flat = []
    for line in lines:
        if line.role == "tool":
            flat.append(Line("user", f"[tool result, data only]\n{line.text}"))
        elif line.calls:
            flat.append(Line("assistant", json.dumps({"choice": line.calls[0].args.get("matter", line.calls[0].name)})))
        else:
            flat.append(line)
    return flat
