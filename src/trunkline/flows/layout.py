"""Where the boxes and lines of a drawn flow go: layers from left to right, few crossings, the same every time.

Longest-path layering after Sugiyama, Tagawa and Toda (1981) with barycentre ordering. Lines to one box run together,
so that the work stays in proportion to the boxes however many ways lead to one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

COLUMN = 230
"""The width of a box."""
ROW = 22
HEADER = 46
GAP = 26
"""Between boxes of one layer."""
TRACK = 9
"""Between two lines side by side."""
MARGIN = 24
SWEEPS = 8
LONGEST = 12
"""How many layers a line passes at most; a longer way is a mark."""


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a box, drawn as a row of it, or (`row` None) from its header."""

    to: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Shape:
    """A box to be placed: how many rows it has, and where they lead."""

    rows: int
    exits: Sequence[Exit]

    @property
    def height(self) -> int:
        """How high it is."""
        return HEADER + self.rows * ROW + (6 if self.rows else 0)


@dataclass(slots=True)
class Spot:
    """A box in its place, or (`name` None) a bend of lines to `to` on their way through a layer."""

    name: str | None
    to: str
    layer: int
    height: int
    x: float = 0
    y: float = 0
    """The upper edge."""

    @property
    def enters(self) -> float:
        """The height at which lines come in."""
        return self.y + (HEADER / 2 if self.name else self.height / 2)


@dataclass(frozen=True, slots=True)
class Route:
    """One line: out of a box to the right, as far as its box, the trunk of lines to it, or (`back`, `far`) a mark."""

    start: str
    exit: Exit
    points: tuple[tuple[float, float], ...]
    back: bool
    far: bool = False


@dataclass(slots=True)
class Layout:
    """A whole picture's geometry."""

    spots: Mapping[str, Spot]
    routes: list[Route] = field(default_factory=list)
    trunks: list[tuple[tuple[float, float], ...]] = field(default_factory=list)
    """Lines that several ways to one box share."""
    width: float = 0
    height: float = 0


def laid_out(shapes: Mapping[str, Shape], start: str | None) -> Layout:
    """Place every box; lines that would lead back, or very far, are marks at the box they leave."""
    forward = _forward(shapes, start)
    layer = _layers(shapes, forward)
    # A line right across a large picture helps nobody, and all of them would be more than the boxes.
    near = {name: [way for way in ways if layer[way.to] - layer[name] <= LONGEST] for name, ways in forward.items()}
    boxes = {name: Spot(name, name, layer[name], shape.height) for name, shape in shapes.items()}
    columns, bends = _columns(boxes, near)
    _order(columns, shapes, near, boxes, bends)
    return _Drafter(shapes, near, boxes, columns, bends).layout()


def _forward(shapes: Mapping[str, Shape], start: str | None) -> dict[str, list[Exit]]:
    """Return the ways that do not close a circle, walking depth first from the start."""
    forward: dict[str, list[Exit]] = {name: [] for name in shapes}
    done: set[str] = set()
    roots = [start] if start in shapes else []
    for root in [*roots, *shapes]:
        if root in done or root is None:
            continue
        under_way, todo = {root}, [(root, iter(shapes[root].exits))]
        while todo:
            name, exits = todo[-1]
            way = next(exits, None)
            if way is None:
                todo.pop()
                done.add(name)
                under_way.discard(name)
            elif way.to in shapes and way.to not in under_way:
                forward[name].append(way)
                if way.to not in done:
                    under_way.add(way.to)
                    todo.append((way.to, iter(shapes[way.to].exits)))
    return forward


def _layers(shapes: Mapping[str, Shape], forward: Mapping[str, list[Exit]]) -> dict[str, int]:
    """Return how many steps away each box is at most."""
    missing = dict.fromkeys(shapes, 0)
    for ways in forward.values():
        for way in ways:
            missing[way.to] += 1
    layer = dict.fromkeys(shapes, 0)
    ahead = [name for name, count in missing.items() if not count]
    while ahead:
        name = ahead.pop()
        for way in forward[name]:
            layer[way.to] = max(layer[way.to], layer[name] + 1)
            missing[way.to] -= 1
            if not missing[way.to]:
                ahead.append(way.to)
    return layer


def _columns(
    boxes: Mapping[str, Spot], forward: Mapping[str, list[Exit]]
) -> tuple[list[list[Spot]], dict[tuple[str, int], Spot]]:
    """Return the layers, with a bend for all long lines to one box in each layer that they pass."""
    columns: list[list[Spot]] = [[] for _ in range(1 + max((spot.layer for spot in boxes.values()), default=0))]
    bends: dict[tuple[str, int], Spot] = {}
    for spot in boxes.values():
        columns[spot.layer].append(spot)
    for name, ways in forward.items():
        for way in ways:
            for number in range(boxes[way.to].layer - 1, boxes[name].layer, -1):
                if (way.to, number) in bends:
                    continue
                bends[way.to, number] = bend = Spot(None, way.to, number, 4)
                columns[number].append(bend)
    return columns, bends


def _order(
    columns: list[list[Spot]],
    shapes: Mapping[str, Shape],
    forward: Mapping[str, list[Exit]],
    boxes: Mapping[str, Spot],
    bends: Mapping[tuple[str, int], Spot],
) -> None:
    """Bring each layer into the order of its neighbours, to and fro."""
    into: dict[int, list[tuple[Spot, float]]] = {}
    out: dict[int, list[tuple[Spot, float]]] = {}
    for source, row, target in _links(shapes, forward, boxes, bends):
        into.setdefault(id(target), []).append((source, row))
        out.setdefault(id(source), []).append((target, 0.0))
    rank = {id(spot): float(at) for column in columns for at, spot in enumerate(column)}
    for sweep in range(SWEEPS):
        near = into if sweep % 2 == 0 else out
        for column in columns if sweep % 2 == 0 else reversed(columns):
            means = {
                id(spot): sum(rank[id(other)] + part for other, part in near[id(spot)]) / len(near[id(spot)])
                if id(spot) in near
                else rank[id(spot)]
                for spot in column
            }
            column.sort(key=lambda spot: means[id(spot)])
            rank.update({id(spot): float(at) for at, spot in enumerate(column)})


def _links(
    shapes: Mapping[str, Shape],
    forward: Mapping[str, list[Exit]],
    boxes: Mapping[str, Spot],
    bends: Mapping[tuple[str, int], Spot],
) -> list[tuple[Spot, float, Spot]]:
    """Return each piece of line between neighbouring layers, with how far down its box it begins (0 to 1)."""
    found: list[tuple[Spot, float, Spot]] = []
    for name, ways in forward.items():
        for way in ways:
            row = 0.0 if way.row is None else (way.row + 1) / (shapes[name].rows + 1)
            source = boxes[name]
            found.append((source, row, bends.get((way.to, source.layer + 1)) or boxes[way.to]))
    for (to, layer), bend in bends.items():
        found.append((bend, 0.5, bends.get((to, layer + 1)) or boxes[to]))
    return found


@dataclass(slots=True)
class _Drafter:
    """Turns an order into places and lines."""

    shapes: Mapping[str, Shape]
    forward: Mapping[str, list[Exit]]
    boxes: Mapping[str, Spot]
    columns: list[list[Spot]]
    bends: Mapping[tuple[str, int], Spot]

    def layout(self) -> Layout:
        """Return it."""
        self._heights()
        tracks, widths = self._tracks()
        x = float(MARGIN)
        rights: list[float] = []
        for column, width in zip(self.columns, widths, strict=True):
            for spot in column:
                spot.x = x
            rights.append(x + COLUMN)
            x += COLUMN + width
        layout = Layout(self.boxes)
        for name, shape in self.shapes.items():
            for way in shape.exits:
                layout.routes.append(self._route(name, way, tracks, rights))
        first: dict[str, int] = {}
        for to, layer in self.bends:
            first[to] = min(layer, first.get(to, layer))
        layout.trunks = [self._trunk(to, layer, tracks, rights) for to, layer in first.items()]
        layout.width = rights[-1] + MARGIN + 120
        layout.height = max((s.y + s.height for column in self.columns for s in column), default=0) + MARGIN
        return layout

    def _heights(self) -> None:
        """Move each box towards the lines that lead to it, in order and apart."""
        links = _links(self.shapes, self.forward, self.boxes, self.bends)
        into: dict[int, list[tuple[Spot, float]]] = {}
        out: dict[int, list[tuple[Spot, float]]] = {}
        for source, row, target in links:
            into.setdefault(id(target), []).append((source, row))
            out.setdefault(id(source), []).append((target, row))
        for column in self.columns:
            self._apart(column, {id(spot): 0.0 for spot in column})
        for sweep in range(SWEEPS):
            columns = self.columns if sweep % 2 == 0 else self.columns[::-1]
            for column in columns:
                wanted = {}
                for spot in column:
                    head = spot.enters - spot.y
                    given = [other.y + _down(other, row) for other, row in into.get(id(spot), ())]
                    wanted[id(spot)] = sum(given) / len(given) - head if given else spot.y
                    if sweep % 2 and id(spot) in out:
                        ends = [other.enters - _down(spot, row) for other, row in out[id(spot)]]
                        wanted[id(spot)] = sum(ends) / len(ends)
                self._apart(column, wanted)
        top = min((spot.y for column in self.columns for spot in column), default=0)
        for column in self.columns:
            for spot in column:
                spot.y += MARGIN - top

    def _apart(self, column: list[Spot], wanted: Mapping[int, float]) -> None:
        """Give each the height it wants as far as its neighbours leave room, pushing both ways by half."""
        groups: list[tuple[float, float, list[tuple[Spot, float]]]] = []
        for spot in column:
            group: list[tuple[Spot, float]] = [(spot, 0.0)]
            at, size = wanted[id(spot)], float(spot.height + (GAP if spot.name else TRACK))
            while groups and groups[-1][0] + groups[-1][1] > at:
                upper_at, upper_size, upper = groups.pop()
                # A group stands where its members want to stand on the average.
                at = (upper_at * len(upper) + (at - upper_size) * len(group)) / (len(upper) + len(group))
                group = [*upper, *((each, offset + upper_size) for each, offset in group)]
                size += upper_size
            groups.append((at, size, group))
        for at, _, group in groups:
            for spot, offset in group:
                spot.y = round(at + offset)

    def _tracks(self) -> tuple[dict[tuple[int, str], int], list[float]]:
        """Give the lines to each box an upright of their own between two layers; return those and the widths."""
        spans: list[dict[str, list[float]]] = [{} for _ in self.columns]
        for source, row, target in _links(self.shapes, self.forward, self.boxes, self.bends):
            spans[source.layer].setdefault(target.to, []).extend([source.y + _down(source, row), target.enters])
        tracks: dict[tuple[int, str], int] = {}
        widths: list[float] = []
        for layer, each in enumerate(spans):
            # Of lines going down, the lower ones turn first; of those going up, the upper ones.
            down = sorted((to for to, ys in each.items() if ys[1] >= ys[0]), key=lambda to, e=each: (-e[to][1], to))  # type: ignore[misc]
            up = sorted((to for to, ys in each.items() if ys[1] < ys[0]), key=lambda to, e=each: (e[to][1], to))  # type: ignore[misc]
            taken: list[list[tuple[float, float]]] = []
            for to in [*down, *up]:
                low, high = min(each[to]) - 3, max(each[to]) + 3
                free = next((n for n, used in enumerate(taken) if all(high < a or low > b for a, b in used)), None)
                if free is None:
                    free = len(taken)
                    taken.append([])
                taken[free].append((low, high))
                tracks[layer, to] = free
            widths.append(44 + TRACK * len(taken))
        return tracks, widths

    def _route(self, name: str, way: Exit, tracks: Mapping[tuple[int, str], int], rights: Sequence[float]) -> Route:
        """Return one line, corner by corner."""
        box = self.boxes[name]
        row = 0.0 if way.row is None else (way.row + 1) / (self.shapes[name].rows + 1)
        y = box.y + _down(box, row)
        points = [(box.x + COLUMN, y)]
        if way not in self.forward[name]:
            to = self.boxes.get(way.to)
            far = to is not None and to.layer > box.layer
            return Route(name, way, (*points, (box.x + COLUMN + 12, y)), back=not far, far=far)
        points += self._onward(way.to, box.layer, y, tracks, rights)
        return Route(name, way, tuple(points), back=False)

    def _onward(
        self, to: str, layer: int, y: float, tracks: Mapping[tuple[int, str], int], rights: Sequence[float]
    ) -> list[tuple[float, float]]:
        """Return the corners from one layer to the next, on the way to a box."""
        following = self.bends.get((to, layer + 1)) or self.boxes[to]
        x = rights[layer] + 16 + TRACK * tracks[layer, to]
        return [(x, y), (x, following.enters), (following.x, following.enters)]

    def _trunk(
        self, to: str, first: int, tracks: Mapping[tuple[int, str], int], rights: Sequence[float]
    ) -> tuple[tuple[float, float], ...]:
        """Return the line that all ways to a box share, from the first layer that one of them passes."""
        bend = self.bends[to, first]
        points = [(bend.x, bend.enters)]
        for layer in range(first, self.boxes[to].layer):
            points += self._onward(to, layer, points[-1][1], tracks, rights)
        return tuple(points)


def _down(spot: Spot, row: float) -> float:
    """Return how far below its upper edge a line leaves a box."""
    if spot.name is None:
        return spot.height / 2
    rows = round((spot.height - HEADER - 6) / ROW) if spot.height > HEADER else 0
    number = round(row * (rows + 1))
    return HEADER / 2 if number == 0 else HEADER + (number - 0.5) * ROW
