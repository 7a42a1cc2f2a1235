from __future__ import annotations

import asyncio
import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from assistant.after_sale import AfterSale, Colleague
from assistant.build import IN_MEMORY, open_after_sale
from assistant.conversation import Acted, Attached, Cited, Proposed, Said
from assistant.errors import Conflict, FileRefused, NotAuthorised, NotFound
from assistant.ledger import EffectState
from assistant.photos import AT_ONCE, Checked, FileChecks, check_file
from assistant.proposals import draft_proposal, settle
from assistant.settings import Settings
from assistant.shop import Action
from assistant.store.database import Database
from assistant.store.files import PER_CONVERSATION, FileStore
from assistant.tickets import MoveRefused
from knowledge.errors import UnknownClause
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW, Talk

LIN = Colleague("lin", "agent")
LATER = timedelta(hours=49)
REFUSAL = {
    "rule": "law/quality-return@2024-07#remedies", "evidence": ["f1"], "why": "照片里看不出破损",
    "appeal": "平台客服，或拨打12315",
}  # fmt: skip


def after_sale_of(talk: Talk) -> AfterSale:
    found = open_after_sale(talk.assistant, Settings(database_url=IN_MEMORY))
    assert found is not None
    return found


def photo(colour: str = "red", kind: str = "JPEG") -> bytes:
    picture = Image.new("RGB", (64, 48), colour)
    picture.paste((0, 0, 255), (10, 10, 30, 20))
    written = io.BytesIO()
    picture.save(written, kind)
    return written.getvalue()


async def resend_ticket(talk: Talk) -> str:
    """The demo's c18 has a resend request that waits for the seller since ten hours ago."""
    order = next(o for o in await talk.orders() for t in o.tickets if t.kind == "resend")
    return order.tickets[0].ticket_id


async def test_a_sweep_calls_a_person_tells_the_customer_once_and_does_nothing_again(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    talk.clock.advance(LATER)
    swept = await after_sale.sweep()
    assert number in swept.changed
    mine = [entry.entry for head, entry in swept.logged if head.id == talk.id]
    assert len(mine) == 1
    assert isinstance(mine[0], Said)
    assert number in mine[0].text
    assert mine[0].cards[0].data["ticket_id"] == number
    _, ticket = await after_sale.find(number)
    assert ticket.escalated_at is not None
    again = await after_sale_of(talk).sweep()
    assert (again.changed, again.logged) == ([], [])


async def test_a_message_that_was_sent_before_a_crash_is_not_sent_again(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    talk.clock.advance(LATER)
    await after_sale.sweep()
    order, ticket = await after_sale.find(number)
    untold = order.model_copy(update={"tickets": (ticket.model_copy(update={"told": 0}),)})
    await after_sale.shop.change_order(order.order_id, lambda _: untold)
    assert (await after_sale.sweep()).logged == []
    assert (await after_sale.find(number))[1].told == len(ticket.history)


async def test_alerts_come_before_the_limit_and_stand_first_at_the_desk(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    talk.clock.advance(timedelta(hours=30))
    await after_sale.sweep()
    rows = [ticket for _, ticket in await after_sale.waiting()]
    assert next(ticket for ticket in rows if ticket.ticket_id == number).alerted == 80
    ranks = [(ticket.escalated_at is None, -ticket.alerted) for ticket in rows]
    assert ranks == sorted(ranks)


async def test_a_person_moves_a_ticket_through_a_permit_and_the_customer_hears_of_it(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    ticket, told = await after_sale.act(number, "request_evidence", LIN, {"why": "请拍一下外箱"})
    assert (ticket.state, ticket.history[-1].by) == ("EVIDENCE_REQUESTED", "agent:lin")
    said = told[0][1].entry
    assert isinstance(said, Said)
    assert "请拍一下外箱" in said.text
    ledger = await talk.assistant.permits.ledger.latest(talk.assistant.profile.key)
    assert {entry.kind for entry in ledger} >= {"permit", "effect"}
    assert any(entry.body.get("by") == "agent:lin" for entry in ledger)
    with pytest.raises(MoveRefused, match="no `receive_return`"):
        await after_sale.act(number, "receive_return", LIN, {})
    with pytest.raises(NotFound):
        await after_sale.act("T0", "take", LIN, {})


async def test_the_desk_pays_a_refund_with_a_clause_and_within_what_was_paid(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    approved, _ = await after_sale.act(number, "approve_refund", LIN, {"amount": 13900})
    assert (approved.state, approved.amount) == ("REFUNDING", 13900)
    with pytest.raises(NotAuthorised):
        await after_sale.act(number, "refund", LIN, {})
    paid, _ = await after_sale.act(number, "refund", LIN, {"rule": "law/quality-return@2024-07#remedies"})
    order, _ = await after_sale.find(number)
    assert (paid.state, order.refunded) == ("REFUNDED", 13900)
    with pytest.raises(MoveRefused):
        await after_sale.act(number, "refund", LIN, {"rule": "law/quality-return@2024-07#remedies"})


@pytest.mark.parametrize(("end", "pays"), [("done", True), ("refused", False), ("unknown", False)])
async def test_only_what_was_carried_out_lends_its_clauses_to_a_refund(
    talking: Talking, end: EffectState, pays: bool
) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    order, _ = await after_sale.find(number)
    earlier = draft_proposal(
        conversation=talk.head, action=Action(name="resend", order_id=order.order_id, args={"ticket_id": number}),
        title="resend", terms=(), decisions=(), clauses=("law/quality-return@2024-07#remedies",), at=NOW,
    )  # fmt: skip
    permits = talk.assistant.permits
    await talk.assistant.conversations.commit(talk.head, [], at=NOW, proposals=[earlier], turn_done=False)
    permit = await permits.authorise(
        earlier.proposal_id, customer_id="c18", conversation_id=talk.id, args_hash=earlier.args_hash, at=NOW, by="c18"
    )
    await permits.proposals.settle(settle(permit, talk.id, end, done_at=NOW, reason="x"), NOW)
    await after_sale.act(number, "approve_refund", LIN, {"amount": 13900})
    if pays:
        paid, _ = await after_sale.act(number, "refund", LIN, {})
        assert paid.state == "REFUNDED"
        return
    with pytest.raises(NotAuthorised):
        await after_sale.act(number, "refund", LIN, {})
    assert (await after_sale.find(number))[0].refunded == 0


async def test_a_complaint_pays_nothing_by_itself_and_is_drafted_as_goodwill_instead(talking: Talking) -> None:
    talk = await talking("c06")
    shop = talk.assistant.engine.shop
    order = next(each for each in await talk.orders() if each.state == "PAID")
    await shop.execute(
        Action(name="complaint", order_id=order.order_id, args={"reason": "态度"}), key="k", customer_id="c06", at=NOW
    )
    after_sale = after_sale_of(talk)
    (number,) = [t.ticket_id for o in await talk.orders() for t in o.tickets if t.kind == "complaint"]
    await after_sale.act(number, "approve_refund", LIN, {"amount": 100})
    with pytest.raises(NotAuthorised, match="pays nothing by itself"):
        await after_sale.act(number, "refund", LIN, {"rule": "law/quality-return@2024-07#remedies"})
    order, _ = await after_sale.find(number)
    assert order.refunded == 0


@pytest.mark.parametrize("rule", ["my gut", "law/quality-return@1999-01#remedies", "law/quality-return@2024-07#none"])
async def test_nothing_is_paid_or_refused_on_a_clause_that_does_not_exist(talking: Talking, rule: str) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    with pytest.raises(UnknownClause):
        await after_sale.act(number, "reject", LIN, {**REFUSAL, "rule": rule})
    await after_sale.act(number, "approve_refund", LIN, {"amount": 13900})
    with pytest.raises(UnknownClause):
        await after_sale.act(number, "refund", LIN, {"rule": rule})
    order, ticket = await after_sale.find(number)
    assert (ticket.state, order.refunded) == ("REFUNDING", 0)


async def test_a_rejection_tells_its_customer_the_reason_the_clause_and_where_to_appeal(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    with pytest.raises(MoveRefused, match="appeal"):
        await after_sale.act(number, "reject", LIN, {name: REFUSAL[name] for name in ("rule", "evidence", "why")})
    ticket, told = await after_sale.act(number, "reject", LIN, REFUSAL)
    assert ticket.state == "REJECTED"
    said, cited = (logged.entry for _, logged in told)
    assert isinstance(said, Said)
    assert isinstance(cited, Cited)
    assert cited.citation.clause == REFUSAL["rule"]
    for owed in (REFUSAL["why"], REFUSAL["appeal"], f"《{cited.citation.title}》。[1]"):
        assert str(owed) in said.text
    assert str(REFUSAL["appeal"]) in said.cards[0].data["next_step"], "it stays with the case"
    await talk.say("我的售后单处理到哪一步了")
    await talk.say("猫粮那一单")
    assert str(REFUSAL["appeal"]) in talk.said


async def test_a_client_id_stands_for_one_wish_about_one_case(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    await after_sale.propose(talk.head, number, "ask_platform", client_id="w1")
    with pytest.raises(Conflict):
        await after_sale.propose(talk.head, number, "withdraw", client_id="w1")


async def test_a_file_too_many_leaves_nothing_on_the_disk(talking: Talking, tmp_path: Path) -> None:
    talk = await talking("c18")
    after_sale = after_sale_of(talk)
    after_sale.files = FileStore(talk.assistant.database, talk.assistant.profile.key, tmp_path)
    for number in range(PER_CONVERSATION):
        await after_sale.attach(talk.head, f"%PDF-{number}".encode(), name="a.pdf", client_id=f"f{number}")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(FileRefused):
        await after_sale.attach(talk.head, b"%PDF-more", name="a.pdf", client_id="more")
    with pytest.raises(Conflict):
        await after_sale.attach(talk.head, b"%PDF-other", name="a.pdf", client_id="f0")
    assert len(before) == PER_CONVERSATION
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


async def test_only_so_many_files_are_unpacked_at_a_time(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale = after_sale_of(talk)
    busy: list[int] = []
    lock, now, let_go = threading.Lock(), [0], threading.Barrier(AT_ONCE)

    def slowly(content: bytes) -> Checked:
        with lock:
            now[0] += 1
            busy.append(now[0])
        let_go.wait(5)  # until as many are at it as may be
        checked = check_file(content)
        with lock:
            now[0] -= 1
        return checked

    after_sale.checks = FileChecks(slowly)
    sent = [
        after_sale.attach(talk.head, f"%PDF-{number}".encode(), name="a.pdf", client_id=f"f{number}")
        for number in range(3 * AT_ONCE)
    ]
    await asyncio.gather(*sent)
    assert (len(busy), max(busy)) == (3 * AT_ONCE, AT_ONCE)


class Watched(FileStore):
    """A file store that remembers where it read."""

    def __init__(self, database: Database, shop: str, folder: Path) -> None:
        super().__init__(database, shop, folder)
        self.threads: list[threading.Thread] = []

    def _get(self, name: str) -> bytes:
        self.threads.append(threading.current_thread())
        return super()._get(name)


async def test_files_are_read_beside_the_loop_that_serves_everybody(talking: Talking, tmp_path: Path) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    after_sale.files = files = Watched(talk.assistant.database, talk.assistant.profile.key, tmp_path)
    kept, _ = await after_sale.attach(talk.head, photo(), name="a.jpg", client_id="f1", ticket_id=number)
    assert await files.original(kept) == photo()
    assert await files.shown(kept)
    assert await after_sale.dispute_pack(number, "zh")
    assert len(files.threads) == 3
    assert threading.current_thread() not in files.threads


async def test_a_customer_withdraws_by_a_proposal_and_a_yes(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    first, logged = await after_sale.propose(talk.head, number, "withdraw", client_id="w1")
    assert [type(entry.entry) for entry in logged] == [Said, Proposed]
    again, nothing = await after_sale.propose(talk.head, number, "withdraw", client_id="w1")
    assert (again.proposal_id, nothing) == (first.proposal_id, [])
    entries = await talk.button("yes", first.proposal_id)
    assert next(e for e in entries if isinstance(e, Acted)).state == "done"
    assert (await after_sale.find(number))[1].state == "WITHDRAWN"
    with pytest.raises(MoveRefused):
        await after_sale.propose(talk.head, number, "ask_platform", client_id="w2")


async def test_a_ticket_of_somebody_else_does_not_exist(talking: Talking) -> None:
    other = await talking("c18")
    number = await resend_ticket(other)
    talk = await talking("c01")
    with pytest.raises(NotFound):
        await after_sale_of(talk).propose(talk.head, number, "withdraw", client_id="w1")
    with pytest.raises(NotFound):
        await after_sale_of(talk).attach(talk.head, photo(), name="a.jpg", client_id="f1", ticket_id=number)


@pytest.mark.parametrize(
    ("lang", "wish", "told", "condition"),
    [
        ("zh", "外套有点大，想退货", "售后单", "试过，吊牌和包装都在"),
        ("en", "I want to return the coat", "request that follows", "unopened"),
    ],
)
async def test_a_photo_of_the_goods_is_kept_for_the_case_that_follows_and_no_other(
    talking: Talking, lang: str, wish: str, told: str, condition: str
) -> None:
    talk = await talking("c01", lang)
    after_sale = after_sale_of(talk)
    await talk.say(wish)
    head = await after_sale.conversations.get(talk.id, customer_id=None)
    assert head.state.waiting_for == "condition"
    kept, logged = await after_sale.attach(head, photo(), name="a.jpg", client_id="f1")
    said = logged[-1].entry
    assert isinstance(said, Said)
    assert told in said.text
    assert kept.order_id is not None
    assert talk.proposed == [], "no picture decides"
    await talk.say(condition)
    await talk.button("yes")
    order = next(o for o in await talk.orders() if o.order_id == kept.order_id)
    case = order.tickets[-1]
    assert [each.file_id for each in await after_sale.files_of(order, case)] == [kept.file_id]
    later = case.model_copy(update={"ticket_id": "later", "opened_at": case.opened_at + LATER})
    order = order.model_copy(update={"tickets": (*order.tickets, later)})
    assert await after_sale.files_of(order, later) == []
    assert len(await after_sale.files_of(order, case)) == 1


async def test_a_photo_that_was_not_asked_for_is_thanked_for_and_no_more(talking: Talking) -> None:
    talk = await talking("c01")
    _, logged = await after_sale_of(talk).attach(talk.head, photo(), name="a.jpg", client_id="f1")
    assert isinstance(said := logged[-1].entry, Said)
    assert said.text == "已收到“a.jpg”。"


async def test_a_photo_is_taken_once_thanked_for_and_moves_a_ticket_that_waits_for_it(talking: Talking) -> None:
    talk = await talking("c18")
    after_sale, number = after_sale_of(talk), await resend_ticket(talk)
    await after_sale.act(number, "request_evidence", LIN, {"why": "photos"})
    kept, logged = await after_sale.attach(talk.head, photo(), name="外箱.jpg", client_id="f1", ticket_id=number)
    assert isinstance(logged[0].entry, Attached)
    assert isinstance(logged[1].entry, Said)
    assert "面单" in logged[1].entry.text, "says what is missing still"
    assert (await after_sale.find(number))[1].state == "PENDING_SELLER"
    again, nothing = await after_sale.attach(talk.head, photo(), name="外箱.jpg", client_id="f1", ticket_id=number)
    assert (again, nothing) == (kept, [])
    with pytest.raises(Conflict):
        await after_sale.attach(talk.head, photo("green"), name="x.jpg", client_id="f1", ticket_id=number)
    assert len(talk.assistant.engine.flows.evidence.missing((await after_sale.find(number))[1], "zh")) == 2


async def test_the_same_picture_in_another_case_is_a_signal_for_people(talking: Talking) -> None:
    first, second = await talking("c18"), await talking("c19")
    one, _ = await after_sale_of(first).attach(first.head, photo(), name="a.jpg", client_id="f1")
    after_sale = after_sale_of(second)
    after_sale.files = after_sale_of(first).files
    two, _ = await after_sale.attach(second.head, photo(), name="b.jpg", client_id="f1")
    assert one.signals == ()
    assert two.signals == ("same_file_other_customer",)
    like, _ = await after_sale.attach(second.head, photo(kind="PNG"), name="c.png", client_id="f2")
    assert "looks_like_other_customer" in like.signals


async def test_a_customer_asks_the_platform_in_by_words_and_confirms_it(talking: Talking) -> None:
    talk = await talking("c18")
    await talk.say("我要申请平台介入")
    if talk.proposed != ["platform_dispute"]:
        await talk.say("猫粮那一单")
    assert talk.proposed == ["platform_dispute"]
    await talk.button("yes")
    assert talk.acted == ["platform_dispute done"]
    assert "平台介入申请已登记" in talk.said
    order, ticket = await after_sale_of(talk).find(await resend_ticket(talk))
    assert ticket.state == "PLATFORM_DISPUTE"
    assert ticket.history[-1].by == "customer"
    assert order.refunded == 0
