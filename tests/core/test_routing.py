"""Routing, rule by rule; tests/core/test_routing_properties.py holds all of them against a model."""

from datetime import timedelta

from tests.builders import NOON, an_entry, later
from trunkline.core.demand import Membership, Order, Relaxed, Strategy, Wanted, lacks, post_of
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.occupancy import NEVER
from trunkline.core.routing import Routing

SALES, SUPPORT = QueueId("sales"), QueueId("support")
VOICE, BOTH = frozenset({"voice"}), frozenset({"voice", "chat"})
NOW = NOON.timestamp() + 100


def _sits(
    routing: Routing, agent: str, *, queues: dict[str, Membership] | None = None, skills: dict[str, int] | None = None,
    order: Order | None = None, room: frozenset[str] = VOICE,
) -> AgentId:  # fmt: skip
    memberships = {QueueId(queue): place for queue, place in (queues or {"sales": Membership()}).items()}
    routing.agents.seat(AgentId(agent), post_of(memberships, skills or {}), room, order or Order(NOW))
    return AgentId(agent)


def _waits(
    routing: Routing, id_: str, queue: str = "sales", *, medium: str = "voice", **entry: object
) -> InteractionId:
    routing.wait(InteractionId(id_), an_entry(queue, **entry), now=NOW, medium=medium)
    return InteractionId(id_)


def test_a_point_of_priority_is_worth_a_minute_of_waiting() -> None:
    routing = Routing()
    ana = _sits(routing, "ana")
    _waits(routing, "usual", since=later(0))
    _waits(routing, "gold", since=later(90), priority=1)
    assert routing.entry_for(ana, now=NOW) == "usual"

    _waits(routing, "platinum", since=later(90), priority=2)

    assert routing.entry_for(ana, now=NOW) == "platinum"


def test_a_lower_rank_is_asked_first_and_serves_its_own_queue_first() -> None:
    routing = Routing()
    ana = _sits(routing, "ana", queues={"sales": Membership(2), "support": Membership(1)}, order=Order(1.0))
    ben = _sits(routing, "ben", order=Order(2.0))
    call = _waits(routing, "one", since=later(0))
    assert routing.agent_for(call, now=NOW) == ben

    _waits(routing, "two", "support", since=later(30))
    assert routing.entry_for(ana, now=NOW) == "two"
    routing.take(InteractionId("two"), ana)
    assert routing.entry_for(ana, now=NOW) == "one"


def test_agents_in_reserve_are_asked_when_somebody_has_waited_so_long() -> None:
    routing = Routing()
    call = _waits(routing, "one", since=later(95))
    ana = _sits(routing, "ana", queues={"sales": Membership(after=timedelta(seconds=30))})
    assert routing.agent_for(call, now=NOW) is None
    assert routing.entry_for(ana, now=NOW) is None
    assert routing.agents_for(call, 3, now=NOW) == []

    assert routing.next_due() == NOON.timestamp() + 125
    assert routing.due(NOON.timestamp() + 125) == [call]
    assert routing.agent_for(call, now=NOON.timestamp() + 125) == ana
    assert routing.agents_for(call, 3, now=NOON.timestamp() + 125) == [ana]
    assert routing.due(NOON.timestamp() + 125) == []


def test_skills_are_asked_with_their_levels_and_less_as_the_wait_grows() -> None:
    routing = Routing()
    weak = _sits(routing, "weak", skills={"french": 2})
    relax = (Relaxed(timedelta(seconds=60), frozenset({("french", 1)})),)
    call = _waits(routing, "one", since=later(95), skills=frozenset({("french", 5)}), relax=relax)
    assert routing.asks(call) == {"french": 5}
    assert routing.agent_for(call, now=NOW) is None

    assert routing.due(NOON.timestamp() + 155) == [call]

    assert routing.asks(call) == {"french": 1}
    assert routing.agent_for(call, now=NOW) == weak
    assert lacks({"french": 2}, {"french": 5, "dutch": 1}.items()) == [("dutch", 1), ("french", 5)]


def test_preferred_skills_come_before_the_longest_idle_but_are_not_insisted_on() -> None:
    routing = Routing()
    ana = _sits(routing, "ana", order=Order(1.0))
    ben = _sits(routing, "ben", skills={"french": 3}, order=Order(2.0))
    call = _waits(routing, "one", prefer=frozenset({"french"}))
    assert routing.agents_for(call, 5, now=NOW) == [ben, ana]

    routing.agents.unseat(ben)

    assert routing.agent_for(call, now=NOW) == ana


def test_each_queue_asks_in_the_order_of_its_strategy() -> None:
    for strategy, first in (
        (Strategy.LONGEST_IDLE, "ana"), (Strategy.ROUND_ROBIN, "ben"), (Strategy.LEAST_OCCUPIED, "carla"),
        (Strategy.MOST_SKILLED, "dora"), (Strategy.RING_ALL, "ana"),
    ):  # fmt: skip
        routing = Routing(lambda _queue, strategy=strategy: strategy)  # type: ignore[misc]
        _sits(routing, "ana", skills={"french": 1}, order=Order(1.0, 9.0, 9.0))
        _sits(routing, "ben", skills={"french": 1}, order=Order(9.0, 1.0, 9.0))
        _sits(routing, "carla", skills={"french": 1}, order=Order(9.0, 9.0, NEVER))
        _sits(routing, "dora", skills={"french": 9}, order=Order(9.0, 9.0, 9.0))
        call = _waits(routing, "one", skills=frozenset({("french", 1)}))
        assert routing.agent_for(call, now=NOW) == first, strategy
        plain = _waits(routing, "two")
        assert routing.agent_for(plain, now=NOW) == first, strategy


def test_an_entry_for_one_agent_waits_for_them_and_then_for_anybody() -> None:
    routing = Routing()
    _sits(routing, "ana")
    ben = _sits(routing, "ben", room=frozenset())
    wanted = Wanted(ben, later(120))
    call = _waits(routing, "one", since=later(95), wanted=wanted)
    assert routing.agent_for(call, now=NOW) is None
    assert routing.agents_for(call, 3, now=NOW) == []
    assert routing.position(call) == 1

    assert routing.next_due() == later(120).timestamp()
    assert routing.due(later(120).timestamp()) == [call]

    assert routing.agent_for(call, now=later(120).timestamp()) == "ana"


def test_entries_for_an_agent_overtake_others_only_so_often() -> None:
    routing = Routing(overtaken_at_most=2)
    ana = _sits(routing, "ana")
    old = _waits(routing, "old", since=later(0))
    for number in range(2):
        mine = _waits(routing, f"mine {number}", since=later(50 + number), wanted=Wanted(ana))
        assert routing.agents_for(mine, 3, now=NOW) == [ana]
        assert routing.entry_for(ana, now=NOW) == mine
        routing.take(mine, ana)
    _waits(routing, "mine again", since=later(60), wanted=Wanted(ana))

    assert (routing.overtaken(old), routing.most_overtaken) == (2, 2)
    assert routing.entry_for(ana, now=NOW) == old

    routing.take(old, ana)
    _waits(routing, "old", since=later(0))
    assert routing.overtaken(old) == 2
    routing.forget(old)
    _waits(routing, "old", since=later(0))
    assert routing.overtaken(old) == 0


def test_who_stood_in_line_before_a_newcomer_with_priority_is_not_forgotten_how_often_they_were_passed() -> None:
    routing = Routing(overtaken_at_most=1)
    ana = _sits(routing, "ana")
    _waits(routing, "old", since=later(0))
    mine = _waits(routing, "mine", since=later(50), wanted=Wanted(ana))
    routing.take(mine, ana)
    _waits(routing, "gold", since=later(10), priority=1)
    _waits(routing, "mine too", since=later(51), wanted=Wanted(ana))

    assert routing.entry_for(ana, now=NOW) == "gold"


def test_an_agent_is_offered_only_what_they_have_room_for() -> None:
    routing = Routing()
    ana = _sits(routing, "ana", room=frozenset({"chat"}))
    call, chat = _waits(routing, "call", since=later(0)), _waits(routing, "chat", medium="chat", since=later(50))
    assert routing.entry_for(ana, now=NOW) == chat
    assert routing.agent_for(call, now=NOW) is None
    mine = _waits(routing, "mine", since=later(0), wanted=Wanted(ana))
    assert routing.agent_for(mine, now=NOW) is None
    assert routing.entry_for(ana, now=NOW) == chat

    _sits(routing, "ana", room=BOTH)

    assert routing.agent_for(call, now=NOW) == ana
    assert routing.entry_for(ana, now=NOW) == mine


def test_nobody_is_found_for_what_is_not_there() -> None:
    routing = Routing()
    assert routing.agent_for(InteractionId("unknown"), now=NOW) is None
    assert routing.agents_for(InteractionId("unknown"), 2, now=NOW) == []
    assert routing.entry_for(AgentId("unknown"), now=NOW) is None
    assert routing.position(InteractionId("unknown")) is None
    assert routing.overtaken(InteractionId("unknown")) == 0
    assert routing.asks(InteractionId("unknown")) == {}
    routing.take(InteractionId("unknown"), AgentId("unknown"))
    routing.agents.unseat(AgentId("unknown"))
    assert routing.next_due() is None
    assert (routing.waiting(SALES), routing.longest_since(SALES), list(routing.queues())) == (0, None, [])
    ana = _sits(routing, "ana", queues={"support": Membership()})
    _waits(routing, "one")
    assert routing.entry_for(ana, now=NOW) is None
    assert list(routing.queues()) == [SALES]


def test_agents_who_come_and_go_many_times_leave_nothing_behind() -> None:
    routing = Routing()
    call = _waits(routing, "one")
    for number in range(200):
        agent = _sits(routing, f"agent{number}", order=Order(float(number)), room=VOICE if number % 2 else frozenset())
        if number > 150:
            routing.agent_for(call, now=NOW)
        routing.agents.unseat(agent)
    last = _sits(routing, "last")

    assert routing.agent_for(call, now=NOW) == last
    assert routing.agents.free_agents(SALES) == 1
    line = next(iter(routing.agents.lines_of(SALES)))
    assert sum(len(able.heap) for able in line.able) <= 70


def test_who_waits_for_hours_keeps_no_trace_of_those_who_came_and_went() -> None:
    routing = Routing()
    _waits(routing, "patient", since=later(-10_000))
    for number in range(500):
        routing.forget(_waits(routing, f"{number}"))

    assert routing.longest_since(SALES) == later(-10_000)


def test_a_clock_that_was_set_back_puts_nobody_before_others() -> None:
    routing = Routing()
    ana, ben = _sits(routing, "ana", order=Order(10.0)), _sits(routing, "ben", order=Order(5.0))
    _sits(routing, "ana", order=Order(1.0))

    assert routing.agents_for(_waits(routing, "one"), 2, now=NOW) == [ben, ana]


def test_who_comes_back_stands_where_they_stood_however_many_were_served() -> None:
    routing = Routing()
    ana = _sits(routing, "ana")
    calls = [_waits(routing, f"{number:03}", since=later(number)) for number in range(100)]
    back = calls[50], calls[90]
    for call in back:
        routing.take(call, ana)
    _waits(routing, calls[90], since=later(90))
    for call in calls[:50]:
        assert routing.entry_for(ana, now=NOW) == call
        routing.forget(call)
    _waits(routing, calls[50], since=later(50))
    routing.leave(InteractionId("nobody"))

    assert [routing.position(call) for call in (calls[50], calls[51], *calls[89:92])] == [1, 2, 40, 41, 42]
    for call in calls[50:]:
        assert routing.entry_for(ana, now=NOW) == call
        routing.forget(call)
    assert routing.entry_for(ana, now=NOW) is None


def test_who_becomes_free_and_is_given_work_at_once_is_asked_again_when_free() -> None:
    routing = Routing()
    ana = _sits(routing, "ana", room=frozenset())
    first = _waits(routing, "first")
    assert routing.agent_for(first, now=NOW) is None
    _sits(routing, "ana")
    _sits(routing, "ana", room=frozenset())
    assert routing.agent_for(first, now=NOW) is None
    _sits(routing, "ana")

    assert routing.agent_for(first, now=NOW) == ana


def test_agents_are_asked_in_their_order_when_most_were_busy() -> None:
    routing = Routing()
    agents = [_sits(routing, f"{number:02}", order=Order(float(number))) for number in range(60)]
    call = _waits(routing, "one")
    for agent in (*agents[:30], *agents[31:50]):
        _sits(routing, agent, order=Order(float(agent)), room=frozenset())
    routing.agents.unseat(agents[55])
    _sits(routing, "57", order=Order(100.0))

    assert routing.agent_for(call, now=NOW) == agents[30]
    assert routing.agents_for(call, 60, now=NOW) == [agents[n] for n in (30, 50, 51, 52, 53, 54, 56, 58, 59, 57)]
    for number in range(30):
        _sits(routing, f"{number:02}", order=Order(200.0 - number))
    assert routing.agents_for(call, 60, now=NOW)[10:] == [agents[n] for n in range(29, -1, -1)]


def test_who_was_idle_longest_before_is_not_who_is_now() -> None:
    routing = Routing()
    ana, ben = _sits(routing, "ana", order=Order(5.0)), _sits(routing, "ben", order=Order(10.0))
    call = _waits(routing, "one")
    assert routing.agent_for(call, now=NOW) == ana
    _sits(routing, "ana", order=Order(20.0))

    assert routing.agent_for(call, now=NOW) == ben


def test_who_goes_is_asked_no_more_busy_or_free() -> None:
    routing = Routing()
    ana, ben = _sits(routing, "ana", room=frozenset()), _sits(routing, "ben", order=Order(NOW + 1))
    call = _waits(routing, "one")
    assert routing.agent_for(call, now=NOW) == ben
    _sits(routing, "ana")
    routing.agents.unseat(ana)
    assert routing.agent_for(call, now=NOW) == ben
    routing.agents.unseat(ben)

    assert routing.agent_for(call, now=NOW) is None


def test_one_who_waits_is_moved_and_not_doubled() -> None:
    routing = Routing()
    ana = _sits(routing, "ana", queues={"sales": Membership(), "support": Membership()})
    call = _waits(routing, "one")
    _waits(routing, "one", "support")

    assert (routing.waiting(SALES), routing.waiting(QueueId("support"))) == (0, 1)
    assert routing.longest_since(SALES) is None
    routing.take(call, ana)
    routing.forget(call)
    assert routing.entry_for(ana, now=NOW) is None


def test_a_clock_that_was_set_back_leaves_nobody_idle_beside_work() -> None:
    routing = Routing()
    ana = _sits(routing, "ana")
    call = _waits(routing, "one", since=later(160))

    assert routing.agent_for(call, now=NOW) == ana
    assert routing.agents_for(call, 2, now=NOW) == [ana]
    assert routing.entry_for(ana, now=NOW) == call
