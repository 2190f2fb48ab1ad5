"""Measures in feeds: '500ml' in one cell, or a number beside its unit or its code of UN/CEFACT's list.

Rows hold them as {"number": 500, "unit": "ml"}; what is no measure stays what it was.
"""

from __future__ import annotations

from kg.reading.decimals import shown_by
from kg.reading.measures import plain_quantity
from kg.reading.values import number
from kg.units import find_unit

UNIT_CODES = {
    "MGM": "mg", "GRM": "g", "KGM": "kg", "TNE": "t", "ONZ": "oz", "LBR": "lb",
    "MMT": "mm", "CMT": "cm", "DMT": "dm", "MTR": "m", "KMT": "km", "INH": "in", "FOT": "ft", "YRD": "yd",
    "MMK": "mm²", "CMK": "cm²", "MTK": "m²", "INK": "in²", "FTK": "ft²",
    "MLT": "ml", "CLT": "cl", "DLT": "dl", "LTR": "l", "CMQ": "cm³", "MTQ": "m³", "GLL": "gal",
    "OZA": "fl.oz",
    "WTT": "W", "KWT": "kW", "WHR": "Wh", "KWH": "kWh", "VLT": "V", "4K": "mA", "AMP": "A", "E09": "mAh",
    "AMH": "Ah", "HTZ": "Hz", "KHZ": "kHz", "MHZ": "MHz", "A86": "GHz", "LUM": "lm", "LUX": "lx", "2N": "dB",
    "CEL": "°C", "FAH": "°F", "KEL": "K", "BAR": "bar", "PAL": "Pa", "JOU": "J", "KJO": "kJ", "E14": "kcal",
    "NEW": "N", "RPM": "rpm", "KMH": "km/h", "MTS": "m/s",
    "C26": "ms", "SEC": "s", "MIN": "min", "HUR": "h", "DAY": "days", "WEE": "weeks", "MON": "months",
    "ANN": "years", "P1": "%", "DD": "°",
    "AD": "B", "2P": "KB", "4L": "MB", "E34": "GB", "E35": "TB",
    "C62": "", "EA": "", "H87": "", "NMB": "", "PCE": "", "NPR": "pairs",
}  # fmt: skip
"""Code of recommendation 20 → unit; '' for things that are counted."""


def measured(text: str) -> object:
    """'1.5 kg' and '1,5kg' as a measure; other text as it is."""
    found = plain_quantity(text, shown_by(text) or ".")
    return text if found is None else {"number": found.number, "unit": found.unit}


def quantity(amount: object, unit: str = "", code: str = "") -> object:
    """A number with its unit; without one the number, and text that is no number with its unit as text."""
    shown = unit.strip() or UNIT_CODES.get(code.strip().upper(), code.strip())
    known = find_unit(shown) if shown else None
    shown = shown if known is None else known.name
    if isinstance(amount, str):
        try:
            amount = number(amount, shown_by(amount) or ".")
        except ValueError:
            return f"{amount} {shown}".strip()
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return amount
    return {"number": amount, "unit": shown} if shown else amount
