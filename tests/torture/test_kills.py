"""`kill -9` at random moments under clients that retry until answered: nothing acknowledged is lost or done twice."""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from assistant.shop import Order
from tests.journeys.conftest import Server, free_port
from tests.torture.many_orders import CUSTOMERS, Wish, write_pack

pytestmark = pytest.mark.torture

KILLS = 200
ORDERS_EACH = 120
DURING_START = 0.15
"""The share of kills that come while the server is still starting, and recovering what the kill before left."""
CHAT = ("七天无理由怎么算", "退货运费谁出", "where is my parcel", "客服几点上班", "我的订单怎么样了")


@dataclass
class Said:
    """One acknowledged message."""

    conversation: str
    client_id: str


@dataclass
class Agreed:
    """One acknowledged yes, and the action it was a yes to."""

    proposal_id: str
    wish: Wish


@dataclass
class Client(threading.Thread):
    """A customer who asks about one order after another, agrees to what is proposed, and repeats until answered."""

    server: Server
    customer: str
    wishes: list[Wish]
    random: random.Random
    said: list[Said] = field(default_factory=list)
    agreed: list[Agreed] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    failure: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.token = ""

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        try:
            self.token = self._answered("POST", "/demo/sign-in", {"customer_id": self.customer})["token"]
            for wish in self.wishes:
                if self.stopping.is_set():
                    return
                self._have(wish)
        except urllib.error.HTTPError as error:
            self.failure = f"{error.code} {error.read()[:300]!r}"

    def _have(self, wish: Wish) -> None:
        conversation = self._answered("POST", "/v1/conversations", {"lang": "zh"})["id"]
        if self.random.random() < 0.3:
            self._say(conversation, self.random.choice(CHAT), None)
        self._say(conversation, wish.words, wish.order_id)
        proposed = self._proposal(conversation)
        if proposed is None:
            return
        yes = {"client_id": f"yes-{wish.order_id}", "answer": "yes"}
        path = f"/v1/conversations/{conversation}/proposals/{proposed['proposal_id']}"
        for _ in range(self.random.choice((1, 1, 2))):  # an impatient customer presses twice
            self._answered("POST", path, yes)
        self.agreed.append(Agreed(proposed["proposal_id"], wish))
        acted = self._effect(conversation, proposed["proposal_id"])
        if acted["state"] == "done":
            self.receipts[proposed["proposal_id"]] = acted["receipt"]

    def _say(self, conversation: str, text: str, order_id: str | None) -> None:
        client_id = f"{self.customer}-{len(self.said)}"
        body = {"client_id": client_id, "text": text, "order_id": order_id}
        self._answered("POST", f"/v1/conversations/{conversation}/messages", body)
        self.said.append(Said(conversation, client_id))

    def _proposal(self, conversation: str) -> dict[str, Any] | None:
        """What was proposed, once every message is answered; None when nothing was."""
        while True:
            entries = self._log(conversation)
            kinds = Counter(entry["kind"] for entry in entries)
            if kinds["done"] >= kinds["asked"]:
                return next((entry for entry in entries if entry["kind"] == "proposed"), None)
            time.sleep(0.05)

    def _effect(self, conversation: str, proposal_id: str) -> dict[str, Any]:
        """What became of a yes, once it is told; also after the last kill, so that nothing is left half-done."""
        while True:
            for entry in self._log(conversation):
                if entry["kind"] == "acted" and entry["proposal_id"] == proposal_id:
                    return entry
            time.sleep(0.05)

    def _log(self, conversation: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._answered("GET", f"/v1/conversations/{conversation}")["entries"]
        return entries

    def _answered(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        while True:
            try:
                return self._call(method, path, body)
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise
            except (OSError, HTTPException):
                pass  # killed under our hands, perhaps in the middle of an answer: the same again
            time.sleep(0.05)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.server.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Server, dict[str, list[Wish]]]]:
    wishes = write_pack(tmp_path / "pack", orders_each=ORDERS_EACH)
    server = Server(free_port(), tmp_path / "data", pack=str(tmp_path / "pack"))
    server.start()
    yield server, wishes
    server.kill()


def test_nothing_is_lost_or_done_twice_when_the_server_is_killed(
    shop: tuple[Server, dict[str, list[Wish]]], tmp_path: Path
) -> None:
    server, wishes = shop
    clients = [Client(server, customer, wishes[customer], random.Random(customer)) for customer in CUSTOMERS]
    for client in clients:
        client.start()
    ready_after = list(kill_often(server, random.Random(7)))
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(timeout=120)
    assert not [client.failure for client in clients if client.failure]
    assert not [client.customer for client in clients if client.is_alive()], "everybody got an answer in the end"
    server.kill()

    (database,) = (tmp_path / "data").rglob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        nothing_is_lost(connection, clients)
        effects = every_effect_is_one(connection, clients)
    proven = prove_ledger(tmp_path)
    print(
        f"\n{KILLS} kills under {len(clients)} clients: {sum(len(c.said) for c in clients)} acknowledged messages, "
        f"{sum(len(c.agreed) for c in clients)} yeses, {effects} effects, {proven} ledger entries: "
        f"0 lost, 0 doubled; ready again after {statistics.median(ready_after):.1f} s (median), "
        f"{max(ready_after):.1f} s at most"
    )
    assert effects >= KILLS, "the kills met writes"


def kill_often(server: Server, chance: random.Random) -> Iterator[float]:
    """Kill and restart; the seconds from each start to readiness."""
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 1.5))
        server.kill()
        if chance.random() < DURING_START:
            server.launch()
            time.sleep(chance.uniform(0.5, 4))
            server.kill()
        began = time.monotonic()
        server.start()
        yield time.monotonic() - began


def nothing_is_lost(connection: sqlite3.Connection, clients: list[Client]) -> None:
    """Each acknowledged message stands in its log once, and every log counts from 1 without a gap."""
    asked = Counter(connection.execute("select conversation_id, client_id from log where kind = 'asked'").fetchall())
    wrong = [said for client in clients for said in client.said if asked[said.conversation, said.client_id] != 1]
    assert wrong == []
    gaps = connection.execute(
        "select conversation_id from log group by conversation_id having max(seq) <> count(*) or min(seq) <> 1"
    ).fetchall()
    assert gaps == []


def every_effect_is_one(connection: sqlite3.Connection, clients: list[Client]) -> int:
    """Each yes has one receipt in the shop, one settlement and one word of it; no order paid back more than once."""
    agreed = [yes for client in clients for yes in client.agreed]
    permit_of = dict(connection.execute("select proposal_id, permit_id from proposals where permit_id is not null"))
    receipts = Counter(key for (key,) in connection.execute("select key from shop_receipts"))
    told = Counter(
        json.loads(body)["proposal_id"] for (body,) in connection.execute("select body from log where kind = 'acted'")
    )
    assert [yes for yes in agreed if receipts[permit_of[yes.proposal_id]] != 1] == []
    assert [yes for yes in agreed if told[yes.proposal_id] != 1] == []
    assert set(receipts) <= set(permit_of.values()), "nothing was done without a permit"
    orders = [Order.model_validate_json(body) for (body,) in connection.execute("select body from shop_orders")]
    assert [order.order_id for order in orders if order.returnable < 0] == []
    assert [order.order_id for order in orders if order.customer_id in CUSTOMERS and len(order.tickets) > 1] == []
    return receipts.total()


def prove_ledger(tmp_path: Path) -> int:
    """The entries of the ledger, all of which hold."""
    command = [sys.executable, "-m", "server.cli", "verify", "--pack", str(tmp_path / "pack"),
               "--data-dir", str(tmp_path / "data"), "--json"]  # fmt: skip
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    found = json.loads(verified.stdout)
    assert found["ok"]
    return int(found["entries"])
