"""The interpreter: feed an answer, get the next action. No I/O, no clock; a run is a plain value that can be stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from trunkline.core.errors import Misconfigured, Rejected
from trunkline.flows.flow import Flow
from trunkline.flows.steps.step import Go, Scene, Stay, Tries, Turn, UnfitAnswer
from trunkline.flows.talk import Action, Answer, End, Facts, Resumed, Value

MOST_STEPS_WITHOUT_ACTION = 1000
MOST_FRAMES = 10
"""How deep flows run flows."""
MOST_VISITS = 100
"""The path keeps its latest visits only: a caller may walk round a menu all day."""


class FlowMismatch(Rejected):
    """The run belongs to another flow, or to another version of it."""

    def __init__(self, run: "Run", flow: Flow) -> None:
        super().__init__(f"a run of {run.flow} {run.version} cannot go on in {flow.name} {flow.version}")
        self.run, self.flow = run, flow


class EndlessFlow(Misconfigured):
    """The flow goes from step to step without ever doing anything."""

    def __init__(self, flow: Flow, step: str) -> None:
        super().__init__(f'flow "{flow.name}" goes round for ever at step "{step}": run `trunkline flow check` on it')
        self.flow, self.step = flow, step


@dataclass(frozen=True, slots=True)
class Visit:
    """One step on a run's path, as an agent reads it; `answer` is what the caller chose or entered there."""

    flow: str
    step: str
    title: str
    at: datetime
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A flow that waits for the one it runs to end; it then goes on at `step`, or ends too when that is empty."""

    flow: str
    version: str
    step: str


@dataclass(frozen=True, slots=True)
class Rated:
    """What the caller answered to a survey's question."""

    question: str
    score: int
    flow: str = ""
    """The one that asked; empty in a run that an earlier version stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a flow for one interaction. `step` is where it stands, empty once it has ended.

    `flow` and `version` are those of the flow it is in now; `frames` holds the ones that run it, the outermost first.
    """

    flow: str
    version: str
    step: str
    tries: Tries
    values: Mapping[str, Value]
    path: tuple[Visit, ...]
    tags: tuple[str, ...] = ()
    language: str | None = None
    """The language it has changed to; None: the flow's own."""
    frames: tuple[Frame, ...] = ()
    rating: Rated | None = None
    """The latest answer to a survey's question."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a run now stands, and what it wants done. Store the run before doing it."""

    run: Run
    action: Action
    faults: tuple[str, ...] = ()
    """Values that could not be had on the way, each in a sentence without personal data, for the log."""


def begin(flow: Flow, facts: Facts, now: datetime, *, after: Run | None = None) -> Moved:
    """Start a run; `now` is aware. It knows what was learned in the run that was there before it."""
    run = Run(flow.name, flow.version, "", Tries(), {}, ())
    if after is not None:
        language = after.language if after.language in flow.languages else None
        run = replace(run, values=after.values, path=after.path, tags=after.tags, language=language)
    return _walk(flow, run, Go(flow.start), facts, now)


def advance(flow: Flow, run: Run, answer: Answer, facts: Facts, now: datetime) -> Moved:
    """Take the answer to the run's latest action, and say what comes next.

    Resumed gives the present step's action again (its words are said again). Raises UnfitAnswer for an answer the
    present step cannot have, FlowMismatch for another flow or version: then nothing has changed.
    """
    if (run.flow, run.version) != (flow.name, flow.version):
        raise FlowMismatch(run, flow)
    if not run.step:
        if isinstance(answer, Resumed):
            return Moved(run, End())
        raise UnfitAnswer("the flow's end", answer)
    step = flow.steps[run.step]
    faults: list[str] = []
    scene = _scene(flow, run, facts, now, faults)
    turn = step.enter(scene) if isinstance(answer, Resumed) else step.answered(scene, answer)
    return _walk(flow, run, turn, facts, now, faults=faults)


def to_people(flow: Flow, run: Run, facts: Facts, now: datetime) -> Moved | None:
    """Go on at the flow's first queue, if it has one: for a caller to whom nothing can be said."""
    for name, step in flow.steps.items():
        if step.kind == "queue":
            try:
                return _walk(flow, run, Go(name), facts, now)
            except Misconfigured:
                continue
    return None


def _scene(flow: Flow, run: Run, facts: Facts, now: datetime, faults: list[str]) -> Scene:
    """Return what the present step may know."""
    since = run.path[-1].at if run.path else now
    return Scene(
        run.language or flow.language, facts, now, run.tries, run.values, run.tags, since, faults, flow.articles
    )


def _walk(flow: Flow, run: Run, turn: Turn, facts: Facts, now: datetime, *, faults: list[str] | None = None) -> Moved:
    """Follow turns until one wants something done."""
    faults = [] if faults is None else faults
    for _ in range(MOST_STEPS_WITHOUT_ACTION):
        if isinstance(turn, Stay):
            run = run if turn.tries == run.tries else replace(run, tries=turn.tries)
            return Moved(run, turn.action, tuple(faults))
        if not isinstance(turn, Go):
            return Moved(run, turn, tuple(faults))
        if turn.runs is not None:
            flow, run = _called(flow, run, turn, facts, now)
        else:
            run = _left(flow, run, turn, now)
        while not run.step and run.frames:
            flow, run = _returned(run, facts, now)
        if not run.step:
            return Moved(run, End(), tuple(faults))
        turn = flow.steps[run.step].enter(_scene(flow, run, facts, now, faults))
    raise EndlessFlow(flow, run.step)


def _called(flow: Flow, run: Run, go: Go, facts: Facts, now: datetime) -> tuple[Flow, Run]:
    """Return the flow that a step runs, and the run at its first step; raises Misconfigured."""
    called = facts.flows.flows.get(go.runs or "") if facts.flows else None
    if called is None:
        raise Misconfigured(f'flow "{flow.name}" runs a flow "{go.runs}", which does not serve')
    if len(run.frames) >= MOST_FRAMES:
        raise Misconfigured(f'flow "{flow.name}" runs flows more than {MOST_FRAMES} deep: does one run itself?')
    frames = (*run.frames, Frame(flow.name, flow.version, go.to or ""))
    return called, _left(
        called, replace(run, flow=called.name, version=called.version, frames=frames), Go(called.start), now
    )


def _returned(run: Run, facts: Facts, now: datetime) -> tuple[Flow, Run]:
    """Return the flow that waited for one that has ended, and the run where it goes on; raises Misconfigured."""
    frame, shelf = run.frames[-1], facts.flows
    flow = (shelf.version(frame.flow, frame.version) or shelf.flows.get(frame.flow)) if shelf else None
    if flow is None or (frame.step and frame.step not in flow.steps):
        raise Misconfigured(f'flow "{frame.flow}" ran "{run.flow}" and is gone')
    back = replace(run, flow=flow.name, version=flow.version, frames=run.frames[:-1])
    return flow, _left(flow, back, Go(frame.step or None), now)


def _left(flow: Flow, run: Run, go: Go, now: datetime) -> Run:
    """Return the run after it left its step: its answer on the path, its tries forgotten, the new step entered."""
    path = list(run.path)
    if go.answer is not None and path:
        path[-1] = replace(path[-1], answer=go.answer)
    if go.to is not None:
        path.append(Visit(flow.name, go.to, flow.steps[go.to].title_for(go.to), now))
    return Run(
        flow=run.flow,
        version=run.version,
        step=go.to or "",
        tries=Tries(),
        values={**run.values, **go.save} if go.save else run.values,
        path=tuple(path[-MOST_VISITS:]),
        tags=tuple(dict.fromkeys((*run.tags, *go.tags))) if go.tags else run.tags,
        language=go.language or run.language,
        frames=run.frames,
        rating=Rated(*go.rating, flow.name) if go.rating else run.rating,
    )


def run_to_json(run: Run) -> str:
    """Write a run as JSON text; `run_from_json` reads it back unchanged."""
    return json.dumps(
        {
            "flow": run.flow,
            "version": run.version,
            "step": run.step,
            "tries": [run.tries.no_answer, run.tries.no_match],
            "values": dict(run.values),
            "path": [[v.flow, v.step, v.title, v.at.isoformat(), v.answer] for v in run.path],
            "tags": run.tags,
            "language": run.language,
            "frames": [[frame.flow, frame.version, frame.step] for frame in run.frames],
            "rating": [run.rating.question, run.rating.score, run.rating.flow] if run.rating else None,
        }
    )


def run_from_json(text: str) -> Run:
    """Read what `run_to_json` wrote, now or in an earlier version.

    Raises ValueError, KeyError or TypeError for anything else.
    """
    stored = json.loads(text)
    no_answer, no_match = stored["tries"]
    path = tuple(
        Visit(flow, step, title, datetime.fromisoformat(at), answer) for flow, step, title, at, answer in stored["path"]
    )
    rating = stored.get("rating")
    return Run(
        flow=stored["flow"],
        version=stored["version"],
        step=stored["step"],
        tries=Tries(no_answer, no_match),
        values=dict(stored["values"]),
        path=path,
        tags=tuple(stored.get("tags", ())),
        language=stored.get("language"),
        frames=tuple(Frame(*frame) for frame in stored.get("frames", ())),
        rating=Rated(*rating) if rating else None,
    )
