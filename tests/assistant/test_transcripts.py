"""Talks as lines: from a log, and from a file somebody else wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.conversation import AgentSaid
from assistant.transcripts import Transcript, Utterance, of_log, read_transcripts
from knowledge.errors import XiaoerError
from tests.assistant.conftest import Talking
from tests.assistant.talk import NOW


async def test_a_log_becomes_lines_with_speaker_turn_and_time(talking: Talking) -> None:
    talk = await talking("c01")
    await talk.say("转人工")
    await talk.assistant.take_over(talk.id, "小陈")
    await talk.assistant.agent_say(talk.id, AgentSaid(agent="小陈", client_id="a", text="您好"))
    transcript = of_log(talk.id, await talk.log())
    assert [line.speaker for line in transcript.lines] == ["customer", "assistant", "assistant", "agent"]
    assert {line.at for line in transcript.lines} == {NOW}
    assert transcript.handed_off
    assert talk.assistant.score(transcript).checked


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_holds_one_transcript_a_line_or_one_list(tmp_path: Path, whole: bool) -> None:
    row = '{"id": "t1", "lines": [{"speaker": "customer", "text": "在吗"}, {"speaker": "agent", "text": "在"}]}'
    path = tmp_path / "talks.jsonl"
    path.write_text(f"[{row}, {row}]" if whole else f"{row}\n\n{row}\n", encoding="utf-8")
    found = read_transcripts(path)
    assert [transcript.id for transcript in found] == ["t1", "t1"]
    assert [line.turn for line in found[0].lines] == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"id": "x"}',
        '{"id": "x", "lines": []}',
        '{"lines": [{"speaker": "robot", "text": "x"}]}',
        "[1, 2]",
        '"x"',
        '{"lines": [{"speaker": "agent"}]}',
        '{"lines": ["x"]}',
        '{"lines": [{"speaker": "agent", "text": "x", "at": "2026-01-01"}]}',
    ],
)
def test_what_is_no_transcript_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talks.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(XiaoerError, match=r"talks\.jsonl"):
        read_transcripts(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(XiaoerError, match="absent"):
        read_transcripts(tmp_path / "absent.jsonl")
    (tmp_path / "raw.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(XiaoerError, match="raw"):
        read_transcripts(tmp_path / "raw.jsonl")


@given(
    st.lists(
        st.tuples(st.sampled_from(["customer", "agent", "assistant"]), st.text(max_size=20)), min_size=1, max_size=6
    )
)
def test_what_is_written_is_read_back(lines: list[tuple[str, str]]) -> None:
    turn, made = 0, []
    for speaker, text in lines:
        turn += speaker == "customer"
        made.append(Utterance.model_validate({"turn": max(turn, 1), "speaker": speaker, "text": text}))
    transcript = Transcript(id="t", lines=tuple(made))
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript
