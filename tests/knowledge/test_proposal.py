"""Proposed front matter, written for a person to confirm."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.front_matter import body_start, parse_policy
from knowledge.ingest import ingest
from knowledge.proposal import policy_file
from knowledge.splitting import split
from tests.knowledge import dirty


@pytest.mark.parametrize("text", [dirty.SPAMMED, dirty.REPOST, dirty.INTRODUCTION, "本年起时限放宽,去年的不变。\n"])
def test_a_proposal_reads_back_as_what_was_proposed(tmp_path: Path, text: str) -> None:
    (tmp_path / 'a "quoted": name.txt').write_text(text)
    result = ingest([tmp_path], isolate=False)
    policy, dating = result.policies[0], result.report[0].dating
    assert dating is not None
    points = result.report[0].points
    written = policy_file(policy, points)
    back = parse_policy(written, "a.md")
    assert (back.key, back.title, back.lang, back.window, back.undated, back.status, back.content_date) == (
        policy.key,
        policy.title,
        policy.lang,
        policy.window,
        policy.undated,
        policy.status,
        policy.content_date,
    )
    assert back.scope.platforms == frozenset(dating.platforms)
    assert written[body_start(written) :] == text
    assert (back.as_found, back.confirmed) == (True, False)
    assert [clause.shown for clause in split(back)] == [clause.shown for clause in split(policy)]
    for clause in split(back):
        assert back.text[clause.start : clause.end] == clause.text
        assert not any(word in clause.shown for word in ("国产", "地铁", "Brightlane"))
    assert all(point.why in written for point in points)
    assert all(policy.text[point.start : point.end] == point.quote for point in points)
