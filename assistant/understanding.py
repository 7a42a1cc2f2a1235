"""From words to an `Understanding`: language, intents, acts, slots, mood and risk, without a language model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assistant.acts import acts_of, is_yes
from assistant.conversation import DialogueState, IntentGuess, Lang, Mood, Risk
from assistant.intents import IntentModel
from assistant.language import clean_message, detect
from assistant.mood import read_mood
from assistant.slots import Slots, extract


@dataclass(frozen=True, slots=True)
class Understanding:
    """A message as it was understood. `slots` are what the customer claims; nothing of it is a fact yet."""

    lang: Lang
    text: str
    intents: tuple[IntentGuess, ...]
    acts: tuple[str, ...]
    yes: bool | None
    slots: Slots
    mood: Mood
    risks: tuple[Risk, ...]


class Understander:
    """Reads messages. Pure: the same words, state and instant give the same understanding."""

    def __init__(self, intents: IntentModel) -> None:
        self._intents = intents

    def clean(self, text: str) -> str:
        """The message without what no one can read. Raises `InvalidMessage`."""
        return clean_message(text)

    def likely(self, text: str, state: DialogueState, *, k: int = 8) -> list[str]:
        """The `k` intents `text` is likeliest about, best first: a choice to offer where one alone is not sure."""
        labels, shares = self._intents.probabilities([text], state)
        return [labels[column] for column in (-shares[0]).argsort(kind="stable")[:k]]

    def hear(self, text: str, state: DialogueState, now: datetime, *, action: str | None = None) -> Understanding:
        """Understand `text` in its place in the talk. `action` is what an open proposal would do: it says what a yes
        means.
        """
        lang = detect(text, default=state.lang)
        slots = extract(text, now, lang)
        mood, risks = read_mood(text)
        gives_slot = bool(slots.model_dump(exclude_defaults=True))
        return Understanding(
            lang=lang,
            text=text,
            intents=tuple(self._intents.understand(text, state)) if text else (),
            acts=acts_of(text, gives_slot=gives_slot, action=action) if text else (),
            yes=is_yes(text, action) if text else None,
            slots=slots,
            mood=mood,
            risks=risks,
        )
