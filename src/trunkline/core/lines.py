"""The parts that routing is made of: lines of entries that ask the same, seats of agents, and who is able for what.

All times are seconds since 1970, as floats: a comparison of datetimes costs more than all the rest of a look at a line.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from operator import attrgetter, itemgetter
from typing import NamedTuple

from trunkline.core.demand import Membership, Order, Post, Skills, Strategy, Wanted
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry

Key = tuple[float, InteractionId]
"""A place among entries: the time from which the entry counts as waiting, then its id."""

NOBODY = math.inf
NO_LINE = 0
"""The number of a line that there is not: its head is NOBODY."""

# The places in an Order by which the strategies go.
_KINDS = {
    Strategy.LONGEST_IDLE: 0,
    Strategy.MOST_SKILLED: 0,
    Strategy.RING_ALL: 0,
    Strategy.ROUND_ROBIN: 1,
    Strategy.LEAST_OCCUPIED: 2,
}
_RANKS_APART = 1_000_000
_PREFERRED_APART = 1_000
_GONE_AT_MOST = 64


class Demand(NamedTuple):
    """What the entries of one line ask."""

    queue: QueueId
    medium: str
    required: Skills
    preferred: frozenset[str]


class Seat:
    """An agent at work, as routing sees them. `room` holds the media of which one more may be offered to them."""

    __slots__ = ("absent", "id", "keys", "left", "number", "post", "room", "staff")

    def __init__(self, id_: AgentId, number: int, post: Post, staff: "Staff") -> None:
        self.id, self.number, self.post, self.staff = id_, number, post, staff
        self.room: frozenset[str] = frozenset()
        self.keys = Order(0.0)
        self.absent: dict[str, list[tuple[Able, int]]] = {}
        """Where this agent was taken out because they were not free when looked at."""
        self.left = False


Waiting = tuple[int, float, int, Seat]
"""A free agent in a heap: rank and skill in one number, the strategy's key, the seat's number, the seat."""


class Able:
    """The agents able to serve a line who have one reserve time, the first to be asked on top.

    A heap in which an agent's key may be out of date: keys only grow, so that it is set right when it comes to the
    top, and who is not free then leaves the heap until they are. Each costs O(log n), once per change of an agent.
    """

    __slots__ = ("after", "gone", "heap", "kind", "medium")

    def __init__(self, after: float, medium: str, kind: int) -> None:
        self.after, self.medium, self.kind = after, medium, kind
        self.heap: list[Waiting] = []
        self.gone = 0

    def add(self, seat: Seat, score: int) -> None:
        """Take an agent in."""
        heappush(self.heap, (score, seat.keys[self.kind], seat.number, seat))

    def lost_one(self) -> None:
        """Note that one of the agents is gone for good; once they are the greater part, they are cleared away."""
        self.gone += 1
        if self.gone > 32 and self.gone * 2 > len(self.heap):
            self.heap = [item for item in self.heap if not item[3].left]
            heapify(self.heap)
            self.gone = 0

    def first(self) -> Waiting | None:
        """Return the free agent to ask first."""
        heap, medium, kind = self.heap, self.medium, self.kind
        while heap:
            top = heap[0]
            score, key, number, seat = top
            if seat.left:
                heappop(heap)
                self.gone -= 1
            elif medium not in seat.room:
                heappop(heap)
                seat.absent.setdefault(medium, []).append((self, score))
            elif seat.keys[kind] != key:
                heapreplace(heap, (score, seat.keys[kind], number, seat))
            else:
                return top
        return None

    def some(self, at_most: int) -> list[Waiting]:
        """Return the first free agents, in their order."""
        found: list[Waiting] = []
        while len(found) < at_most and self.first() is not None:
            found.append(heappop(self.heap))
        for item in found:
            heappush(self.heap, item)
        return found


class Crowd:
    """Everybody who waits in one queue, in whatever line."""

    __slots__ = ("_numbers", "_oldest", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self._oldest: list[tuple[float, int, Place]] = []
        self._numbers = count()

    def add(self, place: "Place") -> None:
        """Count somebody in."""
        self.waiting += 1
        heappush(self._oldest, (place.since, next(self._numbers), place))
        if len(self._oldest) > 2 * self.waiting + 64:
            # Whoever waits very long keeps those on top of it from being cleared away one by one.
            self._oldest = sorted(item for item in self._oldest if not item[2].left)

    def oldest(self) -> "Place | None":
        """Return the place of who has waited longest."""
        oldest = self._oldest
        while oldest and oldest[0][2].left:
            heappop(oldest)
        return oldest[0][2] if oldest else None


class Line:
    """The entries that ask the same, in the order in which they are served, and who is able to serve them.

    The order is a plain list of which the first part may be gone already: who comes last stands last, and who is served
    first stood first, but for priorities and those who come back. These cost one move of what is behind them.
    """

    __slots__ = (
        "_begin", "_heads", "_keys", "able", "crowd", "demand", "has_reserves", "is_open", "medium", "number",
        "overtaken", "strategy",
    )  # fmt: skip

    def __init__(self, demand: Demand, strategy: Strategy, heads: list[float], crowd: Crowd) -> None:
        """`heads` holds of every line from when its first entry counts as waiting; this line's place is its number."""
        self.demand, self.strategy, self.medium, self.crowd = demand, strategy, demand.medium, crowd
        self._keys: list[Key] = []
        self._begin = 0
        self.number, self._heads = len(heads), heads
        heads.append(NOBODY)
        self.is_open = True
        """Whether its entries are offered now."""
        self.able: list[Able] = []
        self.has_reserves = False
        """Whether some of the able agents are in reserve."""
        self.overtaken = 0
        """How often somebody was served before the head who came after it."""

    @property
    def head(self) -> float:
        """From when the first entry counts as waiting."""
        return self._heads[self.number]

    @property
    def first(self) -> InteractionId | None:
        """The first entry."""
        return self._keys[self._begin][1] if self._keys else None

    def add(self, key: Key) -> InteractionId | None:
        """Put an entry at its place; return who stands behind it."""
        keys = self._keys
        if not keys:
            keys.append(key)
            self._show(key[0])
            return None
        if keys[-1] < key:
            keys.append(key)
            return None
        at = bisect_left(keys, key, self._begin)
        keys.insert(at, key)
        if at == self._begin:
            self._show(key[0])
        return keys[at + 1][1]

    def set_open(self, *, is_open: bool) -> None:
        """Offer its entries, or let all of them wait."""
        self.is_open = is_open
        self._show(self._keys[self._begin][0] if self._keys else NOBODY)

    def _show(self, head: float) -> None:
        self._heads[self.number] = head if self.is_open else NOBODY

    def before(self, key: Key) -> int:
        """Return how many entries stand before a place."""
        return bisect_left(self._keys, key, self._begin) - self._begin

    def remove(self, key: Key) -> None:
        """Take an entry out."""
        keys, begin = self._keys, self._begin
        if keys[begin] != key:
            del keys[bisect_left(keys, key, begin)]
            return
        begin += 1
        if begin == len(keys):
            keys.clear()
            self._begin = 0
            self._show(NOBODY)
            return
        self._show(keys[begin][0])
        if begin > _GONE_AT_MOST and 2 * begin > len(keys):
            del keys[:begin]
            begin = 0
        self._begin = begin

    def skilled(self, skills: Mapping[str, int]) -> int:
        """Return how much somebody with these skills has of what is preferred."""
        if not self.demand.preferred and self.strategy is not Strategy.MOST_SKILLED:
            return 0
        asked = set(self.demand.preferred)
        if self.strategy is Strategy.MOST_SKILLED:
            asked |= {skill for skill, _ in self.demand.required}
            if not asked:
                asked = set(skills)
        return sum(skills.get(skill, 0) for skill in asked)

    def score(self, skills: Mapping[str, int], membership: Membership) -> int:
        """Return what comes before the strategy's key: a lower rank, then more of what is preferred."""
        skilled = self.skilled(skills)
        return membership.rank * _RANKS_APART - min(skilled, _PREFERRED_APART - 1) * _PREFERRED_APART

    def able_after(self, after: float) -> Able:
        """Return the agents with this reserve time."""
        for able in self.able:
            if able.after == after:
                return able
        able = Able(after, self.medium, _KINDS[self.strategy])
        self.able.append(able)
        self.able.sort(key=attrgetter("after"))
        self.has_reserves = self.able[-1].after > 0
        return able


class Duty:
    """The lines of some media that a staff serves at one rank and with one reserve time.

    `behind` is how much later their entries count for them, `after` the wait from which on they may be asked, both in
    seconds.
    """

    __slots__ = ("after", "behind", "heads", "lines")

    def __init__(self, behind: float, after: float, lines: list[Line]) -> None:
        self.behind, self.after, self.lines = behind, after, lines
        # All in one call, for this is what every agent who becomes free begins with. Two at least make a tuple.
        self.heads: Callable[[list[float]], tuple[float, ...]] = itemgetter(*(line.number for line in lines), NO_LINE)
        """Picks from the heads of all lines those of these lines, in their order, and NOBODY after them."""


class Staff:
    """Everybody with the same post, and the lines they serve."""

    __slots__ = ("_served", "duties", "free", "queues", "scores", "seats", "skills")

    def __init__(self, post: Post) -> None:
        self.queues: dict[QueueId, Membership] = dict(post.queues)
        self.skills: dict[str, int] = dict(post.skills)
        self.seats: dict[AgentId, Seat] = {}
        self._served: list[tuple[Line, float, float]] = []
        """Each line, with `behind` and `after` of its duty."""
        self.duties: dict[frozenset[str], list[Duty]] = {}
        """What they serve of these media, where anybody asked `serving` already: there are few rooms."""
        self.scores: list[tuple[Able, int]] = []
        self.free = 0
        """How many of them have room for anything."""

    def take_on(self, line: Line, point: float) -> None:
        """Serve a line of one of their queues, if they are able to; `point` is what one rank is worth, in seconds."""
        skills = self.skills
        for skill, level in line.demand.required:
            if skills.get(skill, 0) < level:
                return
        membership = self.queues[line.demand.queue]
        after = membership.after.total_seconds()
        self._served.append((line, (membership.rank - 1) * point, after))
        self.duties.clear()
        able, score = line.able_after(after), line.score(skills, membership)
        self.scores.append((able, score))
        for seat in self.seats.values():
            able.add(seat, score)

    def serving(self, room: frozenset[str]) -> list[Duty]:
        """Return what they serve of these media."""
        alike: dict[tuple[float, float], list[Line]] = {}
        for line, behind, after in self._served:
            if line.medium in room:
                alike.setdefault((behind, after), []).append(line)
        duties = self.duties[room] = [Duty(*terms, lines) for terms, lines in alike.items()]
        return duties


class Place:
    """Where a waiting entry is: in its line, or kept for the one agent it is for."""

    __slots__ = ("entry", "id", "key", "left", "line", "overtaken_before", "relaxed", "since", "wanted")

    def __init__(self, id_: InteractionId, entry: Entry, key: Key, line: Line, since: float) -> None:
        self.id, self.entry, self.key, self.line, self.since = id_, entry, key, line, since
        self.wanted: Wanted | None = None
        """For whom it is kept; then it is not in its line."""
        self.overtaken_before = line.overtaken
        self.relaxed = 0
        """How many relaxations have come true."""
        self.left = False

    @property
    def overtaken(self) -> int:
        """How often somebody of the same line who came later was served before it, at most."""
        return self.line.overtaken - self.overtaken_before
