"""Forms of sports, outdoor and stationery things."""

from __future__ import annotations

from .canvas import Canvas, Shape, ellipse, rect, smooth
from .look import BLACK, PAPER, STEEL, Look, darker, plain
from .textures import Surface


def running_watch(c: Canvas, k: Look) -> None:
    strap = Surface(texture="rubber", rgb=k.tint)
    c.fill(smooth([(38, 34), (40, 4), (60, 4), (62, 34)]), strap, bevel=4)
    c.fill(smooth([(38, 66), (40, 96), (60, 96), (62, 66)]), strap, bevel=4)
    for y in (80, 85, 90):
        c.fill(ellipse(50, y, 1.4, 1.4), BLACK, bevel=0.6)
    case = k.main if k.main.texture == "metal" else BLACK
    shape = ellipse(50, 50, 25, 25) if k.rng.random() < 0.65 else rect(29, 27, 71, 73, 8)
    for y in (40, 60):
        c.fill(rect(73, y - 3, 78, y + 3, 1), STEEL, bevel=1)
    c.fill(shape, case, bevel=4)
    c.fill(ellipse(50, 50, 19, 19), plain((26, 30, 36)), bevel=1)
    c.line(ellipse(50, 50, 16, 16, 150, 150 + k.vary(120, 250)), 2, plain((90, 220, 150)))
    c.line(
        smooth([(38, 54), (43, 50), (47, 56), (52, 42), (57, 54), (62, 50)], closed=False),
        1.3,
        plain((250, 120, 90)),
    )


def running_belt(c: Canvas, k: Look) -> None:
    c.line(smooth([(6, 40), (30, 32), (70, 32), (94, 40)], closed=False), 4, darker(k.main, 0.6))
    c.line(smooth([(6, 42), (20, 58), (80, 58), (94, 42)], closed=False), 7, k.main)
    n = max(1, min(3, int(k.number("pockets", 2))))
    for i in range(n):
        x = 50 + (i - (n - 1) / 2) * 19
        c.fill(rect(x - 8, 48, x + 8, 70, 4), darker(k.main, 0.9), bevel=4)
        c.line([(x - 6, 53), (x + 6, 53)], 0.9, STEEL if k.is_("reflective") else BLACK)
    if k.is_("bottle_holder"):
        c.fill(rect(76, 36, 86, 66, 3), Surface(texture="glass", rgb=(180, 210, 226)), bevel=3)


def yoga_mat(c: Canvas, k: Look) -> None:
    turns = k.vary(15, 18)
    c.fill([(22, 62), (22 + 40, 62), (96, 86), (30, 90)], darker(k.main, 0.95), bevel=2)
    c.fill(rect(16, 62 - 2 * turns + 14, 68, 76, 13), k.main, bevel=10)
    c.fill(ellipse(20, 69 - turns + 5, 9, turns), darker(k.main, 0.82), bevel=2)
    for r in (0.72, 0.46, 0.22):
        c.line(ellipse(20, 69 - turns + 5, 9 * r, turns * r), 0.9, darker(k.main, 0.55))
    if k.is_("carry_strap"):
        for x in (36, 54):
            c.line([(x, 62 - 2 * turns + 15), (x, 75)], 2.4, k.accent)


def yoga_block(c: Canvas, k: Look) -> None:
    for i in range(int(k.number("set_of", 1))):
        dx, dy = (0, 0) if i == 0 else (-6, -26)
        c.fill(
            [(20 + dx, 52 + dy), (66 + dx, 52 + dy), (82 + dx, 42 + dy), (38 + dx, 42 + dy)],
            darker(k.main, 1.1),
            bevel=1.5,
        )
        c.fill(
            [(66 + dx, 52 + dy), (82 + dx, 42 + dy), (82 + dx, 68 + dy), (66 + dx, 80 + dy)],
            darker(k.main, 0.7),
            bevel=1.5,
        )
        c.fill(rect(20 + dx, 52 + dy, 66 + dx, 80 + dy, 1.5), k.main, bevel=2)


def water_bottle(c: Canvas, k: Look) -> None:
    w = k.vary(12, 15)
    tall = 28 - (k.number("capacity", 600) - 600) * 0.018
    c.fill(
        smooth(
            [
                (50 - w, tall + 8),
                (50 - w + 5, tall),
                (50 + w - 5, tall),
                (50 + w, tall + 8),
                (50 + w, 86),
                (50, 90),
                (50 - w, 86),
            ]
        ),
        k.main,
        bevel=8,
    )
    cap = k.accent if k.rng.random() < 0.5 else BLACK
    c.fill(rect(50 - w + 5, tall - 9, 50 + w - 5, tall + 1, 2), cap, bevel=3)
    c.line(ellipse(50, tall - 11, 6, 6, 180, 360), 2.2, cap)
    if k.main.texture != "glass":
        c.fill(rect(50 - w, 78, 50 + w, 86, 1), darker(k.main, 0.7), bevel=3)
    else:
        c.fill(
            rect(50 - w + 2, tall + 24, 50 + w - 2, 85, 3),
            Surface(texture="glass", rgb=(130, 186, 214)),
            bevel=4,
        )


def tent(c: Canvas, k: Look) -> None:
    peak = k.vary(16, 24)
    if k.rng.random() < 0.55:
        c.fill(smooth([(6, 84), (20, 48), (50, peak + 6), (80, 48), (94, 84)], closed=False), k.main, bevel=8)
        c.line(smooth([(20, 84), (34, 42), (50, peak + 6)], closed=False), 1.2, darker(k.main, 0.55))
        c.line(smooth([(80, 84), (66, 42), (50, peak + 6)], closed=False), 1.2, darker(k.main, 0.55))
    else:
        c.fill([(50, peak), (95, 84), (5, 84)], k.main, bevel=5)
        c.line([(50, peak), (50, peak - 6)], 1.6, STEEL)
    c.fill(
        smooth([(37, 84), (42, 56), (50, 42), (58, 56), (63, 84)], closed=False), plain((48, 46, 44)), bevel=2
    )
    c.fill([(50, 42), (37, 84), (30, 84)], darker(k.main, 1.15), bevel=1)
    for x0, x1 in ((8, 2), (92, 98)):
        c.line([(x0, 80), (x1, 89)], 0.8, BLACK)


def sleeping_bag(c: Canvas, k: Look) -> None:
    if k.is_("shape", "mummy"):
        shape = smooth(
            [(50, 5), (66, 10), (74, 30), (68, 64), (62, 92), (38, 92), (32, 64), (26, 30), (34, 10)]
        )
        c.fill(shape, k.main, bevel=8)
        c.fill(ellipse(50, 19, 10, 9), darker(k.main, 0.5), bevel=3)
    else:
        c.fill(rect(26, 12, 74, 92, 6), k.main, bevel=7)
        c.fill([(27, 13), (73, 13), (73, 40)], plain((224, 214, 196)), bevel=2)
    c.line(smooth([(59, 27), (60, 50), (57, 88)], closed=False), 1, PAPER)


def camp_stove(c: Canvas, k: Look) -> None:
    for x0, x1 in ((40, 24), (60, 76)):
        c.line([(x0, 60), (x1, 48), (x1 + (4 if x1 > 50 else -4), 40)], 2.4, k.main)
    c.line([(50, 60), (50, 40)], 2.2, k.main)
    for x in (38, 44, 50, 56, 62):
        c.fill(
            smooth([(x - 2.6, 46), (x, 30 + abs(x - 50) * 0.4), (x + 2.6, 46)]),
            plain((96, 160, 240)),
            bevel=2,
        )
    c.fill(rect(36, 46, 64, 54, 3), k.main, bevel=3)
    c.fill(rect(46, 54, 54, 66, 1), k.main, bevel=3)
    c.line([(54, 62), (70, 64)], 1.6, STEEL)
    c.fill(
        smooth([(28, 70), (40, 65), (60, 65), (72, 70), (72, 92), (28, 92)]), plain((70, 110, 90)), bevel=6
    )


def gas_cartridge(c: Canvas, k: Look) -> None:
    tint = plain(k.tint)
    high = {100: 46, 230: 36, 450: 20}.get(int(k.number("content", 230)), 36)
    c.fill(rect(44, high - 14, 56, high - 4, 1.5), STEEL, bevel=3)
    c.fill(
        smooth([(24, high + 8), (38, high - 6), (62, high - 6), (76, high + 8)], closed=False), STEEL, bevel=4
    )
    c.fill(rect(24, high + 4, 76, 90, 4), tint, bevel=9)
    c.fill(rect(24, 62, 76, 76), PAPER, bevel=2)
    c.fill(smooth([(50, 63), (55, 70), (50, 75), (45, 70)]), plain((240, 130, 50)), bevel=1.5)


def notebook(c: Canvas, k: Look) -> None:
    w = {"A4": 30, "A5": 26, "A6": 21}.get(str(k.specs.get("format")), 25)
    h = w * 1.38
    c.fill(rect(52 - w, 52 - h, 54 + w, 52 + h, 1.5), PAPER, bevel=1)
    c.fill(rect(49 - w, 49 - h, 51 + w, 49 + h, 3), k.main, bevel=3)
    c.fill(rect(49 - w, 49 - h, 55 - w, 49 + h, 2), darker(k.main, 0.75), bevel=1.5)
    if k.rng.random() < 0.6:
        c.line([(43 + w, 49 - h), (43 + w, 49 + h)], 1.8, darker(k.main, 0.45), bevel=0.8)
    c.line([(44, 49 + h), (44, 56 + h)], 1.6, plain((200, 60, 60)))
    if k.rng.random() < 0.5:
        c.fill(rect(40, 30, 62, 40, 1), PAPER, bevel=0.8)


def planner(c: Canvas, k: Look) -> None:
    c.fill(rect(10, 22, 90, 82, 3), k.main, bevel=3)
    for x0, x1 in ((13, 49.5), (50.5, 87)):
        c.fill(rect(x0, 24, x1, 79, 1), PAPER, bevel=2)
        rows = 5 if k.is_("view", "weekly") else 3 if k.is_("view", "daily") else 7
        for row in range(rows):
            y = 33 + row * 44 / rows
            c.line([(x0 + 4, y), (x1 - 4, y)], 0.6, plain((176, 180, 188)))
        c.fill(rect(x0 + 4, 27, x0 + 16, 30, 0.5), darker(k.main, 0.9), bevel=0.5)
    c.line([(50, 24), (50, 90)], 1.6, plain((200, 60, 60)))
    for i, tone in enumerate([(226, 120, 90), (232, 190, 90), (120, 170, 150)]):
        c.fill(rect(87, 30 + 12 * i, 92, 38 + 12 * i, 1), plain(tone), bevel=0.8)


def fountain_pen(c: Canvas, k: Look) -> None:
    def along(t: float, off: float) -> tuple[float, float]:
        """A point on the pen's axis, from the nib (0) to the end (1), shifted sideways."""
        return 14 + 72 * t + off * 0.7, 86 - 72 * t + off * 0.7

    def tube(t0: float, t1: float, w0: float, w1: float) -> Shape:
        return [along(t0, -w0), along(t1, -w1), along(t1, w1), along(t0, w0)]

    fat = k.vary(5.2, 7)
    gold = k.is_("nib_material", "14k gold")
    c.fill(
        tube(0, 0.17, 0.3, 3.8),
        Surface(texture="metal", rgb=(214, 172, 84) if gold else (200, 204, 210)),
        bevel=3,
    )
    c.line([along(0.01, 0), along(0.11, 0)], 0.6, BLACK)
    c.fill(tube(0.16, 0.34, 3.8, fat * 0.85), BLACK, bevel=4)
    c.fill(tube(0.34, 0.94, fat, fat * 0.9), k.main, bevel=5)
    c.fill(tube(0.94, 1.0, fat * 0.9, fat * 0.55), k.main, bevel=3)
    for t in (0.35, 0.64):
        c.fill(tube(t, t + 0.03, fat + 0.4, fat + 0.4), Surface(texture="metal", rgb=(214, 172, 84)), bevel=2)
    c.line(
        [along(0.92, -fat - 0.8), along(0.68, -fat - 0.8)], 1.8, Surface(texture="metal", rgb=(214, 172, 84))
    )


def ink(c: Canvas, k: Look) -> None:
    tint = plain(k.tint)
    c.fill(rect(26, 40, 74, 88, 6), Surface(texture="glass", rgb=(214, 224, 230)), bevel=5)
    c.fill(rect(30, 50, 70, 85, 4), tint, bevel=6)
    c.fill(rect(36, 28, 64, 42, 2), BLACK, bevel=4)
    c.fill(rect(36, 60, 64, 76, 1), PAPER, bevel=0.8)
    c.line(smooth([(40, 70), (46, 64), (50, 72), (56, 64), (60, 70)], closed=False), 1.5, tint)
    c.fill(smooth([(82, 76), (86, 84), (82, 89), (78, 84)]), tint, bevel=2)
