"""Random talks: whatever is said in whatever order, these things hold."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from assistant.build import Parts
from assistant.conversation import Acted, Answered, Asked, Cited, Done, HandedOff, Lang, Logged, Proposed, Said
from assistant.errors import ProposalError
from assistant.guard import MARK
from assistant.ledger import LedgerEntry
from assistant.taxonomy import Taxonomy
from assistant.turn import Assistant
from assistant.wording import PLACEHOLDER
from knowledge.quotes import check_shown
from tests.assistant.talk import MINUTE, Talk, begin, shop_open

SEEDS = range(6)
TALKS = 34
ANSWERS = {
    "zh": [
        "确认",
        "好的",
        "不用了",
        "算了",
        "没拆封",
        "第一个",
        "全部",
        "L码",
        "好，取消吧",
        "那就退吧",
        "张晓明",
        "浙江杭州文三路8号",
        "转人工",
        "谢谢",
        "？",
        "😀",
        "屏幕有一条裂痕",
        "如果今天不发就取消",
        "再见",
        "刚才那个不对，换一个订单",
    ],
    "en": [
        "yes",
        "ok",
        "no thanks",
        "never mind",
        "unopened",
        "the first one",
        "all of them",
        "size L",
        "yes, cancel it",
        "Amy Reed",
        "8 Wensan Road, Hangzhou",
        "a human please",
        "thanks",
        "?",
        "the screen is cracked",
        "only if it is free",
    ],
}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_talks_keep_every_promise(seed: int, parts: Parts) -> None:
    asyncio.run(_talks(seed, parts))


async def _talks(seed: int, parts: Parts) -> None:
    chance = random.Random(seed)
    said = _utterances(parts)
    async with shop_open(parts) as assistant:
        customers: list[str | None] = [*parts.pack.data("orders")["customers"], None]
        for _ in range(TALKS):
            lang: Lang = chance.choice(("zh", "zh", "en"))
            talk = await begin(assistant, chance.choice(customers), lang)
            with capture_logs() as logs:
                await _talk(talk, said[lang], chance)
            transcript = "\n".join(_lines(await talk.log()))
            stopped = [entry for entry in logs if entry["event"] == "guard_stopped"]
            assert stopped == [], transcript
            await _holds(talk, parts, transcript)
        await _money_and_ledger_hold(assistant, customers)


async def _talk(talk: Talk, said: list[str], chance: random.Random) -> None:
    """A few turns: something new, an answer, or a button that stands there."""
    for _ in range(chance.randint(2, 7)):
        open_proposal = (await talk.state()).proposal_id
        if chance.random() < 0.05:
            talk.clock.advance(chance.choice([MINUTE, 45 * MINUTE]))
        if open_proposal and chance.random() < 0.3:
            try:
                await talk.button(chance.choice(("yes", "no")), open_proposal)
            except ProposalError:
                talk.turns.append([])
            continue
        quick = talk.buttons if talk.turns and talk.last(Done) else []
        answers = ANSWERS[talk.head.lang]
        text = (
            chance.choice(quick) if quick and chance.random() < 0.4 else chance.choice(chance.choice((said, answers)))
        )
        assert await talk.say(text), text


def _utterances(parts: Parts) -> dict[Lang, list[str]]:
    taxonomy = Taxonomy.parse(parts.pack.data("intents"))
    said: dict[Lang, list[str]] = {"zh": [], "en": []}
    for intent in taxonomy.intents.values():
        said["zh"] += intent.zh[:12]
        said["en"] += intent.en[:12]
    return said


async def _holds(talk: Talk, parts: Parts, transcript: str) -> None:
    log = await talk.log()
    head = await talk.now()
    assert [logged.seq for logged in log] == list(range(1, head.last_seq + 1)), transcript
    handed = next((logged.seq for logged in log if isinstance(logged.entry, HandedOff)), None)
    for turn in {logged.turn for logged in log}:
        entries = [logged.entry for logged in log if logged.turn == turn]
        opened_at = min(logged.seq for logged in log if logged.turn == turn)
        # a person is on the way: what would propose anything is left to them
        after = handed is not None and opened_at > handed
        assert not after or not any(isinstance(entry, Proposed) for entry in entries), transcript
        assert sum(isinstance(entry, Proposed) for entry in entries) <= 1, transcript
        assert sum(isinstance(entry, Done) for entry in entries) == 1, transcript
        assert isinstance(entries[0], Asked | Answered), transcript
        assert isinstance(entries[-1], Done), transcript
        assert any(isinstance(entry, Said) for entry in entries), transcript
        marks = {int(mark.strip("[]")) for e in entries if isinstance(e, Said) for mark in MARK.findall(e.text)}
        assert marks <= {e.citation.mark for e in entries if isinstance(e, Cited)}, transcript
    for entry in (logged.entry for logged in log):
        if isinstance(entry, Said):
            assert not PLACEHOLDER.search(entry.text), transcript
        if isinstance(entry, Cited):
            c = entry.citation
            span, policies = (c.start, c.end), parts.pack.policies
            assert any(check_shown(f"{c.clause}/{lang}", span, c.text, policies) for lang in ("zh", "en")), transcript
    await _one_proposal_at_most(talk, log, transcript)


async def _one_proposal_at_most(talk: Talk, log: list[Logged], transcript: str) -> None:
    kept = [await talk.assistant.permits.find(e.entry.proposal_id) for e in log if isinstance(e.entry, Proposed)]
    waiting = [each.proposal.proposal_id for each in kept if each.state == "open"]
    head = await talk.now()
    assert waiting in ([], [head.state.proposal_id]), transcript
    acted = [logged.entry for logged in log if isinstance(logged.entry, Acted)]
    assert {entry.proposal_id for entry in acted} == {
        each.proposal.proposal_id for each in kept if each.settled is not None
    }, transcript


async def _money_and_ledger_hold(assistant: Assistant, customers: list[str | None]) -> None:
    ledger = assistant.permits.ledger
    verified = await ledger.verify(assistant.profile.key)
    entries: list[LedgerEntry] = []
    while page := await ledger.entries(assistant.profile.key, after=entries[-1].seq if entries else 0):
        entries += page
    assert verified.n == len(entries)
    kinds = [entry.kind for entry in entries]
    assert kinds.count("effect") == kinds.count("permit")
    for number in customers:
        for order in await assistant.engine.shop.orders(number) if number else ():
            assert order.refunded + order.compensated <= order.paid


def _lines(log: list[Logged]) -> Iterator[str]:
    for logged in log:
        entry = logged.entry
        match entry:
            case Asked():
                yield f"{logged.turn} > {entry.text}"
            case Said() | HandedOff():
                yield f"{logged.turn} {entry.text if isinstance(entry, Said) else entry.reason}"
            case _:
                yield f"{logged.turn} [{entry.kind}]"
