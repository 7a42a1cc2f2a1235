# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Dialogue acts, kept apart from intents: confirm, deny, correct, provide_slot, thanks, bye, change_of_mind.

A yes moves money, so it is read by an allowlist: the whole message must consist of words that agree. Whatever else
stands in it (a condition, a question, a second wish) makes it no answer, and the customer is asked again.
"""

from __future__ import annotations

import re

from knowledge.mending import mend
from knowledge.text import fold

_NOISE = re.compile(r"[^\w\s?']|_")
_SPACES = re.compile(r"\s+")
_QUESTION = re.compile(
    r"\?|[吗么]$|(?:行|好|可以|要|能|对|是)不(?:行|好|可以|要|能|对|是)|(?:是不是|能不能|可不可以|要不要)"
)
_CONDITION = re.compile(
    r"但是?|不过|可是|然而|如果|要是|假如|只要|除非|的话|前提|才行|才可以|就怕|是可以|倒是|先.{0,6}再"
    r"|\b(?:but|if|unless|however|only|except|provided|as long as|although|though|when|until|after|before|maybe|perhaps)\b"
)
_YES_ZH = (
    "嗯嗯+|恩恩+|嗯好的?|好好好|好的呢?|好滴|好哒|好嘞|好咧|好吧|好呀|好啊|好的呀|好|行吧|行的|行呀|行啊|行行行|行|可以的|可以吧?|可|成交|成吧?|要得"
    "|中|没问题|没毛病|没意见|没错|不错|同意|确认|确定|是的|是|对的|对对对?|对|要的|需要|接受|当然|必须的|妥妥的|妥"
    "|得嘞|就这样吧?|就这么办吧?|就这样办吧?|这样吧|这样办吧?|听你的|听您的|按你说的(?:办|来)?|按您说的(?:办|来)?|照办|没问题的|我愿意|愿意|搞起|安排|要"
)
_YES_EN = (
    r"yes|yeah|yep|yup|ya|sure thing|sure|okay|okey|ok+|k|fine|alright|all right|go ahead|go for it|do it|do that|please do|confirm(?:ed)?"
    r"|agreed?|sounds (?:good|great|fine)|that works|works for me|that's (?:fine|ok|okay|right|good)|that is (?:fine|ok|right)"
    r"|of course|correct|right|absolutely|definitely|certainly|proceed|accept(?:ed)?|let's do it|let's go|good|no problem|exactly|indeed"
    r"|queren|hao ?de|hao|ke ?yi|xing|dui|shi ?de"
)
_FILLER_ZH = "还是|那就|那么|那|就|我们|我|亲|您|你|帮我|请|麻烦|谢谢|多谢|感谢|辛苦了?|嗯|恩|哦|噢|啊|呀|呢|哈哈?|了|的|吧|啦|哟|嘛|现在|马上|直接|都|也|全部|一下|这样|给我|来|尽快|快点?|快递|包裹|订单|这单|那单|这个|那个"
_FILLER_EN = r"please|thanks?|thank you|thx|then|it|that|this|i|we|me|oh|now|so|very|much|with|to|the|and|you|for|a|an|my|just|am|i'm|parcel|package|order"
_VERBS: dict[str, tuple[str, str]] = {
    "refund": (r"退(?:货退款|货|款|钱|掉|了)?", r"refund(?: it| them| me)?|return(?: it| them)?"),
    "exchange": (r"换(?:货|新|一个|掉|了)?", r"(?:exchange|replace|swap)(?: it| them)?"),
    "cancel": (r"取消(?:订单|掉|了)?", r"cancel(?:lation)?(?: it| them)?(?: the order)?"),
    "compensate": (r"补(?:发|偿|差价?|寄|吧)?|赔(?:付|偿)?", r"resend(?: it)?|compensate(?: me)?"),
    "change": (r"改(?:地址|掉|了)?|修改", r"change(?: it)?|update(?: it)?"),
    "repair": (r"(?:维修|报修|修)", r"repair(?: it)?|fix(?: it)?"),
    "invoice": (r"开(?:票|发票)?", r"issue(?: it)?(?: the invoice)?"),
    "intercept": (r"拦截|拦(?:下来?|住|回来)?|截(?:回来?|停|住)", r"intercept(?: it)?|stop it|call it back"),
    "withdraw": (
        r"(?:撤(?:销|回|掉|了)?|取消(?:掉|了)?)(?:申请|退货|换货|售后)?",
        r"(?:withdraw|cancel|drop)(?: it| the (?:return|request|case))?",
    ),
    "platform": (r"(?:平台)?介入", r"step in|escalate(?: it)?"),
    "complain": (r"投诉|反映|上报", r"report it|escalate(?: it)?|file (?:it|the complaint)"),
    "urge": (
        r"催(?:促|一催|发货)?|加急|发货|发",
        r"urge(?: it| them)?|hurry(?: it| them)?|chase(?: it| them)?|ship it",
    ),
    "any": (
        r"办(?:理|吧)?|提交|执行|处理|申请|操作|下单|登记|记录|记上|报上去",
        r"submit(?: it)?|send(?: it)?|apply|register(?: it)?|file it|arrange(?: it)?",
    ),
}
_ACTION_VERBS: dict[str, tuple[str, ...]] = {
    "refund_only_unshipped": ("refund", "cancel"),
    "refund_only_in_transit": ("refund",),
    "refund_only_received": ("refund",),
    "return_refund": ("refund",),
    "quality_return": ("refund", "exchange", "repair"),
    "cancel_refund": ("cancel", "refund"),
    "intercept": ("intercept", "cancel", "refund"),
    "exchange": ("exchange",),
    "repair": ("repair",),
    "resend": ("compensate",),
    "price_protection": ("compensate", "refund"),
    "late_compensation": ("compensate",),
    "goodwill": ("compensate",),
    "change_address": ("change",),
    "cancel_order": ("cancel", "refund"),
    "invoice": ("invoice",),
    "complaint": ("complain",),
    "withdraw": ("withdraw",),
    "platform_dispute": ("platform",),
    "urge_shipping": ("urge",),
}
_DEFAULT_VERBS = ("refund", "exchange", "compensate", "change", "repair", "invoice")
"""Without a known action `取消` is left out: it may accept a cancellation or call one off."""

_NO = re.compile(
    r"不(?:要|用|行|可以|同意|是|想|需要|必|办|确认|确定|接受|愿意|好|退|换|对|成|干|弄|考虑|取消|改|买|买了|能接受)|^不+$|(?<![^我是那就还嗯啊吧 ])不了|先不|先别|别|算了|(?<!豁)免了|拒绝|没必要"
    r"|再(?:想想|看看|说|等等|考虑)|等(?:等|一下|下|会儿?|我)|想一想|考虑(?:一下|下)|没想好|还没(?:想好|决定)|放弃|作罢"
    r"|\b(?:not|don't|dont|do not|never)\b(?: (?!mind)\w+){0,3}|\b(?:no|nope|nah|doesn't|won't|can't|cannot|wait|hold on|later|never ?mind|stop|decline|reject|refuse|forget it|let me think)\b"
)
_HARD_NO = re.compile(r"取消|\bcancel\b")
_NO_EXCEPT = re.compile(
    r"没问题|不错|没毛病|没意见|没错|不要紧|别客气|不客气|\bno (?:problem|sound|power|signal|picture|image|display|response|reaction|light|heat|tags?|box|charger|cable)\b|\bwhy not\b|\bno worries\b|\bdon't worry\b"
)
_OPENER = re.compile(r"^(?:嗯+|恩+|哦+|噢+|好吧?|好的|那|ok|okay|oh|well|yes and|谢谢|thanks)\s*")
_GREETING = re.compile(
    r"(?:[你您]|大家|[你您]们|晚上|早上|中午|下午)好(?:[啊呀哈])?(?![\w])|\bni ?hao\b|\bgood (?:morning|afternoon|evening|day|night)\b|^(?:hi|hello|hey)\b"
)
"""A greeting agrees to nothing; what is said after it may."""
_GOOD_BUT = re.compile(r"[你您们]好|^好(?:久|像|贵|慢|差|难|多|几|奇怪|麻烦|烦)")
"""Words with 好 in them that agree to nothing."""
_ALL_OF_IT = re.compile(
    r"^(?:那|就)*(?:都|全部?|全都)(?:退|换|取消|要|开)(?:了|掉|吧|货)*$|^(?:return|exchange|cancel) (?:all|both|everything)"
)
"""What is to be done, for how much of it: a wish, not an answer."""
_DOUBLE = re.compile(r"不是不|没有不|不得不|并非不|不会不|\bnot (?:no|un|that i don't)\b")

_THANKS = re.compile(r"谢谢|多谢|感谢|谢啦|谢了|3q|辛苦了?|麻烦你了|\b(?:thanks|thank you|thx|ty|cheers|appreciate)\b")
_NO_THANKS = re.compile(r"\b(?:thanks|thank you) for nothing\b|谢谢你们?的(?:敷衍|不作为)")
_BYE = re.compile(
    r"再见|拜拜|^拜|先这样|没事了|没有(?:别的|其他)?问题了|就这些|\b(?:bye|goodbye|see you|that's all|that is all|no more questions)\b"
)
_CORRECT = re.compile(
    r"(?:说|打|写|发|填|输)错了|更正|纠正|我(?:说|指|问)的(?:是|不是)|不是.{1,12}(?:,|，|\s)?(?:是|而是)|应该是|你(?:理解|搞|弄|听)错|误会"
    r"|\b(?:i meant|i mean|correction|that's wrong|not that one|wrong one|you misunderst\w+|it should be|typo)\b|\bno,? (?:it's|it is|the other)\b"
)
_MIND = re.compile(
    r"还是(?:换|退|算了|修|补|不|要|取消|留|别)|算了.{0,4}(?:不|别|留|换|退)|(?:不|别|先不|先别|不用|不想|不要)(?:给我)?(?:再)?(?:退|换|取消|修|补发?|改)(?:货|款|了|单)"
    r"|改主意|改变主意|反悔|(?:不|别)(?:想)?(?:退|换|取消)了|不用(?:退|换|取消)|撤(?:回|销)(?:退|换|申请)"
    r"|\b(?:actually|on second thoughts?|changed? my mind|instead|rather than|forget the (?:refund|return)|scratch that)\b"
    r"|\b(?:don't|do not|no longer) (?:want to )?(?:refund|return|exchange|cancel)\b"
)


def _words(folded: str) -> str:
    return _SPACES.sub(" ", _NOISE.sub(" ", folded)).strip()


def _agreement(verbs: tuple[str, ...]) -> re.Pattern[str]:
    zh = "|".join(_VERBS[verb][0] for verb in (*verbs, "any"))
    en = "|".join(_VERBS[verb][1] for verb in (*verbs, "any"))
    return re.compile(
        rf"(?:(?P<yes>{_YES_ZH}|(?:{zh})|\b(?:{_YES_EN}|{en})\b)|{_FILLER_ZH}|\b(?:{_FILLER_EN})\b|\s)", re.IGNORECASE
    )


_AGREE = {action: _agreement(verbs) for action, verbs in _ACTION_VERBS.items()}
_AGREE_ANY = _agreement(_DEFAULT_VERBS)
_WORDS_ONLY = _agreement(())
_DROPS = re.compile(r"^不了|算了|不用|不必|免了|作罢|放弃|\b(?:never ?mind|forget it)\b")
_LEFT = re.compile(rf"{_FILLER_ZH}|好吧?|\b(?:{_FILLER_EN}|ok|okay|well|fine)\b|[\s']", re.IGNORECASE)
"""Small words that add nothing to a no."""


def is_yes(text: str, action: str | None = None) -> bool | None:
    """True for an explicit yes, False for an explicit no, None for anything else: mixed, conditional, asked back.

    `action` is the proposal's action, e.g. `cancel_order`: with it, naming that very act agrees ("取消吧") and naming
    another one does not ("那就退吧" to an offer of money).
    """
    words = _words(mend(fold(text)))
    if not words:
        return True if re.fullmatch(r"(?:👌|👍|✅)[\s\ufe0f]*", text.strip()) else None
    words = _words(_GREETING.sub(" ", words))
    if (
        not words
        or _GOOD_BUT.search(words)
        or _DOUBLE.search(words)
        or _QUESTION.search(words)
        or _CONDITION.search(words)
    ):
        return None
    if _ALL_OF_IT.search(words):
        return None
    plain = _NO_EXCEPT.sub(" ", words)
    named = {"cancel", "withdraw"} & set(_ACTION_VERBS.get(action or "", ()))
    if _NO.search(plain):
        rest = _NO.sub(" ", _OPENER.sub("", plain))
        return None if _agrees(rest, _WORDS_ONLY) else False
    if not named and _HARD_NO.search(plain):
        return None if action is None else False
    return True if _agrees(words, _AGREE.get(action or "", _AGREE_ANY)) else None


def _agrees(words: str, pattern: re.Pattern[str]) -> bool:
    """Whether `words` is nothing but agreement and small words, with at least one word that agrees."""
    agreed, at = False, 0
    while at < len(words):
        found = pattern.match(words, at)
        if found is None or found.end() == at:
            return False
        agreed = agreed or found.group("yes") is not None
        at = found.end()
    return agreed


def drops_it(text: str) -> bool:
    """Whether the message is nothing but a wish to let the matter be: 算了 不要了, never mind then."""
    words = _words(mend(fold(text)))
    return _DROPS.search(words) is not None and not _LEFT.sub("", _NO.sub(" ", _DROPS.sub(" ", words))).strip()


def changes_mind(text: str) -> bool:
    """Whether the customer turns from what was asked before: 还是换货吧, 算了不退了, actually …"""
    return _MIND.search(mend(fold(text))) is not None


def acts_of(text: str, *, gives_slot: bool = False, action: str | None = None) -> tuple[str, ...]:
    """The dialogue acts of a message, in the order confirm, deny, correct, provide_slot, change_of_mind, thanks, bye.

    `gives_slot` says that a slot was found in it; `action` as for `is_yes`.
    """
    folded = mend(fold(text))
    yes = is_yes(text, action)
    found = {
        "confirm": yes is True,
        "deny": yes is False,
        "correct": _CORRECT.search(folded) is not None,
        "provide_slot": gives_slot,
        "change_of_mind": _MIND.search(folded) is not None,
        "thanks": _THANKS.search(folded) is not None and _NO_THANKS.search(folded) is None,
        "bye": _BYE.search(folded) is not None,
    }
    return tuple(act for act, present in found.items() if present)
