"""Who is at work, and which lines they serve: the part of routing that changes when agents or flows do."""

from collections.abc import Callable, Iterable
from itertools import count

from trunkline.core.demand import Order, Post, Skills, Strategy
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.lines import NOBODY, Crowd, Demand, Line, Seat, Staff

StrategyOf = Callable[[QueueId], Strategy]


class Staffing:
    """The agents at work, the lines there are, and who serves which.

    A line that is new asks only agents who have one of its skills, and a post that is new only lines that ask one of
    theirs: neither looks through all the others.
    """

    def __init__(self, strategy_of: StrategyOf, *, point_s: float) -> None:
        """`point_s` is the wait in seconds that one rank is worth."""
        self.heads: list[float] = [NOBODY]
        self.seats: dict[AgentId, Seat] = {}
        self._strategy_of, self._point = strategy_of, point_s
        self.lines: dict[tuple[QueueId, str, Skills, frozenset[str]], Line] = {}
        """Every line that anybody asked for, by its Demand or a plain tuple of the same."""
        self.crowds: dict[QueueId, Crowd] = {}
        """Who waits in each queue in which anything ever waited."""
        self._lines_of: dict[QueueId, list[Line]] = {}
        self._staffs: dict[Post, Staff] = {}
        self._staffs_of: dict[QueueId, list[Staff]] = {}
        self._with_skill: dict[tuple[QueueId, str], list[Staff]] = {}
        self._asking: dict[tuple[QueueId, str | None], list[Line]] = {}
        self._closed: set[QueueId] = set()
        self._numbers = count()
        self._freed: dict[Seat, None] = {}
        """Who has room again, and is not taken in yet wherever they were taken out."""
        self.serves_more: Callable[[Line], None] = lambda _line: None
        """Called with each line that somebody new serves."""

    def line(self, demand: Demand) -> Line:
        """Return the line of the entries that ask this."""
        line = self.lines.get(demand)
        if line is None:
            crowd = self.crowds.setdefault(demand.queue, Crowd())
            line = self.lines[demand] = Line(demand, self._strategy_of(demand.queue), self.heads, crowd)
            line.is_open = demand.queue not in self._closed
            queue, skill = demand.queue, min(demand.required, default=(None, 0))[0]
            self._lines_of.setdefault(queue, []).append(line)
            self._asking.setdefault((queue, skill), []).append(line)
            perhaps = self._staffs_of.get(queue) if skill is None else self._with_skill.get((queue, skill))
            for staff in perhaps or ():
                staff.take_on(line, self._point)
        return line

    def _sit_down(self, id_: AgentId, post: Post, order: Order) -> Seat:
        staff = self._staffs.get(post)
        if staff is None:
            staff = self._staffs[post] = Staff(post)
            for queue in staff.queues:
                self._staffs_of.setdefault(queue, []).append(staff)
                for skill in (None, *staff.skills):
                    if skill is not None:
                        self._with_skill.setdefault((queue, skill), []).append(staff)
                    for line in self._asking.get((queue, skill), ()):
                        staff.take_on(line, self._point)
                        self.serves_more(line)
        seat = self.seats[id_] = Seat(id_, next(self._numbers), post, staff)
        seat.keys = order
        staff.seats[id_] = seat
        for able, score in staff.scores:
            able.add(seat, score)
        return seat

    def seat(self, id_: AgentId, post: Post, room: frozenset[str], order: Order) -> None:
        """Take note of an agent at work: what they bring, for which media they have room now, where they stand."""
        seat = self.seats.get(id_)
        if seat is not None and seat.post is not post and seat.post != post:
            self.unseat(id_)
            seat = None
        if seat is None:
            seat = self._sit_down(id_, post, order)
        old, had = seat.keys, seat.room
        if order[0] >= old[0] and order[1] >= old[1] and order[2] >= old[2]:
            seat.keys = order
        else:
            # A clock that was set back puts nobody before those who were idle longer.
            seat.keys = Order(*map(max, order, old))
        if room == had:
            return
        seat.room = room
        if not room:
            seat.staff.free -= 1
            return
        if not had:
            seat.staff.free += 1
        if seat.absent:
            self._freed[seat] = None

    def settle(self) -> None:
        """Take everybody in again who was taken out while busy and is free now.

        To be called before anybody looks for an agent, rather than when an agent becomes free: most of those who do are
        given the next entry at once, and then nobody needs to hear of it.
        """
        while self._freed:
            seat, _ = self._freed.popitem()
            if seat.left or not seat.absent:
                continue
            for medium in seat.room & seat.absent.keys():
                for able, score in seat.absent.pop(medium):
                    able.add(seat, score)

    def unseat(self, id_: AgentId) -> None:
        """Forget an agent who goes."""
        seat = self.seats.pop(id_, None)
        if seat is None:
            return
        seat.left = True
        staff = seat.staff
        staff.free -= bool(seat.room)
        del staff.seats[id_]
        absent = {id(able) for out in seat.absent.values() for able, _ in out}
        for able, _ in staff.scores:
            if id(able) not in absent:
                able.lost_one()

    def set_open(self, queue: QueueId, *, is_open: bool) -> None:
        """Let the entries of a queue be offered, or let all of them wait."""
        (self._closed.discard if is_open else self._closed.add)(queue)
        for line in self.lines_of(queue):
            line.set_open(is_open=is_open)

    def lines_of(self, queue: QueueId) -> Iterable[Line]:
        """Return every line of a queue."""
        return self._lines_of.get(queue, ())

    def free_agents(self, queue: QueueId) -> int:
        """Return how many agents of a queue have room for something."""
        return sum(staff.free for staff in self._staffs_of.get(queue, ()))
