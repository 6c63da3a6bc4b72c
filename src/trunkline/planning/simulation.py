"""A day of the centre under virtual time: the same routing, the same agents, the same loops as on the floor.

What it leaves out: calendars (arrivals and shifts say when), stickiness, several agents ringing at once, and all that
goes on before the queue.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from random import Random

from trunkline.core import agent as agents
from trunkline.core.agent import Agent, Presence
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry
from trunkline.core.routing import Routing
from trunkline.planning.figures import Figures, Seen, figures
from trunkline.planning.matching import Matching
from trunkline.planning.plan import Arrivals, Crew, Plan
from trunkline.planning.virtual import Alarm, VirtualTime

MIDNIGHT = datetime(2027, 1, 4, tzinfo=UTC).timestamp()
"""When the day begins that is played: the same for every plan, so that a plan always comes out the same."""


class Contact:
    """Somebody who came."""

    __slots__ = ("agent", "alarms", "answering", "came", "entry", "handling", "id", "medium", "queue")

    def __init__(self, id_: InteractionId, entry: Entry, medium: str, came: float, handling: float) -> None:
        self.id, self.entry, self.medium, self.came, self.handling = id_, entry, medium, came, handling
        self.queue = entry.queue
        """To which they came, wherever they wait now."""
        self.agent: AgentId | None = None
        """To whom they are offered, or who has answered."""
        self.alarms: list[Alarm] = []
        """What happens if they wait on."""
        self.answering: Alarm | None = None


class Dice:
    """What chance decides for one kind of contacts.

    Each question has a sequence of its own, so that two plans that differ in one thing meet the same contacts.
    """

    def __init__(self, seed: str) -> None:
        self.coming, self.patience = Random(f"{seed} coming"), Random(f"{seed} patience")  # noqa: S311 - no secrets
        self.handling, self.wrap_up = Random(f"{seed} handling"), Random(f"{seed} wrap-up")  # noqa: S311 - no secrets


class Worker:
    """An agent, and how their time was spent."""

    __slots__ = ("agent", "busy_s", "last", "present_s", "until")

    def __init__(self, agent: Agent, counted_from: float, until: float) -> None:
        self.agent, self.last, self.until = agent, counted_from, until
        self.busy_s = self.present_s = 0.0

    def spend(self, now: float) -> None:
        """Count the time since the last change."""
        upto = min(now, self.until)
        if upto <= self.last:
            return
        passed, self.last = upto - self.last, upto
        if self.agent.hands:
            self.busy_s += passed
        if self.agent.hands or self.agent.is_at_work:
            self.present_s += passed


class Day:
    """One day, played once."""

    def __init__(self, plan: Plan, replication: int) -> None:
        self.plan, self.seed = plan, f"{plan.seed} {replication}"
        self.contacts = 0
        """How many came, the warm-up included."""
        self.seen: defaultdict[QueueId, Seen] = defaultdict(Seen)
        self._centre = centre = plan.centre
        self._time = VirtualTime(MIDNIGHT)
        self._routing = Routing(
            lambda queue: centre.queue(queue).strategy, point=centre.point, overtaken_at_most=centre.overtaken_at_most
        )
        self._counted_from = MIDNIGHT + plan.warm_up
        self._contacts: dict[InteractionId, Contact] = {}
        self._workers: dict[AgentId, Worker] = {}
        self._numbers = count()
        self._answers = Random(f"{self.seed} answering")  # noqa: S311 - no secrets
        self._matching = Matching(self._routing, self._time, lambda id_, agent: self._offer(self._contacts[id_], agent))

    def play(self) -> Mapping[QueueId, Figures]:
        """Return the figures of every queue to which anybody came or that anybody serves."""
        for crew in self.plan.crews:
            self._place(crew)
        for number, arrivals in enumerate(self.plan.arrivals):
            dice = Dice(f"{self.seed} {number}")
            self._next(arrivals, dice, _comings(arrivals, dice.coming))
        self._time.run()
        return self._figures()

    # --- contacts ---

    def _next(self, arrivals: Arrivals, dice: Dice, comings: Iterator[float]) -> None:
        when = next(comings, None)
        if when is not None:
            self._time.at(MIDNIGHT + when, partial(self._come, arrivals, dice, comings))

    def _come(self, arrivals: Arrivals, dice: Dice, comings: Iterator[float]) -> None:
        now = self._time.now
        entry = Entry(
            arrivals.queue, datetime.fromtimestamp(now, UTC), arrivals.priority,
            skills=arrivals.skills, prefer=arrivals.prefer, relax=arrivals.relax,
        )  # fmt: skip
        handling = arrivals.handling.draw(dice.handling) + arrivals.wrap_up.draw(dice.wrap_up)
        id_ = InteractionId(f"{next(self._numbers):09}")
        contact = self._contacts[id_] = Contact(id_, entry, arrivals.medium, now, handling)
        self.contacts += 1
        if arrivals.patience is not None:
            patience = arrivals.patience.draw(dice.patience)
            contact.alarms.append(self._time.after(patience, partial(self._give_up, contact)))
        self._plan_overflow(contact)
        self._wait(contact)
        self._next(arrivals, dice, comings)

    def _wait(self, contact: Contact) -> None:
        self._routing.wait(contact.id, contact.entry, now=self._time.now, medium=contact.medium)
        self._matching.serve(contact.id)
        self._matching.look_again()

    def _plan_overflow(self, contact: Contact) -> None:
        overflow = self._centre.queue(contact.entry.queue).overflow
        if overflow is not None:
            at = contact.came + overflow.after.total_seconds()
            # Who has waited longer than that already stays: two queues may name each other.
            if at > self._time.now:
                contact.alarms.append(self._time.at(at, partial(self._overflow, contact, overflow.queue)))

    def _overflow(self, contact: Contact, queue: QueueId) -> None:
        contact.entry = replace(contact.entry, queue=queue)
        self._plan_overflow(contact)
        if contact.agent is None:
            self._wait(contact)

    def _give_up(self, contact: Contact) -> None:
        self._routing.forget(contact.id)
        self._count(contact, self.seen[contact.queue].abandoned)
        if contact.agent is not None:
            self._let_go(contact.agent, contact, served=False)
        self._matching.look_again()

    # --- offers ---

    def _offer(self, contact: Contact, id_: AgentId) -> None:
        contact.agent = id_
        self._routing.take(contact.id, id_)
        worker = self._workers[id_]
        worker.spend(self._time.now)
        self._seat(worker, agents.take(worker.agent, contact.id, contact.medium, at=self._at()))
        answering, ring_for = self.plan.answering, self._centre.queue(contact.entry.queue).ring_for.total_seconds()
        rings = answering.rings.draw(self._answers)
        if rings > ring_for or (answering.missed and self._answers.random() < answering.missed):
            contact.answering = self._time.after(ring_for, partial(self._miss, contact, id_))
        elif rings > 0:
            contact.answering = self._time.after(rings, partial(self._answer, contact, id_))
        else:
            self._answer(contact, id_)

    def _answer(self, contact: Contact, agent: AgentId) -> None:
        self._routing.forget(contact.id)
        self._count(contact, self.seen[contact.queue].served)
        self._time.after(contact.handling, partial(self._end, contact, agent))

    def _miss(self, contact: Contact, agent: AgentId) -> None:
        """Put a contact that was not answered back to its place; the agent is not ready for a while."""
        back_off = self._centre.queue(contact.entry.queue).back_off
        pause = back_off.total_seconds() if back_off else self.plan.answering.back_after.draw(self._answers)
        contact.agent = None
        self._show(agent, Presence.NOT_READY)
        self._time.after(pause, partial(self._show, agent, Presence.READY))
        self._let_go(agent, contact, served=False)
        self._wait(contact)

    def _end(self, contact: Contact, agent: AgentId) -> None:
        if contact.came >= self._counted_from:
            self.seen[contact.queue].handling.append(contact.handling)
        self._let_go(agent, contact, served=True)
        self._matching.look_again()

    def _let_go(self, agent: AgentId, contact: Contact, *, served: bool) -> None:
        worker = self._workers[agent]
        worker.spend(self._time.now)
        self._seat(worker, agents.release(worker.agent, contact.id, at=self._at(), served=served))
        self._matching.feed(agent)

    # --- agents ---

    def _place(self, crew: Crew) -> None:
        for id_ in crew.agents:
            agent = agents.placed(Agent(id_, str(id_), {}, capacity=crew.capacity), crew.queues, crew.skills)
            until = float("inf") if crew.shift else MIDNIGHT + self.plan.end
            self._workers[id_] = Worker(agent, self._counted_from, until)
            if not crew.shift:
                self._show(id_, Presence.READY)
            for start, end in crew.shift:
                self._time.at(MIDNIGHT + start, partial(self._show, id_, Presence.READY))
                self._time.at(MIDNIGHT + end, partial(self._show, id_, Presence.OFFLINE))

    def _show(self, id_: AgentId, presence: Presence) -> None:
        """Let an agent come, or go; who goes finishes what is in hand."""
        worker = self._workers[id_]
        worker.spend(self._time.now)
        self._seat(worker, agents.show(worker.agent, presence, None, at=self._at()))
        self._matching.feed(id_)
        self._matching.look_again()

    def _seat(self, worker: Worker, agent: Agent) -> None:
        worker.agent = agent
        self._routing.agents.seat(agent.id, agent.post, agent.room, agent.order)

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._time.now, UTC)

    # --- what was seen ---

    def _count(self, contact: Contact, waits: list[float]) -> None:
        """Note how somebody's wait ended, and call off what would have happened had it gone on."""
        for alarm in contact.alarms:
            alarm.call_off()
        if contact.answering is not None:
            contact.answering.call_off()
        del self._contacts[contact.id]
        if contact.came >= self._counted_from:
            waits.append(self._time.now - contact.came)

    def _figures(self) -> Mapping[QueueId, Figures]:
        for contact in list(self._contacts.values()):
            self._count(contact, self.seen[contact.queue].left)
        for worker in self._workers.values():
            worker.spend(self._time.now)
            for queue in worker.agent.queues:
                self.seen[queue].busy_s += worker.busy_s
                self.seen[queue].present_s += worker.present_s
        return {queue: figures(seen, within_s=self.plan.within_s) for queue, seen in sorted(self.seen.items())}


def play_days(plan: Plan, played: Callable[[int], None] = lambda _contacts: None) -> Mapping[QueueId, list[Figures]]:
    """Play a plan as often as it says; `played` is told after each day how many came on it."""
    days: dict[QueueId, list[Figures]] = {}
    for replication in range(plan.replications):
        day = Day(plan, replication)
        for queue, found in day.play().items():
            days.setdefault(queue, []).append(found)
        played(day.contacts)
    return days


def _comings(arrivals: Arrivals, random: Random) -> Iterator[float]:
    """Yield when contacts come: within a stretch at a constant rate, each independent of the others."""
    yield from arrivals.moments
    for stretch in arrivals.stretches:
        rate = stretch.contacts / (stretch.end - stretch.start)
        when = stretch.start
        while rate > 0 and (when := when + random.expovariate(rate)) < stretch.end:
            yield when
