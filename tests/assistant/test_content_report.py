"""What the shop's texts lack, which clauses answer, and what people say is out of date."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.build import open_content
from assistant.clock import FixedClock
from assistant.content_report import Content, ref_of
from assistant.conversation import Cited, Done
from assistant.settings import Settings
from assistant.turn import Assistant
from knowledge.errors import UnknownClause
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW

MONTH = timedelta(days=30)


@pytest.fixture
def content(assistant: Assistant) -> Content:
    return open_content(assistant, Settings(embedder="hash"))


async def test_a_month_of_talks_shows_what_was_not_answered_and_what_answered(
    talking: Talking, content: Content
) -> None:
    for customer in ("c01", "c02"):
        talk = await talking(customer)
        await talk.say("你们老板养猫吗，我电话13812345678")
        assert talk.last(Done)[0].gap
    told = await talking("c01")
    await told.say("七天无理由怎么算")
    (cited,) = (entry.citation.clause for entry in told.last(Cited))

    report = await content.report(NOW - MONTH)
    assert (report.until, report.unanswered) == (NOW, 2)
    (drafted,) = report.gaps
    assert (drafted.gap.times, drafted.gap.conversations) == (2, 2)
    assert "1381234" not in repr(report)
    assert all(0 <= near.score <= 1 for near in drafted.nearest)
    assert [(use.ref, use.times, use.in_force) for use in report.most] == [(ref_of(cited), 1, True)]
    assert report.never_total == report.in_force_total - 1
    assert ref_of(cited) not in {use.ref for use in (await content.report(NOW - MONTH, shown=1000)).never}


async def test_a_clause_that_never_answered_is_listed_the_shops_own_first(content: Content) -> None:
    report = await content.report(NOW - MONTH, shown=1000)
    assert report.never_total == report.in_force_total == len(report.never) > 100
    assert report.never[0].ref.startswith("shop/")
    assert not {use.ref for use in report.never if use.ref.startswith("shop/authority-limits")}, "for people only"
    english = await content.report(NOW - MONTH, lang="en", shown=1000)
    assert {use.ref for use in english.never} == {use.ref for use in report.never}


async def test_what_was_said_before_the_window_does_not_count(
    talking: Talking, content: Content, assistant: Assistant
) -> None:
    talk = await talking("c01")
    await talk.say("你们老板养猫吗")
    await talk.say("七天无理由怎么算")
    clock = assistant.engine.clock
    assert isinstance(clock, FixedClock)
    clock.advance(2 * MONTH)
    report = await content.report(NOW + MONTH)
    assert (report.unanswered, report.gaps, report.most) == (0, (), ())


async def test_a_clause_said_to_be_stale_is_listed_and_goes_on_answering_and_deciding(
    talking: Talking, content: Content, assistant: Assistant
) -> None:
    before = await talking("c01")
    await before.say("七天无理由怎么算")
    clause = before.cited[0]
    said, new = await content.mark_stale(
        clause, agent="小周", reason="  打 13812345678 问过，改了 ", conversation_id=None
    )
    assert (said.ref, new) == (ref_of(clause), True)
    assert "13812345678" not in said.reason
    after = await talking("c01")
    await after.say("七天无理由怎么算")
    assert (after.said, after.cited, after.decided) == (before.said, before.cited, before.decided)

    (listed,) = (await content.report(NOW - MONTH)).reports
    assert (listed.report, listed.title, listed.in_force) == (said, "七天无理由退货", True)
    await content.close_report(said.report_id, by="主管", note="看过了")
    assert (await content.report(NOW - MONTH)).reports == ()


async def test_only_a_clause_of_the_shop_can_be_said_to_be_stale(content: Content) -> None:
    with pytest.raises(UnknownClause):
        await content.mark_stale("law/nothing@1#x", agent="小周", reason="?", conversation_id=None)
