"""Paths as a picture: an SVG document by hand, readable on light and dark pages, that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedNode, Explanation
from recommend.explain.labels import ems, lines_of
from recommend.explain.layout import BOX_HEIGHT, BOX_WIDTH, GAP, LANE, Box, Layout, Leg, Line, laid_out
from recommend.explain.phrases import Phrasebook
from recommend.understand.reading import BY_MEANING

_MARGIN = 16.0
_NARROWEST = 420.0
_HEAD, _FOOT = 34.0, 24.0
_TITLE, _LABEL, _SMALL = 15.0, 12.0, 10.0
_THINNEST, _THICKEST = 1.5, 7.0
_ARROW = 5.0
_INSIDE = BOX_WIDTH - 20
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = """
.sg-x{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC",sans-serif}
.sg-x .page{fill:#fff}.sg-x text{fill:#1f2328}.sg-x .dim{fill:#59636e}
.sg-x .box{fill:#f6f8fa;stroke:#d1d9e0}.sg-x .goal{fill:#ddf4ff;stroke:#0969da;stroke-width:2}
.sg-x .line{fill:none;stroke:#6e7781;stroke-linecap:butt}.sg-x .tip{fill:#6e7781}
.sg-x .user,.sg-x .word{fill:#57606a}.sg-x .product{fill:#0969da}.sg-x .brand{fill:#bc4c00}
.sg-x .category,.sg-x .type{fill:#1a7f37}.sg-x .attribute{fill:#8250df}
.sg-x .collection,.sg-x .series{fill:#bf3989}.sg-x .other{fill:#9a6700}
@media (prefers-color-scheme:dark){
.sg-x .page{fill:#0d1117}.sg-x text{fill:#e6edf3}.sg-x .dim{fill:#9198a1}
.sg-x .box{fill:#161b22;stroke:#3d444d}.sg-x .goal{fill:#0c2d52;stroke:#58a6ff}
.sg-x .line{stroke:#9198a1}.sg-x .tip{fill:#9198a1}
.sg-x .user,.sg-x .word{fill:#9198a1}.sg-x .product{fill:#58a6ff}.sg-x .brand{fill:#f0883e}
.sg-x .category,.sg-x .type{fill:#3fb950}.sg-x .attribute{fill:#a371f7}
.sg-x .collection,.sg-x .series{fill:#db61a2}.sg-x .other{fill:#d29922}}
"""
_KINDS = ("user", "word", "product", "brand", "category", "type", "attribute", "collection", "series")


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A line of text: (x, y) is the left end of its foot, or the middle of it if `centred`."""

    text: str
    x: float
    y: float
    size: float
    centred: bool = False
    dim: bool = False
    bold: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """About the space it takes: left, top, right, bottom."""
        width = ems(self.text) * self.size
        left = self.x - width / 2 if self.centred else self.x
        return left, self.y - 0.8 * self.size, left + width, self.y + 0.25 * self.size

    def svg(self) -> str:
        kind = f' class="{"dim" if self.dim else "say"}"'
        anchor = ' text-anchor="middle"' if self.centred else ""
        weight = ' font-weight="600"' if self.bold else ""
        place = f'x="{self.x:.1f}" y="{self.y:.1f}" font-size="{self.size:g}"'
        return f"<text {place}{kind}{anchor}{weight}>{_safe(self.text)}</text>"


def drawn(explanation: Explanation, phrases: Phrasebook, language: str) -> str:
    """The SVG document of an explanation."""
    layout = laid_out(goal_of(explanation), explanation.paths)
    width, height = max(layout.width + 2 * _MARGIN, _NARROWEST), layout.height + 2 * _MARGIN + _HEAD + _FOOT
    texts = list(texts_of(explanation, layout, phrases, language, width))
    last = max(box.column for box in layout.boxes)
    told = " ".join(explanation.sentences(language=language))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sg-x" role="img" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
            f"aria-label={_attribute(texts[0].text)}>",
            f"<title>{_safe(texts[0].text)}</title>",
            f"<desc>{_safe(told)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect class="page" width="{width:.0f}" height="{height:.0f}" rx="8"/>',
            f'<g transform="translate({_MARGIN:g} {_MARGIN + _HEAD:g})">',
            *(_line(line, _strongest(layout)) for line in layout.lines),
            *(_box(box, goal=box.column == last) for box in layout.boxes),
            "</g>",
            *(text.svg() for text in texts),
            "</svg>\n",
        ]
    )


def texts_of(
    explanation: Explanation, layout: Layout, phrases: Phrasebook, language: str, width: float
) -> Iterator[Text]:
    """Every text of the picture; the first is its title."""
    marks = phrases.marks(language)
    goal = explanation.product
    room = width - 2 * _MARGIN
    name = lines_of(goal.title or goal.id, room / _TITLE - ems(phrases.drawn("title", language)) - 2, 1)
    title = phrases.drawn("title", language).format(source=marks.quoted("".join(name)))
    yield Text(text=title, x=_MARGIN, y=_MARGIN + 12, size=_TITLE, bold=True)
    for box in layout.boxes:
        yield from _box_texts(box, phrases, language)
    for line in layout.lines:
        yield from _line_texts(line, _strongest(layout), explanation, phrases, language)
    foot = lines_of(_foot(explanation, phrases, language), room / 11, 1)
    yield Text(
        text="".join(foot), x=_MARGIN, y=layout.height + 2 * _MARGIN + _HEAD + _FOOT - 12, size=11, dim=True
    )


def _strongest(layout: Layout) -> float:
    return max((line.contribution for line in layout.lines), default=1.0) or 1.0


def goal_of(explanation: Explanation) -> ExplainedNode:
    """The product at the right end."""
    if explanation.paths:
        return explanation.paths[0].edges[-1].end
    product = explanation.product
    return ExplainedNode(kind="product", id=product.id, label=product.title or product.id)


def _box_texts(box: Box, phrases: Phrasebook, language: str) -> Iterator[Text]:
    x, top = box.x + _MARGIN + 12, box.top + _MARGIN + _HEAD
    if box.node.kind == "user":
        you = phrases.drawn("you", language)
        yield Text(text=you, x=x, y=top + BOX_HEIGHT / 2 + 5, size=_TITLE, bold=True)
        return
    kind = lines_of(phrases.kind(box.node.kind, language), _INSIDE / _SMALL, 1)
    yield Text(text="".join(kind), x=x, y=top + 14, size=_SMALL, dim=True)
    lines = lines_of(box.node.label, _INSIDE / _LABEL, 2)
    first = top + 35 if len(lines) == 1 else top + 29
    for place, line in enumerate(lines):
        yield Text(text=line, x=x, y=first + 15 * place, size=_LABEL)


def _line_texts(
    line: Line, strongest: float, explanation: Explanation, phrases: Phrasebook, language: str
) -> Iterator[Text]:
    """What the edge is, above its lane; under it what supports it, and at the end of a path its share."""
    leg = line.legs[0]
    x, y = (leg.x0 + leg.x1) / 2 + _MARGIN, leg.y + _MARGIN + _HEAD
    if leg.x1 - leg.x0 > GAP:  # the lane lies in the gap, not in the column that is passed by
        x = leg.x1 - GAP / 2 + _MARGIN
    label = "".join(lines_of(phrases.label(line.edge.relation, language), LANE / 11, 1))
    off = _width(line, strongest) / 2
    yield Text(text=label, x=x, y=y - 5 - off, size=11, centred=True)
    under = [_support(line.edge, phrases, language)]
    if line.edge.end == goal_of(explanation) and explanation.score:
        under.append(f"{line.contribution / explanation.score:.0%}")
    said = " · ".join(filter(None, under))
    if said:
        text = "".join(lines_of(said, LANE / _SMALL, 1))
        yield Text(text=text, x=x, y=y + 11 + off, size=_SMALL, centred=True, dim=True)


def _support(edge: ExplainedEdge, phrases: Phrasebook, language: str) -> str:
    if edge.stored or edge.support is None:
        return ""
    if edge.support_unit == "users":
        if edge.support == 1:
            return phrases.drawn("customer", language)
        return phrases.drawn("customers", language).format(shown=f"{edge.support:,.0f}")
    if edge.support_unit.startswith(CONFIDENCE) or edge.support_unit == BY_MEANING:
        return phrases.drawn("sure", language).format(share=f"{edge.support:.0%}")
    if edge.support_unit == "similarity":
        return phrases.drawn("alike", language).format(share=f"{edge.support:.0%}")
    if edge.support_unit in ("orders", "pairs"):
        return phrases.drawn(edge.support_unit, language).format(shown=f"{edge.support:,.0f}")
    return ""


def _foot(explanation: Explanation, phrases: Phrasebook, language: str) -> str:
    score = explanation.score or 1.0
    said = []
    if explanation.paths:
        shown = len(explanation.paths), f"{explanation.path_count:,}", f"{explanation.shown_share:.0%}"
        said.append(phrases.drawn("paths", language).format(shown=shown[0], all=shown[1], share=shown[2]))
    rest = phrases.drawn("rest", language)
    said += [
        rest.format(name=name, share=f"{value / score:.0%}")
        for name, value in explanation.rests.items()
        if abs(value) >= 0.005 * abs(score)
    ]
    return " · ".join(said) or " ".join(explanation.sentences(language=language))


def _box(box: Box, *, goal: bool) -> str:
    kind = box.node.kind if box.node.kind in _KINDS else "other"
    place = f'x="{box.x:.1f}" y="{box.top:.1f}"'
    named = "" if box.node.kind == "user" else f"<title>{_safe(box.node.label)}</title>"
    return (
        f'<g>{named}<rect class="{"goal" if goal else "box"}" {place} '
        f'width="{BOX_WIDTH:g}" height="{BOX_HEIGHT:g}" rx="6"/>'
        f'<rect class="{kind}" x="{box.x + 3:.1f}" y="{box.top + 8:.1f}" width="3" '
        f'height="{BOX_HEIGHT - 16:g}" rx="1.5"/></g>'
    )


def _line(line: Line, strongest: float) -> str:
    width = _width(line, strongest)
    way = " ".join(_leg(leg) for leg in line.legs)
    # stored edges are drawn through, derived ones dashed
    dash = "" if line.edge.stored else f' stroke-dasharray="{max(5.0, 2 * width):.1f} {max(4.0, width):.1f}"'
    tip = _ARROW + width / 2
    if line.edge.forward:
        x, y, back = line.legs[-1].x1, line.legs[-1].y1, -1.5 * tip
    else:
        x, y, back = line.legs[0].x0, line.legs[0].y0, 1.5 * tip
    arrow = f'<path class="tip" d="M{x:.1f} {y:.1f} l{back:.1f} {-tip:.1f} v{2 * tip:.1f} z"/>'
    return f'<path class="line" d="{way}" stroke-width="{width:.1f}"{dash}/>{arrow}'


def _width(line: Line, strongest: float) -> float:
    return max(_THINNEST, _THICKEST * line.contribution / strongest)


def _leg(leg: Leg) -> str:
    """A curve into the lane, the lane, and a curve out of it."""
    begins = leg.x1 - GAP + (GAP - LANE) / 2
    ends = leg.x1 - (GAP - LANE) / 2
    enters = leg.x1 - GAP
    through = f" H{enters:.1f}" if leg.x0 < enters else ""
    first, last = (enters + begins) / 2, (ends + leg.x1) / 2
    return (
        f"M{leg.x0:.1f} {leg.y0:.1f}{through} "
        f"C{first:.1f} {leg.y0:.1f} {first:.1f} {leg.y:.1f} {begins:.1f} {leg.y:.1f} H{ends:.1f} "
        f"C{last:.1f} {leg.y:.1f} {last:.1f} {leg.y1:.1f} {leg.x1:.1f} {leg.y1:.1f}"
    )


def _safe(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))
