"""Who is at which step now: the counts are always those of a recount, and admins see them without asking."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_voicemail, an_interaction
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import CENTRE, Centre, open_floor
from tests.floor.test_hub import ANA, Screen, a_random_thing_happens
from trunkline.core.interaction import Interaction, Stage, Work
from trunkline.floor.at_steps import AtSteps, Place, place_of
from trunkline.floor.desk_figures import QUEUES_EVERY_S
from trunkline.floor.ledger import Ledger
from trunkline.floor.state import Floor, Moved
from trunkline.floor.view import apply
from trunkline.flows.centre import centre_of


def at(flow: str, step: str, **changes: Any) -> Interaction:
    """Return a caller at a step."""
    stage = changes.pop("stage", Stage.IN_FLOW)
    return an_interaction(stage, run={"flow": flow, "step": step}, **changes)


@pytest.mark.parametrize(
    ("stage", "stands"),
    [
        (Stage.IN_FLOW, True),
        (Stage.WAITING, True),
        (Stage.OFFERED, True),
        (Stage.TALKING, False),
        (Stage.WRAP_UP, False),
        (Stage.ENDED, False),
    ],
)
def test_caller_stands_at_a_step_until_an_agent_has_them(stage: Stage, stands: bool) -> None:
    assert place_of(at("main", "sales", stage=stage)) == (("main", "sales") if stands else None)


def test_nobody_stands_where_no_flow_has_begun_or_all_is_said() -> None:
    assert place_of(an_interaction(run=None)) is None
    assert place_of(at("main", "")) is None


def test_message_that_waits_stands_at_its_voicemail_step() -> None:
    message = at("main", "message", stage=Stage.WAITING, work=Work.VOICEMAIL, voicemail=a_voicemail())

    assert place_of(message) == ("main", "message")


def recounted(floor: Floor) -> dict[str, dict[str, int]]:
    """Count by looking at everybody."""
    places = Counter(place for each in floor.interactions.values() if (place := place_of(each)) is not None)
    counts: dict[str, dict[str, int]] = {}
    for (flow, step), many in places.items():
        counts.setdefault(flow, {})[step] = many
    return counts


PEOPLE = [an_interaction() for _ in range(4)]
MOVES = st.tuples(
    st.integers(0, len(PEOPLE) - 1),
    st.sampled_from(Stage),
    st.sampled_from([None, *((flow, step) for flow in ("main", "survey") for step in ("", "menu", "sales"))]),
)


def moved_to(person: Interaction, stage: Stage, place: Place | None) -> Interaction:
    run = {"flow": place[0], "step": place[1]} if place is not None else None
    return replace(an_interaction(stage, call=person.call), id=person.id, run=run)


@pytest.mark.slow
@given(st.lists(st.lists(MOVES, min_size=1, max_size=3), max_size=30))
def test_counts_are_those_of_a_recount_whatever_moves(commits: list[list[tuple[int, Stage, Place | None]]]) -> None:
    floor = an_empty_floor()
    counts = AtSteps(floor)
    shown: dict[str, Any] = {"at_steps": {}}

    for moves in commits:
        moved = [moved_to(PEOPLE[who], stage, place) for who, stage, place in moves]
        for each in moved:
            floor._put(floor.interactions.get(each.id), each)
        counts._watch(Moved([(None, each) for each in moved]))
        assert counts.all() == recounted(floor)
        if len(moves) > 1:  # a desk hears of several changes at once
            shown = apply(shown, {"kind": "at_steps", "flows": counts.take_changes()})
            assert shown["at_steps"] == counts.all()

    assert AtSteps(floor).all() == counts.all()


def an_empty_floor() -> Floor:
    centre, _ = centre_of(CENTRE, "centre.yaml")
    assert centre is not None
    return Floor(Ledger(MemoryStore()), FakeClock(), centre)


async def supervises(centre: Centre) -> Screen:
    """Make Ana a supervisor with a desk."""
    await centre.floor.commit(agents=[replace(centre.floor.agents[ANA], role="supervisor")])
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    return screen


async def test_supervisor_sees_where_callers_are_without_asking(centre: Centre) -> None:
    screen = await supervises(centre)
    assert screen.state["at_steps"] == {}

    call = centre.switch.calls_in()
    await centre.settled()

    assert screen.state["at_steps"] == {"main": {"menu": 1}}
    [event] = [m["event"] for m in screen.messages if m.get("event", {}).get("kind") == "at_steps"]
    assert event == {"kind": "at_steps", "flows": {"main": {"menu": 1}}}

    centre.switch.caller_hangs_up(call)
    await asyncio.sleep(QUEUES_EVERY_S * 1.2)  # the figures are sent at most so often
    await centre.settled()
    assert screen.state["at_steps"] == {}


async def test_agent_sees_nothing_of_flows(centre: Centre) -> None:
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)

    await centre.call_waits()
    centre.hub.flows_changed()
    await centre.settled()

    assert {"at_steps", "flows"}.isdisjoint(screen.state)
    assert {"at_steps", "flows"}.isdisjoint(m["event"]["kind"] for m in screen.messages if m["type"] == "event")


async def test_changed_flows_are_told_by_another_revision(centre: Centre) -> None:
    screen = await supervises(centre)
    before = screen.state["flows"]["revision"]

    centre.load_flows()

    assert screen.messages[-1]["event"] == {"kind": "flows", "flows": {"revision": centre.flow_board.revision}}
    assert screen.state["flows"]["revision"] != before


async def test_who_was_in_the_flow_is_counted_after_a_restart(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.call_waits()
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        assert centre.at_steps.all() == {"main": {"sales": 1}}
        assert centre.at_steps.of("main") == {"sales": 1}
        assert centre.at_steps.of("other") == {}


@pytest.mark.parametrize("seed", range(4))
async def test_supervisors_snapshot_and_events_are_the_new_snapshot(centre: Centre, seed: int) -> None:
    dice = random.Random(seed)
    await centre.ready("ana", "ben")
    screen = await supervises(centre)

    for _ in range(40):
        await a_random_thing_happens(centre, dice)
        assert centre.at_steps.all() == recounted(centre.floor)
    await asyncio.sleep(QUEUES_EVERY_S * 1.2)
    await centre.settled()

    fresh = Screen()
    centre.hub._streams.clear()
    await centre.hub.open(ANA, fresh, epoch=None, seq=None)
    assert screen.state == fresh.state
