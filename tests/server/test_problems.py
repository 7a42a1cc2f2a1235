from __future__ import annotations

import pytest

from assistant import errors as refusals
from knowledge import errors as knowledge_errors
from knowledge.errors import XiaoerError
from server.problems import BY_STATUS, INVALID, KINDS, UNEXPECTED, kind_of, language


def subclasses(cls: type[XiaoerError]) -> set[type[XiaoerError]]:
    return {cls}.union(*(subclasses(sub) for sub in cls.__subclasses__()))


def test_every_refusal_of_the_engine_has_a_kind_of_its_own_or_is_the_servers_fault() -> None:
    faults = {cls for cls in subclasses(XiaoerError) if kind_of(cls.__new__(cls)) is UNEXPECTED}
    assert {cls.__name__ for cls in faults if cls.__module__.startswith(("assistant", "knowledge"))} >= {
        "XiaoerError",
        "PackError",
        "LedgerBroken",
    }
    refused = {cls for cls in subclasses(XiaoerError) if cls.__module__ == "assistant.errors"} - faults
    assert refused == {cls for cls in subclasses(XiaoerError) if cls.__module__ == "assistant.errors"} - {
        refusals.LedgerBroken
    }


def test_a_subclass_without_an_entry_is_what_its_parent_is() -> None:
    class Narrower(refusals.Conflict):
        pass

    assert kind_of(Narrower("x")) is KINDS[refusals.Conflict]
    assert kind_of(knowledge_errors.TableError("x", file="a.md")) is UNEXPECTED


def test_every_problem_speaks_both_languages_and_names_a_status() -> None:
    for kind in [*KINDS.values(), *BY_STATUS.values(), UNEXPECTED, INVALID]:
        assert kind.text.zh
        assert kind.text.en
        assert kind.text.zh != kind.text.en
        assert 400 <= kind.status < 600


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.3, zh;q=0.4", "zh"),
        ("fr, en;q=0.1", "en"),
        ("fr", "zh"),
        ("en;q=nonsense", "zh"),
        (";;;,,,", "zh"),
    ],
)
def test_the_language_is_the_heavier_of_the_two_and_chinese_otherwise(header: str, lang: str) -> None:
    assert language({"accept-language": header}) == lang
