"""`queue`: what is asked of an agent, and for whom somebody is kept."""

from datetime import timedelta

from tests.flows.examples import MONDAY_TEN, a_flow, the_facts
from trunkline.core.demand import Relaxed
from trunkline.flows.run import Moved, begin
from trunkline.flows.talk import Enqueue, ForOne

STEP = "  begin: {set: {who: ana}, next: line}\n  line: {queue: sales, %s}\n"


def waiting(more: str) -> tuple[Moved, Enqueue]:
    """Return what a queue step asks for, with more said in it."""
    moved = begin(a_flow(STEP % more), the_facts(), MONDAY_TEN)
    assert isinstance(moved.action, Enqueue)
    return moved, moved.action


def test_skills_are_asked_preferred_and_relaxed_in_the_order_of_time() -> None:
    _, want = waiting("skills: {french: 3}, prefer: [dutch], relax: [{after: 2m}, {after: 60s, skills: {french: 1}}]")

    assert (want.skills, want.prefer) == ({"french": 3}, {"dutch"})
    assert want.relax == (
        Relaxed(timedelta(seconds=60), frozenset({("french", 1)})), Relaxed(timedelta(seconds=120), frozenset())
    )  # fmt: skip
    assert want.agent is None


def test_somebody_is_kept_for_an_agent_by_name_or_by_a_value() -> None:
    assert waiting("agent: {name: ana, wait: 30s}")[1].agent == ForOne("ana", timedelta(seconds=30))  # type: ignore[arg-type]
    assert waiting('agent: {name: "{who}"}')[1].agent == ForOne("ana")  # type: ignore[arg-type]


def test_nobody_is_kept_for_an_agent_whom_the_centre_does_not_know() -> None:
    moved, want = waiting('agent: {name: "{who}x"}')

    assert want.agent is None
    assert moved.faults == ('the centre file has no agent "anax"',)
