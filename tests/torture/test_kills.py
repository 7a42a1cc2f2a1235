"""`kill -9` at random moments under clients that retry until answered: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Server, free_port

pytestmark = pytest.mark.torture

KILLS = 12
CLIENTS = 6
CUSTOMERS = ("c01", "c04", "c05", "c06", "c07", "c09")
LINES = ("我的订单怎么样了", "七天无理由怎么算", "快递到哪了", "where is my parcel", "退货运费谁出", "客服几点上班")
ORDER_LINES = ("我想取消订单", "想退货", "没拆封", "怎么还不发货要赔偿", "确认", "第一个")


class Client(threading.Thread):
    """One customer who says line after line and repeats each with the same id until the server has taken it."""

    def __init__(self, server: Server, customer: str, seed: int) -> None:
        super().__init__(daemon=True)
        self._server, self._customer, self._random = server, customer, random.Random(seed)
        self.acknowledged: list[str] = []
        self.conversation = ""
        self.token = ""
        self.stopping = threading.Event()

    def run(self) -> None:
        signed_in = self._until_answered("POST", "/demo/sign-in", {"customer_id": self._customer})
        self.token = signed_in["token"]
        self.conversation = self._until_answered("POST", "/v1/conversations", {"lang": "zh"})["id"]
        number = 0
        while not self.stopping.is_set():
            number += 1
            client_id = f"{self._customer}-{number}"
            text = self._random.choice(LINES + ORDER_LINES)
            self._until_answered(
                "POST", f"/v1/conversations/{self.conversation}/messages", {"client_id": client_id, "text": text}
            )
            self.acknowledged.append(client_id)
            time.sleep(self._random.uniform(0, 0.2))

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._server.url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def _until_answered(self, method: str, path: str, body: dict[str, Any]) -> Any:
        while True:
            try:
                return self.call(method, path, body)
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    raise
            except OSError:
                pass
            time.sleep(0.1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(free_port(), tmp_path)
    server.start()
    yield server
    server.kill()


def settled(read: Callable[[], list[dict[str, Any]]], wanted: int) -> list[dict[str, Any]]:
    """The log once every message has its `done`; a person may have been called, who answers the rest."""
    for _ in range(300):
        entries = read()
        handed = any(entry["kind"] == "handed_off" for entry in entries)
        if handed or sum(entry["kind"] == "done" for entry in entries) >= wanted:
            return entries
        time.sleep(0.2)
    return read()


def test_nothing_is_lost_or_done_twice_when_the_server_is_killed(server: Server, tmp_path: Path) -> None:
    clients = [Client(server, customer, seed) for seed, customer in enumerate(CUSTOMERS[:CLIENTS])]
    for client in clients:
        client.start()
    chance = random.Random(7)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.3, 2.5))
        server.kill()
        server.start()
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(timeout=60)
    acknowledged = effects = 0
    for client in clients:
        path = f"/v1/conversations/{client.conversation}"
        entries = settled(lambda c=client, p=path: c.call("GET", p)["entries"], len(client.acknowledged))
        asked = Counter(entry["client_id"] for entry in entries if entry["kind"] == "asked")
        done = Counter(e["proposal_id"] for e in entries if e["kind"] == "acted" and e["state"] == "done")
        assert [name for name in client.acknowledged if asked[name] != 1] == []
        assert [name for name, times in done.items() if times > 1] == []
        acknowledged += len(client.acknowledged)
        effects += len(done)
    print(f"\n{KILLS} kills, {acknowledged} acknowledged messages, {effects} effects: 0 lost, 0 doubled")
    assert acknowledged > KILLS
