"""Take each denial out of the benchmark packs' tables: some wrong write must then slip, else nobody would miss it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from assistant.gate import MistakenCall
from evals import ecom_bench, tau_retail
from evals.report import Report
from knowledge.pack import SHIPPED
from tests.evals.tiny_sets import write_ecom, write_tau

pytestmark = pytest.mark.torture

_DENIAL = re.compile(r"code: (?!ALLOW\b)[A-Z_]+")
_SECOND_PERSON = "NEEDS_PERSON"
"""The answer of an approval that is missing: no write of these packs needs one."""


def _missed(run: Callable[..., Report], pack: Path, data: Path) -> bool:
    try:
        report = run(str(pack), data, a_kind=10)
    except (MistakenCall, RuntimeError):
        return True  # what the tables now allow has no rule, or what had to happen first did not
    return bool(report.failures)


def test_each_row_that_denies_is_missed_when_it_allows(tmp_path: Path) -> None:
    write_tau(tmp_path)
    write_ecom(tmp_path)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
        tried = {
            row: processes.submit(_missed, run, weak, tmp_path)
            for name, run in (("tau_retail", tau_retail.run), ("ecom_bench", ecom_bench.run))
            for row, weak in _weakened(name, tmp_path)
        }
    unmissed = [row for row, missed in tried.items() if not missed.result()]
    print(f"{len(tried)} rows taken out, {len(unmissed)} not missed")
    assert unmissed == [], "\n".join(unmissed)


def _weakened(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each row of a pack that denies, and a copy of the pack in which it allows."""
    for policy in sorted((SHIPPED / name / "policies").glob("*.md")):
        text = policy.read_text(encoding="utf-8")
        for denial in _DENIAL.finditer(text):
            if denial[0].endswith(_SECOND_PERSON):
                continue
            weak = shutil.copytree(SHIPPED / name, folder / f"{name}-{policy.stem}-{denial.start()}")
            changed = f"{text[: denial.start()]}code: ALLOW{text[denial.end() :]}"
            (weak / "policies" / policy.name).write_text(changed, encoding="utf-8")
            yield f"{name}/{policy.name}:{text.count(chr(10), 0, denial.start()) + 1} {denial[0]}", weak
