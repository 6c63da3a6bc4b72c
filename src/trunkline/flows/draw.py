"""A flow as a picture (SVG, light and dark) and as Mermaid's text: its steps by kind, its ways, its problems."""

import re
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from xml.sax import saxutils

from trunkline.flows.layout import COLUMN, HEADER, ROW, Exit, Layout, Route, Shape, Spot, laid_out
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Problem
from trunkline.flows.reactions import spoken
from trunkline.flows.steps.step import Step, Way
from trunkline.flows.template import Template

_FAMILIES = {
    "talk": ("say", "article", "language"),
    "question": ("menu", "ask", "rate"),
    "decision": ("hours", "switch", "set", "tag", "run", "wait"),
    "world": ("http", "customer", "send"),
    "person": ("queue", "callback", "transfer", "voicemail"),
    "end": ("end",),
}
_FAMILY = {kind: family for family, kinds in _FAMILIES.items() for kind in kinds}
_STYLE = """
:root{--paper:#fff;--ink:#1d2733;--soft:#5b6877;--line:#8a97a6;--box:#fff;--edge:#c6ced8;--bad:#c62828;
--talk:#3b6fb6;--question:#7a4fb5;--decision:#a86a00;--world:#00798a;--person:#2b7a3d;--end:#5b6877;--unclear:#c62828}
@media (prefers-color-scheme:dark){:root{--paper:#12171d;--ink:#e6ebf1;--soft:#9aa7b5;--line:#6b7887;--box:#1b222b;
--edge:#36414d;--bad:#ff6b6b;--talk:#7fb0f5;--question:#c09bf2;--decision:#efb64d;--world:#4fc8d8;--person:#74cf8a;
--end:#9aa7b5;--unclear:#ff6b6b}}
text{font:13px system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;fill:var(--ink)}
.title{font-weight:600}.small{font-size:11.5px;fill:var(--soft)}.kind{font-size:10.5px;fill:var(--c);font-weight:600}
.head{font-size:17px;font-weight:600}.box{fill:var(--box);stroke:var(--edge)}.stripe{fill:var(--c)}
.way{fill:none;stroke:var(--line);stroke-width:1.4}.rule{stroke:var(--edge)}.dot{fill:var(--line)}
.tip{fill:var(--line)}.mark{fill:var(--box);stroke:var(--line)}.bad .box{stroke:var(--bad);stroke-width:2}
.badge{fill:var(--bad)}.badge+text{fill:var(--paper);font-weight:700;font-size:11px}
"""
_KIND_STYLE = "".join(f".{family}{{--c:var(--{family})}}" for family in (*_FAMILIES, "unclear"))
TOP = 44
MOST_IN_MARK = 14
# What XML 1.0 (section 2.2) has no place for, and YAML's escapes can bring: one such sign, and nothing is drawn.
_IMPOSSIBLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Box:
    """One step as it is drawn: what it does in a few words, and its ways by their labels.

    `rows` are the ways that have a label of their own, `ways` all of them, each with its row.
    """

    name: str
    title: str
    kind: str
    words: str
    rows: Sequence[tuple[str, Way]]
    ways: Sequence[tuple[Way, int | None]]
    problems: Sequence[Problem]


def svg(draft: Draft, problems: Sequence[Problem] = ()) -> str:
    """Return the picture of a flow, whole or half right; the same file gives the same picture."""
    boxes = boxes_of(draft, problems)
    start = draft.head.start if draft.head else None
    shapes = {
        name: Shape(len(box.rows), [Exit(way.to, row) for way, row in box.ways if way.to is not None])
        for name, box in boxes.items()
    }
    layout = laid_out(shapes, start)
    marks = [route for route in layout.routes if route.back or route.far]
    marked: dict[str, list[tuple[str | None, int | None]]] = {}
    for route in marks:
        marked.setdefault(route.start, []).append((route.exit.to, route.exit.row))
    title = (draft.head.title or draft.head.flow) if draft.head else draft.file
    width, height = round(layout.width), round(layout.height + TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="{_quoted(title)}">',
        f"<style>{_STYLE}{_KIND_STYLE}</style>",
        '<rect width="100%" height="100%" fill="var(--paper)"/>',
        f'<text class="head" x="24" y="34">{_text(title)}</text>',
        f'<text class="small" x="{24 + 10 * len(title) + 16}" y="34">{_text(_entry(draft))}</text>',
        f'<g transform="translate(0 {TOP})">',
        *_lines(layout),
        *(_box(box, layout.spots[name], marked.get(name, ()), first=name == start) for name, box in boxes.items()),
        *(_mark(route, boxes) for route in marks),
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(parts)


def mermaid(draft: Draft) -> str:
    """Return a flow as Mermaid's flowchart text, which many wikis and code hosts draw."""
    boxes = boxes_of(draft, ())
    number = {name: f"s{at}" for at, name in enumerate(boxes)}
    shapes = {"question": ("{{", "}}"), "decision": ("{", "}"), "person": ("([", "])"), "end": ("((", "))")}
    lines = ["flowchart LR"]
    for name, box in boxes.items():
        left, right = shapes.get(_FAMILY.get(box.kind, ""), ("[", "]"))
        lines.append(f'  {number[name]}{left}"{_plain(f"{box.title}: {box.kind}")}"{right}')
    for name, box in boxes.items():
        labels = {id(way): label for label, way in box.rows}
        for way, _ in box.ways:
            if way.to in number:
                label = labels.get(id(way))
                arrow = f'-- "{_plain(label)}" -->' if label else "-->"
                lines.append(f"  {number[name]} {arrow} {number[way.to]}")
    return "\n".join(lines) + "\n"


def boxes_of(draft: Draft, problems: Sequence[Problem]) -> dict[str, Box]:
    """Return every step of the file in its order, also those that are misshapen."""
    by_step = _by_step(draft, problems)
    boxes = {}
    for name in draft.nodes:
        step = draft.steps.get(name)
        found = by_step.get(name, ())
        if step is None:
            boxes[name] = Box(name, name, "unclear", "", (), (), found)
            continue
        ways = _shown_ways(step)
        labelled = len(ways) > 1 or (ways and ways[0].loc != ("next",))
        rows = [(way_label(step, way), way) for way in ways] if labelled else []
        numbered = [(way, at if labelled else None) for at, way in enumerate(ways)]
        boxes[name] = Box(name, step.title_for(name), step.kind, _in_words(step), rows, numbered, found)
    return boxes


def _shown_ways(step: Step) -> list[Way]:
    """Return the ways that lead somewhere, those written once told once."""
    seen: dict[tuple[object, str | None], Way] = {}
    for way in step.ways():
        if way.to is not None:
            seen.setdefault((way.loc, way.to), way)
    return list(seen.values())


def way_label(step: Step, way: Way) -> str:
    """Return what a way is called beside its line: the choice, the case, the outcome."""
    inside: object = step
    for part in way.loc[:-1]:
        inside = (
            inside[part] if isinstance(part, int) and isinstance(inside, tuple) else getattr(inside, str(part), None)
        )
    called, key = getattr(inside, "called", None), getattr(inside, "key", None)
    if callable(called):
        return f"{key}  {called()}" if isinstance(key, str) else str(called())
    when, after = getattr(inside, "when", None), getattr(inside, "after", None)
    if isinstance(when, Template):
        return str(when)
    named = way.says.removesuffix(" goes to").replace("_", " ")
    return f"{named} after {spoken(after)}" if way.loc[0] == "overflow" and after else named


def _in_words(step: Step) -> str:
    """Return what a step says, or what it works with."""
    for _, words in step.words():
        return str(next(words.all_texts(), f"({words.recording})"))
    value = getattr(step, step.kind, None)
    if isinstance(value, dict):
        return ", ".join(f"{key} = {each}" for key, each in value.items())
    asked = getattr(value, "get", None) or getattr(value, "post", None)
    return str(next((each for each in (value, asked) if isinstance(each, str | Template)), ""))


def _by_step(draft: Draft, problems: Sequence[Problem]) -> Mapping[str, list[Problem]]:
    """Return each step's problems, by the lines it stands on."""
    begins = sorted((node.line, name) for name, node in draft.names.items())
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        at = bisect_right(begins, (problem.line, "\uffff")) - 1
        if at >= 0:
            found.setdefault(begins[at][1], []).append(problem)
    return found


def _entry(draft: Draft) -> str:
    """Return what leads into the flow."""
    if draft.head is None:
        return ""
    entry = draft.head.entry
    numbers = ", ".join(entry.numbers) or ("every other number" if entry.any_other_number else "")
    return " · ".join(part for part in (numbers, ", ".join(draft.head.media), draft.head.language) if part)


def _lines(layout: Layout) -> list[str]:
    """Draw the lines that lead on."""
    tips = {(spot.x, spot.enters) for spot in layout.spots.values()}
    lines = [*layout.trunks, *(route.points for route in layout.routes if not (route.back or route.far))]
    return [_line(points, tip=points[-1] in tips) for points in lines]


def _line(points: Sequence[tuple[float, float]], *, tip: bool) -> str:
    """Draw a line with rounded corners, and a tip where it enters a box."""
    clean = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
    path = [f"M{clean[0][0]:g} {clean[0][1]:g}"]
    for before, corner, after in zip(clean, clean[1:], clean[2:], strict=False):
        near = [_towards(corner, other) for other in (before, after)]
        path.append(f"L{near[0][0]:g} {near[0][1]:g}Q{corner[0]:g} {corner[1]:g} {near[1][0]:g} {near[1][1]:g}")
    x, y = clean[-1]
    path.append(f"L{x - 6 if tip else x:g} {y:g}")
    end = f'<path class="tip" d="M{x:g} {y:g}l-8 -4v8z"/>' if tip else ""
    return f'<path class="way" d="{"".join(path)}"/>{end}'


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Return a point shortly beside a corner."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    far = max(abs(across), abs(down)) or 1
    part = min(6, far / 2) / far
    return corner[0] + across * part, corner[1] + down * part


def _mark(route: Route, boxes: Mapping[str, Box]) -> str:
    """Draw the name of the step that a way leads back to, or that is not there: in its row, or on the lower edge."""
    right, y = route.points[0]
    box = boxes[route.start]
    known = route.exit.to in boxes
    text = f"{'→' if route.far else '↩'} {boxes[route.exit.to].title}" if known else f"? {route.exit.to}"
    text = _cut(text, MOST_IN_MARK)
    wide = 14 + round(6.6 * len(text))
    left, middle = right - wide - 8, y if box.rows else y + HEADER / 2
    pill = (
        f'<rect class="mark" x="{left:g}" y="{middle - 9:g}" width="{wide}" height="18" rx="9"/>'
        f'<text class="small" x="{left + 7:g}" y="{middle + 4:g}">{_text(text)}</text>'
    )
    return f'<a href="#step-{_quoted(str(route.exit.to))}">{pill}</a>' if known else f'<g class="bad">{pill}</g>'


def _box(box: Box, spot: Spot, marked: Collection[tuple[str | None, int | None]], *, first: bool) -> str:
    """Draw a step."""
    family = _FAMILY.get(box.kind, "unclear")
    x, y, name = round(spot.x), round(spot.y), _quoted(box.name)
    lines = [
        f'<g id="step-{name}" data-step="{name}" class="{family}{" bad" if box.problems else ""}"'
        f' transform="translate({x} {y})">',
        f"<title>{_text(_hover(box))}</title>",
        f'<rect class="box" width="{COLUMN}" height="{spot.height}" rx="6"/>',
        f'<path class="stripe" d="M0 6a6 6 0 0 1 6 -6v{spot.height}a6 6 0 0 1 -6 -6z"/>',
        f'<text class="title" x="14" y="19">{_text(_cut(("▶ " if first else "") + box.title, 22))}</text>',
        f'<text class="kind" x="{COLUMN - 10}" y="18" text-anchor="end">{_text(box.kind)}</text>',
        f'<text class="small" x="14" y="36">{_text(_cut(box.words, 32))}</text>',
    ]
    for number, (label, way) in enumerate(box.rows):
        top = HEADER + number * ROW
        most = 17 if (way.to, number) in marked else 34
        lines.append(f'<path class="rule" d="M7 {top}H{COLUMN}"/>')
        lines.append(f'<text class="small" x="14" y="{top + 15}">{_text(_cut(label, most))}</text>')
        if most == 34:
            lines.append(f'<circle class="dot" cx="{COLUMN}" cy="{top + ROW / 2:g}" r="3"/>')
    if box.problems:
        lines.append(f'<circle class="badge" cx="{COLUMN}" cy="0" r="9"/>')
        lines.append(f'<text x="{COLUMN}" y="4" text-anchor="middle">{len(box.problems)}</text>')
    return "".join([*lines, "</g>"])


def _hover(box: Box) -> str:
    """Return what a pointer over a step shows."""
    return "\n".join([f"{box.kind} {box.name}", box.words, *map(str, box.problems)]).strip()


def _cut(text: str, most: int) -> str:
    """Return text that fits."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _text(text: str) -> str:
    """Return a flow's words as text of the picture: nothing in them is markup."""
    return saxutils.escape(_IMPOSSIBLE.sub("\ufffd", text))


def _quoted(text: str) -> str:
    """Return text for an attribute."""
    return _text(text).replace('"', "&quot;")


def _plain(text: str) -> str:
    """Return text for Mermaid, which has entities of its own."""
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
