"""Calling customers back: by a key while waiting, by a step, at a time; never two, never in vain, place kept."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened
from trunkline.floor.runs import run_of
from trunkline.ports.call_control import NotReached

FLOW = """
flow: main
media: [voice]
entry: {numbers: ["100"]}
start: menu
steps:
  menu:
    menu: What is it about?
    choices:
      - {key: "1", label: Sales, go: sales}
      - {key: "2", label: Later, go: later}
      - {key: "3", label: Abroad, go: abroad}
    no_answer: {go: bye}
  sales:
    queue: sales
    while_waiting: {announce: [position], every: 30s}
    offer_callback: {after: 60s, key: "1"}
  later: {callback: sales, at: "2026-11-23T15:00+00:00", no_number: bye, existing: twice, next: bye}
  abroad: {callback: sales, number: "+19005550100", no_number: sorry, next: bye}
  twice: {say: You have one already., next: bye}
  sorry: {say: We cannot call you there., next: bye}
  bye: {end: Goodbye.}
"""


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


def callbacks(centre: Centre) -> list[Interaction]:
    return [each for each in centre.floor.interactions.values() if each.work is Work.CALLBACK]


async def chooses(centre: Centre, key: str, caller: str = "+447700900123") -> str:
    centre.keys.append(key)
    call = centre.switch.calls_in(caller)
    await centre.settled()
    return call.id.uniqueid


async def asks_while_waiting(centre: Centre) -> None:
    call = await centre.call_waits()
    centre.clock.forward(90)
    centre.switch.presses(call, "1")
    await centre.settled()


async def test_a_waiting_caller_presses_the_key_and_keeps_the_place(centre: Centre) -> None:
    first = await centre.call_waits()
    place = centre.of(first).entry  # type: ignore[union-attr]
    centre.clock.forward(90)
    await centre.call_waits("+447700900456")

    centre.switch.presses(first, "1")
    await centre.settled()

    [planned] = callbacks(centre)
    assert place is not None
    assert planned.entry is not None
    assert (planned.stage, planned.entry.since) == (Stage.WAITING, place.since)
    assert centre.floor.routing.position(planned.id) == 1
    assert centre.switch.where(first) is None, "the flow has nothing more to say to them"
    assert [e.facts["of"] for e in centre.store.happened(Happened.CALLBACK_PLANNED)] == [planned_of(centre)]


def planned_of(centre: Centre) -> str:
    [ended] = [each for each in centre.store.interactions.values() if each.outcome is Outcome.CALLBACK_PLANNED]
    return ended.id


async def test_the_journal_tells_what_a_waiting_caller_asked_for(centre: Centre) -> None:
    await asks_while_waiting(centre)

    answered = [(entry.facts["step"], entry.facts["answer"]) for entry in centre.store.happened(Happened.ANSWERED_STEP)]
    assert answered == [("menu", "Sales"), ("sales", "callback planned")]


async def test_other_keys_and_keys_in_the_flow_plan_nothing(centre: Centre) -> None:
    waiting = await centre.call_waits()
    in_flow = centre.switch.calls_in("+447700900456")
    await centre.settled()

    centre.switch.presses(waiting, "2")
    centre.switch.presses(in_flow, "1")
    await centre.settled()

    assert callbacks(centre) == []
    assert centre.stage(waiting) is Stage.WAITING


async def test_the_offer_is_made_once_the_caller_has_waited_so_long(centre: Centre) -> None:
    call = await centre.call_waits()
    await centre.forward(29)
    centre.switch.announcement_due(call)
    await centre.settled()
    await centre.forward(31)
    centre.switch.announcement_due(call)
    await centre.settled()

    early, late = [words for _, words in centre.switch.told]
    assert early == ["You are next in line."]
    assert late == [*early, "If you would like us to call you back without losing your place, press 1."]


async def test_what_no_trunk_may_call_is_neither_offered_nor_promised(centre: Centre) -> None:
    centre.switch.may_be_called = "+1"
    call = await centre.call_waits()
    centre.clock.forward(90)
    centre.switch.announcement_due(call)
    centre.switch.presses(call, "1")
    await centre.settled()

    assert callbacks(centre) == []
    assert centre.stage(call) is Stage.WAITING
    assert centre.switch.told == [(call, ["You are next in line."])]
    centre.switch.may_be_called = "+44"
    uniqueid = await chooses(centre, "3")
    assert "We cannot call you there." in centre.lines[uniqueid].said


async def test_an_agent_is_rung_for_a_callback_and_talks_to_the_customer(centre: Centre) -> None:
    await asks_while_waiting(centre)
    await centre.ready("ana")

    [back] = centre.switch.called_back
    assert (back.number, back.endpoint) == ("+447700900123", "ana-web")
    centre.switch.agent_answers_callback(back.offer)
    await centre.settled()
    assert centre.floor.of_offer(back.offer).offer.answered_at is not None  # type: ignore[union-attr]
    call = centre.switch.customer_answers(back.offer)
    await centre.settled()
    assert centre.stage(call) is Stage.TALKING
    await centre.forward(30)
    centre.switch.caller_hangs_up(call)
    await centre.settled()

    [talked] = callbacks(centre)
    assert talked.stage is Stage.WRAP_UP
    await centre.desk.wrap_up(AgentId("ana"), talked.id, "resolved", "Called back.")
    assert centre.store.interactions[talked.id].outcome is Outcome.HANDLED


async def test_a_customer_who_is_not_reached_is_tried_again_and_the_agent_is_free_without_blame(centre: Centre) -> None:
    await asks_while_waiting(centre)
    await centre.ready("ana")
    for tried in (1, 2, 3):
        back = centre.switch.called_back[-1]
        centre.switch.agent_answers_callback(back.offer)
        centre.switch.customer_is_not_reached(back.offer, "BUSY")
        await centre.settled()
        assert len(centre.switch.called_back) == tried
        assert (centre.agent("ana").presence, centre.agent("ana").busy) == (Presence.READY, None)
        await centre.forward(15 * 60 + 1)

    assert callbacks(centre) == []
    assert len(centre.switch.called_back) == 3
    assert [e.facts["why"] for e in centre.store.happened(Happened.CALLBACK_NOT_REACHED)] == ["BUSY"] * 3
    assert Outcome.NOT_REACHED in {each.outcome for each in centre.store.interactions.values()}


async def test_an_agent_who_hears_the_busy_tone_is_offered_nothing_until_off_the_phone(
    centre: Centre,
) -> None:
    await asks_while_waiting(centre)
    await centre.ready("ana")
    back = centre.switch.called_back[-1]
    centre.switch.agent_answers_callback(back.offer)
    await centre.settled()
    await centre.call_waits("+447700900456")

    centre.switch.again(NotReached(back.offer, "BUSY", centre.clock.now()))
    await centre.settled()
    assert centre.switch.rung == []
    centre.switch.fails(back.offer, OfferFailure.NO_ANSWER)
    await centre.settled()

    assert [ring.caller for ring in centre.switch.rung] == ["+447700900456"]
    assert centre.agent("ana").presence is Presence.READY


async def test_an_agent_who_hangs_up_on_the_ringing_customer_has_declined(centre: Centre) -> None:
    await asks_while_waiting(centre)
    await centre.ready("ana")
    back = centre.switch.called_back[-1]
    centre.switch.agent_answers_callback(back.offer)
    await centre.settled()
    centre.switch.agent_hangs_up(back.offer)
    await centre.settled()

    assert (centre.agent("ana").presence, centre.agent("ana").reason) == (Presence.NOT_READY, "declined")
    assert [each.stage for each in callbacks(centre)] == [Stage.WAITING]


async def test_a_customers_phone_that_rings_for_ever_is_given_up(centre: Centre) -> None:
    await asks_while_waiting(centre)
    await centre.ready("ana")
    back = centre.switch.called_back[-1]
    centre.switch.agent_answers_callback(back.offer)
    await centre.settled()
    await centre.forward(47)
    assert [each.stage for each in callbacks(centre)] == [Stage.OFFERED]
    await centre.forward(2)

    assert back.offer not in centre.switch.legs
    assert centre.agent("ana").presence is Presence.READY


async def test_a_callback_at_a_time_waits_for_it(centre: Centre) -> None:
    await chooses(centre, "2")
    await centre.ready("ana")
    assert [each.stage for each in callbacks(centre)] == [Stage.SCHEDULED]
    assert centre.switch.called_back == []

    await centre.forward(timedelta(hours=3).total_seconds())

    assert len(centre.switch.called_back) == 1


async def test_a_callback_and_what_the_flow_makes_of_it_are_one_transaction(centre: Centre) -> None:
    await chooses(centre, "2")

    steps = [
        {(each.work, run_of(each).step) for change in save for each in change.interactions}  # type: ignore[union-attr]
        for save in centre.store.saves
        if any(entry.kind is Happened.CALLBACK_PLANNED for change in save for entry in change.journal)
    ]
    assert steps == [{(Work.CALLBACK, "later"), (Work.CALL, "bye")}]


async def test_nobody_has_two_callbacks(centre: Centre) -> None:
    await chooses(centre, "2")
    again = await chooses(centre, "2")
    await asks_while_waiting(centre)

    assert len(callbacks(centre)) == 1
    assert "You have one already." in centre.lines[again].said


@pytest.mark.parametrize("when", ["planned", "offered", "answered", "talking"])
async def test_a_callback_outlives_the_service(world: SimpleNamespace, when: str) -> None:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await asks_while_waiting(centre)
        if when != "planned":
            await centre.ready("ana")
        if when in {"answered", "talking"}:
            world.switch.agent_answers_callback(world.switch.called_back[0].offer)
            await centre.settled()
        world.switch.lost()
    if when == "talking":
        world.switch.deaf = True
        world.switch.customer_answers(world.switch.called_back[0].offer)

    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        if when != "talking":
            await chooses(centre, "2")
            assert len(callbacks(centre)) == 1, "it is known that there is one"
        if when == "planned":
            await centre.ready("ana")
        elif when == "answered":
            world.switch.customer_answers(world.switch.called_back[0].offer)
            await centre.settled()
        [planned] = callbacks(centre)

        assert len(world.switch.called_back) == 1, "the agent is rung once"
        assert planned.stage is (Stage.TALKING if when in {"answered", "talking"} else Stage.OFFERED)
        assert (planned.call is not None) == (when in {"answered", "talking"})
