"""Forms of lamps, furniture, textiles and plant things."""

from __future__ import annotations

from .canvas import Canvas, ellipse, rect, smooth
from .look import BLACK, BULB, PAPER, STEEL, Look, darker, plain
from .textures import Surface

GREEN = Surface(texture="leather", rgb=(70, 128, 74))
LINEN = Surface(texture="fabric", rgb=(238, 230, 212))


def table_lamp(c: Canvas, k: Look) -> None:
    h = k.vary(0, 8)
    shade = k.main if k.main.texture in ("glass", "metal", "plastic") else LINEN
    if k.rng.random() < 0.5:
        c.fill(ellipse(50, 88, 17, 4), darker(k.main), bevel=2)
        c.fill(smooth([(46, 46), (54, 46), (57, 70), (62, 87), (38, 87), (43, 70)]), k.main, bevel=7)
        c.fill([(38 - h / 2, 18), (62 + h / 2, 18), (72 + h / 2, 50), (28 - h / 2, 50)], shade, bevel=7)
        c.glow(50, 48, 19)
    else:
        c.fill(rect(26, 85, 58, 90, 2), k.main, bevel=2)
        c.line([(42, 86), (40, 50 - h), (62, 26 - h)], 3, k.main)
        c.fill(ellipse(40, 50 - h, 3, 3), k.accent)
        c.fill(ellipse(71, 41 - h, 9, 4), BULB)
        c.fill(
            smooth([(58, 22 - h), (68, 18 - h), (80, 30 - h), (83, 42 - h), (58, 42 - h), (55, 30 - h)]),
            k.main,
            bevel=6,
        )
        c.glow(70, 42 - h, 10)


def floor_lamp(c: Canvas, k: Look) -> None:
    shade = k.main if k.main.texture == "metal" and k.rng.random() < 0.4 else LINEN
    kind = k.rng.random()
    if kind < 0.4:
        c.fill(rect(22, 91, 48, 94, 1.5), darker(k.main), bevel=2)
        c.line(smooth([(35, 92), (34, 40), (44, 12), (66, 10), (74, 26)], closed=False), 2.2, k.main)
        c.fill(ellipse(74, 36, 13, 11, 180, 360), k.main, bevel=6)
        c.fill(ellipse(74, 36, 11, 2.5), BULB)
    elif kind < 0.7:
        for x in (32, 50, 68):
            c.line([(50, 40), (x, 94)], 2.6, k.main)
        c.fill([(37, 8), (63, 8), (68, 38), (32, 38)], shade, bevel=7)
        c.glow(50, 36, 16)
    else:
        c.fill(ellipse(50, 92, 14, 3), darker(k.main))
        c.line([(50, 92), (50, 34)], 2.4, k.main)
        c.fill([(42, 8), (58, 8), (66, 36), (34, 36)], shade, bevel=7)
        c.glow(50, 34, 16)


def pendant_lamp(c: Canvas, k: Look) -> None:
    c.line([(50, 0), (50, 40)], 1, BLACK)
    c.fill(rect(45, 0, 55, 4, 1), k.accent)
    c.fill(rect(46.5, 34, 53.5, 43, 1.5), k.accent)
    kind = k.rng.random()
    if kind < 0.35:
        c.fill(ellipse(50, 70, 30, 5), BULB)
        c.fill(ellipse(50, 70, 30, 29, 180, 360), k.main, bevel=8)
        c.glow(50, 73, 14)
    elif kind < 0.65:
        c.fill(ellipse(50, 64, 24, 23), k.main, bevel=10)
        c.glow(50, 64, 11, 0.7)
    else:
        c.fill(ellipse(50, 76, 34, 4), BULB)
        c.fill(
            smooth([(46, 41), (54, 41), (60, 58), (84, 75), (84, 77), (16, 77), (16, 75), (40, 58)]),
            k.main,
            bevel=6,
        )
        c.glow(50, 77, 13)


def bulb(c: Canvas, k: Look) -> None:
    milky = k.main.rgb[0] > 230
    spot = k.is_("socket", "GU10")
    slim = k.is_("socket", "E14")
    w = 15 if slim else 24
    if spot:
        c.fill([(26, 28), (74, 28), (60, 66), (40, 66)], plain((226, 226, 226)), bevel=6)
        c.fill(ellipse(50, 28, 24, 6), BULB, bevel=3)
        c.fill(rect(40, 64, 60, 78, 2), plain((236, 236, 232)))
        for x in (44, 56):
            c.line([(x, 78), (x, 88)], 3.4, STEEL)
        return
    body = smooth([(50, 10), (50 + w, 22), (50 + w, 42), (58, 64), (42, 64), (50 - w, 42), (50 - w, 22)])
    c.fill(body, BULB if milky else Surface(texture="glass", rgb=(250, 226, 160)), bevel=9)
    if not milky:
        c.line(
            smooth([(43, 58), (42, 34), (50, 46), (58, 34), (57, 58)], closed=False),
            1.3,
            plain((250, 150, 40)),
        )
    c.fill(rect(41, 63, 59, 84, 2), STEEL, bevel=4)
    for y in (69, 74, 79):
        c.line([(41, y), (59, y + 1.5)], 1.2, plain((120, 122, 128)))
    c.fill(rect(45, 83, 55, 90, 2), BLACK)


def desk(c: Canvas, k: Look) -> None:
    legs = k.main if k.main.texture == "wood" else BLACK
    drawers = int(k.number("drawers", 0))
    if k.is_("height_adjustable"):
        for x in (22, 78):
            c.fill(rect(x - 2.5, 42, x + 2.5, 86, 0.5), STEEL)
            c.fill(rect(x - 9, 85, x + 9, 88, 1), BLACK, bevel=1.5)
    else:
        for x0, x1 in ((14, 11), (86, 89), (24, 22), (76, 78)):
            c.line([(x0, 42), (x1, 88)], 2.6, legs)
    if drawers:
        c.fill(rect(60, 42, 86, 42 + 7 * min(drawers, 4), 1), darker(k.main, 0.92), bevel=1.5)
        for d in range(min(drawers, 4)):
            c.line([(69, 46 + 7 * d), (77, 46 + 7 * d)], 1.2, STEEL)
    c.fill([(14, 34), (86, 34), (93, 41), (7, 41)], k.main, bevel=1.5)
    c.fill(rect(7, 41, 93, 44.5, 0.5), darker(k.main, 0.82), bevel=1)


def chair(c: Canvas, k: Look) -> None:
    for x in (26, 38, 62, 74):
        c.line([(50, 80), (x, 90)], 3, BLACK)
        c.fill(ellipse(x, 92, 3, 3), BLACK)
    c.fill(rect(47.5, 62, 52.5, 82, 1), STEEL)
    c.fill(rect(34, 10, 66, 50, 10), k.main, bevel=7)
    if k.is_("lumbar_support"):
        c.fill(rect(38, 38, 62, 46, 4), darker(k.main, 0.8), bevel=3)
    c.line([(50, 48), (50, 58)], 5, BLACK)
    c.fill(
        smooth([(28, 56), (50, 54), (72, 56), (75, 62), (70, 66), (30, 66), (25, 62)]),
        darker(k.main, 0.9),
        bevel=4,
    )
    if not k.is_("armrests", "none"):
        for x in (24, 76):
            c.line([(x, 62), (x, 46)], 2.4, BLACK)
            c.fill(rect(x - 4, 43, x + 4, 47, 2), BLACK)


def armchair(c: Canvas, k: Look) -> None:
    for x in (27, 73):
        c.line([(x, 80), (x + (x - 50) * 0.12, 94)], 3, k.second)
    wing = k.vary(0, 8)
    c.fill(rect(24, 16 - wing / 2, 76, 72, 14), k.main, bevel=9)
    c.fill(rect(30, 52, 70, 70, 6), darker(k.main, 1.08), bevel=6)
    c.fill(rect(22, 66, 78, 82, 5), darker(k.main, 0.88), bevel=5)
    for x0, x1 in ((13, 29), (71, 87)):
        c.fill(rect(x0, 44 - wing, x1, 82, 7), k.main, bevel=6)
    if k.rng.random() < 0.5:
        for x in (40, 50, 60):
            c.fill(ellipse(x, 34, 1.6, 1.6), darker(k.main, 0.6), bevel=1)


def side_table(c: Canvas, k: Look) -> None:
    legs = k.main if k.main.texture != "wood" or k.rng.random() < 0.6 else BLACK
    wide = 38 if k.is_("shape", "oval") else 31
    for x0, x1 in ((30, 26), (70, 74), (50, 50)):
        c.line([(x0, 42), (x1, 90)], 2.6, legs)
    if k.is_("storage"):
        c.fill(ellipse(50, 70, wide - 7, 4.5), darker(k.main, 0.9), bevel=2)
    if k.is_("shape", "square"):
        c.fill([(24, 32), (76, 32), (86, 43), (14, 43)], k.main, bevel=2)
        c.fill(rect(14, 43, 86, 47), darker(k.main, 0.78), bevel=1)
    else:
        c.fill(ellipse(50, 42, wide, 9), darker(k.main, 0.75), bevel=2)
        c.fill(ellipse(50, 39, wide, 9), k.main, bevel=2)


def bookshelf(c: Canvas, k: Look) -> None:
    n = int(k.number("shelves", 4))
    top, bottom = 12.0, 90.0
    c.fill(rect(24, top, 76, bottom), darker(k.main, 0.55), bevel=1)
    step = (bottom - top - 3) / n
    inks = [(150, 60, 52), (52, 84, 110), (214, 186, 120), (92, 112, 84), (228, 222, 208), (90, 74, 96)]
    for row in range(n):
        x, floor = 28.0, top + 2 + step * (row + 1)
        end = k.vary(45, 70)
        while x < end:
            width = k.vary(2, 4.2)
            tall = k.vary(0.5, 0.82) * (step - 3)
            c.fill(
                rect(x, floor - tall - 1, x + width - 0.4, floor),
                plain(inks[int(k.rng.integers(6))]),
                bevel=0.8,
            )
            x += width
        c.fill(rect(24, floor - 1, 76, floor + 1.8), k.main, bevel=0.8)
    for x in (24, 73.5):
        c.fill(rect(x, top, x + 2.5, bottom), k.main, bevel=1)
    c.fill(rect(24, top - 1, 76, top + 2), k.main, bevel=1)


def cushion(c: Canvas, k: Look) -> None:
    h = 20 if k.is_("size", "40 x 60 cm") else 30
    c.fill(
        smooth(
            [
                (18, 50 - h),
                (50, 54 - h),
                (82, 50 - h),
                (79, 50),
                (82, 50 + h),
                (50, 46 + h),
                (18, 50 + h),
                (21, 50),
            ]
        ),
        k.main,
        bevel=12,
    )
    _pattern(c, k, 24, 50 - h + 7, 76, 50 + h - 7)


def throw(c: Canvas, k: Look) -> None:
    for x in range(21, 80, 3):
        c.line([(x, 78), (x + k.vary(-0.6, 0.6), 86)], 0.9, k.main)
    c.fill(rect(18, 34, 82, 79, 5), darker(k.main, 0.9), bevel=4)
    c.fill(rect(18, 26, 82, 62, 7), k.main, bevel=6)
    _pattern(c, k, 22, 31, 78, 57)
    c.line([(18, 66), (82, 66)], 0.8, darker(k.main, 0.7))


def rug(c: Canvas, k: Look) -> None:
    c.fill([(24, 30), (76, 30), (93, 76), (7, 76)], k.main, bevel=2)
    c.fill([(28, 34), (72, 34), (84, 71), (16, 71)], darker(k.main, 0.86), bevel=1)
    c.fill([(30, 36), (70, 36), (81, 69), (19, 69)], k.main, bevel=1)
    _pattern(c, k, 26, 40, 74, 64)
    for x in range(8, 93, 3):
        c.line([(x, 76), (x, 80)], 0.8, PAPER)


def plant_pot(c: Canvas, k: Look) -> None:
    for dx, dy in ((-18, -20), (-9, -33), (1, -38), (11, -31), (20, -18)):
        tip = (50 + dx * k.vary(0.9, 1.3), 46 + dy * k.vary(0.8, 1.1))
        side = (50 + dx * 0.5 - 5, 46 + dy * 0.55)
        c.fill(smooth([(50, 50), side, tip, (50 + dx * 0.5 + 5, 46 + dy * 0.5)]), GREEN, bevel=2)
    w, base = k.vary(20, 25), k.vary(13, 20)
    c.fill([(50 - w, 50), (50 + w, 50), (50 + base, 89), (50 - base, 89)], k.main, bevel=7)
    if k.rng.random() < 0.5:
        c.fill(rect(47 - w, 46, 53 + w, 55, 2), k.main, bevel=3)
    if k.is_("drainage_hole"):
        c.fill(ellipse(50, 90, base + 5, 2.6), darker(k.main, 0.85), bevel=1.5)


def watering_can(c: Canvas, k: Look) -> None:
    c.line(smooth([(56, 74), (74, 58), (84, 34), (92, 30)], closed=False), 3.4, k.main)
    if k.is_("removable_rose"):
        c.fill([(88, 24), (97, 30), (93, 36), (86, 32)], k.main)
    c.line(smooth([(30, 46), (12, 40), (10, 62), (26, 76)], closed=False), 3, k.main)
    belly = k.vary(20, 25)
    c.fill(smooth([(36, 44), (60, 44), (48 + belly, 82), (46, 86), (48 - belly, 82)]), k.main, bevel=9)
    c.fill(ellipse(48, 44, 11, 3), darker(k.main, 0.5), bevel=1)


def _pattern(c: Canvas, k: Look, x0: float, y0: float, x1: float, y1: float) -> None:
    """Stripes or checks as thin bands of the same cloth, darker."""
    band = darker(k.main, 0.72) if sum(k.main.rgb) > 330 else darker(k.main, 1.5)
    if not k.is_("pattern", "plain"):
        for step in range(5):
            y = y0 + (y1 - y0) * (step + 0.5) / 5
            c.fill(rect(x0, y - 1, x1, y + 1), band, bevel=0.6)
    if k.is_("pattern", "checked"):
        for step in range(6):
            x = x0 + (x1 - x0) * (step + 0.5) / 6
            c.fill(rect(x - 1, y0, x + 1, y1), band, bevel=0.6)
