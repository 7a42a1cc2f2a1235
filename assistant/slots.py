# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""What a customer states in passing: numbers, measures, money, days, places, conditions, reasons. Claims, never facts.

Everything is optional and typed. Amounts are fen, lengths cm, weights kg (a 斤 is 0.5 kg), days 00:00 in Shanghai.
"""

from __future__ import annotations

import re
from datetime import datetime

from assistant import slot_words as words
from assistant.conversation import Frozen, Lang
from assistant.places import find_place
from assistant.relative_dates import find_date
from knowledge.mending import mend
from knowledge.numerals import NUMBER, number
from knowledge.text import fold, safe


class Slots(Frozen):
    """What one message states. `fraction` is a share of something (一半 is 0.5); `counts` are bad and total pieces."""

    order_id: str | None = None
    order_tail: str | None = None
    sku: str | None = None
    platform: str | None = None
    everything: bool = False
    date: datetime | None = None
    region: str | None = None
    city: str | None = None
    address: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    foot_cm: float | None = None
    chest_cm: float | None = None
    waist_cm: float | None = None
    hip_cm: float | None = None
    budget_min: int | None = None
    budget_max: int | None = None
    money: int | None = None
    quantity: int | None = None
    fraction: float | None = None
    count_bad: int | None = None
    count_total: int | None = None
    colour: str | None = None
    size: str | None = None
    target_variant: str | None = None
    reason: str | None = None
    condition: tuple[str, ...] = ()
    invoice_title: str | None = None
    tax_id: str | None = None
    email: str | None = None
    recipient: str | None = None
    needs: tuple[str, ...] = ()


_N = NUMBER
_ORDER = re.compile(r"(?<![\da-z])(\d{18,20}|\d{15,16}|\d{12,13})(?![\da-z])", re.I)
_ORDER_NAMED = re.compile(
    r"(?:订单(?:编?号)?|单号|order(?: (?:no\.?|number|id))?)\s*(?:是|为|[:：#])?\s*([a-z]{0,4}-?\d[\da-z-]{5,23})(?![\da-z])",
    re.I,
)
_TAIL = re.compile(
    r"(?:尾号|后四位|末四位|最后四位|结尾)(?:是|为|数字)?\s*(\d{3,6})|(?:ending(?: in| with)?|last (?:four|4)(?: digits)?)(?: are| is)?\s*(\d{3,6})",
    re.I,
)
_SKU = re.compile(r"\b(?:sku|货号|款号)\s*[:：#]?\s*([a-z0-9][a-z0-9_-]{2,30})", re.I)
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TAX = re.compile(
    r"(?<![0-9a-z])([0-9][0-9a-hj-npqrtuwxy]{14}(?:[0-9a-hj-npqrtuwxy]{3})?|[0-9a-hj-npqrtuwxy]{2}\d{6}[0-9a-hj-npqrtuwxy]{10})(?![0-9a-z])",
    re.I,
)
_TAX_CUE = re.compile(r"税号|纳税人|信用代码|tax (?:id|no|number)", re.I)
_TITLE = re.compile(
    r"(?:抬头|title)(?:名称)?(?:改成|换成|改为|开成|写成?|是|为|填|用|is|should be|to|[:：])*\s*([^,，。;；!！?？\n]{2,50})",
    re.I,
)
_COMPANY = re.compile(
    r"([一-鿿()（）a-z0-9]{2,40}?(?:有限责任公司|股份有限公司|有限公司|集团|事务所|工作室|研究院|大学|学校|医院|[^不]公司))",
    re.I,
)
_TITLE_NOISE = re.compile(r"^(?:错|不对|怎么|能|可以|开|填|要|写|有误|信息|是什么)|(?:错|吗|么|怎么改)")
_ADDRESS = re.compile(
    r"(?:地址(?:改成|改为|换成|是|为)?|改(?:成|到|为|寄到?)|换(?:成|到)|寄到|送到|发到|ship (?:it )?to|send (?:it )?to|address (?:is|to))[:： ]*([^,，。;；!！?？\n]{4,80})",
    re.I,
)
_ADDRESS_SHAPE = re.compile(
    r"[一-鿿]{2,}(?:省|市|区|县|镇|路|街|道|弄|号|村|小区|大厦|广场|单元|栋|幢|室|公司|学校|大学)|\d+ [a-z]+ (?:st|street|rd|road|ave|avenue|lane)",
    re.I,
)

_PAIR = re.compile(
    r"(?<!\d)(1[2-9]\d(?:\.\d)?)\s*(?:(?:cm|厘米|公分)?(?:的?身高|的?个子|高)?\s*[/,，、 ]+|(?:cm|厘米|公分)?(?:的?身高|的?个子|高)|(?:cm|厘米|公分))\s*(?:体?重|和|and)?\s*(\d{2,3}(?:\.\d)?)\s*(kg|公斤|千克|斤|lbs?|pounds?)?(?![\d厘码天号])(?!\s*cm)"
)
_HEIGHT = re.compile(
    r"(?:身高|个子|height|tall)\s*(?:是|有|大概|差不多|of|is|:)?\s*(\d{2,3}(?:\.\d)?)(?!\s*(?:斤|kg|公斤))|(?<![\d.])(\d{2,3}(?:\.\d)?)\s*(?:cm|厘米|公分)(?! ?(?:foot|feet|waist|chest|脚))|(?<![\d.])(1[3-9]\d)\s*的?(?:身高|个子|个头|高(?!的|度|温|档|压|配|级))"
)
_METRE = re.compile(
    r"(?<![\d.])([12一两])\s*(?:米|m)\s*([零一二三四五六七八九\d]{1,2})(?![\d天月个斤])|(?<![\d.])([12]\.\d{1,2})\s*(?:米|m\b)"
)
_FEET = re.compile(r"(?<!\d)([3-7])\s*(?:'|′|’|ft\.?|feet|foot)\s*(\d{1,2})?\s*(?:\"|″|”|in(?:ch(?:es)?)?)?")
_WEIGHT = re.compile(rf"({_N})\s*(公斤|千克|kg|kilos?|斤|lbs?|pounds?)(?![a-z])")
_WEIGHT_NAMED = re.compile(rf"(?:体重|weigh(?:t|s)?)\s*(?:是|有|大概|差不多|is|of|:)?\s*({_N})(?!\s*(?:cm|厘米))")
_NOT_BODY = re.compile(r"(?:行李|箱|包裹|净重|苹果|水果|樱桃|买了|坏了|烂了|一共|总共|收到|少了)")
_FOOT = re.compile(
    r"(?:脚(?:的)?长(?:度)?|脚|foot(?: length)?|feet)\s*(?:长|是|有|大概|is|of|:)?\s*(\d{2,3}(?:\.\d)?)\s*(cm|mm|厘米|毫米)?(?!\s*码)|(\d{2}(?:\.\d)?)\s*cm (?:foot|feet)"
)
_GIRTH = {
    "chest_cm": re.compile(rf"(?:胸围|chest|bust)\s*(?:是|有|is|of|:)?\s*({_N})\s*(cm|厘米|寸|尺|inch(?:es)?|in)?"),
    "waist_cm": re.compile(
        rf"(?:腰围|腰|waist)\s*(?:是|有|is|of|:)?\s*({_N})\s*(cm|厘米|寸|尺|inch(?:es)?|in)?([一二三四五六七八九\d])?"
    ),
    "hip_cm": re.compile(rf"(?:臀围|hips?)\s*(?:是|有|are|is|of|:)?\s*({_N})\s*(cm|厘米|寸|尺|inch(?:es)?|in)?"),
}

_YUAN = r"(?:元|块钱|块|rmb|yuan|圆|米(?!\d)|cny)"
_BUDGET_MAX = re.compile(
    rf"({_N})\s*{_YUAN}?\s*(?:以内|以下|之内|之下|内(?!的?时间|容|衣|存|胆))|(?:不超过|不要超过|最多|不高于|别超过)\s*({_N})\s*{_YUAN}?(?!\s*(?:天|个?小时|件|个|日|人))|\b(?:under|below|less than|up to|within|max(?:imum)?|no more than)\s*(?:rmb|¥|\$)?\s*({_N})(?!\s*(?:days?|hours?|weeks?|cm|kg|pcs|pieces))"
)
_BUDGET_ABOUT = re.compile(
    rf"({_N})\s*{_YUAN}?\s*(?:左右|上下|来块|多块)|(?:预算|budget)\s*(?:是|大概|在|就|of|is|:|around|about)*\s*({_N})|(?:大概|差不多)\s*({_N})\s*{_YUAN}|\b(?:around|about|roughly)\s*(?:rmb|¥|\$)?\s*({_N})(?=\s*(?:yuan|rmb)|\s*$)"
)
_BUDGET_RANGE = re.compile(
    rf"({_N})\s*{_YUAN}?\s*(?:到|至|-|~)\s*({_N})\s*{_YUAN}(?:的|之间|吧|$|,|左右)?|\bbetween\s*({_N}) and ({_N})\b"
)
_MONEY = re.compile(
    rf"[¥￥]\s*(\d+(?:\.\d+)?)|(?:rmb|cny)\s*(\d+(?:\.\d+)?)|({_N})\s*(?:元|块钱|块|rmb|yuan|圆|cny)\s*(?:钱)?([一二三四五六七八九\d])?(?![天个号码])|({_N})\s*毛"
)
_MONEY_ASKED = re.compile(
    rf"(?:补偿?|退|赔偿?|返|给|便宜|优惠|少|降)(?:给)?(?:我|点|偿)?\s*({_N})(?![\d.%％零一二两三四五六七八九十百千万半下成分天个件双只斤码号月日点倍下次份张次分]|\s*(?:元|块|小时|kg|cm))|\b(?:refund|give|pay|compensate)(?: me)? (?:back )?({_N})(?!\s*(?:%|percent|days?|of|pieces|items?|more|x|\w+s\b))"
)
_COUNTER = r"(?:件|个|双|套|盒|箱|只|瓶|包|条|袋|台|本|份|斤|颗|粒|支|罐|把|张|枚|顶|pcs|pieces?|units?|box(?:es)?|bottles?|pairs?|items?|sets?|cartons?|packs?|bags?|cans?|of (?:them|those|these)\b)"
_QUANTITY = re.compile(rf"({_N})\s*{_COUNTER}(?!月|小时|星期|礼拜|钟|人|码|问题|工作日|地方|说法|意思|地址)")
_ONE_WANTED = re.compile(
    rf"(?:买|要|拍|退|换|加|订|少|多|寄|补|来)(?:了|发)?\s*(?:一|1)\s*{_COUNTER}(?!月|小时|星期|问题)"
    rf"|\b(?:return|exchange|refund|cancel|want|buy|take|send back)(?: just| only)? (?:one|1|a single)\b(?! (?:day|week|hour|month|more|question|thing|of the orders?))"
)
_HALF = re.compile(r"一半|半数|\bhalf\b")
_PERCENT = re.compile(
    rf"(\d+(?:\.\d+)?)\s*(?:%|percent)|百分之({_N})|({_N})分之({_N})|([一二三四五六七八九])成(?!交|功|本|都)|\b(?:a|one) (third|quarter|tenth|fifth)\b"
)
_SHARE = {"third": 1 / 3, "quarter": 0.25, "tenth": 0.1, "fifth": 0.2}
_ROTTEN = r"(?:烂|坏|死|碎|臭|霉|发霉|破|化|变质|黑|干|瘪|裂)(?:了|掉|的)?"
_BAD = re.compile(rf"{_ROTTEN}(?:有|大概|差不多|得有)?\s*({_N})\s*{_COUNTER}")
_BAD_AFTER = re.compile(
    rf"({_N})\s*{_COUNTER}?(?:都|全|是|已经)?(?:{_ROTTEN})|\b({_N}) (?:\w+ ){{0,3}}?(?:were|are|is|was|arrived|came) (?:\w+ )?(?:rotten|bad|mould\w*|dead|broken|spoil\w*|black|bruised)"
)
_TOTAL = re.compile(
    rf"({_N})\s*{_COUNTER}(?=,?{_ROTTEN}(?:有|大概)?\s*{_N})|(?:一共|总共|共|合计|全部|买了|订了|收到|一箱|本来|里面|total of)\s*(?:有|是)?\s*({_N})\s*{_COUNTER}|({_N})\s*{_COUNTER}?(?:里面?|中|当中)(?:就)?(?:有)?|\b({_N}) (?:out )?of (?:the |my )?({_N})\b|({_N}) in total"
)


_CHANGE = re.compile(r"换|改|\b(?:exchange|swap|change|replace|instead)")
_BARE_SIZE = re.compile(
    r"(?:换|改)(?:货|一?双|一?条|一?件|一?个)?(?:成|为|到|个|大|小)?\s*([2-5]\d(?:\.5)?)(?:的|吧|$|[,，。!])"
    r"|\b(?:for|to|into|in) (?:an? |the )?(?:size )?([2-5]\d(?:\.5)?)\b(?! ?(?:yuan|rmb|days?|hours?|%|percent|pieces|pcs|of))"
)


def extract(text: str, now: datetime, lang: Lang = "zh") -> Slots:
    """What `text` states. `now` (aware) is when it was written; `lang` the language of the talk, for one-letter sizes."""
    shown = safe(text)
    folded = mend(fold(text))
    found: dict[str, object] = {}
    shown, folded = _identifiers(shown, folded, found)
    _invoice(shown, found)
    if (address := _address(shown)) and not ("invoice_title" in found and "地址" not in shown):
        found["address"] = address
    if place := find_place(folded):
        found["region"], found["city"] = place
    if day := find_date(folded, now):
        found["date"] = day
    rest = _measures(folded, found)
    rest = _budget(rest, found)
    _amounts(rest, found)
    _counts(rest, found)
    _variants(folded, lang, found)
    found["everything"] = words.EVERYTHING.search(folded) is not None
    found["platform"] = _first(words.PLATFORMS, folded)
    found["reason"] = _first(words.REASONS, folded)
    found["condition"] = _conditions(folded)
    found["recipient"] = _first(words.RECIPIENTS, folded)
    found["needs"] = tuple(name for name, pattern in words.NEEDS if pattern.search(folded))
    return Slots.model_validate({name: value for name, value in found.items() if value is not None})


def _first(patterns: words.Patterns, folded: str) -> str | None:
    return next((name for name, pattern in patterns if pattern.search(folded)), None)


def _identifiers(shown: str, folded: str, found: dict[str, object]) -> tuple[str, str]:
    """Order number, tail, sku, e-mail, tax id; both texts come back without them, so that no digit is read twice."""
    if _TAX_CUE.search(shown) and (tax := _TAX.search(shown)):
        found["tax_id"] = tax[1].upper()
        shown = shown.replace(tax[0], " ")
    for name, pattern in (
        ("email", _EMAIL),
        ("sku", _SKU),
        ("order_id", _ORDER_NAMED),
        ("order_id", _ORDER),
        ("order_tail", _TAIL),
    ):
        if name not in found and (match := pattern.search(shown)):
            found[name] = next((group for group in match.groups() if group), match[0])
            shown = shown.replace(match[0], " ")
    shown = _PHONE.sub(" ", shown)
    if found or _PHONE.search(folded):
        folded = mend(fold(shown))
    return shown, folded


def _invoice(shown: str, found: dict[str, object]) -> None:
    for pattern in (_TITLE, _COMPANY):
        match = pattern.search(shown)
        if (
            match
            and not _TITLE_NOISE.search(match[1])
            and (pattern is _TITLE or re.search("发票|抬头|开票|invoice", shown, re.I))
        ):
            title = re.split(r"\s*(?:税号|谢谢|吧$|tax id)", match[1].strip(" 是为:：改成换"))[0]
            if len(title) >= 2:
                found["invoice_title"] = title
                return


def _address(shown: str) -> str | None:
    match = _ADDRESS.search(shown)
    if match and _ADDRESS_SHAPE.search(match[1]):
        return match[1].strip()
    return None


def _measures(folded: str, found: dict[str, object]) -> str:
    rest = folded
    if foot := _FOOT.search(rest):
        length = float(foot[1] or foot[3])
        found["foot_cm"] = _within(length / 10 if length > 60 else length, 8, 35)
        rest = rest.replace(foot[0], " ")
    for name, pattern in _GIRTH.items():
        if girth := pattern.search(rest):
            found[name] = _within(_girth(girth), 20, 200)
            rest = rest.replace(girth[0], " ")
    if pair := _PAIR.search(rest):
        height, weight = float(pair[1]), _weight(float(pair[2]), pair[3])
        if 120 <= height <= 200 and 20 <= weight <= 150:
            found["height_cm"], found["weight_kg"] = height, weight
            return rest.replace(pair[0], " ")
    height_found = _height(rest)
    if height_found:
        found["height_cm"], rest = height_found
    weighed = _WEIGHT.search(rest) if not _NOT_BODY.search(rest) else None
    weighed = weighed or _WEIGHT_NAMED.search(rest)
    if weighed and (value := number(weighed[1])) is not None:
        unit = weighed[2] if weighed.re is _WEIGHT else None
        found["weight_kg"] = _within(_weight(value, unit), 1, 250)
        rest = rest.replace(weighed[0], " ")
    return rest


def _height(text: str) -> tuple[float, str] | None:
    if match := _METRE.search(text):
        if match[3]:
            return round(float(match[3]) * 100, 1), text.replace(match[0], " ")
        metres, rest = number(match[1]), match[2]
        more = number(rest)
        if metres is not None and more is not None:
            cm = metres * 100 + (more * 10 if len(rest) == 1 else more)
            return cm, text.replace(match[0], " ")
    if match := _FEET.search(text):
        return round((int(match[1]) * 12 + int(match[2] or 0)) * 2.54, 1), text.replace(match[0], " ")
    if (match := _HEIGHT.search(text)) and 40 <= (cm := float(match[1] or match[2] or match[3])) <= 230:
        return cm, text.replace(match[0], " ")
    return None


def _weight(value: float, unit: str | None) -> float:
    """kg. Without a unit a figure of 85 and more is 斤, as people in China say it."""
    if unit is None:
        return value / 2 if value >= 85 else value
    if unit == "斤":
        return value / 2
    return round(value * 0.4536, 1) if unit.startswith(("lb", "pound")) else value


def _girth(match: re.Match[str]) -> float | None:
    value, unit = number(match[1]), match[2]
    if value is None:
        return None
    if unit == "尺":
        tail = match.groups()[2] if len(match.groups()) > 2 else None
        return round((value + (number(tail) or 0) / 10 if tail else value) * 33.33, 1)
    if unit == "寸":
        return round(value * 3.333, 1)
    return round(value * 2.54, 1) if unit and unit.startswith("in") else value


def _within(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None


def _fen(value: float | None) -> int | None:
    return None if value is None or value > 10_000_000 else round(value * 100)


def _groups(match: re.Match[str]) -> list[float | None]:
    return [number(group) for group in match.groups() if group]


def _budget(text: str, found: dict[str, object]) -> str:
    if match := _BUDGET_RANGE.search(text):
        values = [_fen(value) for value in _groups(match)]
        if len(values) == 2 and None not in values:
            found["budget_min"], found["budget_max"] = sorted(value for value in values if value is not None)
            return text.replace(match[0], " ")
    if match := _BUDGET_MAX.search(text):
        found["budget_max"] = _fen(_groups(match)[0])
        return text.replace(match[0], " ")
    if (match := _BUDGET_ABOUT.search(text)) and (value := _groups(match)[0]) is not None and value >= 10:
        found["budget_min"], found["budget_max"] = _fen(value * 0.8), _fen(value * 1.2)
        return text.replace(match[0], " ")
    return text


def _amounts(text: str, found: dict[str, object]) -> None:
    if match := _MONEY.search(text):
        symbol, code, yuan, jiao, mao = match.groups()
        value = number(symbol or code or yuan or "") if mao is None else None
        if value is not None:
            found["money"] = _fen(value + (number(jiao) or 0) / 10 if jiao else value)
        elif mao and (tenths := number(mao)) is not None:
            found["money"] = _fen(tenths / 10)
    elif (match := _MONEY_ASKED.search(text)) and (value := _groups(match)[0]) is not None:
        found["money"] = _fen(value)
    if _HALF.search(text):
        found["fraction"] = 0.5
    elif match := _PERCENT.search(text):
        found["fraction"] = _share(match)


def _share(match: re.Match[str]) -> float | None:
    percent, spelt, whole, part, tenths, english = match.groups()
    if english:
        return round(_SHARE[english], 4)
    if whole and part:
        under, over = number(whole), number(part)
        return round(over / under, 4) if under and over is not None else None
    value = number(percent or spelt or tenths or "")
    if value is None:
        return None
    share = value / 10 if tenths else value / 100
    return round(share, 4) if share <= 1 else None


def _counts(text: str, found: dict[str, object]) -> None:
    total = _TOTAL.search(text)
    whole = [value for value in _groups(total) if value is not None] if total else []
    bad = _BAD.search(text) or (None if len(whole) == 2 else _BAD_AFTER.search(text))
    if len(whole) == 2:
        found["count_bad"] = int(whole[0])
    elif bad and (value := _groups(bad)[0]) is not None:
        found["count_bad"] = int(value)
    if whole and total and "count_bad" in found and (bad is None or total.span() != bad.span()):
        found["count_total"] = int(whole[-1])
    if "count_bad" in found:
        return
    match = _QUANTITY.search(text)
    value = number(match[1]) if match else None
    if value is not None and (value >= 2 or _ONE_WANTED.search(text)):
        found["quantity"] = int(value)
    elif _ONE_WANTED.search(text):
        found["quantity"] = 1


def _variants(folded: str, lang: Lang, found: dict[str, object]) -> None:
    plain = words.NOT_A_COLOUR.sub(" ", folded)
    if "address" in found or "date" in found:
        plain = re.sub(r"\d+[号日]", " ", plain)
    if match := words.COLOUR.search(plain):
        colour = next(group for group in match.groups() if group)
        found["colour"] = colour if colour.endswith("色") else f"{colour}色"
    elif match := words.COLOUR_EN.search(plain):
        found["colour"] = match[1]
    if size := _size(plain, lang):
        found["size"] = size
    if change := _CHANGE.search(plain):
        meant = _size(plain[change.end() :], lang) or _bare_size(plain[change.start() :]) or size
        wanted = " ".join(str(value) for value in (found.get("colour"), meant) if value)
        found["target_variant"] = wanted or None


def _bare_size(text: str) -> str | None:
    """A figure alone as the size wanted: 换41的, swap them for a 41."""
    match = _BARE_SIZE.search(text)
    return match[1] or match[2] if match else None


def _size(text: str, lang: Lang) -> str | None:
    for match in words.SIZE.finditer(text):
        letter, shoe, named, word = match.groups()
        if word:
            return words.SIZE_WORDS[word]
        if letter:
            bare = letter in {"s", "m", "l"} and not match[0].endswith(("码", "号", "的"))
            if bare and lang == "en" and match.start() > 0 and text[match.start() - 1] in "'’":
                continue
            return letter.upper()
        if shoe or named:
            return (shoe or named).upper()
        return match[0]
    return None


def _conditions(folded: str) -> tuple[str, ...]:
    """The flags told. Words that an item is whole, with no flag beside them, count as tried on at most."""
    text = folded
    for pattern in (words.TAGS_ON, words.NOT_USED, words.INTACT_BOX):
        kept = words.CONDITIONS[0][1].search(text)
        text = pattern.sub(lambda found, kept=kept: found[0] if kept and kept[0] in found[0] else "。", text)  # type: ignore[misc]
    flags = tuple(name for name, pattern in words.CONDITIONS if pattern.search(text))
    whole = words.TAGS_ON.search(folded) or words.NOT_USED.search(folded)
    return flags or (("tried_on",) if whole else ())
