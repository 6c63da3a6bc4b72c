"""A stretch of the past, played again under other rules: the same people come, the same agents are there.

What stays as it was: when people come and what they ask, when agents are ready and reachable, how long they ring and
talk. What follows from it anew: who is offered to whom, who waits how long, who gives up. Offers that nobody took are
not played again: who was offered somebody answers.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from trunkline.core import agent as agents
from trunkline.core.agent import Agent, Held, Presence, room_with
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.record import changed
from trunkline.core.roll_call import Rules
from trunkline.core.routing import Routing
from trunkline.planning.figures import Figures, Seen, figures
from trunkline.planning.matching import Matching
from trunkline.planning.past import Closed, Past, Shown, Spent, Stay, add_time, count
from trunkline.planning.unknown import Unknown
from trunkline.planning.virtual import Alarm, VirtualTime

Posted = Callable[[Agent], Agent]
"""Returns an agent with what they bring under other rules."""

_NO_ROOM: frozenset[str] = frozenset()


def as_they_were(agent: Agent) -> Agent:
    """Return an agent with the queues and skills of then."""
    return agent


class _Wait:
    """Somebody in the replay."""

    __slots__ = ("agent", "alarms", "entry", "stay")

    def __init__(self, stay: Stay) -> None:
        self.stay, self.entry = stay, stay.entry
        self.agent: AgentId | None = None
        self.alarms: list[Alarm] = []


class Replay:
    """One replay of a stretch."""

    def __init__(self, past: Past, unknown: Unknown, rules: Rules, posted: Posted = as_they_were) -> None:
        self._past, self._unknown, self._rules, self._posted = past, unknown, rules, posted
        self._time = VirtualTime(past.start)
        self._routing = Routing(rules.strategy, point=rules.point, overtaken_at_most=rules.overtaken_at_most)
        self._seen: defaultdict[QueueId, Seen] = defaultdict(Seen)
        self._waits: dict[InteractionId, _Wait] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._wants: dict[AgentId, bool] = {}
        self._phones: set[AgentId] = set()
        self._spent: dict[AgentId, Spent] = {}
        self._closed: frozenset[QueueId] = frozenset()
        self._matching = Matching(self._routing, self._time, lambda id_, agent: self._offer(self._waits[id_], agent))

    def play(self, *, within_s: float) -> Mapping[QueueId, Figures]:
        """Return the figures of every queue; served `within_s` seconds is served in time."""
        past = self._past
        begun = 0
        while begun < len(past.changes) and past.changes[begun].at <= past.start:
            self._become(past.changes[begun])
            begun += 1
        self._next_change(begun)
        for id_, (agent, medium, until) in past.in_hand.items():
            self._holds(agent, id_, medium)
            self._time.at(until, partial(self._let_go, agent, id_, served=True))
        self._next_stay(0)
        self._time.run(past.until)
        return self._figures(within_s)

    # --- what was ---

    def _next_change(self, number: int) -> None:
        if number < len(self._past.changes):
            # Of equal times all changes come before what follows from them.
            self._time.at(self._past.changes[number].at, partial(self._change, number), before_others=True)

    def _change(self, number: int) -> None:
        change = self._past.changes[number]
        self._next_change(number + 1)
        self._become(change)

    def _become(self, change: Shown | Closed) -> None:
        match change:
            case Closed(queues=queues):
                self._close(queues)
            case Shown(agent=was, wants=wants, phone=phone):
                self._show(was, wants=wants, phone=phone)

    def _close(self, queues: frozenset[QueueId]) -> None:
        for queue in self._closed ^ queues:
            self._routing.agents.set_open(queue, is_open=queue not in queues)
        opened, self._closed = self._closed - queues, queues
        for id_, agent in self._agents.items():
            if agent.queues.keys() & opened:
                self._matching.feed(id_)

    def _show(self, was: Agent, *, wants: bool, phone: bool) -> None:
        now = self._at()
        mine = self._agents.get(was.id)
        present = Presence.READY if wants else was.presence if was.presence is Presence.OFFLINE else Presence.NOT_READY
        like = mine or changed(was, hands={}, presence=Presence.OFFLINE)
        posted = self._posted(
            changed(like, queues=was.queues, skills=was.skills, capacity=was.capacity, known_post=None)
        )
        first = mine is None and was.presence is not Presence.OFFLINE
        shown = changed(posted, presence=present) if first else agents.show(posted, present, None, at=now)
        self._wants[was.id] = wants
        (self._phones.add if phone else self._phones.discard)(was.id)
        self._seat(shown)
        self._matching.feed(was.id)
        self._matching.look_again()

    def _holds(self, id_: AgentId, held: InteractionId, medium: str) -> None:
        agent = self._agents.get(id_)
        if agent is not None:
            self._seat(changed(agent, hands={**agent.hands, held: Held(medium, self._at())}))

    def _next_stay(self, number: int) -> None:
        stays = self._past.stays
        while number < len(stays) and stays[number].medium not in self._past.media:
            number += 1
        if number < len(stays):
            self._time.at(stays[number].at, partial(self._come, number))

    def _come(self, number: int) -> None:
        stay = self._past.stays[number]
        wait = self._waits[stay.id] = _Wait(stay)
        patience = self._unknown.patience(stay)
        if patience is not None:
            wait.alarms.append(self._time.at(stay.came + patience, partial(self._give_up, wait)))
        self._plan_overflow(wait, since=stay.came)
        self._next_stay(number + 1)
        self._line_up(wait)

    # --- what follows ---

    def _line_up(self, wait: _Wait) -> None:
        self._routing.wait(wait.stay.id, wait.entry, now=self._time.now, medium=wait.stay.medium)
        self._matching.serve(wait.stay.id)
        self._matching.look_again()

    def _plan_overflow(self, wait: _Wait, *, since: float) -> None:
        overflow = self._rules.overflows.get(wait.entry.queue)
        if overflow is not None:
            when = since + overflow.after.total_seconds()
            wait.alarms.append(self._time.at(when, partial(self._overflow, wait, overflow.queue)))

    def _overflow(self, wait: _Wait, queue: QueueId) -> None:
        if wait.agent is None:
            wait.entry = replace(wait.entry, queue=queue, wanted=None)
            self._plan_overflow(wait, since=self._time.now)
            self._line_up(wait)

    def _give_up(self, wait: _Wait) -> None:
        stay = wait.stay
        self._routing.forget(stay.id)
        # Who went elsewhere did so by their flow: it does so again.
        self._over(wait, answered=False, abandoned=stay.abandoned or stay.answered or stay.wait is None)
        if wait.agent is not None:
            self._let_go(wait.agent, stay.id, served=False)
        self._matching.look_again()

    def _offer(self, wait: _Wait, id_: AgentId) -> None:
        stay, wait.agent = wait.stay, id_
        self._routing.take(stay.id, id_)
        self._seat(agents.take(self._agents[id_], stay.id, stay.medium, at=self._at()))
        wait.alarms.append(self._time.after(self._unknown.ring(stay), partial(self._answer, wait, id_)))

    def _answer(self, wait: _Wait, agent: AgentId) -> None:
        stay = wait.stay
        self._routing.forget(stay.id)
        self._over(wait, answered=True, abandoned=False)
        self._time.after(self._unknown.handling(stay), partial(self._end, stay, agent))

    def _end(self, stay: Stay, agent: AgentId) -> None:
        if stay.counts:
            self._seen[stay.entry.queue].handling.append(self._unknown.handling(stay))
        self._let_go(agent, stay.id, served=True)

    def _let_go(self, id_: AgentId, held: InteractionId, *, served: bool) -> None:
        agent = self._agents.get(id_)
        if agent is not None:
            self._seat(agents.release(agent, held, at=self._at(), served=served))
            self._matching.feed(id_)
            self._matching.look_again()

    def _over(self, wait: _Wait, *, answered: bool, abandoned: bool) -> None:
        for alarm in wait.alarms:
            alarm.call_off()
        stay = wait.stay
        del self._waits[stay.id]
        if stay.counts:
            waited = self._time.now - stay.came
            count(self._seen[stay.entry.queue], waited, waited, answered=answered, abandoned=abandoned)

    def _seat(self, agent: Agent) -> None:
        wants, phone = self._wants.get(agent.id, False), agent.id in self._phones
        self._agents[agent.id] = agent
        spent = self._spent.setdefault(agent.id, Spent(self._time.now))
        spent.becomes(self._time.now, wants=wants and phone, holds=bool(agent.hands))
        if agent.presence is Presence.OFFLINE:
            self._routing.agents.unseat(agent.id)
        else:
            room = room_with(agent, phone=phone) if wants else _NO_ROOM
            self._routing.agents.seat(agent.id, agent.post, room, agent.order)

    def _at(self) -> datetime:
        return datetime.fromtimestamp(self._time.now, UTC)

    def _figures(self, within_s: float) -> Mapping[QueueId, Figures]:
        for wait in self._waits.values():
            if wait.stay.counts:
                so_far = self._past.until - wait.stay.came
                count(self._seen[wait.stay.entry.queue], None, so_far, answered=False, abandoned=False)
        for id_, spent in self._spent.items():
            spent.becomes(self._past.until, wants=False, holds=False)
            add_time(self._seen, self._agents[id_].queues, spent)
        return {queue: figures(seen, within_s=within_s) for queue, seen in sorted(self._seen.items())}
