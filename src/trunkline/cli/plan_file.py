"""A plan file into a plan, with every mistake at its line."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from trunkline.cli.plan_shape import CrewShape, PlanShape
from trunkline.core.capacity import USUAL
from trunkline.core.centre import Centre
from trunkline.core.demand import lacks
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.centre import centre_in, load_centre
from trunkline.flows.centre_shape import OutlineShape
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read
from trunkline.planning.plan import Arrivals, Crew, Plan

Loc = tuple[str | int, ...]


def load_plan(path: Path) -> tuple[Plan | None, list[Problem]]:
    """Return the plan of a file, or None with every problem that it and its centre have."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        return None, [Problem(file, 1, 1, Severity.ERROR, "file", f"cannot be read: {error.strerror or error}")]
    root, problems = read(data, file)
    if root is None:
        return None, problems
    if not isinstance(root.value, dict):
        message = "a plan file is keys and values"
        return None, [*problems, Problem(file, root.line, root.column, Severity.ERROR, "shape", message)]
    shape, found = shaped(PlanShape, root, file)
    centre, also = _centre(root, path)
    problems += found + also
    if shape is None or centre is None:
        return None, sorted(problems)
    plan = _plan(shape, centre)
    problems += [*_unknown_names(shape, centre, root, file), *_twice(shape, root, file)]
    if not problems:
        problems += _unserved(plan, root, file)
    return (None, sorted(problems)) if problems else (plan, [])


def _centre(root: Node, path: Path) -> tuple[Centre | None, list[Problem]]:
    """Return the centre that the plan names or holds."""
    node = root.parts.get("centre")
    if node is None:
        return None, []
    if isinstance(node.value, dict):
        return centre_in(node, str(path), OutlineShape)
    if isinstance(node.value, str):
        named = path.parent / node.value
        if named.is_file():
            return load_centre(named)
        message = f'centre: there is no file "{named}"'
        return None, [_error(node, str(path), "file", message, "write where it is, seen from this file")]
    return None, [_error(node, str(path), "value", "centre must be a file, or keys and values")]


def _plan(shape: PlanShape, centre: Centre) -> Plan:
    return Plan(
        name=shape.plan,
        centre=centre,
        arrivals=tuple(each.arrivals() for each in shape.arrivals),
        crews=tuple(crew for number, each in enumerate(shape.staff, start=1) for crew in _crews(each, number, centre)),
        answering=shape.answering.answering(),
        within_s=shape.within.total_seconds(),
        warm_up=shape.count_from,
        seed=shape.seed,
        replications=shape.replications,
    )


def _crews(shape: CrewShape, number: int, centre: Centre) -> Iterator[Crew]:
    """Yield the agents of one part of the staff, by kind."""
    if shape.agents is not None:
        many = tuple(AgentId(f"staff{number}.{each}") for each in range(1, shape.agents + 1))
        queues = {QueueId(queue): place.membership() for queue, place in shape.queues.items()}
        capacity = shape.capacity.capacity() if shape.capacity else USUAL
        yield Crew(many, queues, shape.skills, capacity, shape.times())
    for login in shape.named or ():
        config = centre.agents.get(AgentId(login))
        if config is not None:
            yield Crew((AgentId(login),), config.queues, config.skills, config.capacity, shape.times())


def _unknown_names(shape: PlanShape, centre: Centre, root: Node, file: str) -> Iterator[Problem]:
    """Find queues, skills and agents that are named and not in the centre."""
    there: Mapping[str, Collection[str]] = {
        "queue": centre.queues.keys(), "skill": centre.skills.keys(), "agent": centre.agents.keys()
    }  # fmt: skip
    guessers = {noun: Guesser(names) for noun, names in there.items()}
    for loc, noun, name in _named(shape):
        # Skills need no list; where there is one, it is whole.
        if name in there[noun] or (noun == "skill" and not centre.skills):
            continue
        message = f'{loc[0]} {int(loc[1]) + 1}: the centre has no {noun} "{name}"'
        yield _error(root.reach(loc)[0], file, f"no-{noun}", message, guessers[noun].hint(name))


def _named(shape: PlanShape) -> Iterator[tuple[Loc, str, str]]:
    """Name what the plan names of the centre: where, of what kind, the name."""
    for at, arrivals in enumerate(shape.arrivals):
        yield ("arrivals", at, "queue"), "queue", arrivals.queue
        yield from ((("arrivals", at, "skills", skill), "skill", skill) for skill in arrivals.skills)
        yield from (
            (("arrivals", at, "prefer", number), "skill", skill) for number, skill in enumerate(arrivals.prefer)
        )
        for number, stage in enumerate(arrivals.relax):
            yield from ((("arrivals", at, "relax", number, "skills", skill), "skill", skill) for skill in stage.skills)
    for at, crew in enumerate(shape.staff):
        yield from ((("staff", at, "queues", queue), "queue", queue) for queue in crew.queues)
        yield from ((("staff", at, "skills", skill), "skill", skill) for skill in crew.skills)
        yield from ((("staff", at, "named", number), "agent", login) for number, login in enumerate(crew.named or ()))


def _twice(shape: PlanShape, root: Node, file: str) -> Iterator[Problem]:
    """Find agents who are named twice."""
    seen: set[str] = set()
    for at, crew in enumerate(shape.staff):
        for number, login in enumerate(crew.named or ()):
            if login in seen:
                node, _ = root.reach(("staff", at, "named", number))
                yield _error(node, file, "duplicate", f'staff: "{login}" is here twice', "name everybody once")
            seen.add(login)


def _unserved(plan: Plan, root: Node, file: str) -> Iterator[Problem]:
    """Find contacts whom nobody of the staff could ever serve."""
    for at, arrivals in enumerate(plan.arrivals):
        if not any(_serves(crew, arrivals, plan.centre) for crew in plan.crews):
            node, _ = root.reach(("arrivals", at))
            message = f"arrivals {at + 1}: nobody of the staff can ever serve them"
            hint = (
                f'give somebody the queue "{arrivals.queue}", the skills that are asked, and room for {arrivals.medium}'
            )
            yield _error(node, file, "nobody", message, hint)


def _serves(crew: Crew, arrivals: Arrivals, centre: Centre) -> bool:
    asked = (arrivals.skills, *(stage.skills for stage in arrivals.relax))
    able = any(not lacks(crew.skills, skills) for skills in asked)
    return (
        able
        and arrivals.medium in crew.capacity.limits
        and not _reached(arrivals.queue, centre).isdisjoint(crew.queues)
    )


def _reached(queue: QueueId, centre: Centre) -> set[QueueId]:
    """Return a queue and those to which its entries go on."""
    reached: set[QueueId] = set()
    following: QueueId | None = queue
    while following is not None and following not in reached:
        reached.add(following)
        overflow = centre.queue(following).overflow
        following = overflow.queue if overflow is not None else None
    return reached


def _error(node: Node, file: str, code: str, message: str, hint: str = "") -> Problem:
    return Problem(file, node.line, node.column, Severity.ERROR, code, message, hint)
