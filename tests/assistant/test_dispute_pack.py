from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

from assistant.conversation import Asked, Logged, Understood
from assistant.dispute_pack import Material, PackedClause, PackedFile, pack_dispute
from assistant.shop import Ticket
from assistant.tickets import advance, submitted
from tests.assistant.store.world import NOW, order

DRAFT = Ticket(
    ticket_id="T1", order_id="O1", kind="resend", state="DRAFT", opened_at=NOW, updated_at=NOW, reason="<b>少一件</b>"
)
TICKET = advance(submitted(DRAFT), "ask_seller", by="assistant", who="assistant", at=NOW)
MATERIAL = Material(
    order=order(tickets=(TICKET,)),
    ticket=TICKET,
    labels={"PENDING_SELLER": "等待商家处理"},
    messages=[
        Logged(seq=1, turn=1, at=NOW, entry=Asked(client_id="m", text="<script>x</script>")),
        Logged(seq=2, turn=1, at=NOW, entry=Understood(lang="zh", intents=())),
    ],
    files=[PackedFile("外箱.jpg", "image/jpeg", "ab" * 32, NOW, "customer", b"bytes")],
    clauses=[PackedClause("law/x@1#a", "法", "1", "文", "源", None, None)],
    ledger=['{"seq":1}'],
)


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_material_gives_the_same_bytes_and_other_material_others() -> None:
    assert pack_dispute(MATERIAL, "zh") == pack_dispute(MATERIAL, "zh")
    assert pack_dispute(MATERIAL, "zh") != pack_dispute(replace(MATERIAL, ledger=[]), "zh")


def test_the_timeline_runs_from_the_order_to_the_newest_step() -> None:
    rows: list[dict[str, Any]] = json.loads(opened(pack_dispute(MATERIAL, "zh"))["timeline.json"])
    assert [row["what"] for row in rows][:2] == ["下单", "付款"]
    assert "等待商家处理" in [row["what"] for row in rows]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)


def test_what_people_typed_is_text_in_the_page_and_what_was_understood_stays_inside() -> None:
    parts = opened(pack_dispute(MATERIAL, "en"))
    page = parts["index.html"].decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page
    assert [message["kind"] for message in json.loads(parts["messages.json"])] == ["asked"]
    assert parts[f"files/{'ab' * 32}.jpg"] == b"bytes"
