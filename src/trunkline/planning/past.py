"""A stretch of the journal as a replay needs it: who came and asked what, who was there, and what really came of it.

It keeps a record for each contact and for each change of an agent, and nothing for the lines themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from trunkline.core.agent import Agent, Presence
from trunkline.core.hindsight import Hindsight
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import Matter
from trunkline.planning.figures import Figures, Seen, figures

_LEFT = {
    Happened.OVERFLOWED, Happened.CALLBACK_WANTED, Happened.ENDED_IN_FLOW, Happened.SERVED_BY_FALLBACK,
    Happened.CALLBACK_NOT_REACHED,
}  # fmt: skip
_CAME = {Happened.QUEUED, Happened.CALLBACK_PLANNED, Happened.CALLBACK_DUE}
_ENDED = {Happened.WRAPPED_UP, Happened.WRAP_UP_TIMED_OUT, Happened.PASSED_ON, Happened.HANDED_TO_FLOW}
_OF_EVERYBODY = {Happened.ROLL_CALLED, Happened.HOURS_CHANGED}


class Stay:
    """One wait of somebody, and what really came of it; in seconds, None for what is not known."""

    __slots__ = ("abandoned", "answered", "at", "came", "counts", "entry", "handling", "id", "medium", "ring", "wait")

    def __init__(
        self, id_: InteractionId, entry: Entry, medium: str, *, at: float, came: float, counts: bool = True
    ) -> None:
        self.id, self.entry, self.medium = id_, entry, medium
        self.came = came
        """Since when they wait: with a callback, since it was due."""
        self.at = at
        """When they began to wait, or when the stretch began."""
        self.counts = counts
        """Whether they came within the stretch; who waited before it is served too, but not counted."""
        self.wait: float | None = None
        """How long they waited until they were answered, gave up, or went elsewhere; None: they waited still."""
        self.answered = self.abandoned = False
        self.ring: float | None = None
        self.handling: float | None = None


class Shown(NamedTuple):
    """From a moment on an agent is like this: whether they want work, whether they can be rung, what they bring."""

    at: float
    agent: Agent
    wants: bool
    phone: bool


class Closed(NamedTuple):
    """From a moment on these queues are closed."""

    at: float
    queues: frozenset[QueueId]


class Spent:
    """How an agent's time went: busy, and ready or busy."""

    __slots__ = ("busy_s", "holds", "last", "there_s", "wants")

    def __init__(self, since: float) -> None:
        self.last = since
        self.busy_s = self.there_s = 0.0
        self.wants = self.holds = False

    def becomes(self, at: float, *, wants: bool, holds: bool) -> None:
        """Count the time until now, and go on like this."""
        passed = max(0.0, at - self.last)
        self.last = max(self.last, at)
        if self.holds:
            self.busy_s += passed
        if self.holds or self.wants:
            self.there_s += passed
        self.wants, self.holds = wants, holds


class Past:
    """Reads a stretch of the journal, line by line. `floor` is as it was when the stretch began."""

    def __init__(self, floor: Hindsight, start: datetime, until: datetime) -> None:
        self.start, self.until = start.timestamp(), until.timestamp()
        self.complete = floor.complete
        self.rules = floor.rules
        self.stays: list[Stay] = []
        """In the order of their coming."""
        self.changes: list[Shown | Closed] = []
        self.in_hand: dict[InteractionId, tuple[AgentId, str, float]] = {}
        """What agents held when the stretch began: whose it was, its medium, and until when."""
        self.media: set[str] = {"voice"}
        """The media of which anything was offered: the others wait for agents who can take them."""
        self._floor = floor
        self._open: dict[InteractionId, Stay] = {}
        self._talking: dict[InteractionId, tuple[Stay, float]] = {}
        self._rang: dict[InteractionId, float] = {}
        self._spent: dict[AgentId, Spent] = {}
        self._shown: dict[AgentId, tuple[object, ...]] = {}
        self._begin()

    def _begin(self) -> None:
        floor = self._floor
        for id_, matter in floor.matters.items():
            if matter.stage is Stage.WAITING or matter.stage is Stage.OFFERED:
                self._came(id_, matter, self.start, counts=False)
            elif matter.agents:
                self.in_hand[id_] = (matter.agents[0], matter.medium, self.until)
        self.changes.append(Closed(self.start, floor.hours.closed))
        for agent in list(floor.agents):
            self._look_at(agent, self.start)

    # --- reading ---

    def see(self, line: JournalEntry) -> None:
        """Let one more line happen."""
        at, id_ = line.at.timestamp(), line.interaction
        before = self._floor.hours.closed
        self._floor.see(line)
        if id_ is not None:
            self._see_stay(line, id_, at)
        if line.kind in _OF_EVERYBODY:
            for each in list(self._floor.agents):
                self._look_at(each, at)
            if self._floor.hours.closed != before:
                self.changes.append(Closed(at, self._floor.hours.closed))
        elif line.agent is not None:
            self._look_at(line.agent, at)

    def _see_stay(self, line: JournalEntry, id_: InteractionId, at: float) -> None:
        kind = line.kind
        if kind in _CAME:
            matter = self._floor.matters.get(id_)
            if matter is not None and matter.stage is Stage.WAITING:
                self._came(id_, matter, at)
        elif kind is Happened.OFFERED:
            self._rang[id_] = at
            self.media.add(line.facts.get("medium", "voice"))
        elif kind in (Happened.ACCEPTED, Happened.TAKEN_OVER):
            self._answered(id_, at)
        elif kind is Happened.ABANDONED or kind in _LEFT:
            stay = self._open.pop(id_, None)
            if stay is not None:
                stay.wait, stay.abandoned = at - stay.came, kind is Happened.ABANDONED
        elif kind in _ENDED:
            self._ended(id_, at)

    def _came(self, id_: InteractionId, matter: Matter, at: float, *, counts: bool = True) -> None:
        # Who waits a second time, for a voicemail of theirs or after an overflow, is somebody else to the replay.
        name = InteractionId(f"{id_}/{len(self.stays)}")
        came = min(at, matter.entry.since.timestamp()) if not counts else at
        stay = self._open[id_] = Stay(name, matter.entry, matter.medium, at=at, came=came, counts=counts)
        self.stays.append(stay)

    def _answered(self, id_: InteractionId, at: float) -> None:
        stay = self._open.pop(id_, None)
        if stay is not None:
            stay.wait, stay.answered = at - stay.came, True
            rang = self._rang.pop(id_, None)
            stay.ring = at - rang if rang is not None else None
            self._talking[id_] = (stay, at)

    def _ended(self, id_: InteractionId, at: float) -> None:
        if id_ in self._talking:
            stay, since = self._talking.pop(id_)
            stay.handling = at - since
        elif id_ in self.in_hand:
            agent, medium, _ = self.in_hand[id_]
            self.in_hand[id_] = (agent, medium, at)

    def _look_at(self, id_: AgentId, at: float) -> None:
        agent = self._floor.agents.get(id_)
        if agent is None:
            return
        away = id_ in self._floor.hours.away
        wants, phone = agent.presence is Presence.READY and not away, self._floor.reachable(agent)
        spent = self._spent.setdefault(id_, Spent(max(at, self.start)))
        spent.becomes(min(at, self.until), wants=wants and phone, holds=bool(agent.hands))
        looks = (wants, phone, agent.presence is Presence.OFFLINE, agent.post, agent.capacity)
        if self._shown.get(id_) != looks:
            self._shown[id_] = looks
            self.changes.append(Shown(at, agent, wants, phone))

    # --- what really happened ---

    def figures(self, *, within_s: float) -> Mapping[QueueId, Figures]:
        """Return the figures of what really happened, by the queue to which each contact came."""
        seen: defaultdict[QueueId, Seen] = defaultdict(Seen)
        for stay in self.counted():
            count(
                seen[stay.entry.queue],
                stay.wait,
                self.until - stay.came,
                answered=stay.answered,
                abandoned=stay.abandoned,
            )
            if stay.handling is not None:
                seen[stay.entry.queue].handling.append(stay.handling)
        for id_, spent in self._spent.items():
            spent.becomes(self.until, wants=False, holds=False)
            add_time(seen, self._floor.agents[id_].queues if id_ in self._floor.agents else (), spent)
        return {queue: figures(each, within_s=within_s) for queue, each in sorted(seen.items())}

    def counted(self) -> Iterable[Stay]:
        """Return who came within the stretch, on a medium that is offered."""
        return (stay for stay in self.stays if stay.counts and stay.medium in self.media)


def count(seen: Seen, wait: float | None, so_far: float, *, answered: bool, abandoned: bool) -> None:
    """Note how somebody's wait ended; `so_far` is how long it was if it did not."""
    if wait is None:
        seen.left.append(so_far)
    else:
        (seen.served if answered else seen.abandoned if abandoned else seen.left).append(wait)


def add_time(seen: Mapping[QueueId, Seen], queues: Iterable[QueueId], spent: Spent) -> None:
    """Add an agent's time to each of their queues."""
    for queue in queues:
        seen[queue].busy_s += spent.busy_s
        seen[queue].present_s += spent.there_s
