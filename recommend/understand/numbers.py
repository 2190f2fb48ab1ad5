"""Numbers as people write them: '1,299.00', '12,5', '2 1/2', '三百'."""

from __future__ import annotations

import re

NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九十")} | {"两": 2}
_CHINESE_NUMBER = re.compile(
    r"[一二两三四五六七八九十][一二两三四五六七八九十百千万]*(?=[百千万元块以之寸英厘毫公升克瓦米])"
)
_FRACTION = re.compile(r"(?<![\w./,])(?:(\d{1,3})[\s-])?(\d{1,2})\s?[/⁄]\s?(2|3|4|8|16|32|64)(?![\d./⁄])")


def as_number(written: str, *, price: bool = False) -> float:
    """'1,299.00', '12,5' and '1.500' (of a price) as numbers."""
    points, commas = written.count("."), written.count(",")
    if points and commas:
        thousands = "," if written.rindex(".") > written.rindex(",") else "."
    elif re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", written):
        thousands = ","
    elif points > 1 or (price and re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+", written)):
        thousands = "."
    else:
        thousands = " "
    plain = written.replace(thousands, "").replace(",", ".")
    try:
        return float(plain)
    except ValueError:  # "1.2.3", a version
        return float("nan")


def with_digits(text: str) -> tuple[str, dict[int, float]]:
    """(the text with a digit for each character of a fraction or a Chinese numeral, the numbers by where they
    start)."""
    numbers: dict[int, float] = {}

    def whole(match: re.Match[str]) -> str:
        above, below = int(match[2]), int(match[3])
        if above >= below:
            return match[0]
        numbers[match.start()] = int(match[1] or 0) + above / below
        return "1" * len(match[0])

    def digits(match: re.Match[str]) -> str:
        numbers[match.start()] = float(_chinese(match[0]))
        return "1" * len(match[0])

    if "/" in text or "⁄" in text:
        text = _FRACTION.sub(whole, text)
    return _CHINESE_NUMBER.sub(digits, text), numbers


def _chinese(numeral: str) -> int:
    total, digit = 0, 0
    for character in numeral:
        scale = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}.get(character)
        if scale is None:
            digit = NUMERALS[character]
        else:
            total += (digit or 1) * scale
            digit = 0
    return total + digit
