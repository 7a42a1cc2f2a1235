# ruff: noqa: E501 -- an alternation of words is read as one line; broken up it hides what stands beside what
"""Numbers as customers write them: digits, Chinese numerals (二百五十, 两千, 廿, 半), English words."""

from __future__ import annotations

import re

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000}
_HAN_CLASS = "".join([*DIGITS, *UNITS, "廿"])
_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
ENGLISH = {word: value for value, word in enumerate(_WORDS)} | {
    "a": 1, "an": 1, "single": 1, "couple": 2, "pair": 2, "dozen": 12, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip

NUMBER = rf"(?:\d+(?:\.\d+)?|[{_HAN_CLASS}]+(?:点[{''.join(DIGITS)}]+)?|(?:{'|'.join(sorted([*_WORDS, 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety', 'hundred', 'couple', 'dozen'], key=len, reverse=True))})\b)"
"""A pattern (no groups) for one number in any of these ways, on folded text."""

_HAN = re.compile(rf"[{_HAN_CLASS}]+")
_SPELT = re.compile(rf"[{''.join(DIGITS)}]{{2,}}")


def number(text: str) -> float | None:
    """The value of `text` if it is one number and nothing else, else None. 两百五 is 250, 三千二 is 3200, 一二三 is 123."""
    plain = text.strip().lower().replace(",", "")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return float(plain)
    if plain in ENGLISH:
        return float(ENGLISH[plain])
    whole, point, part = plain.partition("点")
    if not _HAN.fullmatch(whole):
        return None
    value = _han(whole)
    if value is None or not point:
        return None if value is None else float(value)
    if not part or any(c not in DIGITS for c in part):
        return None
    return float(f"{value}." + "".join(str(DIGITS[c]) for c in part))


def _han(text: str) -> int | None:
    """Read positional numerals; None when units do not fall (十百) or digits stand beside each other with units."""
    if _SPELT.fullmatch(text):
        return int("".join(str(DIGITS[c]) for c in text))
    text = text.replace("廿", "二十")
    high, wan, low = text.partition("万")
    if wan:
        top = _below_wan(high)
        rest = _tail(low, 1000)
        return None if top is None or rest is None else top * 10_000 + rest
    return _below_wan(text)


def _tail(text: str, place: int) -> int | None:
    """What follows a unit: a bare last digit counts in the place below it (两百五 = 250), 零 keeps it as it is."""
    if not text:
        return 0
    if len(text) == 1 and text in DIGITS and DIGITS[text]:
        return DIGITS[text] * place
    return _below_wan(text)


def _below_wan(text: str) -> int | None:
    if not text:
        return None
    total, held, last = 0, None, 10_000
    zero = False
    for char in text:
        if char in DIGITS:
            if held is not None and not zero:
                return None
            held, zero = DIGITS[char], DIGITS[char] == 0
            continue
        unit = UNITS[char]
        if unit >= last:
            return None
        total += (1 if held is None or zero else held) * unit
        held, last, zero = None, unit, False
    if held:
        after_zero = len(text) > 1 and text[-2] in "零〇"
        total += held if last in {10000, 10} or after_zero else held * (last // 10)
    return total


def render(value: int) -> str:
    """`value` (0 to 99,999,999) as a Chinese numeral, the inverse of `number`."""
    if value < 10_000:
        return _render(value)
    high, low = divmod(value, 10_000)
    return _render(high) + "万" + ("" if not low else ("零" if low < 1000 else "") + _render(low))


def _render(value: int) -> str:
    if value == 0:
        return "零"
    out, pending = "", False
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            out += ("零" if pending else "") + "零一二三四五六七八九"[digit] + sign
            pending = False
        elif out and value:
            pending = True
    return out[1:] if out.startswith("一十") else out
