"""A small drawing board: shapes in units of 0-100, painted with a surface and lit from the upper left."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .textures import Field, Surface, noise, paint

Point = tuple[float, float]
Shape = list[Point]


def ellipse(cx: float, cy: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Shape:
    steps = np.linspace(radians(start), radians(end), 48)
    return [(cx + rx * cos(t), cy + ry * sin(t)) for t in steps.tolist()]


def rect(x0: float, y0: float, x1: float, y1: float, r: float = 0) -> Shape:
    """A rectangle, with rounded corners when r > 0."""
    if r <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    r = min(r, (x1 - x0) / 2, (y1 - y0) / 2)
    corners = [(x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180)]
    return [
        (cx + r * cos(radians(a + turn)), cy + r * sin(radians(a + turn)))
        for cx, cy, turn in corners
        for a in range(0, 91, 15)
    ]


def smooth(points: Sequence[Point], *, closed: bool = True) -> Shape:
    """A Catmull-Rom curve through the points."""
    n = len(points)
    out: Shape = []
    for i in range(n if closed else n - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2))
        for step in range(10):
            t = step / 10
            out.append((_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t)))
    return out if closed else [*out, points[-1]]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


class Canvas:
    """Collects the parts of one product, then puts them on a background with a shadow."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng = rng
        self.out = size
        self.size = size * 2  # drawn at double size: shrinking smooths the edges
        self.colour = np.zeros((self.size, self.size, 3), dtype=np.float32)
        self.alpha = np.zeros((self.size, self.size), dtype=np.float32)
        self.scale = float(rng.uniform(0.86, 1.0))
        self.turn = float(rng.normal(0, 1.6))
        self.flip = bool(rng.random() < 0.3)
        self.shift = (float(rng.uniform(-2.5, 2.5)), float(rng.uniform(-1.5, 1.5)))

    def fill(
        self, shape: Shape, surface: Surface, *, holes: Sequence[Shape] = (), bevel: float = 3.0
    ) -> None:
        """Paints a closed shape; `bevel` is how far the light rounds its edge, in units."""
        mask = Image.new("L", (self.size, self.size), 0)
        pen = ImageDraw.Draw(mask)
        pen.polygon(self._place(shape), fill=255)
        for hole in holes:
            pen.polygon(self._place(hole), fill=0)
        self._lay(mask, surface, bevel)

    def line(self, points: Shape, width: float, surface: Surface, *, bevel: float | None = None) -> None:
        """Paints a rod, strap or cable of the given width along the points."""
        mask = Image.new("L", (self.size, self.size), 0)
        pen = ImageDraw.Draw(mask)
        placed = self._place(points)
        wide = max(1, round(width * self._unit()))
        pen.line(placed, fill=255, width=wide, joint="curve")
        for x, y in (placed[0], placed[-1]):
            pen.ellipse([x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2], fill=255)
        self._lay(mask, surface, width / 2 if bevel is None else bevel)

    def glow(self, cx: float, cy: float, radius: float, strength: float = 0.5) -> None:
        """Lightens the parts around a lit bulb."""
        ((x, y),) = self._place([(cx, cy)])
        ys, xs = np.mgrid[0 : self.size, 0 : self.size].astype(np.float32)
        fall = np.exp(-(((xs - x) ** 2 + (ys - y) ** 2) / (radius * self._unit()) ** 2)) * strength
        warm = np.array([255, 238, 190], dtype=np.float32)
        self.colour += fall[:, :, None] * (warm - self.colour) * (self.alpha > 0)[:, :, None]

    def finish(self, *, floor: bool = True) -> Image.Image:
        backdrop = self._backdrop(floor)
        mask = Image.fromarray((self.alpha * 255).astype(np.uint8))
        cast = mask.filter(ImageFilter.GaussianBlur(self.size / 34))
        soft = np.roll(np.asarray(cast, dtype=np.float32), (self.size // 40, self.size // 55), axis=(0, 1))
        backdrop *= 1 - 0.34 * (soft / 255)[:, :, None]
        blend = self.alpha[:, :, None]
        pixels = np.clip(backdrop * (1 - blend) + self.colour * blend, 0, 255).astype(np.uint8)
        return Image.fromarray(pixels).resize((self.out, self.out), Image.Resampling.LANCZOS)

    def _unit(self) -> float:
        return self.size / 100 * self.scale

    def _place(self, points: Shape) -> list[tuple[float, float]]:
        turn, unit, half = radians(self.turn), self._unit(), self.size / 2
        out = []
        for x, y in points:
            dx, dy = (50 - x if self.flip else x - 50), y - 50
            px, py = dx * cos(turn) - dy * sin(turn), dx * sin(turn) + dy * cos(turn)
            out.append((half + (px + self.shift[0]) * unit, half + (py + self.shift[1]) * unit))
        return out

    def _lay(self, mask: Image.Image, surface: Surface, bevel: float) -> None:
        box = mask.getbbox()
        if box is None:
            return
        pad = int(bevel * self._unit()) + 4
        left, top = max(0, box[0] - pad), max(0, box[1] - pad)
        right, bottom = min(self.size, box[2] + pad), min(self.size, box[3] + pad)
        cut = mask.crop((left, top, right, bottom))
        # A breath of blur: twice the size alone leaves steps in slanted edges.
        cover = np.asarray(cut.filter(ImageFilter.GaussianBlur(0.9)), dtype=np.float32) / 255
        patch = (
            paint(surface, self.rng, bottom - top, right - left)
            * self._light(cut, surface, bevel)[:, :, None]
        )
        highlight = 60 * surface.gloss * np.clip(self._light(cut, surface, bevel * 0.6) - 1.12, 0, 0.3)
        patch = np.clip(patch + highlight[:, :, None] * 3, 0, 255)
        opacity = surface.opacity
        edge = (
            1.0
            if opacity == 1
            else np.clip(opacity + 2.2 * np.abs(self._light(cut, surface, bevel) - 1), 0, 1)
        )
        weight = (cover * edge)[:, :, None]
        window = (slice(top, bottom), slice(left, right))
        under = self.alpha[window][:, :, None]
        # Over what is there already; over nothing, a see-through part keeps its own colour.
        mixed = self.colour[window] * (1 - weight) + patch * weight
        self.colour[window] = np.where(under > 0, mixed, np.where(weight > 0, patch, self.colour[window]))
        self.alpha[window] = np.maximum(self.alpha[window], weight[:, :, 0])

    def _light(self, cut: Image.Image, surface: Surface, bevel: float) -> Field:
        """Brightness from the slope of the blurred shape: edges that face the light shine."""
        soft = np.asarray(
            cut.filter(ImageFilter.GaussianBlur(max(1.0, bevel * self._unit() / 2))), dtype=np.float32
        )
        slope_y, slope_x = np.gradient(soft / 255)
        slope = (slope_x * 0.62 + slope_y * 0.78) * bevel * self._unit()
        light: Field = np.clip(1 + (0.28 + 0.42 * surface.gloss) * slope, 0.45, 1.5).astype(np.float32)
        return light

    def _backdrop(self, floor: bool) -> Field:
        hue = self.rng.choice(
            [(236, 232, 225), (228, 233, 236), (238, 229, 224), (229, 235, 228), (240, 238, 233)]
        )
        base = np.array(hue, dtype=np.float32) + self.rng.uniform(-6, 4, size=3).astype(np.float32)
        ys, xs = np.mgrid[0 : self.size, 0 : self.size].astype(np.float32) / self.size
        tone = 1.03 - 0.10 * np.hypot(xs - 0.42, ys - 0.36)
        if floor:
            tone = tone - 0.055 / (1 + np.exp(-(ys - 0.76) * 60))
        tone = tone + 0.004 * noise(self.rng, self.size, self.size, (3, 3))
        backdrop: Field = (base[None, None, :] * tone[:, :, None]).astype(np.float32)
        return backdrop
