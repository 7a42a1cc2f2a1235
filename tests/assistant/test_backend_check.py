"""A mapping that does not fit its OpenAPI document is found with file, line and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.backend_check import check_backend
from assistant.openapi import read_api
from knowledge.errors import PackError
from knowledge.pack import SHIPPED
from server.scripted_shop import ScriptedShop, create_shop_app
from tests.assistant.store.world import NOW

SHOP = (SHIPPED / "connected" / "shop.yaml").read_text(encoding="utf-8")
API = (SHIPPED / "connected" / "backend.yaml").read_text(encoding="utf-8")


def pack(folder: Path, *changes: tuple[str, str], api: str = API) -> Path:
    """The example pack with some of its text replaced."""
    text = SHOP
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    (folder / "backend.yaml").write_text(api, encoding="utf-8")
    return folder


def test_the_example_pack_fits_its_document(tmp_path: Path) -> None:
    assert [str(problem) for problem in check_backend(pack(tmp_path)) if problem.severity == "error"] == []
    assert [str(problem) for problem in check_backend("connected") if problem.severity == "error"] == []


def test_the_document_is_what_the_second_server_says_of_itself() -> None:
    from assistant.clock import FixedClock

    served = create_shop_app(ScriptedShop({}, {}, FixedClock(NOW))).openapi()
    assert yaml.safe_load(API) == served, "write server/scripted_shop.py's openapi() into backend.yaml"


def test_a_pack_without_a_backend_has_nothing_to_check() -> None:
    assert check_backend("demo") == []
    assert check_backend("no such pack") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{id: getTrade,", "{id: getTrades,", "no operationId `getTrades`"),
        ("orders: {id: listTrades", "order_list: {id: listTrades", "No operation `orders`"),
        (
            "params: {tradeNo: order_id, buyerNo: customer_id}, answer: data}",
            "params: {tradeNo: order_id}, answer: data}",
            "`getTrade` needs its parameter `buyerNo`",
        ),
        ("params: {requestNo: key}", "params: {requestNumber: key}", "has no parameter `requestNumber`"),
        ("params: {requestNo: key}", "params: {requestNo: permit}", "filled from `permit`"),
        ("answer: data.rows", "answer: data.list", "has no `data.list`"),
        ("answer: data.rows", "answer: data.hasNext", "no list"),
        ("order: {id: getTrade", "order: {id: closeTrade", "a read, but `closeTrade` is POST"),
        ("refundYuan: {from: amount", "refund: {from: amount", "body of `closeTrade` has no `refund`"),
        ("{buyerNo: customer_id, title: args.invoice_title}", "{buyerNo: customer_id}", "needs `title`"),
        ("{const: SWAP}", "{const: EXCHANGE}", "takes no 'EXCHANGE'"),
        ("pages: {param: pageNo", "pages: {param: page", "no parameter `page`"),
        ("paid: {from: amounts.payTotal", "paid: {from: amounts.total", "has no `amounts.total`"),
        (
            "created_at: {from: placed, as: epoch_ms}",
            "created_at: {from: placed, as: instant}",
            "cannot be read as instant",
        ),
        ("customer_id: buyerNo\n", "customer_id: {const: c01}\n", "must be read"),
        ("order_id: tradeNo\n      customer_id", "customer_id", "does not say where `order_id` lies"),
        ("each: goods", "each: goodies", "no such list"),
        ("one: express", "one: shipment", "no such object"),
        ("WAIT_PAY: CREATED", "UNPAID: CREATED", "is never 'UNPAID'"),
        ("member: vip", "rank: vip", "`customer` has no field `rank`"),
        ("execute.intercept:", "execute.interceptt:", "is no operation of a shop"),
        ("kind: http", "kind: soap", "backend.kind"),
        ("openapi: backend.yaml", "openapi: ../shop.yaml", "There is no ../shop.yaml"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = pack(tmp_path, (old, new))
    errors = [problem for problem in check_backend(folder) if problem.severity == "error"]
    found = [problem for problem in errors if said in problem.what]
    assert found, [str(problem) for problem in errors]
    assert found[0].mend
    assert found[0].file == folder / "shop.yaml"
    if (said.startswith("`") and "does not say" not in said) or "has no `" in said:
        text = (folder / "shop.yaml").read_text(encoding="utf-8")
        first = text[: text.index(new)].count("\n") + 1
        assert first - 6 <= found[0].line <= first + 3


def test_words_nobody_translated_and_actions_nobody_carries_out_are_warned_of(tmp_path: Path) -> None:
    folder = pack(
        tmp_path,
        (", BACK_AT_SELLER: RETURNED_TO_SELLER", ""),
        ("    receipt: {id: getVoucher, params: {requestNo: key}, answer: data}\n", ""),
        (next(line for line in SHOP.splitlines(keepends=True) if "execute.intercept" in line), ""),
    )
    warned = " ".join(problem.what for problem in check_backend(folder) if problem.severity == "warning")
    assert "BACK_AT_SELLER" in warned
    assert "`execute.intercept`" in warned
    assert "`receipt`" in warned


def test_a_document_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    for text, said in (("swagger: '2.0'", "OpenAPI 3"), ("a: [", "YAML"), ("openapi: 3.1.0", "no operationId")):
        problems = check_backend(pack(tmp_path, api=text))
        assert any(said in problem.what for problem in problems), said


def test_an_operation_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(
        "openapi: 3.0.3\npaths:\n  /a: {get: {operationId: x}}\n  /b: {get: {operationId: x}}\n", encoding="utf-8"
    )
    with pytest.raises(PackError, match="twice"):
        read_api(path)


def test_references_that_lead_nowhere_or_in_a_ring_are_not_followed_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_text(
        """openapi: 3.0.3
paths:
  /a:
    get:
      operationId: x
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/A"}}}}}
components:
  schemas:
    A: {$ref: "#/components/schemas/B"}
    B: {$ref: "#/components/schemas/A"}
    C: {$ref: "https://elsewhere.example/c.json"}
    D: {allOf: [{properties: {a: {type: string}}}, {properties: {b: {type: integer}}, required: [b]}]}
""",
        encoding="utf-8",
    )
    api = read_api(path)
    assert api.field(api.operations["x"].answer, "whatever") == {}
    assert api.field({"$ref": "#/components/schemas/C"}, "a") == {}
    composed = {"$ref": "#/components/schemas/D"}
    assert api.field(composed, "b") == {"type": "integer"}
    assert api.field(composed, "c") is None
    assert list(api.required(composed)) == ["b"]
