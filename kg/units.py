"""Units of measure that catalogs use, in English, German and Chinese: a closed table, and nothing learned.

A unit belongs to one dimension; units of one dimension can be converted into each other. Signs count
as written where case matters (mW and MW, b and B); elsewhere case is forgiven.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One unit: `number * factor + offset` is the same measure in the base unit of its dimension."""

    name: str
    dimension: str
    factor: float
    offset: float = 0.0


# Dimension → a line a unit: its name, its factor to the base unit (with an offset for temperatures), and its
# other names, all without spaces.
_TABLE: dict[str, str] = {
    "mass": """
        kg 1 kilo kilos kilogram kilograms kilogramm kgs 千克 公斤
        g 1e-3 gr gram grams gramm gramme 克
        mg 1e-6 milligram milligrams milligramm 毫克
        µg 1e-9 mcg microgram micrograms mikrogramm 微克
        t 1e3 tonne tonnes tonnen 吨
        lb 0.45359237 lbs pound pounds 磅
        oz 0.028349523125 ounce ounces unze unzen 盎司
        ct 2e-4 carat carats 克拉
        斤 0.5""",
    "length": """
        m 1 meter meters metre metres 米
        km 1e3 kilometer kilometers kilometre kilometres 千米 公里
        dm 1e-1 dezimeter decimeter
        cm 1e-2 zentimeter centimeter centimeters centimetre centimetres 厘米 公分
        mm 1e-3 millimeter millimeters millimetre millimetres 毫米
        µm 1e-6 micron microns mikrometer micrometer 微米
        nm 1e-9 nanometer nanometers nanometre 纳米
        in 0.0254 " ″ ” '' inch inches zoll 英寸 吋
        ft 0.3048 ' ′ foot feet fuß 英尺
        yd 0.9144 yard yards 码
        mi 1609.344 mile miles meilen 英里""",
    "area": """
        m² 1 m2 sqm qm m^2 quadratmeter squaremeter squaremeters 平方米
        cm² 1e-4 cm2 qcm cm^2 quadratzentimeter 平方厘米
        mm² 1e-6 mm2 qmm mm^2 quadratmillimeter 平方毫米
        km² 1e6 km2 km^2 平方公里
        ha 1e4 hectare hectares hektar 公顷
        in² 0.00064516 in2 sqin in^2
        ft² 0.09290304 ft2 sqft ft^2 squarefoot squarefeet""",
    "volume": """
        l 1 L ltr liter liters litre litres 升
        ml 1e-3 mL milliliter milliliters millilitre millilitres 毫升
        cl 1e-2 cL zentiliter centiliter
        dl 1e-1 dL deziliter deciliter
        hl 1e2 hL hektoliter
        µl 1e-6 µL
        m³ 1e3 m3 cbm m^3 kubikmeter 立方米
        cm³ 1e-3 cm3 ccm cc cm^3 kubikzentimeter 立方厘米
        fl.oz 0.0295735295625 floz fluidounce fluidounces
        gal 3.785411784 gallon gallons gallonen 加仑
        pt 0.473176473 pint pints
        qt 0.946352946 quart quarts""",
    "time": """
        s 1 sec secs second seconds sek sekunde sekunden 秒
        ms 1e-3 millisecond milliseconds millisekunden 毫秒
        µs 1e-6 microseconds
        ns 1e-9 nanoseconds
        min 60 mins minute minutes minuten 分钟
        h 3600 hr hrs hour hours std stunde stunden 小时
        days 86400 day tag tage tagen 天
        weeks 604800 week woche wochen 周
        months 2629800 month monat monate monaten 个月
        years 31557600 year jahr jahre jahren 年""",
    "power": """
        W 1 w watt watts 瓦
        mW 1e-3 milliwatt
        kW 1e3 kilowatt kilowatts 千瓦
        MW 1e6 megawatt
        VA 1 voltampere
        kVA 1e3
        PS 735.49875
        hp 745.6998715822702 horsepower 马力
        BTU/h 0.2930710701722222 btu/hr""",
    "energy": """
        J 1 joule joules
        kJ 1e3 kilojoule kilojoules
        MJ 1e6
        Wh 3600 wattstunden watt-hours
        kWh 3.6e6 kilowattstunden kilowatt-hours 千瓦时 度电
        mWh 3.6
        cal 4.184 calories
        kcal 4184 kilokalorien kilocalories 千卡
        BTU 1055.05585262""",
    "current": """
        A 1 amp amps ampere amperes 安
        mA 1e-3 milliamp milliamps milliampere 毫安
        µA 1e-6""",
    "voltage": """
        V 1 v volt volts 伏
        mV 1e-3 millivolt
        kV 1e3 kilovolt""",
    "charge": """
        Ah 1 amperestunden amp-hours 安时
        mAh 1e-3 milliamperestunden 毫安时""",
    "resistance": """
        Ω 1 ohm ohms 欧姆
        kΩ 1e3 kohm
        MΩ 1e6""",
    "frequency": """
        Hz 1 hertz 赫兹
        kHz 1e3 kilohertz 千赫
        MHz 1e6 megahertz 兆赫
        GHz 1e9 gigahertz 吉赫
        rpm 0.016666666666666666 u/min r/min upm 转/分""",
    "data size": """
        B 1 byte bytes 字节
        KB 1e3 kB kilobyte kilobytes
        MB 1e6 megabyte megabytes
        GB 1e9 gigabyte gigabytes
        TB 1e12 terabyte terabytes
        PB 1e15 petabyte
        KiB 1024
        MiB 1048576
        GiB 1073741824
        TiB 1099511627776
        bit 0.125 bits
        Kbit 125
        Mbit 125e3
        Gbit 125e6""",
    "data rate": """
        bit/s 1 bps
        kbit/s 1e3 kbps kb/s
        Mbit/s 1e6 mbps mb/s Mb/s
        Gbit/s 1e9 gbps gb/s Gb/s
        KB/s 8e3 kB/s
        MB/s 8e6
        GB/s 8e9""",
    "temperature": """
        K 1 kelvin 开尔文
        °C 1+273.15 ℃ celsius gradcelsius degreescelsius 摄氏度
        °F 0.5555555555555556+255.3722222222222 ℉ fahrenheit gradfahrenheit degreesfahrenheit 华氏度""",
    "pressure": """
        Pa 1 pascal 帕
        hPa 1e2 mbar
        kPa 1e3 千帕
        MPa 1e6 兆帕
        bar 1e5 bars 巴
        psi 6894.757293168361""",
    "angle": """
        ° 1 deg degree degrees grad 度""",
    "resolution": """
        dpi 1 ppi""",
    "pixels": """
        px 1 pixel pixels 像素
        MP 1e6 megapixel megapixels mpx 百万像素""",
    "count": """
        pcs 1 pc pcs. piece pieces stk stk. stück stücke stueck 件 个 只 枚 片 块 张 支 条
        dozen 12 dozens dutzend""",
    "pairs": """
        pairs 1 pair paar 双 对""",
    "packs": """
        packs 1 pack packung packungen pck 包 盒 袋""",
    "sheets": """
        sheets 1 sheet blatt 页""",
    "light": """
        lm 1 lumen lumens 流明""",
    "illuminance": """
        lx 1 lux 勒克斯""",
    "luminance": """
        cd/m² 1 nits nit cd/m2""",
    "sound": """
        dB 1 db(a) dB(A) decibel dezibel 分贝""",
    "force": """
        N 1 newton 牛
        kN 1e3""",
    "torque": """
        Nm 1 newtonmeter 牛米""",
    "speed": """
        m/s 1
        km/h 0.2777777777777778 kmh kph
        mph 0.44704""",
    "area weight": """
        g/m² 1 g/m2 gsm g/qm""",
    "air flow": """
        m³/h 1 m3/h cbm/h
        l/min 0.06""",
    "proportion": """
        % 1 percent prozent""",
}

_DOUBTFUL = frozenset(("A", "B", "K", "N", "s", "t", "ct", "pt", "'"))
"""As often something else when they touch the number: bra size 75B, 4K video, model 5s, gold of 14ct."""


def _read_table() -> tuple[dict[str, Unit], dict[str, Unit]]:
    exact: dict[str, Unit] = {}
    folded: dict[str, Unit] = {}
    for dimension, lines in _TABLE.items():
        for line in lines.strip().splitlines():
            name, conversion, *others = line.split()
            factor, _, offset = conversion.partition("+")
            unit = Unit(name=name, dimension=dimension, factor=float(factor), offset=float(offset or 0))
            for known in (name, *others):
                assert known not in exact, known
                exact[known] = unit
                if len(known) > 1:
                    folded.setdefault(known.casefold(), unit)
    return exact, folded


_EXACT, _FOLDED = _read_table()


@lru_cache(maxsize=4096)
def find_unit(name: str) -> Unit | None:
    """The unit that a name or sign means, or None: 'kg', 'KG', 'Kilogramm', '公斤'."""
    key = "".join(name.split()).replace("μ", "µ")  # the Greek letter and the micro sign look the same
    return _EXACT.get(key) or _FOLDED.get(key.casefold()) or _FOLDED.get(key.casefold().rstrip("."))


def is_doubtful(name: str) -> bool:
    """True for a unit that means one only with a space before it, where nothing else says it is a number."""
    return name in _DOUBTFUL


def convert(number: float, unit: Unit, to: Unit) -> float:
    """The same measure in another unit of its dimension."""
    assert unit.dimension == to.dimension, (unit, to)
    if unit == to:
        return number
    converted = (number * unit.factor + (unit.offset - to.offset)) / to.factor
    return float(f"{converted:.12g}")  # 0.3 kg is 300 g, not 299.99999999999994


def near_units(name: str) -> str:
    """Units whose names look like one that is unknown, for a message."""
    near = difflib.get_close_matches(name.strip(), _EXACT, n=3, cutoff=0.5)
    return ", ".join(dict.fromkeys(_EXACT[known].name for known in near)) or "kg, cm, l, W …"
