"""A turn in the making, for tests of the modules that work on one."""

from __future__ import annotations

from typing import Any

from assistant.context import TurnContext
from assistant.conversation import Asked, Conversation, DialogueState, Lang
from assistant.shop import Customer
from assistant.turn import Assistant
from assistant.understanding import Understander, Understanding


def turn_of(
    assistant: Assistant,
    customer: Customer | None,
    text: str,
    *,
    heard: Understanding | None = None,
    understander: Understander | None = None,
    lang: Lang = "zh",
    order_id: str | None = None,
    **state: Any,
) -> TurnContext:
    """A turn about `text`, not in any log. `heard` is what was understood; by default `understander` reads the text."""
    now = assistant.engine.clock.now()
    dialogue = DialogueState(lang=lang, order_id=order_id, **state)
    if heard is None:
        assert understander is not None
        heard = understander.hear(text, dialogue, now)
    return TurnContext(
        engine=assistant.engine,
        conversation=Conversation(
            id="talk", shop="demo", customer_id=customer.customer_id if customer else None, lang=lang, opened_at=now
        ),
        asked=Asked(client_id="m", text=text, order_id=order_id),
        heard=heard,
        customer=customer,
        now=now,
        state=dialogue,
    )
