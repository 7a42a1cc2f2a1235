"""What holds for every row of the shipped tables, whatever it decides."""

from __future__ import annotations

import re

from tests.knowledge.shipped_pack import shipped

REFUSES_A_RIGHT = {
    "NOT_ELIGIBLE_STATUTORY", "NOT_ELIGIBLE_CONFIRMED", "NOT_ELIGIBLE_LATE", "NOT_INTACT", "NOT_QUALITY", "LATE",
    "OUT_OF_WARRANTY", "NOT_SUPPORTED", "HOLD_AND_HUMAN", "DEPOSIT_NOT_REFUNDABLE",
}  # fmt: skip
WITH_THE_LAW_S_NUMBERS = {f"DT-{number:02d}" for number in range(1, 28)}


def test_all_tables_are_there() -> None:
    assert {table.id for table in shipped().tables()} >= WITH_THE_LAW_S_NUMBERS


def test_no_machine_refuses_a_right_and_every_refusal_says_where_to_turn() -> None:
    for table in shipped().tables():
        for row in table.rows:
            # LATE of DT-14 is a compensation, not a refusal
            if row.code in REFUSES_A_RIGHT and (table.id, row.code) != ("DT-14", "LATE"):
                assert row.actor not in {"bot", "customer", "seller"}, (table.id, row.id)
                assert row.appeal is not None, (table.id, row.id)
                assert set(row.appeal) == {"zh", "en"}, (table.id, row.id)


def test_titles_formulas_and_appeals_speak_both_languages() -> None:
    for table in shipped().tables():
        assert set(table.title) == {"zh", "en"}, table.id
        for row in table.rows:
            assert row.formula is None or set(row.formula) == {"zh", "en"}, (table.id, row.id)


def test_a_row_of_one_platform_rests_on_no_other_platform_s_clause() -> None:
    policies = {policy.key: policy for policy in shipped().pack.policies}
    for table in shipped().tables():
        own = table.policy.scope.platforms
        for row in table.rows:
            for reference in row.clauses:
                scope = policies[reference.partition("#")[0]].scope.platforms
                named = set(re.findall(r"'(taobao|tmall|jd|1688)'", row.when.source))
                assert not scope or (own or named or scope) <= scope, (table.id, row.id, reference)


def test_rules_that_are_in_doubt_or_only_announced_refuse_nobody() -> None:
    for table in shipped().tables():
        if table.policy.status in {"announced", "draft"}:
            raise AssertionError(f"{table.policy.key} may not decide and has a table")
        if table.policy.status == "contested":
            assert {row.code for row in table.rows} == {"CONTESTED"}
