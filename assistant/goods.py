# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Names of goods that hold words of harm, trouble or animals: 空气炸锅, 火锅底料, 狗粮, dog leash, fire pit.

A thing for sale is no report: before risks and intents are read, the telling part of such a name is taken out, so that
`空气炸锅炸了` still tells of an explosion and `空气炸锅` does not. Patterns over folded text.
"""

from __future__ import annotations

import re

_ANIMAL = r"(?:小|大|流浪)?(?:狗狗?|犬|猫咪?|宠物|仓鼠|兔子?|鹦鹉|乌龟|龙猫|金鱼|鱼|鸟)(?:用|专用|的)?"
_FOR_ANIMALS = (
    r"粮|砂|盆|窝|垫|床|牵引|绳|链|胸背|项圈|玩具|衣服?|雨衣|鞋|笼|爬架|抓板|抓柱|罐头|条|零食|缸|尿垫|尿布|碗|厕所|梳|奶粉|饮水|喂食|推车|背包"
    r"|包(?!活|赔|健康|疫苗|治)|耳朵|周边|图案|印花|造型|玩偶|抱枕|竿|料|药|沐浴|香波|指甲"
)
_BEFORE_GOODS: tuple[tuple[str, str], ...] = (
    (r"(?:油|现)?炸", r"锅|鸡|串|薯|酱|物|篮|虾|酥|弹(?:造型|蜡烛|香薰|浴|玩具|盒)"),
    (r"(?<![着起发失冒灭])火", r"锅|腿|龙果|柴|机(?!炸|爆)|山|烈鸟|车|炬|鸡面|漆"),
    (r"(?<![引会要就])爆", r"款|米花|汁|浆|珠|辣|炒|品"),
    (r"毒", r"刺|液(?:联名|侠)|舌|蛇"),
    (r"血", r"橙|压|糖|氧|燕|豆腐|丝(?:手|玉)"),
    (r"死", r"海|飞|侍"),
    (r"(?:中毒|意外|地震)?急救", r"包|箱|手册|毯|指南|卡"),
    (r"防(?:火|爆|毒|烫伤?|触电|漏电|过敏|割|划伤?|刮|摔|电)", r"\w"),
    (r"灭火", r"器|毯|弹"),
    (r"烟", r"灰|熏|嘴|酰|机|花"),
    (r"垃圾", r"桶|袋|箱|铲|处理器"),
    (r"傻瓜", r"相机|式|机"),
    (r"滚", r"轮|筒|珠|刷|动"),
    (r"电击?", r"蚊拍|击玩具"),
    (r"臭", r"豆腐|鳜鱼|臭泥"),
    (r"碎", r"花|冰机|钻|纸机|肉机|银子"),
    (r"破洞", r"牛仔|裤|款|设计|t恤"),
    (r"漏", r"勺|斗|电保护"),
    (r"退(?:热|烧)", r"贴|药"),
    (r"换(?:鞋|衣)", r"凳|篮|垫"),
    (r"补(?:水|光|妆|墙|铁|钙)", r"\w"),
    (r"修(?:护|身|眉|容|正带|复霜)", r"\w"),
    (r"红包", r"封面|袋|壳"),
    (r"医用|医院", r"口罩|同款|床|级|护"),
    (
        r"(?:法院|法庭|律师|医院|急诊|差评|投诉|举报|中毒|爆炸|炸弹|骨折|毒药|自杀|流血|骗局|骗子|起诉|记者|媒体|警察|消防|僵尸|死神|骷髅|地狱)(?:热线|防范|预防|急救|指南|君|者|员)?(?:风格?的?)?",
        r"同款|造型|主题|题材|系列|联名|图案|贴纸|手册|模型|玩具|袍|制服|服装|这本|的书|书|玩偶|蜡烛|卡牌|桌游|t恤|桌牌|摆件|面具|徽章",
    ),
)
_ZH = re.compile(
    "|".join(
        [
            rf"{_ANIMAL}(?={_FOR_ANIMALS})",
            *(rf"{word}(?={goods})" for word, goods in _BEFORE_GOODS),
        ]
    )
)
_ANIMALS_EN = r"(?:dog|cat|puppy|kitten|pet|hamster|rabbit|bunny|parrot|bird|fish|guinea pig|whale|shark)(?:'?s|s)?"
_FOR_ANIMALS_EN = (
    r"leash|leads?|harness|bed|bowls?|collars?|tree|toys?|food|crate|pads?|wheel|tank|cage|house|carrier|coat|jacket"
    r"|sweater|clothes|treats?|litter|scratcher|brush|shampoo|gate|door|flap|blanket|mat|ramp|stroller|fountain|feeder"
    r"|tags?|print|plush|backpack|bag|costume|supplement|kibble|seat|camera|eye"
)
_BEFORE_GOODS_EN: tuple[tuple[str, str], ...] = (
    (r"fire", r"pit|extinguisher|place|blanket|alarm|truck|stick|tv|wood|starter|opal|guard|hose"),
    (r"poison", r"ivy|oak|dart frog"),
    (r"smok(?:e|y|ey|ed|er|ing)", r"gr[ae]y|black|blue|detector|alarm|salmon|grill|paprika|cheese|quartz|eye|glass|tube|chips"),
    (r"(?:(?:snake|dog) bite )?(?:first[- ]aid|emergency)", r"kit|box|blanket|light|guide|bag|pouch"),
    (r"exploding", r"kittens|box|card|head"),
    (r"killer", r"whale|heels"),
    (r"hospital", r"bag|corner|bed|grade|gown|checklist"),
    (r"burnt", r"orange|umber|sienna|sugar|red"),
    (r"swell", r"(?:water )?bottles?|tumbler"),
    (r"(?:tennis|basketball|food|hotel)? ?court", r"shoes?|sneakers?|heels?"),
    (r"blood", r"oranges?|pressure|glucose|oxygen|sugar|red"),
    (r"dead", r"sea|lift|pool|bolt"),
    (r"(?:shock|flash)", r"absorb\w*|proof|collar"),
    (r"(?:bath|sex|cherry) bombs?", r"\b"),
    (r"broken", r"planet|hearts?|english"),
    (r"injury prevention", r"tape|brace|guide|book"),
    (r"idiot'?s", r"guide"),
    (r"bleed(?:s|ing)?", r"colou?r|dye"),
    (r"murder mystery|zombie|skull", r"game|mask|plush|mug|book|party"),
)  # fmt: skip
_EN = re.compile(
    "|".join(
        [
            rf"\b{_ANIMALS_EN} (?=(?:{_FOR_ANIMALS_EN})\b)",
            *(rf"\b{word} ?(?=(?:{goods}))" for word, goods in _BEFORE_GOODS_EN),
        ]
    )
)


def without_names(folded: str) -> str:
    """`folded` with the misleading part of each name of goods taken out: 空气炸锅 → 空气锅, dog leash → leash."""
    return _EN.sub("", _ZH.sub("", folded))
