"""The words of scope as people write them, and the one that policies and orders use: 淘宝 → taobao, 上海市 → 上海."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

from knowledge.clauses import Audience, Place
from knowledge.text import fold, word_list

Axis = Literal["platforms", "regions", "categories"]

PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "taobao": ("淘宝",),
    "tmall": ("天猫",),
    "jd": ("京东",),
    "1688": ("1688",),
    "pdd": ("拼多多",),
    "douyin": ("抖音",),
    "kuaishou": ("快手小店",),
    "xiaohongshu": ("小红书",),
}
"""Platforms, and what a text calls them."""

PROVINCES: Mapping[str, str] = {
    "北京": "beijing", "上海": "shanghai", "天津": "tianjin", "重庆": "chongqing", "河北": "hebei", "山西": "shanxi",
    "辽宁": "liaoning", "吉林": "jilin", "黑龙江": "heilongjiang", "江苏": "jiangsu", "浙江": "zhejiang",
    "安徽": "anhui", "福建": "fujian", "江西": "jiangxi", "山东": "shandong", "河南": "henan", "湖北": "hubei",
    "湖南": "hunan", "广东": "guangdong", "海南": "hainan", "四川": "sichuan", "贵州": "guizhou", "云南": "yunnan",
    "陕西": "shaanxi", "甘肃": "gansu", "青海": "qinghai", "内蒙古": "inner mongolia", "广西": "guangxi",
    "西藏": "tibet", "宁夏": "ningxia", "新疆": "xinjiang", "香港": "hong kong", "澳门": "macau", "台湾": "taiwan",
}  # fmt: skip
"""Provinces as orders name them, and their names in Latin letters."""

_OF_PROVINCE = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|地区)$")


@cache
def category_words() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Categories, and the words that name each."""
    rows = (line.split("|", 1) for line in word_list("categories"))
    return tuple((name.strip(), tuple(words.split())) for name, words in rows)


def scope_word(axis: Axis, word: str) -> str:
    """`word` as policies write it; one that is not known stays as it is."""
    plain = fold(word).strip()
    bare = _OF_PROVINCE.sub("", plain) if axis == "regions" else plain
    return _names(axis).get(bare, word.strip())


def unknown_words(axis: Axis, words: Iterable[str], also: Iterable[str] = ()) -> list[str]:
    """Those of `words` that neither this module nor `also` names."""
    known = {*_names(axis).values(), *also}
    return [word for word in words if word not in known]


def place_of(
    platform: str | None = None,
    region: str | None = None,
    category: str | None = None,
    channel: str | None = None,
    audience: Audience = "customer",
) -> Place:
    """The place that a person names, in the words of policies."""
    return Place(
        scope_word("platforms", platform) if platform else None,
        scope_word("regions", region) if region else None,
        scope_word("categories", category) if category else None,
        channel or None,
        audience,
    )


@cache
def _names(axis: Axis) -> dict[str, str]:
    match axis:
        case "platforms":
            pairs = [(name, words) for name, words in PLATFORMS.items()]
        case "regions":
            pairs = [(name, (latin,)) for name, latin in PROVINCES.items()]
        case "categories":
            pairs = list(category_words())
    return {fold(word): name for name, words in pairs for word in (name, *words)}
