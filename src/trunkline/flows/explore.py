"""Walks every branch of a flow by itself: which ends there are, how to get there, what goes wrong on the way.

States are remembered, so the work grows with the flow and not with the number of conversations it allows.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from trunkline.core.errors import Misconfigured
from trunkline.core.hours import OpeningHours, is_open_at
from trunkline.core.phone import example_number
from trunkline.flows.calendars import Occasion, holes, occasions
from trunkline.flows.conversation import CALLER, CannotGoOn, Conversation, Line, World
from trunkline.flows.decisive import live_values, read_by
from trunkline.flows.evaluate import Known
from trunkline.flows.reactions import Reaction, Setting, happening, reactions
from trunkline.flows.render import UNHURRIED
from trunkline.flows.run import Moved, Run
from trunkline.flows.samples import Samples
from trunkline.flows.steps.step import Step, Tries
from trunkline.flows.talk import End, Enqueue, Facts, Value

MOST_VALUES_AT_A_STEP = 40
"""How many different sets of values one step is looked at with; a counter would never end otherwise."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """An end that was reached: what happens there, at which step, and the shortest conversation that leads to it."""

    what: str
    step: str
    medium: str
    at: datetime
    hours: str
    talk: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that no admin can have meant. `code` is cut-off, endless, trap, fails or clocks."""

    code: str
    step: str
    message: str
    talk: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Exploration:
    """All that was seen of a flow. `unreached` are steps, `untaken` ways as `step: key 3 goes to "x"`."""

    flow: str
    endings: tuple[Ending, ...]
    findings: tuple[Finding, ...]
    unreached: tuple[str, ...]
    untaken: tuple[str, ...]
    states: int


@dataclass(slots=True)
class _Place:
    """One state of a conversation, and the way there."""

    moved: Moved
    now: datetime
    start: "_Start"
    served: bool
    before: "_Place | None" = None
    by: Reaction | None = None
    after: list["_Place"] = field(default_factory=list)
    alone: "_Place | None" = None
    """Where it goes when nobody does anything."""
    is_end: bool = False
    is_cut: bool = False
    """Not looked into: its step was seen with enough sets of values, or the flow fails there."""


@dataclass(frozen=True, slots=True)
class _Start:
    """How a conversation begins."""

    facts: Facts
    occasion: Occasion


def explore(world: World, samples: Samples, start: datetime, media: Iterable[str] | None = None) -> Exploration:
    """Walk every branch on each medium, through the openings of the year from `start` on."""
    explorer = _Explorer(world, samples, _calendars(world))
    year = occasions(explorer.calendars, start)
    times = _distinct(year)
    for medium in media or world.flow.media:
        for customer in samples.variants("customer"):
            for caller in explorer.callers(medium):
                for occasion in times:
                    explorer.walk(_Start(world.facts(medium, caller, customer), occasion))
    explorer.findings += [Finding("clocks", "", hole.message) for hole in holes(explorer.calendars, year, start)]
    return explorer.exploration()


class _Explorer:
    """Walks, breadth first, so that the first way to a place is a shortest one."""

    def __init__(self, world: World, samples: Samples, calendars: Mapping[str, OpeningHours]) -> None:
        self.world, self.samples, self.calendars = world, samples, calendars
        self.findings: list[Finding] = []
        self._places: dict[Key, _Place] = {}
        self._crowd: dict[Key, int] = {}
        self._endings: dict[tuple[str, str, str], _Place] = {}
        self._taken: set[tuple[str, str | None]] = set()
        self._reached: set[str] = set()
        self._failed: set[str] = set()
        self._words, self._bodies, self._customers = samples.words(), samples.bodies(), samples.variants("customer")
        self._decisive = read_by(_steps(world))
        self._live = live_values(world.flow, self._decisive)
        self._open_at: dict[datetime, tuple[bool, ...]] = {}
        self._phone = example_number(world.centre.region)

    def callers(self, medium: str) -> tuple[str | None, ...]:
        """Return the numbers worth coming from: also none, where that makes a difference and can be."""
        return (CALLER, None) if medium not in UNHURRIED and ("caller",) in self._decisive else (CALLER,)

    def walk(self, start: _Start) -> None:
        """Walk all that one beginning leads to and no other did before."""
        now, medium = start.occasion.middle, start.facts.medium
        root = _Place(Moved(_nowhere(self.world), End()), now, start, served=False)
        try:
            moved = self.world.begin(start.facts, now)
        except (Misconfigured, KeyError) as fault:
            self._fails(root, fault)
            return
        first = self._arrived(root, None, moved, now)
        ahead = deque([first] if first else [])
        while ahead:
            place = ahead.popleft()
            setting = Setting(medium, place.now, self._words, self._bodies, self._customers, self._phone)
            # The path says which steps are passed on each way alone.
            run = replace(place.moved.run, path=())
            for reaction in reactions(place.moved.action, setting):
                if new := self._follow(place, run, reaction):
                    ahead.append(new)

    def _follow(self, place: _Place, run: Run, by: Reaction) -> _Place | None:
        """Take one way on; return the place it leads to when it is new."""
        now = place.now + by.takes
        try:
            moved = self.world.advance(run, by.answer, place.start.facts, now)
        except (Misconfigured, KeyError) as fault:
            self._fails(place, fault, by)
            return None
        return self._arrived(place, by, moved, now)

    def _arrived(self, before: _Place, by: Reaction | None, moved: Moved, now: datetime) -> _Place | None:
        """Note where a way led; None when it was known."""
        self._note_steps(before.moved.run, moved.run)
        told = happening(moved.action)
        is_end = told is not None and told.is_end
        served = before.served or (is_end and not isinstance(moved.action, End | Enqueue))
        key = self._key(moved.run, before.start.facts, now, served)
        place = self._places.get(key)
        new = place is None and self._fits(key)
        if place is None:
            place = _Place(moved, now, before.start, served, before if by else None, by, is_end=is_end, is_cut=not new)
            if new:
                self._places[key] = place
        before.after.append(place)
        if by is not None and by.by_itself and not isinstance(before.moved.action, Enqueue):
            before.alone = place
        if new and told is not None and is_end:
            step = moved.run.step or _last_step(moved.run, before.moved.run)[1]
            self._endings.setdefault((before.start.facts.medium, str(told), step), place)
            self._cut_off(place, before)
        return place if new else None

    def _cut_off(self, place: _Place, before: _Place) -> None:
        """Find an end that comes without a last word."""
        name, last = _last_step(place.moved.run, before.moved.run)
        flow = self.world.flows.get(name, self.world.flow)
        if not isinstance(place.moved.action, End) or place.served or not last or flow.steps[last].kind == "end":
            return
        does = place.by.says if place.by else "comes in"
        kind = flow.steps[last].kind
        message = f'{kind} "{last}": a caller who {does} is cut off without a word'
        if not any(finding.message == message for finding in self.findings):
            self.findings.append(Finding("cut-off", last, message, self._talk(place)))

    def _fails(self, place: _Place, fault: Exception, by: Reaction | None = None) -> None:
        """Note that the flow cannot go on."""
        place.is_cut = True
        why = f'there is no step "{fault.args[0]}"' if isinstance(fault, KeyError) else str(fault)
        if why not in self._failed:
            self._failed.add(why)
            self.findings.append(Finding("fails", place.moved.run.step, why, self._talk(place, by)))

    def _note_steps(self, before: Run, after: Run) -> None:
        """Remember the steps and ways that were passed."""
        step = before.step
        for visit in after.path:
            if visit.flow == self.world.flow.name:
                self._reached.add(visit.step)
                self._taken.add((step, visit.step))
            step = visit.step
        if not after.step:
            self._taken.add((step, None))

    def _key(self, run: Run, facts: Facts, now: datetime, served: bool) -> Key:
        """Return what decides how a conversation can go on."""
        known = Known(run.values, facts, run.language or "", run.tags, now)
        live = self._live.get(run.step, ()) if run.flow == self.world.flow.name else sorted(self._decisive)
        values = json.dumps([known.value(path) for path in live], sort_keys=True, default=str)
        is_open = self._open_at.get(now)
        if is_open is None:
            is_open = self._open_at[now] = tuple(is_open_at(hours, now) for hours in self.calendars.values())
        return (
            facts.medium,
            run.flow,
            run.step,
            run.frames,
            is_open,
            served,
            run.language,
            run.tries,
            values,
        )

    def _fits(self, key: Key) -> bool:
        """Say whether a step may be looked at with yet another set of values."""
        crowd = key[:-2]
        self._crowd[crowd] = self._crowd.get(crowd, 0) + 1
        return self._crowd[crowd] <= MOST_VALUES_AT_A_STEP

    def exploration(self) -> Exploration:
        """Return all that was seen."""
        self.findings += [*self._endless(), *self._traps()]
        steps = self.world.flow.steps
        unreached = tuple(name for name in steps if name not in self._reached)
        untaken = tuple(
            f'{name}: {way.says} "{way.to}"'
            for name, step in steps.items()
            if name in self._reached
            for way in step.ways()
            if way.to is not None
            and (name, way.to) not in self._taken
            # From a step that runs another flow, the way on begins in that flow.
            and not (step.kind == "run" and way.to in self._reached)
        )
        endings = tuple(
            Ending(
                what,
                step,
                medium,
                place.start.occasion.middle,
                place.start.occasion.says(self.calendars),
                self._talk(place),
            )
            for (medium, what, step), place in self._endings.items()
        )
        findings = tuple(dict.fromkeys(self.findings))
        return Exploration(self.world.flow.name, endings, findings, unreached, untaken, len(self._places))

    def _endless(self) -> list[Finding]:
        """Find circles that turn while nobody does anything."""
        found, done = [], set[int]()
        told: set[frozenset[str]] = set()
        for place in self._places.values():
            trail: dict[int, _Place] = {}
            at: _Place | None = place
            while at is not None and id(at) not in done and id(at) not in trail:
                trail[id(at)] = at
                at = at.alone
            if at is not None and id(at) in trail:
                order = list(trail.values())
                circle = [each.moved.run.step for each in order[list(trail).index(id(at)) :]]
                if frozenset(circle) not in told:
                    told.add(frozenset(circle))
                    round_ = " → ".join(dict.fromkeys(circle)) + f" → {circle[0]}"
                    message = f"goes round for ever when nobody does anything: {round_}"
                    found.append(Finding("endless", circle[0], message, self._talk(at)))
            done |= trail.keys()
        return found

    def _traps(self) -> list[Finding]:
        """Find steps from which nothing leads to any end."""
        sources: dict[int, list[_Place]] = {}
        for place in self._places.values():
            for after in place.after:
                sources.setdefault(id(after), []).append(place)
        ahead = [place for place in self._places.values() if place.is_end or _is_cut(place)]
        good = {id(place) for place in ahead}
        while ahead:
            for source in sources.get(id(ahead.pop()), ()):
                if id(source) not in good:
                    good.add(id(source))
                    ahead.append(source)
        lost = [place for place in self._places.values() if id(place) not in good and place.after]
        if not lost:
            return []
        names = list(dict.fromkeys(place.moved.run.step for place in lost))
        message = f"nothing that a caller can do leads out of {', '.join(names[:6])}{' …' if len(names) > 6 else ''}"
        return [Finding("trap", names[0], message, self._talk(lost[0]))]

    def _talk(self, place: _Place, last: Reaction | None = None) -> tuple[Line, ...]:
        """Return the conversation that leads to a place, by holding it again."""
        ways: list[Reaction] = [last] if last else []
        at: _Place | None = place
        while at is not None:
            if at.by is not None:
                ways.append(at.by)
            at = at.before
        conversation = Conversation(self.world, place.start.facts, place.start.occasion.middle, says_done=False)
        if place.start.facts.caller is None:
            conversation.lines.append(Line("world", "the caller's number is not known"))
        try:
            conversation.begin()
            for by in reversed(ways):
                conversation.now += by.takes
                conversation.answer(by.answer, "" if by.says == "listens" else by.says)
        except (CannotGoOn, KeyError):
            pass
        return tuple(conversation.lines)


def _is_cut(place: _Place) -> bool:
    """Say whether it is not known where a place leads."""
    return place.is_cut or any(each.is_cut for each in place.after)


def _steps(world: World) -> list[Step]:
    """Return the steps of the flow, and of those that it may run."""
    flows = world.flows.values() if any(step.kind == "run" for step in world.flow.steps.values()) else [world.flow]
    return [step for flow in flows for step in flow.steps.values()]


def _calendars(world: World) -> Mapping[str, OpeningHours]:
    """Return the calendars that the flow, or one that it may run, asks for."""
    mentions = (mention for step in _steps(world) for mention in step.mentions())
    names = {mention.name for mention in mentions if mention.noun == "hours"}
    return {name: world.centre.hours[name] for name in sorted(names) if name in world.centre.hours}


def _distinct(year: list[Occasion]) -> list[Occasion]:
    """Return one occasion for each set of open calendars, its longest of the ordinary ones; most open first."""
    best: dict[frozenset[str], Occasion] = {}
    for occasion in year:
        known = best.get(occasion.open)
        if known is None or (known.odd, known.begins - known.ends) > (occasion.odd, occasion.begins - occasion.ends):
            best[occasion.open] = occasion
    return sorted(best.values(), key=lambda occasion: (-len(occasion.open), occasion.begins))


def _last_step(ended: Run, before: Run) -> tuple[str, str]:
    """Return the flow and the step that an ended run was at last."""
    return (ended.path[-1].flow, ended.path[-1].step) if ended.path else (before.flow, before.step)


def _nowhere(world: World) -> Run:
    """Return a run that has not begun."""
    return Run(world.flow.name, world.flow.version, "", Tries(), dict[str, Value](), ())
