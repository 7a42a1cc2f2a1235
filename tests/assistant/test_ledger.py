from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import LedgerBroken
from assistant.ledger import (
    EntryKind,
    Head,
    LedgerEntry,
    append,
    canonical,
    dump,
    genesis_body,
    key_from_text,
    key_text,
    load,
    sha256_of,
    verify,
)
from tests.assistant.store.world import NOW

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key()


def permit_body(n: int, **changes: Any) -> dict[str, Any]:
    action = {"name": "goodwill", "order_id": f"O{n}", "args": {"why": "迟"}, "amount": 100 + n}
    return {
        "permit_id": f"P{n}",
        "proposal_id": f"Q{n}",
        "action": action,
        "args_hash": sha256_of(action),
        "amount": 100 + n,
        "order_id": f"O{n}",
        "issued_at": NOW.isoformat(),
        "expires_at": (NOW + timedelta(minutes=10)).isoformat(),
    } | changes


def effect_body(n: int, **changes: Any) -> dict[str, Any]:
    permit = permit_body(n)
    kept = {name: permit[name] for name in ("permit_id", "proposal_id", "args_hash", "amount", "order_id")}
    return kept | {"state": "done", "done_at": NOW.isoformat()} | changes


def chain(*bodies: tuple[EntryKind, dict[str, Any]], key: Ed25519PrivateKey = KEY) -> tuple[list[LedgerEntry], Head]:
    first, head = append(None, "genesis", genesis_body("demo", PUBLIC), shop="demo", at=NOW, key=key)
    entries = [first]
    for kind, body in bodies:
        entry, head = append(head, kind, body, shop="demo", at=NOW, key=key)
        entries.append(entry)
    return entries, head


def whole(pairs: int) -> tuple[list[LedgerEntry], Head]:
    bodies: list[tuple[EntryKind, dict[str, Any]]] = []
    for n in range(pairs):
        bodies += [("permit", permit_body(n)), ("effect", effect_body(n))]
    return chain(*bodies)


WHOLE, WHOLE_HEAD = whole(6)


def broken_at(entries: list[LedgerEntry], head: Head | None = WHOLE_HEAD) -> int:
    with pytest.raises(LedgerBroken) as caught:
        verify(entries, PUBLIC, head=head)
    return caught.value.seq


def test_an_untouched_ledger_holds() -> None:
    verified = verify(WHOLE, PUBLIC, head=WHOLE_HEAD)
    assert (verified.n, verified.head) == (13, WHOLE_HEAD.hash)


def test_an_empty_ledger_holds_and_has_nothing() -> None:
    assert verify([], PUBLIC).n == 0


EDITS: dict[str, Callable[[LedgerEntry], dict[str, Any]]] = {
    "shop": lambda e: {"shop": e.shop + "x"},
    "seq": lambda e: {"seq": e.seq + 1},
    "kind": lambda e: {"kind": "effect" if e.kind == "permit" else "permit"},
    "at": lambda e: {"at": e.at + timedelta(microseconds=1)},
    "zone": lambda e: {"at": e.at.astimezone(tz=None)},
    "body": lambda e: {"body": {**e.body, "amount": 1}},
    "more": lambda e: {"body": {**e.body, "note": "x"}},
    "prev": lambda e: {"prev": e.hash},
    "hash": lambda e: {"hash": "f" * 64},
    "spelling": lambda e: {"hash": e.hash.upper() + " "},
    "signature": lambda e: {"signature": "00" + e.signature[2:] if e.signature[:2] != "00" else "11" + e.signature[2:]},
    "capitals": lambda e: {"signature": e.signature.upper()},
    "short": lambda e: {"signature": e.signature[:-2]},
}


@given(st.integers(0, 12), st.sampled_from(sorted(EDITS)))
def test_every_edit_names_the_entry_that_was_edited(index: int, field: str) -> None:
    entries = list(WHOLE)
    entries[index] = entries[index].model_copy(update=EDITS[field](entries[index]))
    assert broken_at(entries) == index + 1


@given(st.integers(0, 12))
def test_every_removal_names_the_place_of_the_removed(index: int) -> None:
    assert broken_at(WHOLE[:index] + WHOLE[index + 1 :]) == index + 1


@given(st.integers(1, 12))
def test_a_cut_tail_is_found_by_the_head_and_only_by_it(length: int) -> None:
    assert broken_at(WHOLE[:length]) == length + 1
    assert verify(WHOLE[:length], PUBLIC).n == length


@given(st.lists(st.integers(0, 12), min_size=2, max_size=2, unique=True))
def test_every_swap_names_the_first_place_it_disturbs(pair: list[int]) -> None:
    first, second = sorted(pair)
    entries = list(WHOLE)
    entries[first], entries[second] = entries[second], entries[first]
    assert broken_at(entries) == first + 1


@given(st.integers(0, 13), st.integers(0, 12))
def test_every_insertion_is_found_where_it_first_disturbs(place: int, source: int) -> None:
    entries = [*WHOLE[:place], WHOLE[source], *WHOLE[place:]]
    # A copy put right before its original stands where the original stood: the original is then the one too many.
    expected = place + 2 if place == source else place + 1
    assert broken_at(entries) == expected


@given(st.integers(1, 12))
def test_two_histories_under_one_key_cannot_be_spliced(place: int) -> None:
    first, head = append(None, "genesis", genesis_body("demo", PUBLIC), shop="demo", at=NOW + timedelta(1), key=KEY)
    other = [first]
    for entry in WHOLE[1:]:
        again, head = append(head, entry.kind, entry.body, shop="demo", at=entry.at, key=KEY)
        other.append(again)
    assert verify(other, PUBLIC, head=head).n == 13
    assert broken_at(WHOLE[:place] + other[place:], head) == place + 1


def test_a_chain_signed_by_another_key_does_not_hold() -> None:
    other = Ed25519PrivateKey.generate()
    entries, _ = chain(("permit", permit_body(1)), key=other)
    assert broken_at(entries, None) == 1


def test_a_head_of_another_chain_or_key_is_refused() -> None:
    longer, later = whole(7)
    assert broken_at(WHOLE, later) == 14
    assert broken_at(longer, WHOLE_HEAD) == 14
    forged = WHOLE_HEAD.model_copy(update={"seq": 12, "hash": WHOLE[11].hash})
    assert broken_at(WHOLE[:12], forged) == 12


def test_a_signed_head_of_the_same_length_but_another_history_is_refused() -> None:
    other, _ = chain(*[("permit", permit_body(n)) for n in range(12)])
    assert verify(other, PUBLIC).n == 13
    assert broken_at(other, WHOLE_HEAD) == 13


@pytest.mark.parametrize(
    ("bodies", "seq"),
    [
        ([("effect", effect_body(1))], 2),
        ([("genesis", genesis_body("demo", PUBLIC))], 2),
        ([("permit", permit_body(1)), ("permit", permit_body(1))], 3),
        ([("permit", permit_body(1)), ("permit", permit_body(1, permit_id="other"))], 3),
        ([("permit", permit_body(1, amount=99))], 2),
        ([("permit", permit_body(1, args_hash="0" * 64))], 2),
        ([("permit", permit_body(1, expires_at=(NOW - timedelta(1)).isoformat()))], 2),
        ([("permit", {"permit_id": "P"})], 2),
        ([("permit", permit_body(1)), ("effect", effect_body(1)), ("effect", effect_body(1))], 4),
        ([("permit", permit_body(1)), ("effect", effect_body(1)), ("effect", effect_body(1, state="refused"))], 4),
        ([("permit", permit_body(1)), ("effect", effect_body(1, state="refused")), ("effect", effect_body(1))], 4),
        ([("permit", permit_body(1)), ("effect", effect_body(1, amount=100))], 3),
        ([("permit", permit_body(1)), ("effect", effect_body(1, order_id="O2"))], 3),
        ([("permit", permit_body(1)), ("effect", effect_body(1, state="perhaps"))], 3),
        ([("permit", permit_body(1)), ("effect", effect_body(1, done_at=None))], 3),
        (
            [
                ("permit", permit_body(1)),
                ("effect", effect_body(1, done_at=(NOW + timedelta(minutes=10, microseconds=1)).isoformat())),
            ],
            3,
        ),
    ],
)
def test_a_well_signed_ledger_that_makes_no_sense_is_broken(
    bodies: list[tuple[EntryKind, dict[str, Any]]], seq: int
) -> None:
    entries, head = chain(*bodies)
    assert broken_at(entries, head) == seq


def test_an_unknown_effect_may_become_done_once() -> None:
    entries, head = chain(
        ("permit", permit_body(1)),
        ("effect", effect_body(1, state="unknown", done_at=None)),
        ("effect", effect_body(1)),
    )
    assert verify(entries, PUBLIC, head=head).n == 4


def test_an_effect_at_the_very_end_of_its_permit_holds() -> None:
    end = (NOW + timedelta(minutes=10)).isoformat()
    entries, head = chain(("permit", permit_body(1)), ("effect", effect_body(1, done_at=end)))
    assert verify(entries, PUBLIC, head=head).n == 3


def test_json_lines_are_read_back_as_they_were_written() -> None:
    assert load(dump(WHOLE)) == WHOLE


@given(st.data())
def test_every_changed_character_of_an_exported_ledger_is_found_in_its_line(data: st.DataObject) -> None:
    lines = list(dump(WHOLE))
    row = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[row]) - 1))
    char = data.draw(st.characters(codec="utf-8", exclude_characters=[lines[row][column], "\n", "\r"]))
    lines[row] = lines[row][:column] + char + lines[row][column + 1 :]
    with pytest.raises(LedgerBroken) as caught:
        verify(load(lines), PUBLIC, head=WHOLE_HEAD)
    assert caught.value.seq == row + 1


def test_a_second_value_under_the_same_name_is_found() -> None:
    lines = list(dump(WHOLE))
    lines[1] = lines[1].replace('"body":{', '"body":{"amount":1,', 1)
    with pytest.raises(LedgerBroken) as caught:
        load(lines)
    assert caught.value.seq == 2


def test_canonical_json_has_one_spelling_and_no_nan() -> None:
    assert canonical({"b": 1, "a": "退"}) == '{"a":"退","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_a_public_key_is_written_and_read_back() -> None:
    assert key_text(key_from_text(key_text(PUBLIC))) == key_text(PUBLIC)
