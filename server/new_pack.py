"""The files of a new pack: the smallest shop that says something of its own and leaves the rest to `cn_retail`."""

from __future__ import annotations

import json
from pathlib import Path

from knowledge.errors import XiaoerError
from knowledge.pack import shipped_packs

SHOP = """\
# What your shop is. Everything not said here holds as the common pack says it. Money in fen.
extends: {parent}
key: {key}
name: {{zh: {name}, en: {name}}}
platforms: [taobao]
languages: [zh, en]
brand_color: "#2f6f5e"
greeting: {{zh: 您好，请问有什么可以帮您？, en: "Hello, how can I help you?"}}
hours: {{zh: 人工客服每天 9:00–21:00, en: "People answer 9:00–21:00 every day"}}
"""

POLICY_ZH = """\
---
id: shop/packing
version: "1"
title: 包装与发货说明
lang: zh
level: shop
effective: [null, null]
status: in_force
source: 本店公示
---
# 包装与发货说明

## 包装 {#packing}

每件商品独立包装，易碎品加缓冲材料。包装破损时请先拍照，再联系我们处理。

## 发货地 {#origin}

所有商品从杭州仓发出，工作日当天 16:00 前付款的订单当天出库。
"""

POLICY_EN = """\
---
id: shop/packing
version: "1"
title: Packing and dispatch
lang: en
level: shop
effective: [null, null]
status: in_force
source: Published by the shop
---
# Packing and dispatch

## Packing {#packing}

Every item is packed on its own; fragile goods are cushioned. If the parcel is damaged, take a photo, then tell us.

## Where it ships from {#origin}

Everything ships from Hangzhou. Orders paid before 16:00 on a working day leave the same day.
"""


def write_pack(directory: Path, name: str, *, parent: str = "cn_retail") -> list[Path]:
    """Write a new pack into `directory`, which must not exist or be empty. Returns the files written."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise XiaoerError(f"{directory} is not empty; nothing was written.", mend="Name a new folder.")
    if not name.strip() or any(char in name for char in "{}[],:#&*!|>'\"%@`\n\r\0"):
        raise XiaoerError(f"The name {name!r} holds a sign that YAML reserves.", mend="Use letters, digits and spaces.")
    files = {
        "shop.yaml": SHOP.format(key=_key(directory), name=name.strip(), parent=_extends(parent)),
        "policies/packing.md": POLICY_ZH,
        "policies/packing.en.md": POLICY_EN,
    }
    for path, text in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return [directory / path for path in files]


def _extends(parent: str) -> str:
    """A shipped pack by its name, a folder by where it lies."""
    return parent if parent in shipped_packs() else json.dumps(str(Path(parent).resolve()), ensure_ascii=False)


def _key(directory: Path) -> str:
    """A plain key from the folder's name; Chinese names have none, and get the common one."""
    kept = "".join(char if char.isascii() and char.isalnum() else "_" for char in directory.resolve().name.lower())
    return kept.strip("_") or "shop"
