"""The simulated day: wait by wait what the theory of queues says, and the rules of the floor."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.planning.first_come import QUEUE, a_centre, contacts_of, first_come_first_served, markovian
from trunkline.core.capacity import Capacity
from trunkline.core.centre import QueueConfig, QueueOverflow
from trunkline.core.demand import Membership, Relaxed, Strategy
from trunkline.core.ids import AgentId, QueueId
from trunkline.planning.distributions import Exponential, Fixed
from trunkline.planning.erlang import erlang_a
from trunkline.planning.figures import Figures, Seen, figures, over
from trunkline.planning.plan import Answering, Arrivals, Crew, Plan
from trunkline.planning.simulation import Day, play_days

SALES = QueueId("sales")
SUPPORT = QueueConfig("Support")


def played(plan: Plan, queue: QueueId = QUEUE) -> Figures:
    """Return the figures of a queue after one day."""
    return Day(plan, 0).play()[queue]


def coming(*moments: float, **more: object) -> Arrivals:
    """Return contacts that come at these times; ten seconds each."""
    return Arrivals(QUEUE, (), **{"handling": Fixed(10.0), "moments": moments, **more})  # type: ignore[arg-type]


def a_day(arrivals: list[Arrivals], crews: list[Crew], *queues: QueueConfig, **more: object) -> Plan:
    """Return a plan without chance."""
    return Plan("day", a_centre(*(queues or (SUPPORT,))), tuple(arrivals), tuple(crews), **more)  # type: ignore[arg-type]


def waits(plan: Plan, queue: QueueId = QUEUE) -> list[float]:
    """Return the waits of those who were served, in the order in which they were."""
    day = Day(plan, 0)
    day.play()
    return [round(wait, 3) for wait in day.seen[queue].served]


def crew(count: int = 1, name: str = "agent", queue: QueueId = QUEUE, **more: object) -> Crew:
    """Return so many agents of one queue."""
    queues = more.pop("queues", {queue: Membership()})
    return Crew(tuple(AgentId(f"{name}{number}") for number in range(count)), queues, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("load", "agents", "handling", "patience"), [(48, 55, 240, None), (48, 50, 60, None), (48, 50, 60, 120.0)]
)
def test_every_wait_is_that_of_first_come_first_served(
    load: float, agents: int, handling: float, patience: float | None
) -> None:
    plan = markovian(load, agents, handling, 2_000, patience_s=patience)
    day = Day(plan, 0)

    day.play()

    expected = list(first_come_first_served(contacts_of(plan, 0), agents))
    assert any(wait.seconds > 0 for wait in expected)
    # The simulation's time goes by whole microseconds.
    assert day.seen[QUEUE].served == pytest.approx([wait.seconds for wait in expected if wait.served], abs=1e-3)
    given_up = sorted(wait.seconds for wait in expected if not wait.served)
    assert sorted(day.seen[QUEUE].abandoned) == pytest.approx(given_up, abs=1e-3)


def test_the_formula_comes_of_it() -> None:
    expected = erlang_a(4, 5, handling_s=60, patience_s=60, within_s=10)

    days = play_days(markovian(4, 5, 60, 1_500, patience_s=60, within_s=10, warm_up=600, replications=4))

    found = over(days[QUEUE])
    assert found["abandon_rate"].mean == pytest.approx(expected.abandons, abs=0.01)
    assert found["service_level"].mean == pytest.approx(expected.within, abs=0.01)
    assert abs(found["wait_s"].mean - expected.wait_s) < found["wait_s"].plus_minus
    assert found["occupancy"].mean == pytest.approx(4 * (1 - expected.abandons) / 5, abs=0.01)


def test_a_seed_gives_the_same_day_again_and_another_seed_another() -> None:
    plan = markovian(8, 9, 60, 150)

    assert played(plan) == played(plan)
    assert played(plan) != played(replace(plan, seed=2))
    assert played(plan) != Day(plan, 1).play()[QUEUE]


def test_with_other_agents_the_same_people_come() -> None:
    few, many = markovian(8, 9, 60, 150), markovian(8, 20, 60, 150)

    assert played(few).contacts == played(many).contacts
    assert played(few).handling_s == played(many).handling_s
    assert played(few).asa_s > played(many).asa_s


def test_a_wait_runs_until_the_agent_answers() -> None:
    plan = a_day([coming(0, 1)], [crew()], answering=Answering(rings=Fixed(3.0)))

    assert waits(plan) == [3, 15]


def test_who_is_not_answered_keeps_the_place_and_goes_to_another() -> None:
    ring_for = QueueConfig("Support", ring_for=timedelta(seconds=5), back_off=timedelta(seconds=30))
    plan = a_day([coming(0, 1)], [crew(2)], ring_for, answering=Answering(rings=_FirstNever()))

    # The first rings at 0 and again at 11, when the second, who came at 1, has been served by the other agent.
    assert waits(plan) == [1, 13]


def test_who_never_answers_loses_nobody_but_time() -> None:
    plan = a_day(
        [coming(0, patience=Fixed(100.0))], [crew()], answering=Answering(rings=Fixed(25.0), back_after=Fixed(30.0))
    )

    assert played(plan).abandoned == 1
    assert played(plan).wait_max_s == 100


def test_who_hangs_up_while_it_rings_leaves_the_agent_free_for_the_next() -> None:
    impatient = coming(0, patience=Fixed(2.0))
    plan = a_day([impatient, coming(1)], [crew()], answering=Answering(rings=Fixed(3.0)))

    assert waits(plan) == [4]
    assert played(plan).abandoned == 1


def test_a_share_of_offers_is_missed() -> None:
    plan = a_day([coming(*range(0, 100_000, 100))], [crew(2)], answering=Answering(missed=0.3, back_after=Fixed(40.0)))

    at_once = sum(wait == 0 for wait in waits(plan))
    assert at_once == pytest.approx(700, abs=45)


def test_agents_come_and_go_by_their_shift_and_end_what_they_began() -> None:
    shift = ((100.0, 200.0), (300.0, 400.0))
    plan = a_day([coming(50, 195, 196)], [crew(shift=shift)])

    assert waits(plan) == [50, 0, 104]
    # 200 s on shift and 5 beyond it, of which three times 10 in talk.
    assert played(plan).occupancy == pytest.approx(30 / 205)


def test_whoever_waits_when_all_have_gone_is_left_waiting() -> None:
    plan = a_day([coming(5, 101), coming(500, patience=Fixed(60.0))], [crew(shift=((0.0, 100.0),))])

    found = played(plan)
    assert (found.contacts, found.served, found.abandoned, found.left_waiting) == (3, 1, 1, 1)
    assert found.service_level == pytest.approx(1 / 3)


def test_chats_share_an_agent_as_capacity_says() -> None:
    plan = a_day([coming(0, 1, 2, medium="chat")], [crew(capacity=Capacity({"voice": 1, "chat": 2}))])

    assert waits(plan) == [0, 0, 8]


def test_skills_are_asked_until_the_wait_relaxes_them() -> None:
    asks = coming(0, skills=frozenset([("french", 3)]), relax=(Relaxed(timedelta(seconds=30), frozenset()),))
    plan = a_day([asks], [crew(skills={"french": 2})])

    assert waits(plan) == [30]


def test_agents_in_reserve_come_later() -> None:
    reserve = {QUEUE: Membership(rank=2, after=timedelta(seconds=20))}
    plan = a_day([coming(0, 1, handling=Fixed(100.0))], [crew(), crew(1, "reserve", queues=reserve)])

    assert waits(plan) == [0, 20]


def test_priority_goes_first() -> None:
    plan = a_day([coming(0, 1), coming(2, priority=1)], [crew()])

    assert waits(plan) == [0, 8, 19]


def test_who_waits_too_long_goes_on_to_another_queue_and_counts_in_the_first() -> None:
    support = QueueConfig("Support", overflow=QueueOverflow(timedelta(seconds=30), SALES))
    sales = QueueConfig("Sales", overflow=QueueOverflow(timedelta(seconds=20), QUEUE), strategy=Strategy.ROUND_ROBIN)
    plan = a_day([coming(0, 1, handling=Fixed(60.0))], [crew(), crew(1, "seller", SALES)], support, sales)

    found = Day(plan, 0).play()
    assert waits(plan) == [0, 30]
    assert (found[QUEUE].served, found[SALES].contacts) == (2, 0)
    assert math.isnan(found[SALES].service_level)


def test_who_goes_on_to_another_queue_while_it_rings_waits_there_afterwards() -> None:
    support = QueueConfig(
        "Support", ring_for=timedelta(seconds=20), overflow=QueueOverflow(timedelta(seconds=5), SALES)
    )
    shift = ((30.0, 100.0),)
    plan = a_day(
        [coming(0)], [crew(), crew(1, "seller", SALES, shift=shift)], support, QueueConfig("Sales"),
        answering=Answering(rings=_FirstNever()),
    )  # fmt: skip

    assert waits(plan) == [31]


class _FirstNever:
    """The first does not answer, the others after a second."""

    mean = 1.0

    def __init__(self) -> None:
        self._left = [99.0]

    def draw(self, _random: object) -> float:
        """Return the next."""
        return self._left.pop() if self._left else 1.0


def test_the_warm_up_is_not_counted() -> None:
    plan = a_day([coming(0, 100)], [crew()], warm_up=50.0)

    found = played(plan)
    assert (found.contacts, found.handling_s) == (1, 10)
    # Who is there all the time is counted to the last arrival.
    assert found.occupancy == 0


def test_figures_are_as_they_are_defined() -> None:
    seen = Seen(served=[0.0, 10.0, 20.0, 50.0], abandoned=[30.0], left=[100.0], handling=[60.0, 120.0])

    found = figures(seen, within_s=20)

    assert (found.contacts, found.served, found.abandoned, found.left_waiting) == (6, 4, 1, 1)
    assert (found.service_level, found.abandon_rate) == (0.5, pytest.approx(1 / 6))
    assert (found.asa_s, found.wait_s) == (20, 35)
    assert (found.wait_median_s, found.wait_p90_s, found.wait_p95_s, found.wait_max_s) == (10, 50, 50, 100)
    assert found.handling_s == 90
    assert math.isnan(found.occupancy)


def test_confidence_is_that_of_student() -> None:
    days = [figures(Seen(served=[wait]), within_s=20) for wait in (10.0, 20.0, 30.0)]

    # t for 2 degrees of freedom is 4.303, the deviation 10.
    assert over(days)["asa_s"].mean == 20
    assert over(days)["asa_s"].plus_minus == pytest.approx(4.303 * 10 / 3**0.5)
    assert math.isnan(over(days)["occupancy"].mean)
    assert math.isnan(over(days[:1])["asa_s"].plus_minus)
    assert over(days * 20)["asa_s"].plus_minus == pytest.approx(1.96 * 8.234 / 60**0.5, rel=1e-3)


def test_exponential_contacts_of_two_kinds_have_dice_of_their_own() -> None:
    first = replace(markovian(4, 9, 60, 200).arrivals[0], handling=Exponential(60.0))
    alone = a_day([first], [crew(20)])
    both = a_day([first, replace(first, queue=SALES)], [crew(20)], SUPPORT, QueueConfig("Sales"))

    assert played(alone).handling_s == played(both).handling_s
