"""Which version decides, what is asked for, and what stands above what."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from knowledge.clauses import SHANGHAI, Place
from knowledge.decide import PolicySet
from knowledge.decision import Decision, Facts
from knowledge.errors import FactTypeError, UnknownFactError, UnknownTable
from knowledge.pack import load_pack
from tests.knowledge.tiny_pack import FACTS, policy, write_pack

TAOBAO = Place(platform="taobao")
AT = datetime(2026, 1, 5, 12, tzinfo=SHANGHAI)


def always(code: str, extra: str = "") -> str:
    return f'- {{id: R1, when: "true", code: {code}, clause: "#x"{extra}}}'


def build(folder: Path, *texts: str, facts: str = FACTS) -> PolicySet:
    return PolicySet(load_pack(write_pack(folder / "p", {f"n{i}": text for i, text in enumerate(texts)}, facts=facts)))


def run(
    policies: PolicySet,
    facts: Facts | None = None,
    *,
    at: datetime = AT,
    place: Place = TAOBAO,
    later: datetime | None = None,
) -> Decision:
    return policies.decide("T", facts or {}, at=at, place=place, decided_at=later)


def level(name: str, code: str, head: str = "", extra: str = "", top: str = "") -> str:
    return policy(always(code, extra), id=f"shop/{name}-{code.lower()}", head=f"level: {name}\n{head}".strip(), top=top)


def test_precedence_runs_from_temporary_to_statute(tmp_path: Path) -> None:
    names = ["temporary", "category", "platform", "shop", "statute"]
    heads = {"category": "categories: [shoes]"}
    for first in range(len(names)):
        texts = [level(name, name.upper(), heads.get(name, "")) for name in reversed(names[first:])]
        policies = build(tmp_path / names[first], *texts)
        assert run(policies, place=Place(platform="taobao", category="shoes")).code == names[first].upper()


def test_a_rule_for_live_rooms_stands_above_the_category_s(tmp_path: Path) -> None:
    policies = build(
        tmp_path, level("category", "CATEGORY", "categories: [shoes]"), level("platform", "LIVE", "channels: [live]")
    )
    assert run(policies, place=Place(platform="taobao", category="shoes", channel="live")).code == "LIVE"
    assert run(policies, place=Place(platform="taobao", category="shoes")).code == "CATEGORY"


def test_a_rule_of_another_platform_never_answers(tmp_path: Path) -> None:
    policies = build(tmp_path, level("platform", "JD", "platforms: [jd]"))
    assert run(policies, place=Place(platform="jd")).code == "JD"
    assert run(policies).code == "HUMAN(rule)"
    assert run(policies, place=Place()).code == "HUMAN(rule)"


def test_where_no_row_matches_the_next_rule_decides(tmp_path: Path) -> None:
    special = policy('- {id: R1, when: "a == 1", code: SPECIAL, clause: "#x"}', id="platform/p", head="level: platform")
    policies = build(tmp_path, special, level("statute", "GENERAL"))
    assert run(policies, {"a": 1}).code == "SPECIAL"
    assert run(policies, {"a": 2}).code == "GENERAL"


@pytest.mark.parametrize(
    ("platform", "statute", "winner"), [("NO", "YES", "YES"), ("YES", "NO", "YES"), ("NO", "NO", "NO")]
)
def test_the_statute_is_a_floor(tmp_path: Path, platform: str, statute: str, winner: str) -> None:
    law = policy(always(statute), id="law/l", head="level: statute", top="best_first: [YES, NO]")
    decision = run(build(tmp_path, level("platform", platform), law))
    assert decision.code == winner
    assert (decision.policy == "law/l@1") is (platform == "NO" and statute == "YES")


@pytest.mark.parametrize(("platform", "shop", "winner"), [(500, 600, 600), (600, 500, 600)])
def test_of_two_amounts_for_the_same_outcome_the_higher_is_due(
    tmp_path: Path, platform: int, shop: int, winner: int
) -> None:
    one = level("platform", "LATE", extra=f', amount: "{platform}"')
    two = policy(always("LATE", f', amount: "{shop}"'), id="shop/promise", head="level: shop")
    decision = run(build(tmp_path, one, two))
    assert (decision.amount, str(decision)) == (winner, f"LATE: {winner // 100}.00")


def test_a_shop_does_not_lift_a_temporary_rule_but_the_law_does(tmp_path: Path) -> None:
    top = "best_first: [YES, NO]"
    shop = policy(always("YES"), id="shop/s", head="level: shop", top=top)
    law = policy(always("YES"), id="law/l", head="level: statute", top=top)
    assert run(build(tmp_path / "a", level("temporary", "NO"), shop)).code == "NO"
    assert run(build(tmp_path / "b", level("temporary", "NO"), law)).code == "YES"


def test_the_version_in_force_at_the_event_decides(tmp_path: Path) -> None:
    old = policy(always("OLD"), version="1", head="effective: [2025-01-01, 2026-01-01]\nstatus: history")
    new = policy(always("NEW"), version="2", head="effective: [2026-01-01, null]")
    policies = build(tmp_path, old, new)
    edge = datetime(2026, 1, 1, tzinfo=SHANGHAI)
    before = datetime(2025, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
    assert run(policies, at=before, later=AT).code == "OLD"
    assert run(policies, at=before, later=AT).clauses == ("shop/rule@1#x",)
    assert run(policies, at=edge).code == "NEW"
    assert run(policies, at=datetime(2024, 12, 31, tzinfo=SHANGHAI)).code == "HUMAN(rule)"


def test_an_open_case_is_judged_by_the_new_version_where_the_rule_says_so(tmp_path: Path) -> None:
    head = "temporal_basis: pending_case\neffective: "
    old = policy(always("OLD"), version="1", head=head + "[2025-01-01, 2026-01-01]")
    new = policy(always("NEW"), version="2", head=head + "[2026-01-01, null]")
    policies = build(tmp_path, old, new)
    before = datetime(2025, 12, 31, tzinfo=SHANGHAI)
    assert run(policies, at=before, later=AT).code == "NEW"
    assert run(policies, at=before).code == "OLD"


@pytest.mark.parametrize("status", ["announced", "draft"])
def test_what_is_not_yet_a_rule_decides_nothing(tmp_path: Path, status: str) -> None:
    policies = build(tmp_path, level("platform", "SOON", f"status: {status}"), level("statute", "NOW"))
    assert run(policies).code == "NOW"


def test_a_contested_rule_refuses_nobody(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "seen", code: CONTESTED, clause: "#x"}\n' + always("LATE").replace("R1", "R2")
    policies = build(tmp_path, policy(rows, head="status: contested"))
    assert run(policies, {"seen": True}).code == "CONTESTED"
    refused = run(policies, {"seen": False})
    assert (refused.code, refused.actor, refused.clauses) == ("HUMAN(rule)", "agent", ("shop/rule@1#x",))


def test_a_rule_without_a_date_decides_nothing_and_says_so(tmp_path: Path) -> None:
    policies = build(tmp_path, level("platform", "NO", "effective: unknown"), level("statute", "YES"))
    assert run(policies).code == "HUMAN(rule_date_unknown)"


def test_an_unknown_region_is_asked_for_only_where_it_matters(tmp_path: Path) -> None:
    top = "best_first: [YES, NO]"
    local = policy(always("NO"), id="platform/local", head="level: temporary\nregions: [shanghai]", top=top)
    same = build(tmp_path / "same", local, policy(always("NO"), id="shop/s", head="level: shop", top=top))
    other = build(tmp_path / "other", local, policy(always("YES"), id="shop/s", head="level: shop", top=top))
    assert run(same).code == "NO"
    assert run(other).code == "ASK(region)"
    assert run(other, place=Place(platform="taobao", region="beijing")).code == "YES"
    assert run(other, place=Place(platform="taobao", region="shanghai")).code == "NO"


def test_an_absent_fact_is_asked_for_and_never_guessed(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "a == 1 && b == 1", code: YES, clause: "#x"}\n' + always("NO").replace("R1", "R2")
    policies = build(tmp_path, policy(rows))
    assert run(policies).code == "ASK(a)"
    assert run(policies).needs == ("a",)
    assert run(policies, {"a": 1}).code == "ASK(b)"
    assert run(policies, {"b": 1}).code == "ASK(a)"
    assert run(policies, {"a": 0}).code == "NO"
    assert run(policies, {"b": 0}).code == "NO"


def test_an_absent_fact_in_an_amount_is_asked_for_too(tmp_path: Path) -> None:
    assert run(build(tmp_path, policy(always("LATE", ', amount: "a"')))).code == "ASK(a)"


def test_null_is_an_answer(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "since == null", code: NEVER, clause: "#x"}\n' + always("SOME").replace("R1", "R2")
    policies = build(tmp_path, policy(rows))
    assert run(policies).code == "ASK(since)"
    assert run(policies, {"since": None}).code == "NEVER"
    assert run(policies, {"since": AT}).code == "SOME"


def test_only_what_was_read_is_kept_as_the_ground_of_a_decision(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "a == 1", code: YES, clause: "#x"}'
    decision = run(build(tmp_path, policy(rows)), {"a": 1, "b": 2, "seen": True})
    assert decision.read == {"a": 1}


DERIVED = FACTS + "d: {type: bool, source: decision, derived: {table: U, map: {YES: true, NO: false, ASK(b): false}}}\n"


def test_a_derived_fact_comes_from_its_table(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "d", code: GOOD, clause: "#x"}\n' + always("BAD").replace("R1", "R2")
    under = (
        '- {id: R1, when: "a == 1", code: YES, clause: "#x"}\n'
        '- {id: R2, when: "a == 2 || b == 2", code: NO, clause: "#x"}'
    )
    policies = build(tmp_path, policy(rows), policy(under, id="shop/u", table="U"), facts=DERIVED)
    assert run(policies, {"a": 1}).code == "GOOD"
    assert run(policies, {"a": 2}).code == "BAD"
    assert run(policies).code == "ASK(a)"
    assert run(policies, {"a": 3}).code == "BAD"  # the map says what to make of ASK(b)
    assert run(policies, {"a": 3, "b": 3}).code == "HUMAN(rule)"
    assert run(policies, {"d": True}).read == {"d": True}
    assert run(policies, {"a": 1}).read == {"a": 1, "d": True}


def test_then_goes_on_in_another_table(tmp_path: Path) -> None:
    rows = '- {id: R1, when: "!seen", then: U, clause: "#x"}\n' + always("SEEN").replace("R1", "R2")
    policies = build(tmp_path, policy(rows), policy(always("UNSEEN"), id="shop/u", table="U"))
    decision = run(policies, {"seen": False})
    assert (decision.code, decision.table, decision.policy) == ("UNSEEN", "U", "shop/u@1")
    assert decision.read == {"seen": False}


def test_an_accumulating_table_keeps_every_match(tmp_path: Path) -> None:
    rows = "\n".join(f'- {{id: R{n}, when: "a >= {n}", code: N{"X" * n}, clause: "#x"}}' for n in (1, 2, 3))
    policies = build(tmp_path, policy(rows, top="mode: accumulate"))
    decision = run(policies, {"a": 2})
    assert (decision.code, [each.code for each in decision.also]) == ("NX", ["NXX"])
    assert run(policies, {"a": 0}).code == "HUMAN(rule)"


def test_formula_and_appeal_are_told_in_either_language(tmp_path: Path) -> None:
    formula = '{zh: "{c} × 2 = {amount}", en: "twice {c} is {amount}"}'
    extra = f', amount: "c * 2", formula: {formula}, appeal: {{zh: 申诉, en: appeal}}'
    facts = FACTS + "c: {type: money, source: order}\n"
    policies = build(tmp_path, policy(always("LATE", extra)), facts=facts)
    decision = run(policies, {"c": 420})
    assert (decision.formula, decision.appeal) == ("4.20 × 2 = 8.40", "申诉")
    assert (policies.formula(decision, "en"), policies.appeal(decision, "en")) == ("twice 4.20 is 8.40", "appeal")
    assert policies.title("T", "en") == "Rule"


def test_a_mistake_of_a_table_goes_to_a_person(tmp_path: Path) -> None:
    assert (
        run(build(tmp_path, policy('- {id: R1, when: "1 / a == 1", code: YES, clause: "#x"}')), {"a": 0}).code
        == "HUMAN(rule)"
    )


def test_what_cannot_be_asked_is_an_error(tmp_path: Path) -> None:
    policies = build(tmp_path, policy('- {id: R1, when: "a > 0", code: YES, clause: "#x"}'))
    with pytest.raises(UnknownTable, match="Tables are T"):
        policies.decide("DT-99", {}, at=AT, place=TAOBAO)
    with pytest.raises(UnknownFactError):
        run(policies, {"z": 1})
    with pytest.raises(FactTypeError):
        run(policies, {"a": "1"})
    with pytest.raises(FactTypeError, match="time zone"):
        run(policies, at=AT.replace(tzinfo=None))


def test_facts_that_the_table_cannot_read_are_left_alone(tmp_path: Path) -> None:
    decision = run(build(tmp_path, policy('- {id: R1, when: "a > 0", code: YES, clause: "#x"}')), {"a": 1, "b": 2})
    assert (decision.code, decision.read) == ("YES", {"a": 1})


def test_a_fact_of_the_shop_comes_from_its_shop_yaml_unless_it_is_given(tmp_path: Path) -> None:
    facts = FACTS + "limit: {type: int, source: shop, key: our_limit, ask: {zh: 几？, en: How many?}}\n"
    texts = {
        "n": policy(
            '- {id: R1, when: "a <= limit", code: YES, clause: "#x"}\n- {id: R2, when: "true", code: NO, clause: "#x"}'
        )
    }
    policies = PolicySet(load_pack(write_pack(tmp_path / "p", texts, shop="our_limit: 5\n", facts=facts)))
    assert [run(policies, {"a": 5}).code, run(policies, {"a": 6}).code] == ["YES", "NO"]
    assert run(policies, {"a": 6, "limit": 6}).code == "YES"
    assert run(policies, {"a": 5}).read == {"a": 5, "limit": 5}


def test_the_figures_a_formula_shows_are_among_those_read(tmp_path: Path) -> None:
    row = '- {id: R1, when: "true", code: PAY, amount: "1", formula: {zh: "{a}", en: "{a}"}, clause: "#x"}'
    policies = build(tmp_path, policy(row))
    decision = run(policies, {"a": 7})
    assert (decision.read, policies.formula(decision, "en")) == ({"a": 7}, "7")


def test_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    policies = build(tmp_path, level("platform", "NO"), level("statute", "YES"))
    assert run(policies, {"a": 1}) == run(policies, {"a": 1})
