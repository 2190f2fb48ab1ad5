"""Forms of coffee, tea and cookware."""

from __future__ import annotations

from .canvas import Canvas, ellipse, rect, smooth
from .look import BLACK, OAK, PAPER, STEEL, Look, darker, plain
from .textures import Surface

COFFEE = plain((74, 44, 28))


def coffee_maker(c: Canvas, k: Look) -> None:
    if k.rng.random() < 0.5:  # pour-over: cone on a jug
        c.fill(
            smooth([(40, 52), (60, 52), (70, 74), (66, 88), (34, 88), (30, 74)]),
            Surface(texture="glass", rgb=(214, 230, 234)),
            bevel=6,
        )
        c.fill(smooth([(32, 76), (68, 76), (66, 87), (34, 87)]), COFFEE, bevel=4)
        c.line(smooth([(67, 60), (82, 62), (80, 80), (68, 82)], closed=False), 3, k.accent)
        c.fill(rect(36, 46, 64, 51, 2), k.main, bevel=2)
        c.fill([(26, 18), (74, 18), (57, 48), (43, 48)], k.main, bevel=7)
        c.fill(ellipse(50, 18, 24, 4), PAPER, bevel=1)
        c.fill(ellipse(50, 18.6, 18, 2.6), COFFEE, bevel=1)
        return
    c.fill(rect(22, 84, 78, 91, 2), darker(k.main, 0.8), bevel=2)
    c.fill(rect(22, 14, 42, 86, 4), k.main, bevel=6)
    c.fill(rect(22, 12, 78, 34, 5), k.main, bevel=6)
    c.fill([(50, 34), (74, 34), (68, 46), (56, 46)], BLACK, bevel=2)
    jug = STEEL if k.is_("thermal_jug") else Surface(texture="glass", rgb=(210, 226, 230))
    c.fill(smooth([(52, 52), (72, 52), (76, 68), (72, 83), (52, 83), (48, 68)]), jug, bevel=6)
    if not k.is_("thermal_jug"):
        c.fill(smooth([(49, 68), (75, 68), (72, 82), (52, 82)]), COFFEE, bevel=4)
    c.line(smooth([(74, 56), (86, 58), (84, 76), (74, 76)], closed=False), 2.8, BLACK)
    c.fill(ellipse(32, 22, 3, 3), plain((210, 60, 50)))


def grinder(c: Canvas, k: Look) -> None:
    if k.is_("drive", "manual"):
        c.line([(50, 18), (74, 14)], 2.6, STEEL)
        c.fill(ellipse(76, 13, 5, 5), OAK, bevel=4)
        c.fill(rect(38, 20, 62, 50, 3), k.main, bevel=6)
        c.fill(rect(37, 49, 63, 56, 1.5), BLACK, bevel=2)
        c.fill(rect(38, 56, 62, 90, 4), darker(k.main, 0.85), bevel=6)
        return
    c.fill([(34, 12), (66, 12), (60, 36), (40, 36)], Surface(texture="glass", rgb=(206, 216, 218)), bevel=4)
    c.fill(smooth([(37, 22), (63, 22), (60, 35), (40, 35)]), COFFEE, bevel=3)
    c.fill(rect(32, 8, 68, 13, 2), BLACK)
    c.fill(rect(30, 36, 70, 90, 5), k.main, bevel=7)
    c.fill(rect(36, 60, 64, 84, 3), BLACK, bevel=2)
    c.fill(rect(39, 64, 61, 84, 3), STEEL, bevel=4)
    c.fill(ellipse(50, 48, 6, 6), k.accent, bevel=3)


def coffee_filter(c: Canvas, k: Look) -> None:
    for i in range(4):
        x, y = 8 - i * 5, -6 + i * 4
        c.fill(
            [(16 + x, 26 + y), (84 + x, 26 + y), (66 + x, 80 + y), (40 + x, 80 + y)],
            darker(k.main, 0.86 + 0.04 * i),
            bevel=1.4,
        )
    c.line([(79, 40), (60, 90)], 0.8, darker(k.main, 0.7))
    c.line([(22, 86), (50, 92)], 0.8, darker(k.main, 0.75))


def beans(c: Canvas, k: Look) -> None:
    c.fill(smooth([(28, 20), (72, 20), (76, 50), (75, 88), (25, 88), (24, 50)]), k.main, bevel=8)
    c.fill([(28, 12), (72, 12), (72, 22), (28, 22)], darker(k.main, 0.85), bevel=2)
    c.line([(26, 15), (74, 15)], 2, plain((210, 190, 140)))
    c.fill(rect(34, 42, 66, 76, 2), PAPER, bevel=1)
    c.fill(ellipse(50, 54, 8, 9.5), COFFEE, bevel=4)
    c.line(smooth([(51, 45), (47, 52), (53, 57), (49, 63)], closed=False), 1.2, plain((150, 104, 70)))
    dots = {"light": 1, "medium": 2, "dark": 3}.get(str(k.specs.get("roast")), 2)
    for i in range(dots):
        c.fill(ellipse(44 + 6 * i, 70, 2, 2), COFFEE, bevel=1)


def mug(c: Canvas, k: Look) -> None:
    tall = k.vary(-5, 6)
    taper = k.vary(-3, 4)
    c.line(smooth([(66, 44), (84, 42), (84, 68), (66, 70)], closed=False), 4.5, k.main)
    c.fill(
        [
            (26, 34 - tall),
            (70, 34 - tall),
            (69 - taper, 84),
            (66 - taper, 87),
            (30 + taper, 87),
            (27 + taper, 84),
        ],
        k.main,
        bevel=8,
    )
    c.fill(ellipse(48, 34 - tall, 22, 5), darker(k.main, 0.8), bevel=1)
    c.fill(ellipse(48, 35 - tall, 19, 3.6), COFFEE, bevel=1)


def teapot(c: Canvas, k: Look) -> None:
    squat = k.vary(-4, 5)
    c.fill(smooth([(66, 66), (80, 50), (86, 40), (92, 42), (86, 58), (70, 76)]), k.main, bevel=4)
    if k.rng.random() < 0.4:
        c.line(smooth([(30, 44), (34, 16), (66, 16), (70, 44)], closed=False), 3, k.accent)
    else:
        c.line(smooth([(28, 48), (8, 46), (10, 72), (28, 74)], closed=False), 4.5, k.main)
    c.fill(
        smooth([(36, 42 - squat), (62, 42 - squat), (77, 62), (66, 86), (34, 86), (22, 62)]), k.main, bevel=11
    )
    c.fill(ellipse(49, 42 - squat, 15, 4), darker(k.main, 0.88), bevel=2)
    c.fill(ellipse(49, 36 - squat, 4.5, 4), k.accent if k.accent.texture == "wood" else k.main, bevel=3)


def frying_pan(c: Canvas, k: Look) -> None:
    handle = (
        k.main
        if k.main.texture == "iron" and k.rng.random() < 0.6
        else OAK
        if k.rng.random() < 0.5
        else BLACK
    )
    c.line([(64, 62), (92, 90)], 6, handle)
    c.fill(ellipse(90, 88, 1.5, 1.5), PAPER, bevel=0.5)
    r = 27 + (k.number("diameter", 26) - 26) * 0.7
    c.fill(ellipse(42, 42, r + 4, r + 4), k.main, bevel=4)
    inner = {"ceramic": plain((226, 222, 212)), "non-stick": plain((58, 58, 62))}.get(
        str(k.specs.get("coating"))
    )
    c.fill(ellipse(42, 42, r, r), inner or darker(k.main, 0.8), bevel=5)
    c.line(ellipse(42, 42, r * 0.78, r * 0.78, 190, 260), 0.9, darker(inner or k.main, 1.35))


def knife(c: Canvas, k: Look) -> None:
    long = 30 + k.number("blade_length", 18) * 1.2
    x1 = 40 + long * 0.9
    c.fill(
        smooth([(40, 44), (x1 - 12, 44), (x1 + 2, 54), (x1 - 16, 60), (40, 61), (40, 52)]),
        Surface(texture="metal", rgb=(204, 208, 214)),
        bevel=2.5,
    )
    c.line([(42, 58.5), (x1 - 14, 58)], 0.8, plain((240, 242, 244)))
    c.fill(smooth([(6, 45), (24, 43), (41, 44), (41, 53), (24, 54), (6, 56), (4, 50)]), k.second, bevel=4)
    c.fill(rect(38, 43.5, 43, 60, 1), STEEL, bevel=2)
    for x in (14, 23, 32):
        c.fill(ellipse(x, 49, 1.3, 1.3), STEEL, bevel=1)


def chopping_board(c: Canvas, k: Look) -> None:
    if k.rng.random() < 0.45:
        board = smooth(
            [
                (24, 30),
                (42, 26),
                (45, 12),
                (55, 12),
                (58, 26),
                (76, 30),
                (78, 60),
                (74, 90),
                (26, 90),
                (22, 60),
            ]
        )
        c.fill(board, k.main, holes=[ellipse(50, 17, 2.4, 2.4)], bevel=3)
    else:
        c.fill(rect(14, 26, 86, 82, 5), k.main, holes=[ellipse(79, 33, 2.6, 2.6)], bevel=3)
        if k.is_("juice_groove"):
            c.fill(rect(19, 31, 81, 77, 4), darker(k.main, 0.75), holes=[rect(21, 33, 79, 75, 3)], bevel=0.8)
    if k.is_("end_grain"):
        for y in (44, 58, 72):
            c.line([(26, y), (74, y)], 0.7, darker(k.main, 0.7))
