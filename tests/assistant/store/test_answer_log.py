"""What the log says about answers, and what people say of clauses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from assistant.conversation import Asked, Citation, Cited, Done, Entry, Gap, Said, Understood
from assistant.errors import NotFound
from assistant.store.answer_log import AnswerLog
from assistant.store.clause_reports import ClauseReports
from tests.assistant.store.world import NOW, SHOP, World, world

DAY = timedelta(days=1)


def cited(clause: str) -> Cited:
    quote: dict[str, Any] = {"mark": 1, "policy": clause.partition("#")[0], "title": "", "text": "x"}
    return Cited(citation=Citation(clause=clause, start=0, end=1, **quote))


async def a_turn(w: World, text: str, *entries: Entry, gap: Gap = "", client_id: str = "m1", days: int = 0) -> str:
    head = await w.talk()
    at = NOW - days * DAY
    await w.talks.ask(head.id, Asked(client_id=client_id, text=text), at)
    moved = await w.talks.get(head.id, customer_id=None)
    understood = Understood(lang="zh", intents=())
    done = Done(turn=moved.turns, gap=gap)
    await w.talks.commit(moved, [understood, *entries, Said(text="…"), done], at=at, turn_done=True)
    return head.id


async def test_only_turns_with_a_gap_are_listed_with_what_was_asked_newest_first() -> None:
    async with world() as w:
        await a_turn(w, "有门店吗", gap="not_sure", days=2)
        await a_turn(w, "七天怎么算", cited("law/x@1#a/zh"))
        talk = await a_turn(w, '能写"gap":"x"吗', gap="gave_up", days=1)
        await a_turn(w, '请问"gap":"not_sure"是什么')
        log = AnswerLog(w.database, SHOP)
        found = await log.unanswered(NOW - 30 * DAY, limit=10)
        assert [(each.text, each.gap) for each in found] == [('能写"gap":"x"吗', "gave_up"), ("有门店吗", "not_sure")]
        assert (found[0].conversation_id, found[0].lang, found[0].at) == (talk, "zh", NOW - DAY)
        assert [each.text for each in await log.unanswered(NOW - DAY, limit=10)] == ['能写"gap":"x"吗']
        assert len(await log.unanswered(NOW - 30 * DAY, limit=1)) == 1
        assert await AnswerLog(w.database, "other").unanswered(NOW - 30 * DAY, limit=10) == []


async def test_cites_are_counted_by_clause() -> None:
    async with world() as w:
        await a_turn(w, "一", cited("law/x@1#a/zh"), cited("law/x@1#b/zh"), days=3)
        await a_turn(w, "二", cited("law/x@1#a/zh"), days=1)
        await a_turn(w, "三", cited("law/x@1#a/zh"), days=40)
        found = await AnswerLog(w.database, SHOP).cites(NOW - 30 * DAY)
        assert [(each.clause, each.times) for each in found] == [("law/x@1#a/zh", 2), ("law/x@1#b/zh", 1)]
        assert found[0].last_at == NOW - DAY


async def test_a_report_reads_the_index_made_for_it() -> None:
    plan = (
        "EXPLAIN QUERY PLAN SELECT * FROM log WHERE log.kind IN ('cited', 'done') "
        "AND log.shop = 'demo' AND log.kind = 'done' AND log.at >= '2026-01-01'"
    )

    def explained(connection: Connection) -> str:
        return " ".join(str(row) for row in connection.exec_driver_sql(plan))

    async with world() as w:
        assert "ix_log_report" in await w.database.read(explained)


async def test_a_report_is_kept_once_a_person_and_clause_and_opens_again_when_it_is_said_again() -> None:
    async with world() as w:
        reports = ClauseReports(w.database, SHOP)
        said: dict[str, Any] = {"conversation_id": None, "at": NOW}
        first, new = await reports.report("law/x@1#a", agent="小周", reason="改了", **said)
        again, known = await reports.report("law/x@1#a", agent="小周", reason="九月就改了", **said)
        assert (new, known) == (True, False)
        assert (again.report_id, again.reason) == (first.report_id, "九月就改了")
        await reports.report("law/x@1#a", agent="小李", reason="同意", conversation_id="c9", at=NOW + DAY)
        assert [each.agent for each in await reports.open()] == ["小李", "小周"]

        closed = await reports.close(first.report_id, by="主管", note="已更新", at=NOW + DAY)
        assert (closed.closed_by, closed.closed_at, closed.note) == ("主管", NOW + DAY, "已更新")
        later = await reports.close(first.report_id, by="别人", note="", at=NOW + 2 * DAY)
        assert later == closed
        assert [each.agent for each in await reports.open()] == ["小李"]
        opened, known = await reports.report("law/x@1#a", agent="小周", reason="还是旧的", **said)
        assert (known, opened.closed_at, opened.note) == (False, None, "")


async def test_a_report_of_another_shop_cannot_be_closed() -> None:
    async with world() as w:
        kept, _ = await ClauseReports(w.database, SHOP).report(
            "law/x@1#a", agent="小周", reason="改了", conversation_id=None, at=NOW
        )
        with pytest.raises(NotFound):
            await ClauseReports(w.database, "other").close(kept.report_id, by="x", note="", at=NOW)
        with pytest.raises(NotFound):
            await ClauseReports(w.database, SHOP).close("nothing", by="x", note="", at=NOW)
