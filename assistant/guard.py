"""The guard: a reply may hold only figures, dates, quotes and claimed acts that a tool, a clause or the ledger yielded.

It reads the finished words, whoever wrote them (a template or a model), so that a mistake in either is caught in the
same place. What it cannot trace does not reach the customer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from knowledge.clauses import SHANGHAI
from knowledge.numerals import number

Kind = Literal["money", "date", "time", "percent", "number", "act", "quote"]

_MONTHS = {
    m: i + 1 for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}
_MONTH_NAME = "|".join(_MONTHS)
_UNIT = r"个?工作日|个?小时|个?月|分钟|天|日|元|块|倍|折|年|件|次|份|张|双|%"

TOKEN = re.compile(
    rf"""
      (?P<ymd>\d{{4}})\s*[-/年.]\s*(?P<ymd_m>\d{{1,2}})\s*[-/月.]\s*(?P<ymd_d>\d{{1,2}})\s*日?
    | (?P<md_m>\d{{1,2}})\s*月\s*(?P<md_d>\d{{1,2}})\s*[日号]
    | (?P<en_d>\d{{1,2}})\s+(?P<en_m>{_MONTH_NAME})[a-z]*\b
    | (?P<en_m2>{_MONTH_NAME})[a-z]*\.?\s+(?P<en_d2>\d{{1,2}})\b
    | (?P<time>\d{{1,2}}:\d{{2}})
    | (?:[¥￥]|rmb\s*|cny\s*)(?P<money>\d[\d,]*(?:\.\d+)?)
    | (?P<money2>\d[\d,]*(?:\.\d+)?)\s*(?:元|块钱?|yuan|rmb|cny)
    | (?P<percent>\d+(?:\.\d+)?)\s*[%％]
    | (?P<number>\d[\d,]*(?:\.\d+)?)
    | (?!一[次件份张双])(?P<han>[零〇一二两三四五六七八九十百千万]+)(?={_UNIT})
    """,
    re.IGNORECASE | re.VERBOSE,
)

_DENIED = re.compile(
    r"(?:没有?|未|不会|尚未|并未|\b(?:nothing|not|never|no|none|until|once|if|when))[^。.!?；;，,\n]{0,14}$",
    re.IGNORECASE,
)
"""Words right before a claim that make it none: nothing has been changed, once it has been refunded."""

_QUOTED = re.compile(r"[「“\"《]([^「」“”\"《》]+)[」”\"》]")
_QUOTE_MIN = 12
"""Shorter words in quotation marks are names of buttons and the like, not quotations."""

MARK = re.compile(r"\[\d{1,2}\]")

# An act the customer would take as done, by class. A word list is enough here because a match only asks for evidence.
CLAIMS: dict[str, re.Pattern[str]] = {
    "refund": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|全额|成功|原路)*(?:办理|完成|操作)?(?:了)?退(?:款|还|回)(?!申请|商家|卖家|发货|仓库)|退款(?:已经?)?(?:成功|到账|完成)"
        r"|\b(?:have|has|been|was|were|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*refunded\b|\brefund\s+(?:has|was|is)\s+(?:been\s+)?(?:issued|completed|done|paid)",
        re.IGNORECASE,
    ),
    "cancel": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*取消|取消成功"
        r"|\b(?:have|has|been|was|were|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*cancell?ed\b",
        re.IGNORECASE,
    ),
    "submit": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*(?:提交|登记|申请|受理|备注|记录|催促|反馈)"
        r"|\b(?:have|has|been|was|were|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*(?:submitted|filed|registered|recorded|urged|logged)\b",
        re.IGNORECASE,
    ),
    "compensate": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*(?:补偿|赔付|赔偿|补差|发放|补给)"
        r"|\b(?:have|has|been|was|were|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*"
        r"(?:compensated|credited|paid out)\b",
        re.IGNORECASE,
    ),
    "change": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*(?:修改|更改|改好|改成|变更|更新)"
        r"|\b(?:have|has|been|was|were|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*(?:changed|updated|modified)\b",
        re.IGNORECASE,
    ),
    "invoice": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*(?:开具|开好|开出|补开)|发票已开"
        r"|\binvoice\s+(?:has been|was|is)\s+issued",
        re.IGNORECASE,
    ),
    "hand_off": re.compile(
        r"(?:已经?|刚)(?:为您|帮您|给您|成功)*(?:转接?|呼叫|通知|联系)(?:了)?(?:人工|同事|客服|专员|主管)"
        r"|\b(?:have|has|been|'ve|i)\s+(?:now\s+|already\s+|just\s+|been\s+)*(?:handed|transferred|connected|escalated)\b",
        re.IGNORECASE,
    ),
}

# Which claim an executed action or a state of the shop's own data supports.
SUPPORTS: dict[str, frozenset[str]] = {
    "cancel_refund": frozenset({"refund", "cancel", "submit"}),
    "intercept": frozenset({"submit"}),
    "return_refund": frozenset({"submit"}),
    "quality_return": frozenset({"submit"}),
    "exchange": frozenset({"submit"}),
    "resend": frozenset({"submit"}),
    "urge_shipping": frozenset({"submit"}),
    "complaint": frozenset({"submit"}),
    "repair": frozenset({"submit"}),
    "withdraw": frozenset({"cancel", "submit"}),
    "platform_dispute": frozenset({"submit"}),
    "ship_return": frozenset({"submit"}),
    "accept_offer": frozenset({"submit"}),
    "decline_offer": frozenset({"submit"}),
    "reopen": frozenset({"submit"}),
    "appeal": frozenset({"submit"}),
    "price_protection": frozenset({"refund", "compensate", "submit"}),
    "late_compensation": frozenset({"compensate", "submit"}),
    "goodwill": frozenset({"compensate", "submit"}),
    "partial_refund": frozenset({"compensate", "refund", "submit"}),
    "change_address": frozenset({"change", "submit"}),
    "invoice": frozenset({"submit"}),
    "door_service": frozenset({"submit"}),
    "cancel_visit": frozenset({"cancel", "submit"}),
    "book_repair": frozenset({"submit"}),
    "freight_compensation": frozenset({"compensate", "submit"}),
    "advance_payment": frozenset({"compensate", "refund", "submit"}),
    "refunded": frozenset({"refund"}),
    "closed": frozenset({"cancel"}),
    "ticket": frozenset({"submit"}),
    "invoiced": frozenset({"invoice"}),
    "handed_off": frozenset({"hand_off", "submit"}),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """Something a reply says that nothing supports."""

    kind: Kind
    words: str


def _decimal(text: str) -> str:
    return f"{Decimal(text.replace(',', '')).normalize():f}"


def _read(match: re.Match[str]) -> tuple[Kind, str]:
    g = match.groupdict()
    if g["ymd"]:
        return "date", f"{int(g['ymd_m'])}-{int(g['ymd_d'])}"
    if g["md_m"]:
        return "date", f"{int(g['md_m'])}-{int(g['md_d'])}"
    if g["en_d"] or g["en_d2"]:
        month = _MONTHS[(g["en_m"] or g["en_m2"]).lower()[:3]]
        return "date", f"{month}-{int(g['en_d'] or g['en_d2'])}"
    if g["time"]:
        return "time", g["time"].zfill(5)
    if g["money"] or g["money2"]:
        return "money", _decimal(g["money"] or g["money2"])
    if g["percent"]:
        return "percent", _decimal(g["percent"])
    if g["han"]:
        return "number", _decimal(str(number(g["han"]) or 0))
    return "number", _decimal(g["number"])


@lru_cache(maxsize=1024)  # the same names, clauses and fixed texts are read in turn after turn
def figures(text: str) -> tuple[tuple[Kind, str, str], ...]:
    """Every figure of `text` as (kind, normal form, words): `¥59.90` → ("money", "59.9", "¥59.90"). Marks `[1]` are
    skipped.
    """
    bare = MARK.sub(" ", text)
    return tuple((*_read(match), match.group()) for match in TOKEN.finditer(bare))


@dataclass
class Evidence:
    """What this turn may speak of: the figures and acts that tools, tables, clauses and the ledger have yielded."""

    known: set[tuple[Kind, str]] = field(default_factory=set[tuple[Kind, str]])
    claims: set[str] = field(default_factory=set[str])

    def text(self, *texts: str) -> None:
        """Words of a clause, a product, an order or the customer: their figures may be repeated as the kind they have
        there.
        """
        for text in texts:
            for kind, value, _ in figures(text):
                self._add(kind, value)

    def money(self, *fen: int | None) -> None:
        for amount in fen:
            if amount is not None:
                self._add("money", _decimal(str(Decimal(abs(amount)) / 100)))

    def number(self, *values: float | None) -> None:
        for value in values:
            if value is not None:
                self._add("number", _decimal(str(value)))

    def instant(self, *instants: datetime | None) -> None:
        for at in instants:
            if at is not None:
                local = at.astimezone(SHANGHAI)
                self._add("date", f"{local.month}-{local.day}")
                self._add("time", f"{local:%H:%M}")
                if local.hour == local.minute == 0:
                    before = local - timedelta(days=1)
                    self._add("date", f"{before.month}-{before.day}")
                    self._add("time", "24:00")
                self.number(local.year, local.month, local.day)

    def act(self, *names: str) -> None:
        """An executed action or a state of the shop's data (`refunded`, `closed`, …) that a reply may speak of as
        done.
        """
        for name in names:
            self.claims |= SUPPORTS.get(name, frozenset())

    def _add(self, kind: Kind, value: str) -> None:
        self.known.add((kind, value))

    def knows(self, kind: Kind, value: str) -> bool:
        """A plain number may restate any figure of the same value; a sum of money or a percentage only its own kind."""
        if (kind, value) in self.known:
            return True
        if kind == "number":
            return any((other, value) in self.known for other in ("money", "percent"))
        # a bare number of a source ("48" in a table) may be shown with its unit
        return kind in {"percent", "time"} and ("number", value) in self.known


def check(text: str, evidence: Evidence, *, quotes: Iterable[str] = ()) -> list[Violation]:
    """What in `text` nothing supports: empty means it may be said.

    `quotes` are the checked quotations of the same reply and their titles; words in 「…」, “…” or "…" of 12 characters
    or more must be part of one.
    """
    found = [Violation(kind, words) for kind, value, words in figures(text) if not evidence.knows(kind, value)]
    quoted = tuple(quotes)
    own = text
    for match in _QUOTED.finditer(text):
        if any(match[1] in quote for quote in quoted):
            own = own.replace(match.group(), "")
        elif len(match[1]) >= _QUOTE_MIN:
            found.append(Violation("quote", match[1]))
    for name, pattern in CLAIMS.items():
        claims = (claim for claim in pattern.finditer(own) if not _DENIED.search(own[: claim.start()]))
        if name not in evidence.claims and (claim := next(claims, None)):
            found.append(Violation("act", claim.group()))
    return found
