# ruff: noqa: E501 -- lists of place names
"""Where a customer lives, as far as freight, delivery time and regional rules need it: provinces and larger cities."""

from __future__ import annotations

import re

from knowledge.scope_words import PROVINCES

_CITIES = {
    "浙江": "杭州 hangzhou 宁波 ningbo 温州 wenzhou 嘉兴 jiaxing 金华 jinhua 义乌 yiwu 绍兴 shaoxing 台州 taizhou",
    "江苏": "南京 nanjing 苏州 suzhou 无锡 wuxi 常州 changzhou 南通 nantong 徐州 xuzhou 扬州 yangzhou 昆山 kunshan",
    "广东": "广州 guangzhou 深圳 shenzhen 东莞 dongguan 佛山 foshan 珠海 zhuhai 惠州 huizhou 中山 汕头 shantou",
    "四川": "成都 chengdu 绵阳 mianyang", "湖北": "武汉 wuhan 宜昌 yichang", "湖南": "长沙 changsha 株洲 zhuzhou",
    "陕西": "西安 xi'an xian 咸阳", "山东": "济南 jinan 青岛 qingdao 烟台 yantai 潍坊 临沂", "河南": "郑州 zhengzhou 洛阳 luoyang",
    "河北": "石家庄 shijiazhuang 唐山 保定 邯郸", "辽宁": "沈阳 shenyang 大连 dalian", "吉林": "长春 changchun",
    "黑龙江": "哈尔滨 harbin 大庆", "安徽": "合肥 hefei 芜湖", "福建": "福州 fuzhou 厦门 xiamen 泉州 quanzhou",
    "江西": "南昌 nanchang 赣州", "山西": "太原 taiyuan 大同", "云南": "昆明 kunming 大理 丽江", "贵州": "贵阳 guiyang 遵义",
    "广西": "南宁 nanning 桂林 guilin 柳州", "海南": "海口 haikou 三亚 sanya", "内蒙古": "呼和浩特 hohhot 包头 鄂尔多斯",
    "新疆": "乌鲁木齐 urumqi 喀什 伊犁", "西藏": "拉萨 lhasa", "甘肃": "兰州 lanzhou", "青海": "西宁 xining", "宁夏": "银川 yinchuan",
    "上海": "浦东 pudong 徐汇 静安 闵行", "北京": "朝阳区 海淀",
}  # fmt: skip


def _names() -> dict[str, tuple[str, str | None]]:
    names: dict[str, tuple[str, str | None]] = {}
    for province, latin in PROVINCES.items():
        names[province] = names[latin] = (province, None)
    for province, cities in _CITIES.items():
        chinese = province
        for city in cities.split():
            chinese = city if not city.isascii() else chinese
            names[city] = (province, chinese)
    return names


_NAMES = _names()
_PLACE = re.compile(
    "|".join(
        rf"\b{re.escape(name)}\b" if name.isascii() else re.escape(name)
        for name in sorted(_NAMES, key=len, reverse=True)
    )
)
_NOT_A_PLACE = re.compile(r"(?:北京时间|上海滩|西藏红|云南白药|新疆(?:大枣|红枣|棉)|贵州茅台|海南(?:芒果|椰子)|香港脚)")


def find_place(folded: str) -> tuple[str, str | None] | None:
    """Province and city (in Chinese; the city may be unknown) of the first place named; None when none is."""
    found = _PLACE.search(_NOT_A_PLACE.sub(" ", folded))
    return None if found is None else _NAMES[found.group()]
