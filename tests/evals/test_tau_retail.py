from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evals import tau_retail
from evals.report import Report
from evals.tau_mutants import WRONG, right_writes, wrong_writes
from evals.tau_retail import comparable
from evals.tau_shop import TauData
from knowledge.pack import SHIPPED
from tests.evals.tiny_sets import tau_rows, write_tau


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return tau_retail.run("tau_retail", write_tau(tmp_path_factory.mktemp("set")), a_kind=3)


def test_gold_actions_replay_to_the_final_state_and_what_must_fail_fails(found: Report) -> None:
    assert {name: metric.value for name, metric in found.metrics.items()} == {
        "final_state": 1, "gold_writes_done": 1, "look_ups_as_listed": 1, "gold_writes_that_must_fail_denied": 1,
        "wrong_writes_denied": 1, "denied_for_its_reason_with_a_clause": 1, "right_writes_done": 1,
        "ledgers_verify_with_every_effect": 1,
    }  # fmt: skip
    assert (found.n, found.metrics["gold_writes_done"].n, found.metrics["look_ups_as_listed"].n) == (2, 2, 5)
    assert found.failures == ()


def test_every_kind_of_wrong_write_is_denied_with_a_code_and_a_clause(found: Report) -> None:
    kinds = {name.partition(":")[0] for name in found.groups}
    assert set(WRONG) <= kinds
    assert {f"consent {each}" for each in ("nothing", "no", "late", "twice", "other_terms", "other_customer")} <= kinds
    for name in found.groups:
        assert "SLIPPED" not in name
        assert "@1#" in name


def test_a_final_state_that_differs_is_a_failure(tmp_path: Path) -> None:
    report = tau_retail.run("tau_retail", write_tau(tmp_path, mistaken=True), a_kind=1)
    assert report.metrics["final_state"].value == 0.5
    assert [failure.case for failure in report.failures] == ["0"]
    assert report.failures[0].misses[0].what == "state"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("REASON_NOT_ACCEPTED", "cancel reason"), ("OTHER_REFUND_WAY", "refund to another method")],
)
def test_a_rule_taken_out_of_the_pack_lets_wrong_writes_slip(tmp_path: Path, code: str, kind: str) -> None:
    pack = tmp_path / "weak"
    shutil.copytree(SHIPPED / "tau_retail", pack)
    for policy in (pack / "policies").glob("*.md"):
        policy.write_text(policy.read_text("utf-8").replace(f"code: {code}", "code: ALLOW"), encoding="utf-8")
    report = tau_retail.run(str(pack), write_tau(tmp_path), a_kind=2)
    assert report.metrics["wrong_writes_denied"].value < 1
    assert {failure.case.split(" #")[0].rsplit(" ", 1)[0] for failure in report.failures} == {kind}


def test_writes_are_the_same_for_a_seed_and_no_two_are_alike() -> None:
    data = TauData(tau_rows())
    first, again = (list(wrong_writes(data, seed=1, a_kind=3)) for _ in range(2))
    assert first == again
    assert len({repr(write) for write in first}) == len(first)
    assert {write.kind for write in right_writes(data, seed=1, a_kind=1)} == {
        "right cancel", "right address", "right payment", "right change_items", "right send_back", "right exchange",
        "right home",
    }  # fmt: skip


def test_money_is_compared_to_the_cent_and_an_empty_field_is_none() -> None:
    assert comparable({"a": 77.14999999999986, "b": None, "c": [1.0]}) == {"a": 77.15, "c": [1.0]}
