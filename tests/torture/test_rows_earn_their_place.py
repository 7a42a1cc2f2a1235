"""Take each denial out of the benchmark packs' tables: some wrong write must then slip, else nobody would miss it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
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
    tried, unmissed = 0, []
    for name, run in (("tau_retail", tau_retail.run), ("ecom_bench", ecom_bench.run)):
        for policy in sorted((SHIPPED / name / "policies").glob("*.md")):
            text = policy.read_text(encoding="utf-8")
            for denial in _DENIAL.finditer(text):
                if denial[0].endswith(_SECOND_PERSON):
                    continue
                weak = shutil.copytree(SHIPPED / name, tmp_path / f"weak-{tried}")
                changed = f"{text[: denial.start()]}code: ALLOW{text[denial.end() :]}"
                (weak / "policies" / policy.name).write_text(changed, encoding="utf-8")
                tried += 1
                if not _missed(run, weak, tmp_path):
                    unmissed.append(f"{name}/{policy.name}:{text.count(chr(10), 0, denial.start()) + 1} {denial[0]}")
    print(f"{tried} rows taken out, {len(unmissed)} not missed")
    assert unmissed == [], "\n".join(unmissed)
