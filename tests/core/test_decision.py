"""What is kept of an offer: the inputs of its decision, as routing had them."""

from datetime import timedelta

import pytest

from tests.builders import NOON, an_agent, an_entry, an_interaction, an_offer, later
from trunkline.core.decision import SOME, Criterion, offered_facts
from trunkline.core.demand import Membership, Order, Relaxed, Strategy, Wanted, post_of
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Stage
from trunkline.core.occupancy import Busy
from trunkline.core.routing import Routing

SALES = QueueId("sales")
NOW = NOON.timestamp() + 100
ANA, CALL = AgentId("ana"), InteractionId("call")


def sits(routing: Routing, id_: str, skills: dict[str, int] | None = None, rank: int = 1, idle: float = 0) -> None:
    post = post_of({SALES: Membership(rank)}, skills or {})
    routing.agents.seat(AgentId(id_), post, frozenset({"voice"}), Order(NOW - idle))


def waits(routing: Routing, id_: str = CALL, **entry: object) -> None:
    routing.wait(InteractionId(id_), an_entry(**entry), now=NOW)


def test_the_only_able_agent_is_told_as_such() -> None:
    routing = Routing()
    sits(routing, "ana")
    waits(routing)

    decision = routing.decision(CALL, ANA, now=NOW)

    assert (decision.by, decision.able, decision.next, decision.position) == (Criterion.ONLY, 1, None, 1)


@pytest.mark.parametrize(
    ("other", "by"),
    [
        ({"rank": 2}, Criterion.RANK), ({"skills": {"tea": 1}, "idle": 99}, Criterion.SKILL),
        ({"skills": {"tea": 5}, "idle": 1}, Criterion.STRATEGY),
    ],
)  # fmt: skip
def test_what_tells_the_agent_from_the_next_is_kept(other: dict[str, object], by: Criterion) -> None:
    routing = Routing()
    sits(routing, "ana", {"tea": 5}, idle=60)
    sits(routing, "ben", **other)  # type: ignore[arg-type]
    waits(routing, prefer=frozenset({"tea"}))

    decision = routing.decision(CALL, ANA, now=NOW)

    assert (decision.by, decision.next, decision.rank, decision.score) == (by, "ben", 1, 5)


def test_what_is_kept_for_an_agent_is_decided_by_that_whatever_their_queues() -> None:
    routing = Routing()
    routing.agents.seat(ANA, post_of({QueueId("support"): Membership()}, {}), frozenset({"voice"}), Order(NOW))
    waits(routing, wanted=Wanted(ANA))

    assert routing.decision(CALL, ANA, now=NOW).by is Criterion.KEPT


def test_able_agents_are_counted_up_to_some() -> None:
    routing = Routing()
    for number in range(9):
        sits(routing, f"agent{number}", idle=9 - number)
    waits(routing)

    assert routing.decision(CALL, AgentId("agent0"), now=NOW).able == SOME


def test_older_entries_that_the_agent_cannot_serve_are_counted_while_their_lines_are_few() -> None:
    routing = Routing()
    sits(routing, "ana")
    for number in range(3):
        waits(routing, f"french{number}", skills=frozenset({("french", 1)}))
    waits(routing, since=later(50))
    assert routing.decision(CALL, ANA, now=NOW).passed_over == 3
    assert routing.decision(CALL, ANA, now=NOW).position == 4

    for number in range(8):
        waits(routing, f"other{number}", skills=frozenset({(f"skill{number}", 1)}))

    assert routing.decision(CALL, ANA, now=NOW).passed_over is None


def test_what_is_as_usual_is_not_written() -> None:
    routing = Routing()
    sits(routing, "ana")
    waits(routing)
    call = an_interaction(Stage.WAITING, id=CALL)

    facts = offered_facts(call, an_agent(idle_since=NOON), an_offer(), routing.decision(CALL, ANA, now=NOW))

    assert facts == {
        "offer": facts["offer"], "queue": "sales", "medium": "voice", "waited_s": 10.0, "idle_s": 10.0, "asked": {},
        "position": 1, "by": "only", "strategy": "longest_idle", "able": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "fact", "value"),
    [
        (Strategy.LEAST_OCCUPIED, "occupancy", pytest.approx(0.5, abs=0.01)),
        (Strategy.ROUND_ROBIN, "last_offer_s", 5.0),
    ],
)
def test_what_the_strategy_goes_by_is_written(strategy: Strategy, fact: str, value: float) -> None:
    routing = Routing(lambda _: strategy)
    sits(routing, "ana")
    relax = (Relaxed(timedelta(seconds=5), frozenset()),)
    entry = an_entry(wanted=Wanted(ANA), priority=2, relax=relax)
    routing.wait(CALL, entry, now=NOW)
    agent = an_agent(offered_at=later(5), lately=Busy(1800, later(10)))
    call = an_interaction(Stage.WAITING, id=CALL, entry=entry)

    facts = offered_facts(call, agent, an_offer(), routing.decision(CALL, ANA, now=NOW))

    assert facts[fact] == value
    assert (facts["kept_for"], facts["priority"], facts["relaxed"], facts["idle_s"]) == ("ana", 2, 1, None)
