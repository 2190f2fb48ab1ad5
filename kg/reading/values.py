"""From what stands in a cell to a value: prices, numbers, times, categories.

Every function raises ValueError with the rule in words when it cannot read a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

Decimals = Literal[".", ","]
NUMBERS = (int, float, Decimal)

_GROUPED = {
    ".": re.compile(r"[+-]?(?:\d{1,3}(?:[,'\u2019\u00a0\u202f ]\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+"),
    ",": re.compile(r"[+-]?(?:\d{1,3}(?:[.'\u2019\u00a0\u202f ]\d{3})+|\d+)(?:,\d+)?|[+-]?,\d+"),
}
_PLAIN = {
    ".": re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?"),
    ",": re.compile(r"-?(?:0|[1-9]\d{0,14})(?:,\d{1,15})?"),
}
_SCIENTIFIC = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?[eE][+-]?\d{1,3}")
_PRICE = re.compile(r"\s*([^\d.,+\-\s]*)\s*([+-]?[\d.,][\d.,'\u2019\u00a0\u202f ]*?)\s*([^\d.,+\-\s]*)\s*")
_NO_VALUE = re.compile(r"(?<=\d)[.,]\s?[-–—]+|(?<=[^\W\d_])\.")
"""What adds nothing to a price: the dash for no cents ('12,- €', 'CHF 5.–'), the point of 'kr.'."""
_CURRENCIES = {
    "€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "zł": "PLN",
    "元": "CNY", "rmb": "CNY", "cn¥": "CNY", "人民币": "CNY", "円": "JPY", "chf": "CHF",
    "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "hk$": "HKD", "r$": "BRL", "rs": "INR",
    "kč": "CZK", "ft": "HUF", "fr": "CHF", "₺": "TRY", "₴": "UAH", "₪": "ILS", "฿": "THB", "₫": "VND",
    "¥": "", "￥": "", "kr": "",  # more than one country's: the number is read, the currency stays open
}  # fmt: skip
_LONGEST = 100
_TRUE = frozenset({"true", "yes", "y", "1", "on", "t", "是", "有"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "f", "否", "无"})


def blank(value: object) -> bool:
    """True for what stands for 'no value': None, NaN, NaT, pd.NA, '', spaces, an empty list."""
    if isinstance(value, str):
        return not value or value.isspace()
    if value is None:
        return True
    if isinstance(value, float):
        return value != value
    if isinstance(value, (list, tuple, dict)):
        return not value
    return type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, Decimal) and value.is_nan())


def plain(value: object) -> object:
    """A NumPy scalar or array as the Python value it holds; anything else as it is."""
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value


def decimal(text: str, decimals: Decimals = ".") -> Decimal:
    """An exact number from text with thousands separators: '1,299.00' (or '1.299,00')."""
    text = text.strip() if len(text) <= _LONGEST else ""
    if not _GROUPED[decimals].fullmatch(text):
        other = "." if decimals == "," else ","
        hint = (
            f" (unless decimal = {other!r} is set in the mapping)" if _GROUPED[other].fullmatch(text) else ""
        )
        raise ValueError(f"must be a number{hint}")
    whole, _, fraction = text.partition(decimals)
    digits = re.sub(r"[^\d+-]", "", whole)
    return Decimal(f"{digits}.{fraction}" if fraction else digits)


def number(value: object, decimals: Decimals = ".") -> float:
    """A finite float from a number or its text."""
    if isinstance(value, str):
        if decimals == "." and _SCIENTIFIC.fullmatch(value.strip()):
            value = float(value)
        else:
            value = decimal(value, decimals)
    return finite(value)


def finite(value: object) -> float:
    """A number as a float; ValueError if it is none, or has no end."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("must be a number")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise ValueError("must be a finite number")
    return result


def number_or_text(text: str, decimals: Decimals = ".") -> float | str:
    """Text as a float if it is plainly a number: '12.5' but not '007', '1,299' or '12 kg'."""
    if _PLAIN[decimals].fullmatch(text.strip()):
        return float(text.replace(",", "."))
    return text


def boolean(value: object) -> bool:
    """true/false, yes/no, 1/0, on/off."""
    if isinstance(value, bool):
        return value
    text = (f"{value:g}" if isinstance(value, (int, float)) else str(value)).strip().casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("must be true or false (yes/no, 1/0)")


def price(value: object, decimals: Decimals = ".", scale: Decimal = Decimal(1)) -> tuple[Decimal, str]:
    """The price and its currency ('' if none is named): '12.50 EUR', '€ 12.50', '$5', 12.5."""
    currency = ""
    if isinstance(value, str):
        match = _PRICE.fullmatch(_NO_VALUE.sub("", value)) if len(value) <= _LONGEST else None
        if match is None:
            raise ValueError("a price must be a number")
        before, digits, after = match.groups()
        currency = _currency(before, after)
        try:
            amount = decimal(digits, decimals)
        except ValueError as error:
            raise ValueError(f"a price {error}") from None
    elif isinstance(value, Decimal):
        amount = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        amount = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    else:
        raise ValueError("a price must be a number")
    return (amount if scale == 1 or not amount.is_finite() else amount * scale), currency


def _currency(before: str, after: str) -> str:
    names = [name for name in (before, after) if name]
    if len(names) > 1:
        raise ValueError("a price must name one currency")
    if not names:
        return ""
    name = names[0]
    if (known := _CURRENCIES.get(name.casefold())) is not None:
        return known
    if len(name) == 3 and name.isascii() and name.isalpha():
        return name.upper()
    raise ValueError("a price must be a number")


def seconds(value: object, time_format: str = "") -> float:
    """Seconds since 1970 (UTC) from ISO 8601, an epoch in s, ms, µs or ns, or a datetime; naive means UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if isinstance(value, str):
        text = value.strip()
        try:
            if time_format:
                return seconds(datetime.strptime(text, time_format))
            if len(text) == 8 or not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
                return seconds(datetime.fromisoformat(text.replace("/", "-")))
            return _epoch(number(text))
        except (ValueError, OverflowError):
            wanted = (
                f"like {time_format}"
                if time_format
                else "ISO 8601 or seconds since 1970 (else set time_format)"
            )
            raise ValueError(f"a time must be {wanted}") from None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _epoch(number(value))
    raise ValueError("a time must be ISO 8601 or seconds since 1970")


def _epoch(count: float) -> float:
    # 1e11 seconds is the year 5138, 1e11 milliseconds is 1973
    for unit, least in ((1e9, 1e17), (1e6, 1e14), (1e3, 1e11)):
        if abs(count) >= least:
            return count / unit
    return count


def names(value: object, separator: str) -> tuple[str, ...]:
    """Distinct names from a list or from text with a separator, in their order."""
    parts: Iterable[object]
    if isinstance(value, str):
        parts = value.split(separator.strip() or separator)
    elif isinstance(value, (list, tuple)):
        parts = [
            name for v in value for name in (names(v, separator) if isinstance(v, (list, tuple)) else (v,))
        ]
    else:
        parts = (value,)
    stripped = (part.strip() if isinstance(part, str) else str(part) for part in parts if not blank(part))
    return tuple(dict.fromkeys(stripped))


def category_path(value: object, separator: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One path, and the names of any further paths, which become labels.

    A list is a path; a list of lists holds several, as Amazon's catalogs have them.
    """
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(v, (list, tuple)) for v in value):
            first, *others = value
            path = tuple(str(name).strip() for name in first)
            return path, tuple(n for n in names(others, separator) if n not in path)
        return tuple(str(name).strip() for name in value if not blank(name)), ()
    parts = str(value).split(separator.strip() or separator)
    return tuple(part.strip() for part in parts if part.strip()), ()
