# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Words that fill a slot: reasons, conditions, colours, recipients, needs, platforms. Patterns over folded text.

Condition and reason values are those the decision tables know. Within a group all that match are taken, each guarded
by its own negations.
"""

from __future__ import annotations

import re

Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def _patterns(**words: str) -> Patterns:
    return tuple((name, re.compile(pattern)) for name, pattern in words.items())


CONDITIONS: Patterns = _patterns(
    unopened=r"(?:没|未|还没|尚未|没有|从没|原封)(?:有)?(?:拆|开)(?:封|包|过|开|箱|动)?|原封不动|全新未拆|\b(?:unopened|still sealed|haven'?t (?:been )?opened|not (?:been )?opened|never opened)\b",
    opened=r"(?<![没未不])(?<!没有)(?:拆(?:开|封|了|过)|打开(?:看|了|过)|开封(?:了|过)|拆包)|\b(?<!un)(?<!never )(?<!not )(?<!haven't )opened (?:it|the|and)|\bi(?:'ve| have)? opened\b",
    tried_on=r"(?<!没)(?<!没有)(?<!未)(?:试(?:穿|戴|了(?:一)?下|过)|穿(?:上|了)?(?:试|一下)|上身试)|\btried (?:it|them|the \w+) on\b|\btried on\b",
    tag_removed=r"(?:吊牌|标签|挂牌|牌子)(?:都|已经|已|被我)?(?:给)?(?:剪|拆|撕|扯|丢|扔|掉|没有了|没了|不见|不在)|(?:剪|拆|撕|扯)(?:掉|了|下)(?:了)?(?:吊牌|标签|挂牌)|没(?:有)?吊牌|(?:cut|took|removed|tore|threw) (?:off |out )?(?:the )?tags?|tags? (?:is|are|was|were) (?:off|removed|cut|gone)|without (?:the )?tags?",
    label_cut=r"(?:水洗标|洗标|水洗唛|领标)(?:被|也|已经|给|都|我)*(?:剪|拆|撕)|剪(?:了|掉)(?:水洗标|洗标|领标)|cut (?:off |out )?the (?:care|wash|sewn.in) label",
    soiled=r"(?:弄|蹭|沾)(?:脏|上)|(?:有|沾了|蹭了|都是)(?:污渍|汗渍|油渍|粉底|口红印|香水味|烟味|污迹)|脏了|\b(?:stained|soiled|dirty|stain on it)\b",
    damaged=r"(?:我|自己|不小心)(?:给|把)?.{0,6}(?:弄坏|摔坏|磕坏|划破|剪破|撕破|摔碎|弄破|勾丝)|人为损坏|\bi (?:broke|damaged|dropped|tore|scratched) it\b",
    seal_broken=r"(?:封口|塑封|密封|防伪|封条|一次性)(?:贴|条|膜|标)?(?:已经|都|被|也|我)*(?:撕|拆|破|开|没)|(?:撕|拆)(?:了|掉|开)(?:封条|塑封|封口|防拆|防伪)|broke(?:n)? the seal|seal (?:is |was )?broken",
    activated=r"(?<!没)(?<!未)(?<!没有)(?:激活(?:了|过)?|联网(?:了|过)|登录过|绑定(?:了|过))|\b(?<!not )(?<!never )(?:activated|registered the device)\b",
    repaired=r"(?:自己|找人|外面|私自)(?:拆机|修|维修)(?:了|过)?|拆机|(?<!没)修过|\b(?:had it repaired|repaired it myself)\b",
    marks_removed=r"(?:序列号|串号|sn码|条码|二维码|imei)(?:标|贴|纸)*(?:被)?(?:撕|刮|没|掉|看不清)|(?:serial number|imei|barcode) (?:is )?(?:removed|gone|scratched)",
    used=r"(?<!试)(?<!不)(?<!赠品)(?<!没)(?<!没有)(?<!未)(?<!从未)(?<!没怎么)(?:用过|用了|穿过|戴过|洗过|洗了|水洗了|下水|吃了|喝了|穿了)|(?:were|have|i've|was|been) (?:used|worn|washed)|\bi (?:wore|washed|used) it\b",
    box_missing=r"(?:盒子|包装(?:盒)?|鞋盒|箱子|外包装|原包装)(?:都|也|已经|被|我|给|早就)*(?:扔|丢|没(?:有|了)?|不在|不见|找不到|破)|(?:扔|丢)(?:了|掉)(?:盒子|包装|鞋盒|箱子)|(?:threw (?:away|out)|lost|no|without)(?: the| its)? (?:original )?(?:box|packaging)",
    gift_missing=r"赠品(?:都|也|已经|被|我|给)*(?:用|拆|扔|丢|不见|没(?:有|了)|吃|送人)|(?:used|lost|threw away)(?: the)? (?:free )?gift",
)
TAGS_ON = re.compile(
    r"(?:吊牌|标签|挂牌)(?:和|跟|、)?(?:包装盒?|盒子|标签|配件)?(?:什么的)?(?:都|全|还|也|一直|没剪|没拆)*(?:在(?!哪)|没(?:有)?(?:剪|拆|撕|动|摘|掉)|未剪|未拆|完好|齐全)|没(?:有)?(?:剪|拆|撕)(?:吊牌|标签|过吊牌)"
    r"|tags? (?:are |is )?(?:still )?(?:on|attached)|(?:haven'?t|didn'?t|not) (?:removed?|cut)(?: off)? (?:the )?tags?"
)
NOT_USED = re.compile(
    r"(?:没|未|没有|从没|从未|还没|都没|一次没)(?:怎么|有)?(?:(?:用|穿|戴|洗|使用|试|激活|上身|下水)过|穿|戴|洗|使用|激活|上身|下水)|全新的?(?:没|未)"
    r"|\b(?:never|not|haven'?t|hasn'?t|didn'?t)(?: been| even)? (?:used?|worn|wear|washed|activated)\b|\b(?:unused|unworn|brand new)\b"
)
INTACT_BOX = re.compile(r"(?:盒子|包装|鞋盒|赠品)(?:都|还|也)*(?:在|完好|齐全|没(?:有)?(?:扔|丢|动|拆|破|用))")

REASONS: Patterns = _patterns(
    missing_part=r"(?:少|漏|缺)(?:发|了|件|配件|零件|个|一)|配件不全|\bmissing (?:part|piece|item|screw|accessor)",
    duplicate=r"(?:拍|买|下)(?:重|多)了|重复(?:下单|购买|拍)|多拍|\b(?:ordered|bought) (?:it |this )?(?:twice|two by mistake)|duplicate order",
    wrong_variant=r"(?:拍|选|买|下)错(?:了)?(?:颜色|款|型号|口味|规格)|(?:picked|ordered|chose) the wrong (?:colou?r|model|flavou?r|variant)",
    wrong_size=r"(?:尺码|大小|尺寸|码)(?:数)?(?:不(?:合适|对|合)|偏|拍错|选错)|(?:太|偏|有点|有些)(?:大|小(?!瑕|毛|问|划|污|破|贵)|长|短|紧|松|肥|宽|挤)|(?:大|小)(?:了)?(?:一|半)码|(?<!大)小了|大了(?!吧)|挤脚|不合身|too (?:big|small|tight|loose|long|short)|wrong size|doesn'?t fit|didn'?t fit",
    too_slow=r"(?:太|这么|发货|物流|快递)慢|等(?:不及|太久|不了)|(?:还|一直)(?:没|不)发货|来不及|taking too long|too slow|waited too long|can'?t wait",
    cheaper_elsewhere=r"(?:别家|其他店|别处|拼多多|外面|实体店|另一家|其他地方)(?:更|才|卖得|比)?.{0,6}便宜|买贵|cheaper (?:elsewhere|at|somewhere|in another)|found it cheaper",
    price_drop=r"降价|掉价|price (?:dropped|drop|went down)",
    small_flaw=r"小(?:瑕疵|毛病|问题|划痕|污点|破损)|(?:有点|一点|轻微)(?:瑕疵|划痕|脏|掉漆|色差|线头)|\b(?:small|minor|little|slight) (?:flaw|scratch|stain|defect|mark|dent)",
    quality=r"质量(?:有)?(?:问题|太差|不好|差)|(?<!没)坏(?:了|的|掉)|破洞|破了|(?:有|破)了?(?:个|一个)?洞|没(?:有)?(?:声音|反应|信号)|不(?:亮|制冷|通电)|开线|开胶|漏水|黑屏|死机|不能用|用不了|开不了机|充不进|裂(?:开|了|缝)|掉色|褪色|缩水|变形|脱线|异响|生锈|(?:异|臭|怪|霉)味|起球|断了|\b(?:defective|faulty|broken|torn|stopped working|doesn'?t work|(?:does|is|are|do)(?: not|n'?t) work(?:ing)?|no (?:sound|power|signal|picture)|smell(?:s|ed)? (?:\w+ )?(?:bad|awful|weird|strange|terrible|off)|poor quality|a hole)\b",
    not_as_expected=r"(?:和|跟|与)?(?:想象|描述|图片|预期|照片|页面)(?:的|中)?.{0,4}(?:不(?:一样|符|同)|差)|色差|不好看|显(?:胖|黑|老)|效果(?:一般|不好|不行)|不如预期|not (?:what i|as) (?:expected|described|pictured|imagined)|looks? different",
    changed_mind=r"不(?:喜欢|想要|要了|需要|想买)|后悔|用不(?:上|着)|changed? my mind|(?:don'?t|no longer) (?:want|need|like)|didn'?t like",
)  # fmt: skip

COLOURS = {
    "黑": "black", "白": "white", "红": "red", "蓝": "blue", "绿": "green", "黄": "yellow", "灰": "gray", "粉": "pink",
    "紫": "purple", "棕": "brown", "咖": "brown", "米": "beige", "橙": "orange", "银": "silver", "金": "gold", "卡其": "khaki",
    "藏青": "navy", "藏蓝": "navy", "杏": "apricot", "驼": "camel", "墨绿": "dark green", "酒红": "burgundy", "天蓝": "sky blue",
    "浅灰": "light gray", "深灰": "dark gray", "奶白": "cream", "雾蓝": "haze blue", "军绿": "army green",
}  # fmt: skip
_COLOUR_NAMES = "|".join(sorted(COLOURS, key=len, reverse=True))
COLOUR = re.compile(
    rf"((?:浅|深|亮|暗|奶|雾霾|燕麦)?(?:{_COLOUR_NAMES})色)|(?:换|改|要|拍|买|选)(?:成|个|了|件|双)?({_COLOUR_NAMES})(?:的|$)|({_COLOUR_NAMES})的"
)
COLOUR_EN = re.compile(
    r"\b(black|white|red|blue|green|yellow|gr[ae]y|pink|purple|brown|beige|orange|silver|gold|khaki|navy|camel|cream|burgundy)\b"
)
NOT_A_COLOUR = re.compile(
    r"掉色|褪色|色差|变色|(?:几种|什么|哪个|其他)颜色|red packet|黑色星期五|black friday|yellow pages|green tea|绿茶|红包|黄金|白条|白酒|红茶"
)
SIZE = re.compile(
    r"(?<![a-z0-9])([2-6]?x{0,4}[sl]|m)(?:码|号|的)?(?![a-z0-9])|(?<![\d月路街道弄])((?:1[5-9]|[2-5]\d)(?:\.5)?)(?:码|号(?!楼|单元|之前|发|到|前))|(?:均|中|大|小|加大)码"
    r"|\b(?:size|sizes) (\d{1,3}(?:\.5)?|x{0,4}[sl]|m)\b|(?<!too )(?<!so )(?<!very )(?<!bit )(?<!quite )(?<!little )(?<!is )(?<!are )\b(small|medium|large|extra large)\b"
)
SIZE_WORDS = {"small": "S", "medium": "M", "large": "L", "extra large": "XL"}

PLATFORMS: Patterns = _patterns(
    tmall=r"天猫|\btmall\b", taobao=r"淘宝|\btaobao\b|(?<![a-z])tb(?![a-z])", jd=r"京东(?!快递|物流|派)|\bjd(?:\.com)?\b(?! express| logistics)",
    **{"1688": r"1688|阿里巴巴|诚信通"}, pdd=r"拼多多|\bpinduoduo\b", douyin=r"抖音|\bdouyin\b",
)  # fmt: skip
RECIPIENTS: Patterns = _patterns(
    mother=r"(?:我)?妈(?:妈)?|母亲|婆婆|丈母娘|\b(?:mum|mom|mother)\b", father=r"(?:我)?爸(?:爸)?|父亲|岳父|公公|\b(?:dad|father)\b",
    elder=r"爷爷|奶奶|外公|外婆|老人|长辈|姥姥|姥爷|\b(?:grand(?:ma|pa|mother|father)|elderly|senior)\b",
    girlfriend=r"女朋友|女友|对象|老婆|媳妇|妻子|\b(?:girlfriend|wife)\b", boyfriend=r"男朋友|男友|老公|丈夫|\b(?:boyfriend|husband)\b",
    child=r"孩子|宝宝|小孩|儿子|女儿|娃|小朋友|\b(?:kids?|child(?:ren)?|bab(?:y|ies)|toddler|son|daughter)\b",
    friend=r"朋友(?!圈)|闺蜜|同学|室友|\bfriend\b", colleague=r"同事|领导|客户|老板(?!,|，|便宜|能|可)|老师|\b(?:colleague|boss|teacher|client)\b",
    pet=r"狗狗?|猫(?:咪)?|宠物|\b(?:dog|cat|pet|puppy|kitten)\b", self=r"自己(?:用|穿|戴|吃|喝)|自用|\bfor my ?self\b",
)  # fmt: skip
NEEDS: Patterns = _patterns(
    sensitive_skin=r"敏感肌|敏感皮|过敏体质|\bsensitive skin\b", oily_skin=r"油皮|油性|\boily\b", dry_skin=r"干皮|干性|\bdry skin\b",
    warm=r"保暖|暖和|加厚|加绒|抗寒|\bwarm\b", light=r"轻便|轻薄|轻一点|便携|\b(?:lightweight|portable|light)\b", quiet=r"静音|安静|噪音小|降噪|\b(?:quiet|noise.cancel\w*)\b",
    waterproof=r"防水|\bwaterproof\b", durable=r"耐用|结实|耐穿|\b(?:durable|sturdy)\b", cheap=r"便宜(?:点|一点)?的|性价比|平价|\b(?:cheap|budget|affordable|value)\b",
    gift=r"送礼|礼物|生日|礼盒|\b(?:gift|present|birthday)\b", sport=r"跑步|运动|健身|\b(?:running|gym|sports?|workout)\b", outdoor=r"户外|露营|登山|徒步|\b(?:camping|hiking|outdoor)\b",
    office=r"上班|办公|通勤|职场|\b(?:office|commut\w*|work)\b", travel=r"旅行|出差|旅游|\b(?:travel\w*|trip)\b", home=r"家用|居家|租房|宿舍|\b(?:home|dorm)\b",
    summer=r"夏天|夏季|凉快|透气|\b(?:summer|breathable)\b", winter=r"冬天|冬季|\bwinter\b", large=r"大容量|大号的|宽松|\b(?:large capacity|roomy|loose)\b",
)  # fmt: skip
EVERYTHING = re.compile(
    r"全部|全都|所有|整单|一起退|都(?:退|要退|不要|换|取消)|\b(?:all of (?:it|them)|everything|(?:the )?(?:whole|entire) order|both of them)\b"
)
