import json
from pathlib import Path

import jsonschema
import pytest

from evals.case import SCHEMA_FILE, Case, json_schema, read_cases
from evals.suites import SUITES, suite_file
from knowledge.errors import XiaoerError

GOOD = {"id": "a", "group": "g", "now": "2026-11-22T10:00:00+08:00", "steps": [{"say": "在吗"}]}


def written(path: Path, *lines: object) -> Path:
    file = path / "cases.jsonl"
    file.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    return file


def problem(path: Path, *lines: object) -> str:
    with pytest.raises(XiaoerError) as caught:
        list(read_cases(written(path, *lines)))
    return caught.value.what


def test_the_published_schema_is_in_step_with_the_code() -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(json_schema()))


def test_the_published_schema_is_a_schema_that_tells_good_from_bad() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert validator.is_valid(GOOD)
    assert not validator.is_valid({**GOOD, "stepz": []})


@pytest.mark.parametrize("suite", SUITES)
def test_every_shipped_line_follows_the_published_schema(suite: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    for line in suite_file(suite).read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))


def test_empty_lines_and_comments_are_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, "// ours", "", GOOD, "", {**GOOD, "id": "b"}, "")
    assert [case.id for case in read_cases(file)] == ["a", "b"]


def test_a_byte_order_mark_and_a_line_separator_inside_words_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    said = {**GOOD, "steps": [{"say": "一\u2028二"}]}
    file.write_text("\ufeff" + json.dumps(said, ensure_ascii=False), encoding="utf-8")
    assert next(read_cases(file)).steps[0].say == "一\u2028二"


def test_a_broken_line_is_named_by_file_and_line(tmp_path: Path) -> None:
    what = problem(tmp_path, GOOD, "", "{nope")
    assert "cases.jsonl:3" in what
    assert "not JSON" in what


def test_a_wrong_field_is_named_with_its_path(tmp_path: Path) -> None:
    what = problem(tmp_path, {**GOOD, "steps": [{"say": "在吗", "expect": {"code": ["DT-02:ELIGIBLE"]}}]})
    assert "cases.jsonl:1" in what
    assert "steps.0.expect.code" in what


def test_an_id_may_stand_only_once(tmp_path: Path) -> None:
    assert "cases.jsonl:2: case `a` stands in line 1 already" in problem(tmp_path, GOOD, GOOD)


def test_a_clock_without_a_zone_is_refused(tmp_path: Path) -> None:
    assert "`now`" in problem(tmp_path, {**GOOD, "now": "2026-11-22T10:00:00"})


@pytest.mark.parametrize("step", [{}, {"say": "好", "button": "yes"}, {"button": "maybe"}])
def test_a_step_does_exactly_one_thing(tmp_path: Path, step: dict[str, str]) -> None:
    assert "steps.0" in problem(tmp_path, {**GOOD, "steps": [step]})


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(XiaoerError, match="cannot be read"):
        list(read_cases(tmp_path / "none.jsonl"))


class TestDemoSuite:
    cases = tuple(read_cases(suite_file("demo")))

    def test_it_is_large_and_mostly_of_several_turns(self) -> None:
        assert len(self.cases) >= 120
        assert sum(len(case.steps) > 1 for case in self.cases) * 2 >= len(self.cases)

    def test_forty_pairs_say_the_same_in_both_languages(self) -> None:
        pairs: dict[str, list[Case]] = {}
        for case in self.cases:
            if case.pair:
                pairs.setdefault(case.pair, []).append(case)
        assert len(pairs) >= 40
        for pair in pairs.values():
            assert sorted(case.lang for case in pair) == ["en", "zh"]
            assert len({(case.customer, case.now, len(case.steps)) for case in pair}) == 1

    def test_each_case_expects_something_beyond_an_answer(self) -> None:
        bare = [c.id for c in self.cases if not any(x != type(x)() for x in (c.expect, *(s.expect for s in c.steps)))]
        assert not bare
