import json
from pathlib import Path

import pytest

from assistant.conversation import Acted, Decided, Entry, Said
from evals.case import Case
from evals.judge import Miss, Verdict
from evals.report import Report, pairs_of, regressions, report, save_baseline
from evals.run import Played
from knowledge.errors import XiaoerError


def played(
    name: str, *, group: str = "g", held: bool = True, pair: str | None = None, lang: str = "zh",
    code: str = "ELIGIBLE", kind: str = "codes", effect: int | None = None,
) -> Played:  # fmt: skip
    case = Case.model_validate(
        {"id": name, "group": group, "lang": lang, "pair": pair, "now": "2026-11-22T10:00:00+08:00",
         "steps": [{"say": "想退货"}]}
    )  # fmt: skip
    entries: list[Entry] = [Decided(table="DT-02", row="R9", code=code, policy="p"), Said(text="可以")]
    if effect is not None:
        entries.append(
            Acted(proposal_id="p", action="refund", order_id="1", state="done", permit_id="x", amount=effect)
        )
    verdict = Verdict(kind, None if held else Miss(1, kind, "a", "b"))
    return Played(case, steps=[entries], verdicts=[verdict])


def test_no_case_has_no_report() -> None:
    with pytest.raises(XiaoerError, match="no case"):
        report("demo", "demo", [])


def test_figures_are_counted_over_cases_kinds_and_groups() -> None:
    found = report(
        "demo", "demo", [played("a"), played("b", held=False), played("c", group="h", kind="effects")], skipped=2
    )
    assert (found.n, found.skipped) == (3, 2)
    assert (found.metrics["cases"].value, found.metrics["cases"].n) == (0.6667, 3)
    assert (found.metrics["codes"].value, found.metrics["codes"].n) == (0.5, 2)
    assert found.metrics["effects"].n == 1
    assert found.metrics["no_crash"].value == 1
    assert {name: metric.value for name, metric in found.groups.items()} == {"g": 0.5, "h": 1.0}
    assert "parity" not in found.metrics


def test_a_failure_carries_what_was_missed_and_what_happened() -> None:
    (failure,) = report("demo", "demo", [played("a", held=False)]).failures
    assert (failure.case, failure.misses[0].what) == ("a", "codes")
    assert failure.trace[0] == "1 > 想退货"
    assert any("DT-02 R9 ELIGIBLE" in line for line in failure.trace)


def test_parity_counts_pairs_that_decide_and_do_the_same() -> None:
    same = [played("a", pair="p", lang="zh"), played("b", pair="p", lang="en")]
    other_code = [played("c", pair="q", lang="zh"), played("d", pair="q", lang="en", code="NOT_INTACT")]
    other_effect = [played("e", pair="r", effect=100), played("f", pair="r", lang="en", effect=101)]
    found = report("demo", "demo", [*same, *other_code, *other_effect])
    assert (found.metrics["parity"].value, found.metrics["parity"].n) == (0.3333, 3)
    assert [failure.case for failure in found.failures] == ["c / d", "e / f"]
    assert found.failures[0].group == "parity"


def test_a_pair_that_crashes_alike_does_not_count_as_alike() -> None:
    both = [
        played("a", pair="p", lang="zh", held=False, kind="crash"),
        played("b", pair="p", lang="en", held=False, kind="crash"),
    ]
    found = report("demo", "demo", both)
    assert found.metrics["parity"].value == 0
    assert found.metrics["no_crash"].value == 0


def test_half_a_pair_is_no_pair() -> None:
    assert pairs_of([played("a", pair="p"), played("b", pair="q", lang="en")]) == []


class TestBaseline:
    def test_the_same_figures_are_no_regression(self, tmp_path: Path) -> None:
        found = report("demo", "demo", [played("a"), played("b", held=False)])
        save_baseline(found, tmp_path / "b.json")
        assert regressions(found, tmp_path / "b.json") == []
        assert "failures" not in json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))

    def test_a_figure_that_fell_or_is_gone_is_told(self, tmp_path: Path) -> None:
        save_baseline(report("demo", "demo", [played("a"), played("b", group="h")]), tmp_path / "b.json")
        now = report("demo", "demo", [played("a", held=False)])
        told = regressions(now, tmp_path / "b.json")
        assert "group g fell from 1.000 to 0.000" in told
        assert "group h is gone" in told

    def test_a_better_figure_is_no_regression(self, tmp_path: Path) -> None:
        save_baseline(report("demo", "demo", [played("a", held=False)]), tmp_path / "b.json")
        assert regressions(report("demo", "demo", [played("a")]), tmp_path / "b.json") == []

    def test_a_baseline_of_another_suite_is_refused(self, tmp_path: Path) -> None:
        found = report("demo", "demo", [played("a")])
        save_baseline(found, tmp_path / "b.json")
        with pytest.raises(XiaoerError, match="not of cases"):
            regressions(found.model_copy(update={"suite": "cases"}), tmp_path / "b.json")

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"suite": "demo"}'])
    def test_what_is_no_baseline_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "b.json").write_text(text, encoding="utf-8")
        with pytest.raises(XiaoerError, match="no baseline"):
            regressions(report("demo", "demo", [played("a")]), tmp_path / "b.json")


def test_a_report_survives_its_json() -> None:
    found = report("demo", "demo", [played("a", held=False)])
    assert Report.model_validate_json(found.model_dump_json()) == found
