"""Forms of shoes, bags and clothes."""

from __future__ import annotations

from .canvas import Canvas, Shape, ellipse, rect, smooth
from .look import BLACK, PAPER, SOLE, STEEL, Look, darker, plain

LACE = plain((244, 242, 236))


def _laces(c: Canvas, rows: list[tuple[float, float]], k: Look) -> None:
    lace = LACE if sum(k.main.rgb) < 600 else plain((90, 92, 98))
    for x, y in rows:
        c.line([(x - 4, y + 2.5), (x + 4, y - 2.5)], 1.5, lace)


def running_shoe(c: Canvas, k: Look) -> None:
    foam = k.vary(0, 4) + {"light": 0, "medium": 2, "heavy": 4}.get(str(k.specs.get("cushioning")), 1)
    body = smooth(
        [
            (12, 40),
            (20, 34),
            (30, 38),
            (40, 36),
            (52, 44),
            (70, 54),
            (88, 60),
            (92, 70),
            (60, 74),
            (12, 72),
            (8, 56),
        ]
    )
    c.fill(body, k.main, bevel=6)
    pop = plain((236, 92, 52)) if k.rng.random() < 0.5 else plain((60, 190, 180))
    c.line(smooth([(24, 64), (40, 58), (52, 50)], closed=False), 2.6, pop)
    c.line(smooth([(30, 68), (48, 64), (60, 54)], closed=False), 2.6, pop)
    c.fill(smooth([(8, 46), (16, 40), (18, 66), (9, 68)]), darker(k.main, 0.7), bevel=3)
    sole = smooth(
        [
            (6, 68),
            (30, 71),
            (60, 72),
            (94, 66),
            (95, 72),
            (86, 80 + foam / 2),
            (50, 80 + foam),
            (8, 82 + foam),
            (4, 74),
        ]
    )
    c.fill(sole, SOLE, bevel=4)
    if k.is_("terrain", "trail"):
        for x in range(10, 84, 8):
            c.fill(rect(x, 80 + foam * 0.8, x + 4, 84 + foam * 0.8), BLACK, bevel=0.8)
    if k.is_("carbon_plate"):
        c.line(smooth([(8, 76), (50, 77), (90, 71)], closed=False), 1, BLACK)
    _laces(c, [(44, 41), (50, 45), (56, 48)], k)
    c.fill(smooth([(14, 40), (26, 37), (34, 39), (24, 43)]), plain((50, 50, 54)), bevel=1)


def sneaker(c: Canvas, k: Look) -> None:
    c.fill(
        smooth(
            [
                (12, 40),
                (24, 38),
                (36, 38),
                (48, 42),
                (66, 54),
                (86, 58),
                (92, 70),
                (90, 76),
                (12, 76),
                (10, 58),
            ]
        ),
        k.main,
        bevel=6,
    )
    c.fill(smooth([(72, 58), (86, 59), (92, 70), (90, 75), (70, 75)]), darker(k.main, 0.9), bevel=4)
    c.fill(smooth([(11, 42), (18, 40), (20, 54), (11, 56)]), k.accent, bevel=2)
    c.fill(rect(7, 74, 95, 84, 4), SOLE, bevel=3)
    c.line([(8, 78), (94, 78)], 0.7, plain((196, 190, 180)))
    _laces(c, [(44, 45), (50, 48), (56, 52), (62, 55)], k)
    c.fill(smooth([(15, 41), (28, 40), (38, 41), (26, 45)]), plain((60, 58, 56)), bevel=1)


def hiking_boot(c: Canvas, k: Look) -> None:
    top = {"low": 34, "mid": 24, "high": 12}.get(str(k.specs.get("height")), 20)
    c.fill(
        smooth([(18, top), (44, top), (46, 40), (58, 50), (80, 56), (90, 68), (88, 77), (14, 77), (14, 50)]),
        k.main,
        bevel=6,
    )
    c.fill(smooth([(16, top - 2), (46, top - 2), (47, top + 7), (16, top + 7)]), darker(k.main, 0.6), bevel=3)
    c.fill(smooth([(74, 57), (88, 64), (90, 77), (70, 77)]), darker(k.main, 0.5), bevel=4)
    c.fill(rect(10, 76, 93, 84, 3), BLACK, bevel=2)
    for x in range(11, 90, 9):
        c.fill(rect(x, 83, x + 5.5, 89, 1), BLACK, bevel=1)
    lace = plain((214, 70, 44)) if k.rng.random() < 0.5 else plain((232, 200, 90))
    for y in range(top + 10, 54, 6):
        hook = 41 + max(0, y - 40) * 0.9
        c.line([(hook - 5, y + 2), (hook + 4, y - 1)], 1.6, lace)


def loafer(c: Canvas, k: Look) -> None:
    c.fill(
        smooth(
            [
                (10, 54),
                (18, 48),
                (34, 54),
                (48, 52),
                (64, 56),
                (86, 64),
                (93, 74),
                (88, 79),
                (12, 79),
                (8, 66),
            ]
        ),
        k.main,
        bevel=6,
    )
    c.fill(smooth([(16, 51), (34, 56), (46, 54), (30, 62), (18, 58)]), plain((70, 48, 36)), bevel=1)
    c.line(smooth([(44, 53), (54, 60), (56, 70)], closed=False), 4, darker(k.main, 0.75))
    c.line(smooth([(60, 57), (76, 62), (88, 70)], closed=False), 0.8, darker(k.main, 0.5))
    c.fill(rect(8, 78, 94, 81.5, 1.5), darker(k.accent, 0.5), bevel=1)
    c.fill(rect(8, 80, 28, 87, 1), darker(k.accent, 0.4), bevel=1)


def backpack(c: Canvas, k: Look) -> None:
    roll = k.rng.random() < 0.3
    for x in (17, 83):
        c.line(
            smooth([(x + (50 - x) * 0.3, 26), (x, 48), (x + (50 - x) * 0.2, 76)], closed=False),
            4,
            darker(k.main, 0.6),
        )
    c.line(smooth([(42, 16), (44, 6), (56, 6), (58, 16)], closed=False), 2.6, k.accent)
    c.fill(rect(24, 14, 76, 90, 8 if roll else 18), k.main, bevel=8)
    if roll:
        c.fill(rect(22, 12, 78, 28, 5), darker(k.main, 0.85), bevel=5)
        c.line([(50, 20), (50, 56)], 2.4, k.accent)
    else:
        c.line(
            smooth([(28, 44), (30, 26), (50, 18), (70, 26), (72, 44)], closed=False), 0.9, darker(k.main, 0.5)
        )
    c.fill(rect(30, 54, 70, 84, 6), darker(k.main, 0.9), bevel=5)
    c.line([(34, 61), (66, 61)], 1.1, darker(k.main, 0.5))
    c.fill(rect(45, 66, 55, 72, 1), k.accent, bevel=1)


def tote(c: Canvas, k: Look) -> None:
    c.line(
        smooth([(34, 42), (36, 14), (64, 14), (66, 42)], closed=False),
        3,
        k.accent if k.rng.random() < 0.5 else darker(k.main, 0.85),
    )
    flare = k.vary(-3, 5)
    c.fill([(22 - flare, 38), (78 + flare, 38), (76, 90), (24, 90)], k.main, bevel=6)
    c.line([(22 - flare, 43), (78 + flare, 43)], 0.8, darker(k.main, 0.65))
    if k.is_("closure", "zip"):
        c.line([(24, 39), (76, 39)], 1.4, STEEL)
    if k.rng.random() < 0.4:
        c.fill(rect(36, 56, 64, 78, 2), darker(k.main, 0.9), bevel=2)


def wallet(c: Canvas, k: Look) -> None:
    for i, tone in enumerate([(210, 180, 80), (90, 130, 170), (226, 226, 222)]):
        c.fill(rect(22 + 2 * i, 22 + 4 * i, 76 - 2 * i, 50 + 4 * i, 2), plain(tone), bevel=1)
    c.fill(rect(16, 34, 84, 80, 5), k.main, bevel=5)
    c.fill(
        rect(18.5, 36.5, 81.5, 77.5, 4),
        darker(k.main, 0.7),
        holes=[rect(19.3, 37.3, 80.7, 76.7, 3.6)],
        bevel=0.5,
    )
    if k.is_("coin_pocket"):
        c.fill(ellipse(72, 57, 3, 3), STEEL, bevel=2)
    c.line([(16, 46), (84, 46)], 0.7, darker(k.main, 0.7))


def tshirt(c: Canvas, k: Look) -> None:
    wide = {"slim": -3, "relaxed": 4}.get(str(k.specs.get("fit")), 0)
    body: Shape = [
        (38, 14),
        (44, 19),
        (50, 20.5),
        (56, 19),
        (62, 14),
        (78 + wide, 22),
        (92 + wide / 2, 42),
        (80, 49),
        (72 + wide, 40),
        (72 + wide, 88),
        (28 - wide, 88),
        (28 - wide, 40),
        (20, 49),
        (8 - wide / 2, 42),
        (22 - wide, 22),
    ]
    c.fill(body, k.main, bevel=5)
    c.line(
        smooth([(38, 14.5), (44, 20.5), (50, 22), (56, 20.5), (62, 14.5)], closed=False),
        2,
        darker(k.main, 0.85),
    )
    for x in (28 - wide, 72 + wide):
        c.line([(x, 40), (x + (50 - x) * 0.12, 56)], 0.7, darker(k.main, 0.7))


def rain_jacket(c: Canvas, k: Look) -> None:
    c.fill(smooth([(38, 18), (42, 6), (58, 6), (62, 18), (58, 26), (42, 26)]), darker(k.main, 0.8), bevel=5)
    c.fill(smooth([(44, 14), (50, 10), (56, 14), (55, 22), (45, 22)]), plain((40, 44, 50)), bevel=2)
    for x0, x1 in ((30, 12), (70, 88)):
        c.line([(x0, 30), (x1, 68)], 13, k.main, bevel=6)
        c.line([(x1 - 5, 72), (x1 + 5, 72)], 3, darker(k.main, 0.6))
    c.fill(
        smooth([(30, 24), (44, 20), (50, 26), (56, 20), (70, 24), (73, 56), (74, 88), (26, 88), (27, 56)]),
        k.main,
        bevel=6,
    )
    c.line([(50, 24), (50, 88)], 1.3, plain((240, 200, 70)) if k.rng.random() < 0.5 else BLACK)
    for x0, x1 in ((33, 42), (67, 58)):
        c.line([(x0, 74), (x1, 62)], 1.1, darker(k.main, 0.5))


def sock(c: Canvas, k: Look) -> None:
    top = {"ankle": 42, "crew": 22, "knee": 6}.get(str(k.specs.get("height")), 20)
    for dx, dy, tone in ((10, -4, 0.82), (-4, 2, 1.0)):
        cloth = darker(k.main, tone)
        leg: Shape = [
            (36, top),
            (56, top),
            (57, 50),
            (62, 62),
            (80, 70),
            (86, 80),
            (76, 88),
            (52, 84),
            (38, 72),
            (35, 54),
        ]
        c.fill(smooth([(x + dx, y + dy) for x, y in leg]), cloth, bevel=6)
        for x, y, rx, ry in ((44, 72, 8, 8), (79, 79, 7.5, 7.5)):
            c.fill(ellipse(x + dx, y + dy, rx, ry), darker(cloth, 0.72), bevel=3)
        for y in range(top + 3, top + 12, 3):
            c.line(
                [(36.5 + dx, y + dy), (55.5 + dx, y + dy)],
                1.1,
                PAPER if sum(k.main.rgb) < 540 else darker(cloth, 0.6),
            )
