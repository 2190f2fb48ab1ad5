"""Forms of audio and desk electronics."""

from __future__ import annotations

from .canvas import Canvas, ellipse, rect, smooth
from .look import BLACK, SCREEN, STEEL, Look, darker, plain

PAD = plain((52, 50, 52))


def headphones(c: Canvas, k: Look) -> None:
    wide = k.vary(-2, 4)
    band = smooth(
        [(20 - wide, 58), (20 - wide, 34), (34, 15), (50, 11), (66, 15), (80 + wide, 34), (80 + wide, 58)],
        closed=False,
    )
    c.line(band, 5, darker(k.main, 0.85))
    c.line(smooth([(34, 15.5), (50, 11.5), (66, 15.5)], closed=False), 6.5, PAD)
    for side in (-1, 1):
        x = 50 + side * (28 + wide)
        c.fill(ellipse(x - side * 5, 66, 8, 17), PAD, bevel=5)
        c.fill(ellipse(x + side * 2, 66, 9, 18), k.main, bevel=7)
        c.fill(ellipse(x + side * 3, 66, 3.6, 9), k.accent, bevel=3)
    if k.is_("microphone") and k.rng.random() < 0.7:
        c.line(smooth([(80 + wide, 76), (76, 90), (58, 92)], closed=False), 1.8, BLACK)
        c.fill(ellipse(57, 92, 3.4, 2.2), BLACK)
    if k.is_("connection", "cable"):
        c.line(smooth([(20 - wide, 83), (24, 94), (40, 90), (50, 97)], closed=False), 1.2, BLACK)


def speaker(c: Canvas, k: Look) -> None:
    cone = plain((56, 56, 60))
    if k.is_("battery") and k.rng.random() < 0.7:  # portable: lying drum with a strap
        c.line(smooth([(20, 42), (34, 20), (66, 20), (80, 42)], closed=False), 2.6, k.accent)
        c.fill(rect(12, 40, 88, 80, 14), k.main, bevel=8)
        c.fill(rect(20, 46, 80, 74, 10), darker(k.main, 0.6), bevel=2)
        for x in range(25, 78, 5):
            for y in (52, 57, 62, 67):
                c.fill(ellipse(x, y, 1, 1), cone, bevel=0.5)
        return
    c.fill(rect(28, 12, 72, 90, 4), k.main, bevel=5)
    c.fill(ellipse(50, 30, 9, 9), cone, bevel=3)
    c.fill(ellipse(50, 30, 4, 4), STEEL, bevel=3)
    c.fill(ellipse(50, 62, 17, 17), darker(k.accent, 0.9), bevel=2)
    c.fill(ellipse(50, 62, 15, 15), cone, bevel=5)
    c.fill(ellipse(50, 62, 5.5, 5.5), plain((88, 88, 92)), bevel=4)


def keyboard(c: Canvas, k: Look) -> None:
    columns = {"full size": 17, "tenkeyless": 14, "75 percent": 13, "60 percent": 12}.get(
        str(k.specs.get("layout")), 14
    )
    half = columns * 2.55
    c.fill(rect(50 - half - 3, 34, 50 + half + 3, 72, 3), k.main, bevel=3)
    dark = sum(k.main.rgb) > 380
    key = (
        plain((64, 66, 72))
        if dark and k.rng.random() < 0.4
        else darker(plain(k.main.rgb), 1.15 if not dark else 0.93)
    )
    if not dark:
        key = plain((92, 94, 100))
    lit = plain((236, 70, 90)) if k.is_("backlight") else plain((226, 160, 70))
    for row in range(5):
        y = 37 + row * 6.6
        if row == 4:
            c.fill(rect(50 - half + 14, y, 50 + half - 16, y + 5.6, 1), key, bevel=1)
        for column in range(columns):
            x = 50 - half + column * 5.1
            if row == 4 and 3 <= column <= columns - 4:
                continue
            special = (row, column) in ((0, 0), (2, columns - 1))
            c.fill(rect(x, y, x + 4.5, y + 5.6, 1), lit if special else key, bevel=1)


def mouse(c: Canvas, k: Look) -> None:
    lean = 7 if k.is_("shape", "vertical") else 2 if k.is_("shape", "right-handed") else 0
    if not k.is_("connection", "Bluetooth") and not k.is_("connection", "2.4 GHz radio"):
        c.line(smooth([(50, 16), (48, 8), (56, 0)], closed=False), 1.4, BLACK)
    c.fill(
        smooth(
            [(50, 14), (68, 20), (74, 48), (70 + lean, 78), (50, 90), (30 - lean / 2, 78), (26, 48), (32, 20)]
        ),
        k.main,
        bevel=12,
    )
    c.line(smooth([(28, 46), (50, 50), (72, 46)], closed=False), 0.8, darker(k.main, 0.6))
    c.line([(50, 15), (50, 49)], 0.8, darker(k.main, 0.6))
    c.fill(rect(47, 24, 53, 38, 3), PAD if sum(k.main.rgb) > 250 else STEEL, bevel=2)


def monitor(c: Canvas, k: Look) -> None:
    big = (k.number("diagonal", 27) - 27) * 0.9
    wide = 6 if k.is_("diagonal", {"number": 34, "unit": "in"}) else 0
    c.fill(rect(46, 66, 54, 84, 1), k.main if k.main.texture == "metal" else STEEL, bevel=2)
    c.fill(rect(32, 83, 68, 87, 2), k.main, bevel=2)
    x0, x1, y0 = 14 - big - wide, 86 + big + wide, 18 - big / 2
    c.fill(rect(x0, y0, x1, 70, 2), k.main, bevel=2)
    c.fill(rect(x0 + 2, y0 + 2, x1 - 2, 66, 1), SCREEN, bevel=1)
    hues = [(238, 150, 90), (120, 160, 200), (150, 110, 180), (90, 170, 150)]
    hue = hues[int(k.rng.integers(4))]
    base = 64.0
    c.fill(
        [(x0 + 3, base), (x0 + 3, 50), (36, 38), (56, 54), (72, 44), (x1 - 3, 56), (x1 - 3, base)],
        plain(hue),
        bevel=1,
    )
    c.fill(ellipse(70, 32, 5, 5), plain((250, 226, 170)), bevel=2)


def laptop_stand(c: Canvas, k: Look) -> None:
    rise = k.number("height", 15) * 0.5
    back = 62 - rise
    c.line([(24, 86), (62, back)], 4.5, k.main, bevel=2)
    c.line([(62, back + 2), (72, 86)], 4.5, darker(k.main, 0.8), bevel=2)
    c.fill(rect(18, 84, 80, 89, 2), k.main, bevel=2)
    c.fill([(12, 70), (66, back - 10), (70, back - 7), (16, 75)], k.main, bevel=1.5)
    c.fill([(14, 67), (66, back - 14), (69, back - 11), (17, 71)], plain((170, 174, 180)), bevel=1)
    c.fill(
        [(66, back - 14), (82, back - 48), (85, back - 46), (69, back - 11)], plain((150, 154, 160)), bevel=1
    )
    c.fill(rect(11, 68, 17, 74, 1), BLACK, bevel=1)
