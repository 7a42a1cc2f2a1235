"""Synthetic clauses with questions whose right clause is known, for the side-by-side of retrievers.

A question names the time, the days, the goods, the matter and the duty of one rule; no other sentence holds all of
them. Each such rule stands three times, the hours apart: as it is in force, as it was until it expired, and as another
platform has it. Half of the questions say it in the words of the rule, half in those of customers. The rest of the
clauses are drawn from the same words, so that many share all but one, or all in two sentences.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from evals.bench_retrieval import GOODS, HOW, WHAT, WHEN, WHO
from knowledge.clauses import SHANGHAI, Clause, Place, Policy, Scope, Window
from knowledge.splitting import split

NOW = datetime(2026, 6, 1, 12, tzinfo=SHANGHAI)
HERE = Place(platform="taobao")
QUESTIONS = 100
PER_POLICY = 20
_CHANGED = datetime(2026, 1, 1, tzinfo=SHANGHAI)
_COLLOQUIAL = {
    "连衣裙": "裙子",
    "运动鞋": "跑鞋",
    "玉镯": "玉手镯",
    "车厘子": "大樱桃",
    "猫粮": "猫咪口粮",
    "婴儿车": "宝宝推车",
    "显示器": "电脑屏幕",
    "净水器": "净水机",
    "羽绒服": "羽绒衣",
    "面霜": "擦脸霜",
    "退货": "退掉",
    "换货": "换一件",
    "退款": "把钱退给我",
    "补发": "再寄一份",
    "开票": "开发票",
    "改地址": "换个收货地址",
    "催单": "催一下",
    "维修": "修一修",
    "价格保护": "补差价",
    "拒收": "不收了",
    "取件": "上门来拿",
    "举证": "证明东西有问题",
    "赔付": "赔钱",
    "核验": "验一验真假",
    "签收后": "收到以后",
    "发货前": "还没发货",
    "下单当天": "今天刚拍的",
    "大促期间": "双十一的时候",
    "节假日": "过节放假",
    "退回入库后": "退回去仓库收到了",
    "验货时": "开箱检查的时候",
    "预售期内": "还在预售",
    "上传照片": "拍照片发上来",
    "出具检测报告": "拿检验报告",
    "联系在线客服": "找客服",
    "保留吊牌": "留着吊牌",
    "填写运单号": "填快递单号",
    "按原路退回": "原路寄回去",
    "登记工单": "登记",
    "说明原因": "讲讲原因",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a customer asks, the number of the clause that answers, and those that say the same but do not apply."""

    text: str
    right: int
    elsewhere: frozenset[int]


@dataclass(frozen=True)
class Labelled:
    """Policies of twenty clauses, and the questions about some of them. Clauses are numbered in their order."""

    policies: tuple[Policy, ...]
    questions: tuple[Question, ...]

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(clause for policy in self.policies for clause in split(policy))

    @cached_property
    def may_answer(self) -> tuple[bool, ...]:
        """Whether each clause is in force at `NOW` for `HERE`."""
        return tuple(applies(policy) for policy in self.policies for _ in range(PER_POLICY))


_Rule = tuple[str, int, str, str, str]


def applies(policy: Policy) -> bool:
    """Whether the policy is in force at `NOW` for `HERE`."""
    return policy.window.contains(NOW) and policy.scope.covers(HERE)


def labelled(clauses: int, *, questions: int = QUESTIONS, seed: int = 11) -> Labelled:
    """`clauses` clauses and `questions` questions, both multiples of twenty; larger sets begin with the smaller ones.

    Raises `ValueError` when the rules asked about, three clauses each, do not fit.
    """
    if clauses % PER_POLICY or questions % PER_POLICY or clauses < 3 * questions:
        raise ValueError(f"{questions} questions need {3 * questions} of the {clauses} clauses, in policies of twenty")
    draw = random.Random(seed)  # noqa: S311 - test data
    rules: dict[_Rule, None] = {}
    while len(rules) < questions:
        rules[_rule(draw)] = None
    asked = list(rules)
    policies: list[Policy] = []
    found: list[Question] = []
    for start in range(0, questions, PER_POLICY):
        some, first = asked[start : start + PER_POLICY], len(policies) * PER_POLICY
        policies.extend(_three_versions(draw, start // PER_POLICY, some, rules))
        found.extend(_questions(some, first))
    while len(policies) * PER_POLICY < clauses:
        policies.append(_filler(draw, len(policies), rules))
    return Labelled(tuple(policies), tuple(found))


def _questions(rules: Sequence[_Rule], first: int) -> Iterator[Question]:
    for at, (when, days, goods, what, how) in enumerate(rules):
        said = [_COLLOQUIAL.get(word, word) if at % 2 else word for word in (goods, when, what, how)]
        text = f"{said[0]}{said[1]}{days}天要{said[2]}，是不是得{said[3]}"
        others = frozenset(first + version * PER_POLICY + at for version in (1, 2))
        yield Question(text, first + at, others)


def _three_versions(
    draw: random.Random, number: int, rules: Sequence[_Rule], reserved: dict[_Rule, None]
) -> Iterator[Policy]:
    """The policy in force, the one it replaced, and another platform's; in each the hours are its own."""
    title, seconds = f"售后规则{number}", [_free_sentence(draw, reserved) for _ in rules]
    for family, version, scope, window in (
        ("shop", "2026", Scope(), Window(_CHANGED, None)),
        ("shop", "2019", Scope(), Window(datetime(2019, 1, 1, tzinfo=SHANGHAI), _CHANGED)),
        ("jd", "2026", Scope(platforms=frozenset({"jd"})), Window(_CHANGED, None)),
    ):
        firsts = [_sentence(draw, rule) for rule in rules]
        pairs = zip(firsts, seconds, strict=True)
        yield _policy(f"{family}/asked-{number}", version, title, pairs=pairs, scope=scope, window=window)


def _filler(draw: random.Random, number: int, reserved: dict[_Rule, None]) -> Policy:
    """Every fifth is another platform's, every seventh has expired."""
    pairs = [(_free_sentence(draw, reserved), _free_sentence(draw, reserved)) for _ in range(PER_POLICY)]
    scope = Scope(platforms=frozenset({"jd"})) if number % 5 == 0 else Scope()
    window = Window(None, datetime(2020, 1, 1, tzinfo=SHANGHAI)) if number % 7 == 0 else Window()
    title = f"{draw.choice(GOODS)}{draw.choice(WHAT)}规则{number}"
    return _policy(f"shop/rule-{number}", "1", title, pairs=pairs, scope=scope, window=window)


def _policy(
    key: str, version: str, title: str, *, pairs: Iterable[tuple[str, str]], scope: Scope, window: Window
) -> Policy:
    body = "".join(f"## 第{i}条 {{#a{i}}}\n{one}{two}\n\n" for i, (one, two) in enumerate(pairs))
    return Policy(id=key, version=version, title=title, lang="zh", text=f"---\n---\n{body}", scope=scope, window=window)


def _rule(draw: random.Random) -> _Rule:
    return draw.choice(WHEN), draw.randint(1, 90), draw.choice(GOODS), draw.choice(WHAT), draw.choice(HOW)


def _free_sentence(draw: random.Random, reserved: dict[_Rule, None]) -> str:
    """A sentence about none of the rules that are asked about."""
    rule = _rule(draw)
    while rule in reserved:
        rule = _rule(draw)
    return _sentence(draw, rule)


def _sentence(draw: random.Random, rule: _Rule) -> str:
    when, days, goods, what, how = rule
    return (
        f"{when}{days}天内，{draw.choice(WHO)}可就{goods}申请{what}，"
        f"须{how}，由{draw.choice(WHO)}在{draw.randint(4, 93)}小时内{draw.choice(WHAT)}。"
    )
