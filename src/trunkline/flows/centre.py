"""The centre file into the centre: queues, calendars, agents, outcomes, with every mistake at its line."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from trunkline.core.centre import Centre
from trunkline.flows.centre_shape import CentreShape
from trunkline.flows.graph import circles
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read

Loc = tuple[str | int, ...]


def load_centre(path: Path) -> tuple[Centre | None, list[Problem]]:
    """Return the centre of a file, or None with every problem that it has."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        return None, [Problem(str(path), 1, 1, Severity.ERROR, "file", message)]
    return centre_of(data, str(path))


def centre_of(data: bytes, file: str) -> tuple[Centre | None, list[Problem]]:
    """Return the centre of a file's bytes, or None with every problem; never raises."""
    written, problems = written_centre(data, file)
    return (written.centre() if written is not None else None), problems


def written_centre(data: bytes, file: str) -> tuple[CentreShape | None, list[Problem]]:
    """Return what a file's bytes say, key by key, or None with every problem; never raises."""
    root, problems = read(data, file)
    if root is None:
        return None, problems
    if not isinstance(root.value, dict):
        message = "a centre file is keys and values"
        return None, [*problems, Problem(file, root.line, root.column, Severity.ERROR, "shape", message)]
    shape, found = _shape_in(root, file, CentreShape)
    problems += found
    return (None if problems else shape), sorted(problems)


def centre_in(node: Node, file: str, model: type[CentreShape] = CentreShape) -> tuple[Centre | None, list[Problem]]:
    """Return the centre that a part of a file holds, or None with every problem; `model` may ask for less."""
    shape, problems = _shape_in(node, file, model)
    return (shape.centre() if shape is not None and not problems else None), problems


def _shape_in(node: Node, file: str, model: type[CentreShape]) -> tuple[CentreShape | None, list[Problem]]:
    shape, problems = shaped(model, node, file)
    if shape is not None:
        for look in (_unknown_names, _codes_twice, _round_and_round, _wrong_replies):
            problems += look(shape, node, file)
    return shape, problems


def _unknown_names(shape: CentreShape, root: Node, file: str) -> list[Problem]:
    """Find queues, calendars, skills, teams and capacities that are named and not there."""
    there: Mapping[str, Collection[str]] = {
        "queue": shape.queues.keys(), "calendar": shape.hours.keys(), "skill": shape.skills.keys(),
        "team": shape.teams.keys(), "capacity": shape.capacity.keys(),
        "disposition": {each.code for each in shape.dispositions},
    }  # fmt: skip
    guessers = {noun: Guesser(names) for noun, names in there.items()}
    found = []
    for loc, noun, name, whose in _named(shape):
        # Skills need no list; where there is one, it is whole.
        if name in there[noun] or (noun == "skill" and not shape.skills):
            continue
        node, _ = root.reach(loc)
        message = f'{whose}: there is no {noun} "{name}"'
        hint = guessers[noun].hint(name)
        found.append(Problem(file, node.line, node.column, Severity.ERROR, f"no-{noun}", message, hint))
    return found


def _named(shape: CentreShape) -> Iterator[tuple[Loc, str, str, str]]:
    """Name every name that something has in another part: where, of what kind, the name, and in whose part."""
    if shape.fallback_queue is not None:
        yield ("fallback_queue",), "queue", shape.fallback_queue, "fallback_queue"
    yield from _named_by_queues(shape)
    for name, reply in shape.replies.items():
        for at, each in enumerate(reply.queues or ()):
            yield ("replies", name, "queues", at), "queue", each, f'reply "{name}"'
    for login, agent in shape.agents.items():
        whose = f'agent "{login}"'
        for at, membership in enumerate(agent.queues):
            yield ("agents", login, "queues", at), "queue", membership, whose
        for skill in agent.skills:
            yield ("agents", login, "skills", skill), "skill", skill, whose
        for key, noun, given in (
            ("team", "team", agent.team), ("capacity", "capacity", agent.capacity), ("hours", "calendar", agent.hours)
        ):  # fmt: skip
            if given is not None:
                yield ("agents", login, key), noun, given, whose


def _named_by_queues(shape: CentreShape) -> Iterator[tuple[Loc, str, str, str]]:
    for name, queue in shape.queues.items():
        whose = f'queue "{name}"'
        if queue.hours is not None:
            yield ("queues", name, "hours"), "calendar", queue.hours, whose
        if queue.overflow is not None:
            yield ("queues", name, "overflow", "queue"), "queue", queue.overflow.queue, whose
        for at, follow_up in enumerate(queue.follow_ups):
            for place, code in enumerate(follow_up.dispositions):
                yield ("queues", name, "follow_ups", at, "dispositions", place), "disposition", code, whose


def _round_and_round(shape: CentreShape, root: Node, file: str) -> list[Problem]:
    """Find queues that send people on in a circle."""
    ways = {
        name: [queue.overflow.queue] if queue.overflow and queue.overflow.queue in shape.queues else []
        for name, queue in shape.queues.items()
    }
    found = []
    for circle in circles(ways):
        node, _ = root.reach(("queues", circle[0], "overflow", "queue"))
        message = f'queue "{circle[0]}": people are sent round for ever: {" → ".join([*circle, circle[0]])}'
        hint = "let the last one keep them, or let the flow's overflow lead elsewhere"
        found.append(Problem(file, node.line, node.column, Severity.ERROR, "endless", message, hint))
    return found


def _codes_twice(shape: CentreShape, root: Node, file: str) -> list[Problem]:
    """Find dispositions and reasons that share a code."""
    found = []
    for key, listed in (("dispositions", shape.dispositions), ("reasons", shape.reasons)):
        seen: set[str] = set()
        for at, coded in enumerate(listed):
            if coded.code in seen:
                node, _ = root.reach((key, at, "code"))
                message = f'{key}: the code "{coded.code}" is here twice'
                found.append(Problem(file, node.line, node.column, Severity.ERROR, "duplicate", message))
            seen.add(coded.code)
    return found


def _wrong_replies(shape: CentreShape, root: Node, file: str) -> list[Problem]:
    """Find replies that do not fit their media, and those that share a title, by which agents know them."""
    found, titled = [], dict[str, str]()
    for name, reply in shape.replies.items():
        first = titled.setdefault(reply.title.strip().casefold(), name)
        faults = list(reply.faults())
        if first != name:
            twice = f'the title is that of reply "{first}" as well'
            faults.append(("title", twice, "give it one that tells them apart"))
        for key, what, cure in faults:
            node, _ = root.reach(("replies", name, key))
            message = f'reply "{name}": {what}'
            found.append(Problem(file, node.line, node.column, Severity.ERROR, "reply", message, cure))
    return found
