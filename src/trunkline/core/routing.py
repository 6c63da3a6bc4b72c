"""Who waits and who is free, kept in order, so that a match is made on the event and never by a scan.

The rules, in their order (docs/routing.md states and proves what follows from them):

1. An entry goes only to an agent with room for its medium, who serves its queue and has the skills it asks for now.
2. An entry counts as waiting since it came, less `point` for each point of its priority: what has waited longest by
   that count is served first. For an agent, each rank of theirs below the first takes one point off.
3. An entry that is for one agent comes first for them, unless somebody was overtaken `overtaken_at_most` times so.
4. Among able free agents: the one it is for, the lower rank, more of the preferred skills, the queue's strategy.

With k skills asked and n entries or agents, each event costs O(log n) for each line that an agent serves. A line holds
the entries that ask the same; there are as many as there are queue steps in the flows, whatever waits in them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from sortedcontainers import SortedList

from trunkline.core.decision import SOME, Criterion, Decision
from trunkline.core.demand import Membership, Skills, Strategy, Wanted
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry
from trunkline.core.lines import NOBODY, Demand, Key, Line, Place, Seat
from trunkline.core.staffing import Staffing, StrategyOf

POINT = timedelta(minutes=1)
OVERTAKEN_AT_MOST = 3
_LINES_COUNTED = 8
_ANY = Membership()
"""As which an agent serves what is for them, from a queue that is not theirs."""


def _longest_idle(_queue: QueueId) -> Strategy:
    return Strategy.LONGEST_IDLE


class Routing:
    """The waiting entries of every queue and the agents at work. Nothing here knows a clock: `now` comes in."""

    def __init__(
        self,
        strategy_of: StrategyOf = _longest_idle,
        *,
        point: timedelta = POINT,
        overtaken_at_most: int = OVERTAKEN_AT_MOST,
    ) -> None:
        self._point, self._at_most = point.total_seconds(), overtaken_at_most
        self.agents = Staffing(strategy_of, point_s=self._point)
        self.agents.serves_more = self._plan_reserves
        self._numbers = count()
        self._places: dict[InteractionId, Place] = {}
        self._kept: dict[AgentId, SortedList[Key]] = {}
        self._later: list[tuple[float, int, Place | Line]] = []
        self._overtaken: dict[InteractionId, int] = {}
        """What was counted of those who are being offered, and may come back to their place."""
        self.most_overtaken = 0
        """How often anybody was overtaken by one who came later and asked the same, at most."""

    # --- entries ---

    def wait(self, interaction: InteractionId, entry: Entry, *, now: float, medium: str = "voice") -> None:
        """Put an entry at its place; one that is there already is moved to it. `now` is in seconds since 1970."""
        if interaction in self._places:
            self.leave(interaction)
        since = entry.since.timestamp()
        relaxed = relaxations(entry, now - since) if entry.relax else 0
        # There nearly always is a line, and a plain tuple is all that it takes to find it.
        line = None if relaxed else self.agents.lines.get((entry.queue, medium, entry.skills, entry.prefer))
        if line is None:
            line = self.agents.line(_demand(entry, medium, relaxed))
        place = Place(interaction, entry, (since - entry.priority * self._point, interaction), line, since)
        place.relaxed = relaxed
        if interaction in self._overtaken:
            place.overtaken_before -= self._overtaken.pop(interaction)
        self._places[interaction] = place
        line.crowd.add(place)
        wanted = entry.wanted
        if wanted is not None and (wanted.until is None or wanted.until.timestamp() > now):
            self._keep_for(place, wanted)
        else:
            self._stand_in_line(place)
        if entry.relax:
            self._plan_relaxing(place)

    def leave(self, interaction: InteractionId) -> None:
        """Take an entry out, if it is in."""
        place = self._places.get(interaction)
        if place is not None:
            self._remove(place)

    def take(self, interaction: InteractionId, agent: AgentId) -> None:
        """Take an entry out because it is offered to an agent, and count whom it overtakes; it may come back."""
        place = self._places.get(interaction)
        if place is None:
            return
        if place.wanted is not None:
            self._overtake(place, self.agents.seats.get(agent))
        overtaken = place.line.overtaken - place.overtaken_before
        self._remove(place)
        if overtaken:
            self._overtaken[interaction] = overtaken

    def forget(self, interaction: InteractionId) -> None:
        """Take an entry out for good."""
        if interaction in self._places:
            self.leave(interaction)
        self._overtaken.pop(interaction, None)

    def due(self, now: float) -> list[InteractionId]:
        """Return the entries for which something has changed by the time: fewer skills asked, more agents, or free."""
        changed = []
        while self._later and self._later[0][0] <= now:
            what = heappop(self._later)[2]
            if isinstance(what, Line):
                changed += [what.first] if what.first is not None else []
            elif self._places.get(what.id) is what:
                self._renew(what, now)
                changed.append(what.id)
        return changed

    def next_due(self) -> float | None:
        """Return when `due` should be asked next; None while nothing waits for a time."""
        return self._later[0][0] if self._later else None

    # --- matches ---

    def agent_for(self, interaction: InteractionId, *, now: float) -> AgentId | None:
        """Return the free agent to ask first for a waiting entry."""
        place = self._places.get(interaction)
        if place is None or not place.line.is_open:
            return None
        if place.wanted is not None:
            seat = self.agents.seats.get(place.wanted.agent)
            return seat.id if seat is not None and place.line.medium in seat.room else None
        self.agents.settle()
        best = None
        for able in place.line.able:
            # The very sum that `entry_for` compares: a difference could be rounded to another side of it.
            if able.after and place.key[0] + able.after > now:
                break
            first = able.first()
            if first is not None and (best is None or first < best):
                best = first
        return best[3].id if best is not None else None

    def agents_for(self, interaction: InteractionId, at_most: int, *, now: float) -> list[AgentId]:
        """Return the free agents to ask at once for a waiting entry, in their order."""
        place = self._places.get(interaction)
        if place is None or not place.line.is_open:
            return []
        if place.wanted is not None:
            agent = self.agent_for(interaction, now=now)
            return [agent] if agent is not None else []
        self.agents.settle()
        counts_from = place.key[0]
        found = [
            each
            for able in place.line.able
            if not able.after or counts_from + able.after <= now
            for each in able.some(at_most)
        ]
        return [each[3].id for each in sorted(found)[:at_most]]

    def entry_for(self, agent: AgentId, *, now: float) -> InteractionId | None:
        """Return the entry that an agent with room should serve next."""
        seat = self.agents.seats.get(agent)
        if seat is None or not seat.room:
            return None
        best, best_count = None, NOBODY
        heads = self.agents.heads
        for duty in seat.staff.duties.get(seat.room) or seat.staff.serving(seat.room):
            theirs = duty.heads(heads)
            head = min(theirs)
            if head + duty.behind < best_count and (not duty.after or head + duty.after <= now):
                best, best_count = duty.lines[theirs.index(head)], head + duty.behind
        kept = self._kept.get(agent)
        if kept:
            place = self._kept_for(seat, kept)
            if place is not None and (place.key[0] <= best_count or self._may_overtake(place, seat)):
                return place.id
        return best.first if best is not None else None

    def decision(self, interaction: InteractionId, agent: AgentId, *, now: float) -> Decision:
        """Return what speaks for offering a waiting entry to an agent with room: to be asked before it is taken.

        It looks at the lines of the agent's queues and at the top of the heaps, never at agents or entries one by one.
        """
        place, seat = self._places[interaction], self.agents.seats[agent]
        line = place.line
        able = self.agents_for(interaction, SOME, now=now)
        following = next((each for each in able if each != agent), None)
        rank, score = self._standing(line, seat)
        return Decision(
            by=self._criterion(place, (rank, score), following),
            asked=line.demand.required, preferred=line.demand.preferred, relaxed=place.relaxed,
            position=self.position(interaction) or 1, overtaken=place.overtaken,
            passed_over=self._passed_over(place.key, seat), strategy=line.strategy, rank=rank, score=score,
            able=len(able), next=following,
        )  # fmt: skip

    @staticmethod
    def _standing(line: Line, seat: Seat) -> tuple[int, int]:
        """Return an agent's rank for a line, and what they have of what is preferred."""
        staff = seat.staff
        return staff.queues.get(line.demand.queue, _ANY).rank, line.skilled(staff.skills)

    def _criterion(self, place: Place, standing: tuple[int, int], following: AgentId | None) -> Criterion:
        if place.wanted is not None:
            return Criterion.KEPT
        if following is None:
            return Criterion.ONLY
        rank, score = self._standing(place.line, self.agents.seats[following])
        if rank != standing[0]:
            return Criterion.RANK
        return Criterion.SKILL if score != standing[1] else Criterion.STRATEGY

    def _passed_over(self, key: Key, seat: Seat) -> int | None:
        """Return how many entries of an agent's queues stand before a place, and could not go to them.

        None where they stand in so many lines that counting would take longer than deciding.
        """
        heads, counts = self.agents.heads, key[0]
        older = [
            line for queue in seat.staff.queues for line in self.agents.lines_of(queue) if heads[line.number] < counts
        ]
        if not older or len(older) > _LINES_COUNTED:
            return None if older else 0
        duties = seat.staff.duties.get(seat.room) or seat.staff.serving(seat.room)
        served = {line for duty in duties for line in duty.lines}
        return sum(line.before(key) for line in older if line not in served)

    # --- figures ---

    def position(self, interaction: InteractionId) -> int | None:
        """Return an entry's place in its queue, 1 for the next to be served; None when it does not wait."""
        place = self._places.get(interaction)
        if place is None:
            return None
        lines, counts = self.agents.lines_of(place.line.demand.queue), place.key[0]
        return 1 + sum(line.before(place.key) for line in lines if line.head <= counts or not line.is_open)

    def waiting(self, queue: QueueId) -> int:
        """Return how many entries wait in a queue."""
        crowd = self.agents.crowds.get(queue)
        return crowd.waiting if crowd is not None else 0

    def longest_since(self, queue: QueueId) -> datetime | None:
        """Return since when the longest-waiting entry of a queue waits."""
        crowd = self.agents.crowds.get(queue)
        oldest = crowd.oldest() if crowd is not None else None
        return oldest.entry.since if oldest is not None else None

    def overtaken(self, interaction: InteractionId) -> int:
        """Return how often one who came later and asks the same was served before this entry, at most."""
        place = self._places.get(interaction)
        return place.overtaken if place is not None else 0

    def asks(self, interaction: InteractionId) -> Mapping[str, int]:
        """Return the skills that a waiting entry asks for now."""
        place = self._places.get(interaction)
        return dict(place.line.demand.required) if place is not None else {}

    def queues(self) -> Iterable[QueueId]:
        """Return every queue in which anything ever waited."""
        return self.agents.crowds.keys()

    # --- within ---

    def _remove(self, place: Place) -> None:
        del self._places[place.id]
        place.left = True
        place.line.crowd.waiting -= 1
        if place.wanted is not None:
            self._kept[place.wanted.agent].remove(place.key)
        else:
            self._leave_line(place)

    def _leave_line(self, place: Place) -> None:
        line = place.line
        line.remove(place.key)
        if line.has_reserves:
            self._plan_reserves(line)

    def _stand_in_line(self, place: Place) -> None:
        line = place.line
        behind = line.add(place.key)
        if line.has_reserves:
            self._plan_reserves(line)
        if behind is not None:
            # Along a line nobody may count as overtaken more often than who stands before them: only heads are asked.
            place.overtaken_before = min(place.overtaken_before, self._places[behind].overtaken_before)

    def _keep_for(self, place: Place, wanted: Wanted) -> None:
        place.wanted = wanted
        self._kept.setdefault(wanted.agent, SortedList()).add(place.key)
        if wanted.until is not None:
            heappush(self._later, (wanted.until.timestamp(), next(self._numbers), place))

    def _kept_for(self, seat: Seat, kept: "SortedList[Key]") -> Place | None:
        """Return the first entry that is for this agent and for which they have room."""
        places = (self._places[id_] for _, id_ in kept)
        return next((place for place in places if place.line.is_open and place.line.medium in seat.room), None)

    def _passed(self, place: Place, seat: Seat) -> list[Line]:
        """Return the lines whose heads an agent could serve, and that came before an entry that is for this agent."""
        duties = seat.staff.duties.get(seat.room) or seat.staff.serving(seat.room)
        return [line for duty in duties for line in duty.lines if line.head + duty.behind < place.key[0]]

    def _may_overtake(self, place: Place, seat: Seat) -> bool:
        return all(self._head(line).overtaken < self._at_most for line in self._passed(place, seat))

    def _overtake(self, place: Place, seat: Seat | None) -> None:
        for line in self._passed(place, seat) if seat is not None else ():
            line.overtaken += 1
            self.most_overtaken = max(self.most_overtaken, self._head(line).overtaken)

    def _head(self, line: Line) -> Place:
        """Return the first place of a line in which somebody stands."""
        first = line.first
        assert first is not None  # noqa: S101 - for mypy: whoever passed a line passed somebody
        return self._places[first]

    def _plan_relaxing(self, place: Place) -> None:
        """Note when an entry asks for less."""
        relax = place.entry.relax
        if place.relaxed < len(relax):
            at = place.since + relax[place.relaxed].after.total_seconds()
            heappush(self._later, (at, next(self._numbers), place))

    def _plan_reserves(self, line: Line) -> None:
        """Note when agents in reserve may be asked for the head of a line: whoever stands behind comes later."""
        for able in line.able:
            if able.after > 0 and line.first is not None:
                heappush(self._later, (line.head + able.after, next(self._numbers), line))

    def _renew(self, place: Place, now: float) -> None:
        """Make true for an entry what the time has brought."""
        entry = place.entry
        wanted = place.wanted
        if wanted is not None and wanted.until is not None and wanted.until.timestamp() <= now:
            self._kept[wanted.agent].remove(place.key)
            place.wanted = None
            place.overtaken_before = place.line.overtaken
            self._stand_in_line(place)
        relaxed = relaxations(entry, now - place.since)
        if relaxed != place.relaxed:
            self._relax(place, entry, relaxed)
            self._plan_relaxing(place)

    def _relax(self, place: Place, entry: Entry, relaxed: int) -> None:
        overtaken, line = place.overtaken, self.agents.line(_demand(entry, place.line.medium, relaxed))
        if place.wanted is None:
            self._leave_line(place)
        place.line, place.relaxed = line, relaxed
        place.overtaken_before = line.overtaken - overtaken
        if place.wanted is None:
            self._stand_in_line(place)


def relaxations(entry: Entry, waited: float) -> int:
    """Return how many relaxations of what is asked have come true after so many seconds."""
    return sum(1 for stage in entry.relax if stage.after.total_seconds() <= waited)


def _demand(entry: Entry, medium: str, relaxed: int) -> Demand:
    return Demand(entry.queue, medium, asked_after(entry, relaxed), entry.prefer)


def asked_after(entry: Entry, relaxed: int) -> Skills:
    """Return the skills that an entry asks for once so many relaxations have come true."""
    return entry.relax[relaxed - 1].skills if relaxed else entry.skills
