"""Draws what depends on what, from left to right: the tasks of a run, the datasets of a pipeline, lineage.

Nodes stand in layers, each to the right of all that it depends on. Where an arrow passes a layer it keeps a place of
its own there, so no arrow runs behind a node.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 248, 54  # of a box
_GAP_X, _GAP_Y, _LANE = 44, 18, 12  # between layers, between boxes, and the height of an arrow that passes
_MARGIN = 4
_LABEL, _DETAIL = 26, 30  # characters that fit into a box
_SWEEPS = 4
_HEAD = 7


@dataclass(frozen=True)
class Node:
    """A node: its `key`, the keys that it depends on, two lines of text, a state (empty for none) and a link.

    Keys that no node has are left out.
    """

    key: str
    label: str
    after: Sequence[str] = ()
    detail: str = ""
    state: str = ""
    link: str = ""


@dataclass(frozen=True)
class Box:
    """A node in its place; `label` and `detail` are shortened to fit."""

    node: Node
    x: float
    y: float
    label: str
    detail: str
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Edge:
    """An arrow: two paths of SVG."""

    line: str
    head: str


@dataclass(frozen=True)
class Drawing:
    """Boxes and arrows, and the size of the whole in pixels."""

    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


type _Place = tuple[str, int]
"""A key and a layer: a node, or the place of an arrow from that node in a layer that it passes."""


def draw(nodes: Sequence[Node]) -> Drawing:
    """The drawing of `nodes`, which keep their order where nothing speaks against it. A cycle is cut somewhere."""
    layer = _layers({node.key: node for node in nodes})
    links = _links(nodes, layer)
    columns = _ordered(nodes, layer, links)
    tops = _tops(columns, layer)
    lowest = max((top + _height(place, layer) for place, top in tops.items()), default=0)
    boxes = [_box(node, layer[node.key], tops[node.key, layer[node.key]]) for node in nodes]
    edges = [_edge(route, tops, layer) for route in _routes(nodes, layer)]
    across = len(columns) * (WIDTH + _GAP_X) - _GAP_X if columns else 0
    return Drawing(across + 2 * _MARGIN, lowest + 2 * _MARGIN, boxes, edges)


def _layers(nodes: Mapping[str, Node]) -> dict[str, int]:
    """The layer of each key: one more than the highest of those it depends on. In a cycle layers end at some point."""
    found = dict.fromkeys(nodes, 0)
    for _ in nodes:
        for key, node in nodes.items():
            before = [found[other] for other in node.after if other in nodes and other != key]
            found[key] = min(max(before, default=-1) + 1, len(nodes) - 1)
    numbers = {number: index for index, number in enumerate(sorted(set(found.values())))}
    return {key: numbers[number] for key, number in found.items()}


def _routes(nodes: Sequence[Node], layer: Mapping[str, int]) -> list[list[_Place]]:
    """For each arrow the places that it goes through, both ends included; one that would go back is left out."""
    return [
        [(start, number) for number in range(layer[start], layer[node.key])] + [(node.key, layer[node.key])]
        for node in nodes
        for start in dict.fromkeys(node.after)
        if start in layer and layer[start] < layer[node.key]
    ]


def _links(nodes: Sequence[Node], layer: Mapping[str, int]) -> dict[_Place, list[_Place]]:
    """The neighbours of each place, in both directions."""
    found: dict[_Place, list[_Place]] = defaultdict(list)
    for route in _routes(nodes, layer):
        for left, right in zip(route, route[1:], strict=False):
            found[left].append(right)
            found[right].append(left)
    return found


def _ordered(
    nodes: Sequence[Node], layer: Mapping[str, int], links: Mapping[_Place, list[_Place]]
) -> list[list[_Place]]:
    """The places of each layer from top to bottom, ordered so that few arrows cross."""
    columns: list[dict[_Place, None]] = [{} for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        columns[layer[node.key]][node.key, layer[node.key]] = None
    for route in _routes(nodes, layer):
        for place in route:
            columns[place[1]][place] = None
    ordered = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for number in range(len(ordered)) if forward else reversed(range(len(ordered))):
            beside = number - 1 if forward else number + 1
            if 0 <= beside < len(ordered):
                ordered[number] = _by_neighbours(ordered[number], ordered[beside], links)
    return ordered


def _by_neighbours(column: list[_Place], beside: list[_Place], links: Mapping[_Place, list[_Place]]) -> list[_Place]:
    """`column` sorted by the mean position of each place's neighbours in the column `beside`."""
    position = {place: index for index, place in enumerate(beside)}

    def mean(index: int, place: _Place) -> float:
        found = [position[other] for other in links.get(place, []) if other in position]
        return sum(found) / len(found) if found else index

    keys = {place: mean(index, place) for index, place in enumerate(column)}
    return sorted(column, key=keys.__getitem__)


def _tops(columns: list[list[_Place]], layer: Mapping[str, int]) -> dict[_Place, float]:
    """The upper edge of each place; the columns are centred on one line."""
    heights = [sum(_height(place, layer) + _GAP_Y for place in column) - _GAP_Y for column in columns]
    tallest, tops = max(heights, default=0), {}
    for column, height in zip(columns, heights, strict=True):
        top = (tallest - height) / 2
        for place in column:
            tops[place] = round(top, 1)
            top += _height(place, layer) + _GAP_Y
    return tops


def _height(place: _Place, layer: Mapping[str, int]) -> int:
    return HEIGHT if layer[place[0]] == place[1] else _LANE


def _left(number: int) -> int:
    return _MARGIN + number * (WIDTH + _GAP_X)


def _box(node: Node, number: int, top: float) -> Box:
    return Box(node, _left(number), _MARGIN + top, _short(node.label, _LABEL), _short(node.detail, _DETAIL))


def _edge(route: list[_Place], tops: Mapping[_Place, float], layer: Mapping[str, int]) -> Edge:
    middle = [_MARGIN + tops[place] + _height(place, layer) / 2 for place in route]
    x, y = _left(route[0][1]) + WIDTH, middle[0]
    parts = [f"M{x} {y}"]
    for place, target in zip(route[1:], middle[1:], strict=True):
        left = _left(place[1])
        end = left - _HEAD if place == route[-1] else left
        bend = (x + end) / 2
        parts.append(f"C{bend} {y} {bend} {target} {end} {target}")
        x, y = end, target
        if place != route[-1]:
            parts.append(f"H{left + WIDTH}")
            x = left + WIDTH
    tip = x + _HEAD
    return Edge("".join(parts), f"M{x} {y - 4}L{tip} {y}L{x} {y + 4}z")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
