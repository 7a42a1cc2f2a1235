"""Is a model's wording still the answer that the flows gave? The guard traces figures and claimed acts; this file looks
at what has no figure: whether something is granted or refused, what was left out, and what was made up.

What rests on a clause (a sentence with a mark or a quotation) and what is asked must stand word for word: a small
model was seen to swap who bears the freight in an otherwise faultless sentence. The rest may be reworded.

It errs towards the flows' own words: a wording that is stopped costs the customer nothing but its style.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.conversation import Lang
from assistant.guard import MARK, figures
from assistant.language import detect
from knowledge.text import tokens

Ruling = Literal["granted", "refused", "assured", "expected"]
Drift = (
    Ruling
    | Literal[
        "language",
        "length",
        "clause_lost",
        "refusal_lost",
        "figure_lost",
        "question_lost",
        "question",
        "contact",
        "invented",
    ]
)

MAX_NOVEL = 0.5
"""The share of a sentence's words that may stand neither in the answer nor in the customer's message nor among the
courtesies below.
"""

_NOVEL_FREE = 6
_NOVEL_BESIDE_CLAUSES = 3

# What the customer would take as a ruling, by kind. A match asks only that the flows' own answer rules so, too.
_RULINGS: dict[Ruling, re.Pattern[str]] = {
    "granted": re.compile(
        r"(?<![不没无未非])(?:可以|能够?|支持|同意|符合|享受|享有|有权|会为您|将为您|给您|为您|帮您)[^，。！？；,.!?;\n]{0,10}"
        r"(?:退|换货|换新|赔|补偿|补差|取消|改址|修改|价保|保价|开票|拦截|免运费|包邮|免费|维修|报销|减免)"
        r"|没问题|(?<!不)可以的|(?<!不)能退|(?<!不)可退|全额|包邮|免运费|免费"
        r"|\b(?:can|may|will|could|eligible|entitled|qualif\w+|approved?|agree\w*|free to|happy to)\b"
        r"(?! ?(?:not|n't))[^.!?\n]{0,40}\b(?:return|refund|exchang|compensat|cancel|reimburs|replac|repair|free)"
        r"|\bno problem\b|\bfull refund\b|\bfree of charge\b",
        re.IGNORECASE,
    ),
    "refused": re.compile(
        r"不能|不可以?|无法|不支持|不符合|不予|不再|没办法|不享|不适用|已经?超过|已经?过了|不接受|不行|不是|没有|尚未|还没|未"
        r"|\b(?:cannot|can't|can not|not|unable|no longer|won't|isn't|aren't|doesn't|don't|didn't|never)\b",
        re.IGNORECASE,
    ),
    "assured": re.compile(
        r"保证|一定会?|承诺|绝对|肯定|百分之百|包您|立即到账|秒到"
        r"|\b(?:guarantee\w*|promise\w*|definitely|certainly|surely|for sure|immediately|right away)\b",
        re.IGNORECASE,
    ),
    "expected": re.compile(
        r"预计|预期|大约|大概|左右|马上|即将|很快|尽快|\b(?:expected|estimated|about to|soon|approximately)\b", re.I
    ),
}

# What may be granted: a wording may grant only what the answer speaks of without refusing it.
_GRANTS = re.compile(
    r"退货|退款|退差|退|换货|换|赔|补偿|补差|取消|改|价保|保价|票|拦截|免运费|包邮|免费|维修|报销|减免|没问题|可以的|全额"
    r"|no problem|full refund|free|return|refund|exchang|compensat|cancel|reimburs|replac|repair",
    re.IGNORECASE,
)
_BEARS = re.compile(
    r"由?(?:您|买家|消费者|顾客|商家|卖家|店铺|店家|我们|本店|平台)(?:来)?(?:承担|出|付|支付|负担)"
    r"|\b(?:we|shop|seller|you|buyer|customer|store|platform)\b (?:will |must |would )?(?:pay|bear|cover)s?\b",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_AFTER_STOP = re.compile(r"([。！？!?.])((?:\[\d{1,2}\])+)")
_CLAUSE = re.compile(r"[^，。！？；,!?;\n]+")

_CONTACT = re.compile(r"https?://|www\.|微信|加v|vx|wechat|whatsapp|telegram|qq|@\w+\.|\b1\d{10}\b", re.IGNORECASE)
_QUESTION = re.compile(r"[？?]")
_SENTENCE = re.compile(r"(?:[^。！？!?\n.]|\.(?!\s|$))+(?:[。！？!?\n.]|$)")
_COURTESY: dict[Lang, str] = {
    "zh": "您好 很抱歉 给您带来不便 请您谅解 感谢您的耐心等待 谢谢 理解您的心情 非常理解 如果您还有其他问题 随时告诉我 "
    "需要帮助 您可以 请您 请确认 核对一下 点击下面的按钮 好的 明白 收到 我来帮您看看 查询到 查到了 根据 规定 目前 情况 "
    "您的 这笔 这件 祝您生活愉快 请放心 辛苦您 麻烦您 提供 以下 选择 告诉我 具体 信息 方便 我们",
    "en": "hello hi sorry for the inconvenience thank you thanks for your patience please let me know if you have any "
    "other questions i understand we are here to help could you would like kindly check and confirm below the button "
    "your this that it is are was were to of for and or with on in at by as from you we our my i me may has have been "
    "will be a an the according rules details based so just once here about further anything else",
}


def drift(text: str, own: str, *, lang: Lang, heard: str, whole: bool = True) -> list[Drift]:
    """What of `text` departs from the flows' answer `own` to the message `heard`; empty when it may stand for it.

    With `whole` false, `text` is the beginning of a wording still under way: what is missing may yet come.
    """
    found: list[Drift] = [kind for kind, ruling in _RULINGS.items() if ruling.search(text) and not ruling.search(own)]
    if "granted" not in found and not (
        _granted(text) <= _speaks_of(own) and set(_BEARS.findall(text)) <= set(_BEARS.findall(own))
    ):
        found.append("granted")
    if len(text) > 2 * len(own) + 60:
        found.append("length")
    if _CONTACT.search(text) and not _CONTACT.search(own):
        found.append("contact")
    if _QUESTION.search(text) and not _QUESTION.search(own):
        found.append("question")
    if _invents(text, own, heard, lang):
        found.append("invented")
    return [*found, *(_lost(text, own, lang) if whole else ())]


def _split_marks(own: str) -> str:
    """`own` with its marks before the stop that they follow: `…退回。[1]` is one sentence with its mark."""
    return _AFTER_STOP.sub(r"\2\1", own)


def _granted(text: str) -> set[str]:
    """What the clauses of `text` grant."""
    clauses = (c for c in _CLAUSE.findall(text) if _RULINGS["granted"].search(c))
    return {term.lower() for clause in clauses for term in _GRANTS.findall(clause)}


def _speaks_of(own: str) -> set[str]:
    """What the clauses of `own` that refuse nothing speak of; who speaks of 退货 or 退款 also speaks of 退."""
    clauses = (c for c in _CLAUSE.findall(own) if not _RULINGS["refused"].search(c))
    terms = {term.lower() for clause in clauses for term in _GRANTS.findall(clause)}
    return terms | {term[0] for term in terms if term[0] in "退换"}


def _lost(text: str, own: str, lang: Lang) -> list[Drift]:
    lost: list[Drift] = []
    bare = _bare(text)
    if any(_bare(sentence) not in bare for sentence in _bound(own)):
        lost.append("clause_lost")
    if detect(MARK.sub("", text), default=lang) != lang:
        lost.append("language")
    if _RULINGS["refused"].search(own) and not _RULINGS["refused"].search(text):
        lost.append("refusal_lost")
    kept = {(kind, value) for kind, value, _ in figures(text)}
    if any((kind, value) not in kept for kind, value, _ in figures(own)):
        lost.append("figure_lost")
    asked = [sentence for sentence in _SENTENCE.findall(own) if _QUESTION.search(sentence)]
    if any(_bare(sentence) not in bare for sentence in asked):
        lost.append("question_lost")
    return lost


def _invents(text: str, own: str, heard: str, lang: Lang) -> bool:
    """Whether a sentence of `text` comes from nowhere. Beside clauses even their own words may not be put differently:
    what is no copy of the answer must be courtesy.
    """
    bound = _bound(own)
    loose = [sentence for sentence in _SENTENCE.findall(_split_marks(own)) if sentence not in bound]
    known = {*tokens(_COURTESY[lang]), *tokens(" ".join(loose)), *(() if bound else tokens(heard))}
    rest = MARK.sub("", text)
    for sentence in _SENTENCE.findall(MARK.sub("", own)):
        rest = _spaced(sentence).sub("\n", rest)
    for sentence in _SENTENCE.findall(rest):
        words = set(tokens(sentence))
        most = _NOVEL_BESIDE_CLAUSES if bound else max(_NOVEL_FREE, MAX_NOVEL * len(words))
        if len(words - known) > most:
            return True
    return False


def _spaced(sentence: str) -> re.Pattern[str]:
    """`sentence` whatever its white space."""
    return re.compile(r"\s*".join(re.escape(char) for char in _bare(sentence)))


def _bound(own: str) -> list[str]:
    """The sentences of `own` that rest on a clause: with a mark or a quotation."""
    return [s for s in _SENTENCE.findall(_split_marks(own)) if MARK.search(s) or "「" in s]


def _bare(text: str) -> str:
    return _SPACE.sub("", MARK.sub("", text))
