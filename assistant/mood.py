# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""How the customer feels and what a person must see at once, by scored cues.

Signals only: a risk flag routes a talk and marks it for people; it never changes what a table decides, and words that
try to change rules are data like all others (DT-23 R7). Quoted words do not count as the customer's own.
"""

from __future__ import annotations

import re

from assistant.conversation import Mood, Risk
from assistant.goods import without_names
from knowledge.mending import mend
from knowledge.text import fold

_QUOTED = re.compile(r"[「『“\"《][^」』”\"》]{1,60}[」』”\"》]")
_NEGATED = re.compile(
    r"(?:不是|没有|并不|不会|不想|不要|别|没|不太?|不用|不至于|无意|(?:不是|没)(?:要|想)|\b(?:not|no|don'?t|didn'?t|won'?t|isn'?t|never|without)(?: \w+)?)\s*(?:很|太|真的?|要|想|去|在|是|so|very|that)*\s*$"
)
_FEELINGS: tuple[tuple[float, re.Pattern[str]], ...] = (
    (1.0, re.compile(r"担心|着急|急用|急死|急急|怎么办|害怕|好急|\b(?:worried|urgent(?:ly)?|concerned|anxious|asap)\b")),
    (2.0, re.compile(r"失望|投诉|无语|不满|生气|烦|郁闷|恼火|太慢|离谱|糟糕|坑(?!位|洞)|敷衍|搞什么|什么意思啊|到底|凭什么|过分|没人(?:理|管|回)|等了?(?:好久|半天|这么久|几天)|(?:第)?[三四五3-9]次(?:找|问|来)|\b(?:disappointed|complain\w*|annoy\w*|frustrat\w*|unacceptable|ridiculous|upset|unhappy|how long|again and again|waste of time|nobody (?:answers|replies))\b")),
    (3.0, re.compile(r"垃圾|骗子|骗人|忍无可忍|受够|恶心|气死|火大|黑店|坑人|太差劲?|态度(?:太)?(?:差|恶劣)|什么玩意|欺骗|耍我|耍人|忽悠|不要脸|无耻|\b(?:angry|furious|outrag\w*|scam(?:mers?)?|liars?|disgust\w*|terrible|awful|horrible|worst|fed up|pathetic)\b")),
    (5.0, re.compile(r"傻[逼比叉x]|煞笔|他妈的(?!生日|订单|手机|衣服|账号)|(?<![妈我她他你咱婆])妈的|你妈的(?!生日|订单)|操你|草泥马|去死|滚蛋|^滚|混蛋|王八|脑残|智障|狗东西|畜生|\b(?:fuck\w*|f\*+|shit|idiots?|morons?|bastards?|assholes?|bullshit|stupid (?:bot|robot|company|shop|people|agent))\b")),
)  # fmt: skip
_THREAT = re.compile(r"(?<!\d)12315(?!\d)|起诉|法院|曝光|差评|举报|\b(?:sue|lawyer|court|expose|one[- ]star)\b")
_SHOUT = re.compile(r"[!！]{2,}|[?？]{3,}|(?<![A-Z])[A-Z]{2,}(?:[ ,'!]+[A-Z]{2,}){2,}")
_ANGRY_FACE = re.compile("[😡🤬😠👿💢]")
_SAD_FACE = re.compile("[😢😭😞😟🥺]")

_RISKS: tuple[tuple[Risk, re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        "12315",
        re.compile(
            r"(?<!\d)123[14]5(?!\d)|一二三一五|消协|消费者(?:权益)?(?:保护)?协会|消保委|工商局|工商所|市场?监管?(?:局|所)|市监局?|质监局|监管部门|有关部门|主管部门|起诉|告你们|告上法|法院(?!地址)|法庭|律师(?!事务所(?:的)?(?:发票|抬头))|打官司|走法律|法律途径|黑猫投诉|仲裁委|举报你|去举报"
            r"|\b(?:lawyers?|solicitor|attorney|lawsuit|sue you|sue|small claims|in court|court(?: case| order)|legal action|regulators?|authorities|consumer (?:association|protection)|trading standards)\b"
        ),
        re.compile(r"平台规则|收货|送到法院|送律师|礼物|发票抬头|羽毛球|\b(?:tennis|basketball|food|hotel) court\b"),
    ),
    (
        "media",
        re.compile(
            r"曝光(?!度|模式|时间|补偿|量)|记者|媒体|电视台|上热搜|(?:发|上|挂)(?:到|在)?(?:小红书|抖音|微博|快手|朋友圈|网上)|315晚会|网红.{0,4}(?:发|曝)"
            r"|\b(?:journalists?|the press|the media|newspaper|go viral|social media|tiktok|twitter|expose (?:you|your|this))\b"
        ),
        re.compile(r"多媒体|流媒体|自媒体(?:账号|专用|设备)|媒体播放|抖音(?:上)?(?:看到|买|同款|直播间)|小红书(?:上)?(?:看到|推荐|种草|同款)|saw (?:it|this) on|media player"),
    ),
    (
        "safety",
        re.compile(
            r"拉肚子|上吐下泻|呕吐|食物中毒|中毒|腹泻|冒烟|着火|起火|爆炸|炸了|炸伤|触电|电到|漏电|火花|自燃|烧起来|(?:进|去|送|住)(?:了)?(?:医院|急诊|院)|急诊|烫伤|受伤|割伤|划伤|骨折|流血|烧伤|烂脸|毁容|过敏了|过敏反应|红肿|窒息|误吞|玻璃渣|煤气泄漏|漏气|不想活|自杀|轻生|活不下去"
            r"|\b(?:food poison\w*|poisoned|hospital\w*|emergency room|electric shock|electrocut\w*|caught fire|on fire|explod\w*|burn(?:ed|t) (?:my|me|her|him)|smoke (?:came|coming)|allergic reaction|vomit\w*|injur\w+|swollen|choked|suicide|kill myself|gas leak\w*)\b"
        ),
        re.compile(
            r"会不会|(?:会|容易|能)(?:不会)?(?:过敏|爆炸|漏电|着火|触电|冒烟|中毒|烫伤|受伤)(?:吗|么|不)|怕(?:烫|漏|着火|过敏|受伤)|防(?:漏电|爆|火|烫|过敏|触电|割|划)|医院(?:地址|收)|送(?:到|去)医院(?:前台|门口|\w{0,4}收)|爆炸(?:盐|头|好)"
            r"|\b(?:will it|could it|does it|is it safe|prevent|avoid|hospital (?:address|gift))\b|(?:小狗|小猫|狗狗|猫咪|仓鼠|兔子|幼犬).{0,8}(?:呕吐|腹泻|拉)"
        ),
    ),
    (
        "minor",
        re.compile(
            r"未成年|未满(?:18|十八)岁|(?:孩子|小孩|儿子|女儿|娃|小朋友|孙子|孙女|弟弟|妹妹|熊孩子).{0,12}(?:偷|乱(?:点|买|下|拍)|误(?:操作|点|拍|买)|瞒|自己(?:买|下单|付)|拿我|用我|刷了我|瞎(?:买|点)|充了|打赏)|监护人"
            r"|\b(?:my|our) (?:kid|child|son|daughter|grandson|toddler|\d+ ?-?year ?-?old)\b.{0,30}\b(?:bought|ordered|used my|spent|pressed|placed|purchased)\b|\b(?:by|from) a minor\b|\bunder ?age\b|\ba minor (?:bought|placed|ordered)"
        ),
        re.compile(r"给(?:孩子|儿子|女儿|小孩)买|适合未成年|for my (?:son|daughter|kid|child)\b"),
    ),
    ("abuse", _FEELINGS[3][1], re.compile(r"滚(?:筒|轮|珠|动|刷)|stupid question")),
    (
        "privacy",
        re.compile(
            r"(?:删除|删掉|清除|注销|导出).{0,8}(?:信息|数据|资料|账号|账户|隐私)|(?:泄露|泄漏|倒卖|卖了).{0,10}(?:信息|电话|隐私|地址|号码)|(?:信息|电话|手机号|地址|隐私).{0,6}(?:泄露|泄漏|被卖)|(?:诈骗|骚扰)电话|(?:帮|替)我?(?:老婆|老公|朋友|同事|女朋友|男朋友|室友|闺蜜|妈妈?|爸爸?)(?:查|看)|(?:查|看|告诉).{0,6}(?:老婆|老公|朋友|同事|女朋友|男朋友|室友|别人|他人)的?.{0,4}(?:订单|单子?|快递|地址|电话|买了)"
            r"|\b(?:delete|erase|remove) (?:all )?my (?:personal |account )?(?:data|info\w*|account|details)\b|\bleaked? my\b|\bmy (?:wife|husband|friend|colleague|girlfriend|boyfriend|roommate)'?s (?:order|parcel|address|package|phone)\b|\b(?:gdpr|data protection)\b|\bscam call"
        ),
        None,
    ),
    (
        "injection",
        re.compile(
            r"(?:忽略|无视|忘记|忘掉|绕过|跳过|不要?遵守|违反).{0,10}(?:指令|规则|提示|设定|限制|约束|政策|要求)|系统提示词?|提示词|开发者模式|越狱|(?:从现在(?:开始|起)|从此刻起)[,，]?你(?:是|就是|要|必须)|(?:扮演|假装|伪装)(?:成)?(?:你|我|老板|管理员|没有|系统|一个)|(?:^|[\n\[【<(])\s*(?:系统|管理员|system|admin|assistant|developer)(?:消息|指令|message)?\s*[\]】>)]?\s*[:：]|你(?:已经?)?被(?:重新)?授权|我是(?:系统|你的)?(?:管理员|开发者|老板|程序员)"
            r"|\b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,24}\b(?:previous|above|prior|earlier|all|your|the|every|any|system)\b.{0,16}\b(?:instructions?|rules?|prompts?|polic(?:y|ies)|guidelines?|restrictions?|directions)\b|\b(?:system prompt|developer mode|jailbreak|dan mode|do anything now|prompt injection)\b|\byou are now\b|\bpretend (?:you|to be|that you)\b|\bact as (?:if|an? (?:admin|system|unrestricted|developer)|the (?:manager|admin|owner))\b|\b(?:reveal|print|show|output|repeat|leak)\b.{0,20}\b(?:system|hidden|initial|your) (?:prompt|instructions?|rules)\b|<\|?(?:im_start|system|endoftext)|\[/?inst\]"
        ),
        None,
    ),
    (
        "off_platform",
        re.compile(
            r"加(?:我|你|个|一下)?(?:的)?(?:微信|qq|vx|威信|薇信|v信)|(?:微信|vx|v信|威信|qq)(?:号)?(?:多少|发我|给我|联系|聊|转账|转给|私聊|私下)|私下(?:转账|交易|退|给|付|联系)|(?:转|打|退)(?:到|给)?(?:我)?(?:的)?(?:微信|银行卡|支付宝账号|个人账户)|线下(?:交易|付款|转账)|绕开平台|不走平台|平台外"
            r"|\b(?:add (?:me|you)r? on|contact me on|message me on|pay (?:you )?(?:via|by|through)|transfer (?:it )?(?:to|via)) (?:my |your )?(?:wechat|whatsapp|telegram|line|paypal directly|bank account)\b|\boutside (?:the|of the) platform\b|\boff[- ]platform\b|\byour (?:wechat|whatsapp)\b"
        ),
        re.compile(r"(?:能|可以|支持|怎么|用)(?:用)?微信(?:支付|付)|微信支付|公众号|小程序"),
    ),
)  # fmt: skip

_LEVELS: tuple[tuple[float, Mood], ...] = ((5.0, "very_angry"), (3.5, "angry"), (2.0, "annoyed"), (1.0, "worried"))


def read_mood(text: str) -> tuple[Mood, tuple[Risk, ...]]:
    """The mood of one message and the risks it shows, in a fixed order of gravity."""
    shown = _QUOTED.sub(" ", text)
    folded = without_names(mend(fold(shown)))
    return _mood(shown, folded), risks_in(folded)


def risks_in(folded: str) -> tuple[Risk, ...]:
    """Risk flags of folded text without its quotations."""
    return tuple(
        risk
        for risk, pattern, unless in _RISKS
        if _own_words(pattern, folded) and not (unless is not None and unless.search(folded))
    )


def _own_words(pattern: re.Pattern[str], folded: str) -> int:
    """How many matches stand without a negation right before them."""
    return sum(1 for found in pattern.finditer(folded) if not _NEGATED.search(folded[: found.start()]))


def _mood(shown: str, folded: str) -> Mood:
    score = 0.0
    for weight, pattern in _FEELINGS:
        hits = _own_words(pattern, folded)
        if hits:
            score += weight + 0.5 * min(hits - 1, 2)
    if _own_words(_THREAT, folded):
        score += 2.0
    if _SHOUT.search(shown):
        score += 1.0
    score += 3.0 * bool(_ANGRY_FACE.search(shown)) + 1.0 * bool(_SAD_FACE.search(shown))
    return next((mood for least, mood in _LEVELS if score >= least), "calm")
