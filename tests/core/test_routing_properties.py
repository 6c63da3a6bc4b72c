"""Routing against a model that scans everything: the same matches, nobody idle beside work, a bound on overtaking."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.core.routing_model import Model, ModelAgent, ModelEntry
from trunkline.core.demand import Membership, Order, Relaxed, Wanted, post_of
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry
from trunkline.core.routing import Routing

START = 1_800_000_000.123457
QUEUES, SKILLS, MEDIA, AGENTS = ("sales", "support"), ("english", "french"), ("voice", "chat"), ("ana", "ben", "carla")
AT_MOST = 2
RELAX = (
    Relaxed(timedelta(seconds=20), frozenset([("english", 1)])), Relaxed(timedelta(seconds=50), frozenset())
)  # fmt: skip

levels = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 3), max_size=2)
memberships = st.builds(Membership, st.integers(1, 2), st.sampled_from([timedelta(), timedelta(seconds=40)]))
queues = st.dictionaries(st.sampled_from([QueueId(queue) for queue in QUEUES]), memberships, min_size=1)
rooms = st.frozensets(st.sampled_from(MEDIA), min_size=1)


class TheFloor(RuleBasedStateMachine):
    """Agents come and go, entries arrive, time passes; after each event the matches are made as the dispatcher does."""

    def __init__(self) -> None:
        super().__init__()
        self.routing = Routing(point=timedelta(minutes=1), overtaken_at_most=AT_MOST)
        self.model = Model()
        self.now = START
        self.number = 0
        self.in_hand: list[tuple[str, str, ModelEntry]] = []

    @rule(agent=st.sampled_from(AGENTS), room=rooms, queues=queues, skills=levels)
    def sits_down(self, agent: str, room: frozenset[str], queues: Any, skills: dict[str, int]) -> None:
        self.model.agents[agent] = ModelAgent(queues, skills, room, self.now)
        self._seat(agent)
        self._feed(agent)

    @rule(agent=st.sampled_from(AGENTS))
    def goes(self, agent: str) -> None:
        self.model.agents.pop(agent, None)
        self.routing.agents.unseat(AgentId(agent))

    @rule(agent=st.sampled_from(AGENTS), room=rooms)
    def becomes_free(self, agent: str, room: frozenset[str]) -> None:
        if agent in self.model.agents:
            self._pass(1)
            self.model.agents[agent].room = room
            self.model.agents[agent].idle_since = self.now
            self._seat(agent)
            self._feed(agent)

    @rule(
        queue=st.sampled_from(QUEUES), medium=st.sampled_from(MEDIA), priority=st.integers(0, 2), skills=levels,
        prefer=st.frozensets(st.sampled_from(SKILLS)), relax=st.booleans(), wanted=st.sampled_from([None, *AGENTS]),
        for_ever=st.booleans(),
    )  # fmt: skip
    def arrives(  # noqa: PLR0917 - hypothesis gives them by name
        self, queue: str, medium: str, priority: int, skills: dict[str, int], prefer: frozenset[str], relax: bool,
        wanted: str | None, for_ever: bool,
    ) -> None:  # fmt: skip
        self._pass(1)
        since = datetime.fromtimestamp(self.now, UTC)
        until = None if for_ever else since + timedelta(seconds=15)
        entry = Entry(
            QueueId(queue), since, priority, skills=frozenset(skills.items()), prefer=prefer,
            relax=RELAX if relax else (),
            wanted=Wanted(AgentId(wanted), until) if wanted else None,
        )  # fmt: skip
        self.number += 1
        self._wait(f"{self.number:04}", ModelEntry(entry, medium))

    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        if self.in_hand:
            agent, id_, what = self.in_hand.pop(data.draw(st.integers(0, len(self.in_hand) - 1)))
            if agent in self.model.agents:
                # Who did not answer is not asked again at once.
                self.model.agents[agent].room = frozenset()
                self._seat(agent)
            self._wait(id_, what)

    @rule(data=st.data())
    def hangs_up(self, data: st.DataObject) -> None:
        if self.model.entries:
            id_ = data.draw(st.sampled_from(sorted(self.model.entries)))
            del self.model.entries[id_]
            self.routing.forget(InteractionId(id_))

    @rule(queue=st.sampled_from(QUEUES))
    def closes(self, queue: str) -> None:
        self.model.closed.add(queue)
        self.routing.agents.set_open(QueueId(queue), is_open=False)

    @rule(queue=st.sampled_from(QUEUES))
    def opens(self, queue: str) -> None:
        self.model.closed.discard(queue)
        self.routing.agents.set_open(QueueId(queue), is_open=True)
        for agent in sorted(self.model.agents):
            self._feed(agent)

    @rule(seconds=st.integers(1, 70))
    def time_passes(self, seconds: int) -> None:
        self._pass(seconds)

    def _pass(self, seconds: int) -> None:
        until = self.now + seconds
        while (due := self.routing.next_due()) is not None and due <= until:
            self.now = max(due, self.now)
            for id_ in self.routing.due(self.now):
                self._serve(id_)
        self.now = until

    @invariant()
    def nobody_is_idle_beside_work(self) -> None:
        for agent in self.model.agents:
            for id_ in self.model.entries:
                assert not self.model.able(agent, id_, self.now), (agent, id_)

    @invariant()
    def figures_are_right(self) -> None:
        for queue in QUEUES:
            waiting = [each for each in self.model.entries.values() if each.entry.queue == queue]
            assert self.routing.waiting(QueueId(queue)) == len(waiting)
            longest = min((each.entry.since for each in waiting), default=None)
            assert self.routing.longest_since(QueueId(queue)) == longest
            free = [who for who in self.model.agents.values() if who.room and queue in who.queues]
            assert self.routing.agents.free_agents(QueueId(queue)) == len(free)
        for id_, each in self.model.entries.items():
            assert dict(self.routing.asks(InteractionId(id_))) == self.model.asks(id_, self.now)
            before = [
                other
                for other, what in self.model.entries.items()
                if what.entry.queue == each.entry.queue
                and self.model.kept_for(other, self.now) is None
                and (self.model.count(other), other) < (self.model.count(id_), id_)
            ]
            assert self.routing.position(InteractionId(id_)) == len(before) + 1

    def _seat(self, agent: str) -> None:
        who = self.model.agents[agent]
        self.routing.agents.seat(AgentId(agent), post_of(who.queues, who.skills), who.room, Order(who.idle_since))

    def _wait(self, id_: str, what: ModelEntry) -> None:
        self.model.entries[id_] = what
        self.routing.wait(InteractionId(id_), what.entry, now=self.now, medium=what.medium)
        self._serve(id_)

    def _serve(self, id_: str) -> None:
        while id_ in self.model.entries:
            agent = self.routing.agent_for(InteractionId(id_), now=self.now)
            able = self.model.agents_in_order(id_, self.now)
            if agent is None:
                assert not able
                return
            assert self.model.rank_of(agent, id_) == able[0]
            assert self.routing.agents_for(InteractionId(id_), 1, now=self.now) == [agent]
            several = self.routing.agents_for(InteractionId(id_), 3, now=self.now)
            assert [self.model.rank_of(each, id_) for each in several] == able
            self._feed(agent)

    def _feed(self, agent: str) -> None:
        id_ = self.routing.entry_for(AgentId(agent), now=self.now)
        able = [other for other in self.model.entries if self.model.able(agent, other, self.now)]
        if id_ is None:
            assert not able
            return
        assert id_ in able
        usual = [other for other in able if self.model.kept_for(other, self.now) is None]
        count = self.model.count_for(agent, id_) if id_ in usual else self.model.count(id_)
        passed = [other for other in usual if self.model.count_for(agent, other) < count]
        if id_ in usual:
            assert not passed
        for other in passed:
            self.model.entries[other].overtaken += 1
            assert self.model.entries[other].overtaken <= AT_MOST
        what = self.model.entries.pop(id_)
        self.routing.take(InteractionId(id_), AgentId(agent))
        self.model.agents[agent].room = frozenset()
        self._seat(agent)
        self.in_hand.append((agent, id_, what))


TestTheFloor = TheFloor.TestCase
TestTheFloor.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
