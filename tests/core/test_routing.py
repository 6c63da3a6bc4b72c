"""Matching: priority, then the longest wait; the longest idle agent; places that never change while one waits."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, an_entry, later
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.routing import Routing, expected_wait

SALES, SUPPORT = QueueId("sales"), QueueId("support")

entries = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=30)


@given(entries)
def test_entries_are_served_by_priority_and_then_by_wait(waiting: list[tuple[int, int]]) -> None:
    routing = Routing()
    for number, (priority, since) in enumerate(waiting):
        routing.wait(InteractionId(f"{number:03}"), an_entry(priority=priority, since=later(since)))
    routing.free(AgentId("ana"), frozenset([SALES]), idle_since=NOON)
    naive = sorted(range(len(waiting)), key=lambda n: (-waiting[n][0], waiting[n][1], n))

    served = []
    while (next_one := routing.entry_for(AgentId("ana"))) is not None:
        assert routing.position(next_one) == 1
        assert routing.longest_since(SALES) == min(later(waiting[int(n)][1]) for n in naive[len(served) :])
        served.append(int(next_one))
        routing.leave(next_one)

    assert served == naive
    assert routing.waiting(SALES) == 0
    assert routing.longest_since(SALES) is None


@given(entries)
def test_an_entry_that_comes_back_has_its_old_place(waiting: list[tuple[int, int]]) -> None:
    routing = Routing()
    for number, (priority, since) in enumerate(waiting):
        routing.wait(InteractionId(str(number)), an_entry(priority=priority, since=later(since)))
    places = [routing.position(InteractionId(str(number))) for number in range(len(waiting))]
    for number, (priority, since) in enumerate(waiting):
        routing.leave(InteractionId(str(number)))
        routing.wait(InteractionId(str(number)), an_entry(priority=priority, since=later(since)))

    assert [routing.position(InteractionId(str(number))) for number in range(len(waiting))] == places


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), min_size=1, max_size=20))
def test_the_longest_idle_agent_of_the_queue_is_chosen(agents: list[tuple[bool, int]]) -> None:
    routing = Routing()
    for number, (sells, idle) in enumerate(agents):
        queues = frozenset([SALES, SUPPORT] if sells else [SUPPORT])
        routing.free(AgentId(f"{number:03}"), queues, idle_since=later(idle))
    routing.wait(InteractionId("one"), an_entry())

    sellers = [(idle, f"{number:03}") for number, (sells, idle) in enumerate(agents) if sells]

    assert routing.agent_for(InteractionId("one")) == (min(sellers)[1] if sellers else None)
    assert routing.free_agents(SALES) == len(sellers)


def test_an_agent_who_is_taken_is_chosen_no_more() -> None:
    routing = Routing()
    routing.free(AgentId("ana"), frozenset([SALES]), idle_since=NOON)
    routing.free(AgentId("ana"), frozenset([SALES, SUPPORT]), idle_since=NOON)
    routing.wait(InteractionId("one"), an_entry("support"))
    assert routing.agent_for(InteractionId("one")) == "ana"

    routing.taken(AgentId("ana"))

    assert routing.agent_for(InteractionId("one")) is None
    assert routing.entry_for(AgentId("ana")) is None
    assert routing.agent_for(InteractionId("unknown")) is None
    assert routing.position(InteractionId("unknown")) is None
    assert set(routing.queues()) == {SUPPORT}


def test_the_oldest_head_of_all_the_agents_queues_comes_first() -> None:
    routing = Routing()
    routing.wait(InteractionId("young"), an_entry("sales", since=later(20)))
    routing.wait(InteractionId("old"), an_entry("support", since=later(10)))
    routing.free(AgentId("ana"), frozenset([SALES, SUPPORT]), idle_since=NOON)

    assert routing.entry_for(AgentId("ana")) == "old"


def test_expected_wait_is_unknown_without_agents_or_experience() -> None:
    assert expected_wait(3, handling=timedelta(minutes=4), agents=2) == timedelta(minutes=6)
    assert expected_wait(3, handling=None, agents=2) is None
    assert expected_wait(3, handling=timedelta(minutes=4), agents=0) is None
