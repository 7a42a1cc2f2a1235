"""Facts are typed: what is given is what its definition says, or it is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import FactTypeError, PackError, UnknownFactError
from knowledge.expressions import TRADE_ZONE
from knowledge.facts import FactDefinition, FactType, check_facts, read_definitions
from knowledge.pack import load_pack
from tests.knowledge.tiny_pack import write_pack


def fact(kind: FactType, *, nullable: bool = False, values: tuple[str, ...] = ()) -> FactDefinition:
    return FactDefinition("f", kind, "order", nullable=nullable, values=values)


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        (fact("money"), 168.0),
        (fact("money"), "168"),
        (fact("money"), True),
        (fact("int"), 1.5),
        (fact("int"), 10**16),
        (fact("bool"), 1),
        (fact("bool"), "true"),
        (fact("number"), float("nan")),
        (fact("number"), "1"),
        (fact("text"), 1),
        (fact("instant"), datetime(2026, 1, 1)),  # noqa: DTZ001 - the instant without a zone is the point
        (fact("instant"), "yesterday"),
        (fact("instant"), None),
        (fact("date"), "2026-13-01"),
        (fact("date"), datetime(2026, 1, 1, tzinfo=UTC)),
        (fact("list"), "opened"),
        (fact("list", values=("opened",)), ["melted"]),
        (fact("enum", values=("A", "B")), "C"),
    ],
)
def test_a_value_of_another_type_is_refused(definition: FactDefinition, value: object) -> None:
    with pytest.raises(FactTypeError, match="`f` is"):
        definition.check(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=TRADE_ZONE)),
        ("2026-01-05 11:30", datetime(2026, 1, 5, 11, 30, tzinfo=TRADE_ZONE)),
        ("2026-01-05T11:30:00.5", datetime(2026, 1, 5, 11, 30, 0, tzinfo=TRADE_ZONE)),
        ("2026-01-05T03:30:00Z", datetime(2026, 1, 5, 11, 30, tzinfo=TRADE_ZONE)),
        ("2026-01-05T03:30:00.250+00:00", datetime(2026, 1, 5, 11, 30, 0, 250_000, tzinfo=TRADE_ZONE)),
        ("2026-01-05 24:00", datetime(2026, 1, 6, tzinfo=TRADE_ZONE)),
    ],
)
def test_a_text_becomes_an_instant_on_the_trade_s_clock(text: str, expected: datetime) -> None:
    assert fact("instant").check(text) == expected


FIRST, LAST = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2100-01-01")


@given(st.datetimes(FIRST, LAST, timezones=st.timezones(), allow_imaginary=False))
def test_checking_an_instant_keeps_the_moment(moment: datetime) -> None:
    checked = fact("instant").check(moment)
    assert isinstance(checked, datetime)
    assert checked.timestamp() == moment.timestamp()
    assert checked.utcoffset() == TRADE_ZONE.utcoffset(None)


def test_null_is_a_value_only_where_the_type_says_so() -> None:
    assert fact("instant", nullable=True).check(None) is None
    with pytest.raises(FactTypeError):
        fact("money").check(None)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownFactError, match="nope"):
        check_facts({"f": fact("int")}, {"nope": 1})


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ("{type: integer, source: order}", "unknown type"),
        ("{type: int, source: guess}", "unknown source"),
        ("{type: enum, source: order}", "without values"),
        ("{type: int, source: order, colour: red}", "unknown field"),
        ("just text", "must be a mapping"),
        ("{type: int, source: decision, derived: {table: T}}", "derived"),
    ],
)
def test_a_broken_definition_is_named_by_line(tmp_path: Path, definition: str, word: str) -> None:
    folder = write_pack(tmp_path / "p", {}, facts=f"ok: {{type: int, source: order}}\nbad: {definition}\n")
    with pytest.raises(PackError, match=word) as caught:
        read_definitions(load_pack(folder))
    assert caught.value.where == f"{folder / 'facts.yaml'}:2"


def test_every_shipped_fact_asks_one_kind_question_in_both_languages() -> None:
    for definition in read_definitions(load_pack("cn_retail")).values():
        assert definition.ask is not None, definition.name
        for lang in ("zh", "en"):
            question = definition.ask[lang]
            assert 0 < len(question) <= 160, definition.name
            assert "！" not in question
            assert "!" not in question
