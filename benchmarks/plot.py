"""Lines on logarithmic axes, as SVG: how what something takes grows with how much there is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Point = tuple[float, float]
_WIDTH, _HEIGHT, _MARGIN, _KEY = 760, 460, 56, 250
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f")


def exponent(points: Sequence[Point]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    if len(points) < 2:
        return 0.0
    pairs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    across = sum((x - mean_x) ** 2 for x, _ in pairs)
    return sum((x - mean_x) * (y - mean_y) for x, y in pairs) / across


def relative(points: Sequence[Point]) -> list[Point]:
    """The same as multiples of the first one."""
    (x0, y0), *_ = points
    return [(x / x0, y / y0) for x, y in points]


def svg(title: str, across: str, up: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """Lines by name, each from (1, 1); dashed is what grows as its input does."""
    most = max(value for points in lines.values() for point in points for value in point)
    top = 2 ** math.ceil(math.log2(most))
    left, bottom = _MARGIN, _HEIGHT - _MARGIN
    scale = min(_WIDTH - _KEY - left, bottom - _MARGIN) / math.log2(top)

    def place(point: Point) -> str:
        x, y = (math.log2(max(value, 0.5)) * scale for value in point)
        return f"{left + x:.1f},{bottom - y:.1f}"

    parts = [_text(left, 24, title, size=15)]
    for power in range(int(math.log2(top)) + 1):
        at, value = power * scale, f"{2**power}x"
        parts.append(_line(left, bottom - at, left + scale * math.log2(top), bottom - at))
        parts.append(_line(left + at, bottom, left + at, bottom - scale * math.log2(top)))
        parts.append(_text(left + at, bottom + 16, value, anchor="middle"))
        parts.append(_text(left - 6, bottom - at + 4, value, anchor="end"))
    parts.append(_text(left, bottom + 38, across))
    parts.append(_text(left, _MARGIN - 14, up))
    parts.append(_path(f"{place((1, 1))} {place((top, top))}", "#000", 'stroke-dasharray="4 4"'))
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        dash = 'stroke-dasharray="9 3"' if number >= len(_COLOURS) else ""
        parts.append(_path(" ".join(map(place, points)), colour, dash))
        y = _MARGIN + 22 * number
        parts.append(_path(f"{_WIDTH - _KEY + 20},{y} {_WIDTH - _KEY + 44},{y}", colour, dash))
        parts.append(_text(_WIDTH - _KEY + 50, y + 4, name))
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="#ddd"/>'


def _path(points: str, colour: str, more: str) -> str:
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" {more}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    placed = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {placed}>{escape(text)}</text>"
