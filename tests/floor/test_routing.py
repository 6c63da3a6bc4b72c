"""Routing on a whole floor: who is kept for whom, who moves on, who is left alone, and what many desks do at once."""

import asyncio
from datetime import timedelta

import pytest

from tests.builders import NOON, an_entry, an_interaction
from tests.floor.conftest import CENTRE, MAIN, Centre
from tests.floor.test_trouble import follow
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.interaction import Outcome, Stage, WrongStage
from trunkline.core.journal import Happened
from trunkline.core.permission import NotAllowed
from trunkline.floor.agent import OfferGone
from trunkline.floor.places import move_on
from trunkline.floor.supervision import NotAtWork, Supervision

ANA, BEN = AgentId("ana"), AgentId("ben")
SALES = b"  sales: {title: Sales, ring_for: 20s, wrap_up: 60s, music: default, announce_every: 45s}"


def sales(more: bytes) -> bytes:
    """Return the centre file with more said of the queue sales."""
    return CENTRE.replace(SALES, SALES.replace(b"title: Sales", b"title: Sales, " + more))


async def talked_to(centre: Centre, agent: AgentId, caller: str) -> None:
    """Let a caller talk to an agent, and everything come to its end."""
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    assert interaction.agent == agent
    centre.switch.agent_hangs_up(offer)
    await centre.settled()
    await centre.desk.wrap_up(agent, interaction.id, "resolved", "")
    await centre.forward(1)
    del caller


# --- kept for one agent ----------------------------------------------------------------------------------------------


async def test_a_customer_who_comes_back_is_kept_for_the_agent_they_talked_to(centre: Centre) -> None:
    await follow(centre, sales(b"sticky: {wait: 30s}"))
    await centre.ready("ana")
    await talked_to(centre, ANA, "+447700900123")
    await centre.ready("ben")
    await centre.desk.show(ANA, Presence.NOT_READY, "break")
    call = await centre.call_waits("+447700900123")
    assert centre.stage(call) is Stage.WAITING

    await centre.desk.show(ANA, Presence.READY, None)
    await centre.settled()

    assert centre.switch.rung[-1].endpoint == "ana-web"


async def test_who_is_kept_in_vain_goes_to_somebody_else(centre: Centre) -> None:
    await follow(centre, sales(b"sticky: {wait: 30s}"))
    await centre.ready("ana")
    await talked_to(centre, ANA, "+447700900123")
    await centre.ready("ben")
    await centre.desk.show(ANA, Presence.NOT_READY, "break")
    call = await centre.call_waits("+447700900123")

    await centre.forward(30)

    assert centre.stage(call) is Stage.OFFERED
    assert centre.switch.rung[-1].endpoint == "ben-web"


async def test_nobody_is_kept_for_who_has_gone_home_or_for_a_stranger(centre: Centre) -> None:
    await follow(centre, sales(b"sticky: {wait: 30s}"))
    await centre.ready("ana")
    await talked_to(centre, ANA, "+447700900123")
    await centre.desk.log_out(ANA)
    await centre.ready("ben")

    call = await centre.call_waits("+447700900123")

    assert centre.stage(call) is Stage.OFFERED
    assert centre.switch.rung[-1].endpoint == "ben-web"


# --- moving on -------------------------------------------------------------------------------------------------------


async def test_who_waited_long_enough_goes_on_in_another_queue_with_their_place(centre: Centre) -> None:
    await follow(centre, sales(b"overflow: {after: 40s, queue: support}").replace(b"[sales, support]", b"[support]"))
    await centre.ready("ben")
    call = await centre.call_waits()
    interaction = centre.of(call)
    assert interaction is not None
    assert interaction.entry is not None
    assert centre.stage(call) is Stage.WAITING

    await centre.forward(40)

    moved = centre.of(call)
    assert moved is not None
    assert moved.entry is not None
    assert (moved.stage, moved.entry.queue, moved.entry.since) == (Stage.OFFERED, "support", interaction.entry.since)
    assert centre.switch.rung[-1].endpoint == "ben-web"
    (line,) = centre.store.happened(Happened.MOVED_ON)
    assert (line.facts["from"], line.facts["to"]) == ("sales", "support")


async def test_a_flows_own_overflow_comes_when_it_is_due_wherever_one_waits(centre: Centre) -> None:
    await follow(centre, sales(b"overflow: {after: 40s, queue: support}"))
    call = await centre.call_waits()

    await centre.forward(301)

    assert len(centre.store.happened(Happened.MOVED_ON)) == 1
    assert len(centre.store.happened(Happened.OVERFLOWED)) == 1
    assert centre.stage(call) is not Stage.WAITING


async def test_who_does_not_wait_does_not_move(centre: Centre) -> None:
    move_on(centre.floor, an_interaction(Stage.IN_FLOW), at=NOON)
    move_on(centre.floor, an_interaction(Stage.WAITING, entry=an_entry()), at=NOON)

    assert centre.store.happened(Happened.MOVED_ON) == []


# --- left alone ------------------------------------------------------------------------------------------------------


async def _lets_it_ring(centre: Centre) -> None:
    centre.switch.fails(centre.switch.rung[-1].offer, OfferFailure.NO_ANSWER)
    await centre.settled()


async def test_an_agent_who_did_not_answer_is_ready_again_after_a_while_and_later_each_time(centre: Centre) -> None:
    await follow(centre, sales(b"back_off: 30s"))
    await centre.ready("ana")
    call, _ = await centre.call_rings()
    for rest in (30, 60, 120):
        await _lets_it_ring(centre)
        assert (centre.agent("ana").presence, centre.agent("ana").reason) == (Presence.NOT_READY, "no_answer")
        await centre.forward(rest - 1)
        assert centre.stage(call) is Stage.WAITING
        await centre.forward(1)
        assert centre.stage(call) is Stage.OFFERED

    await _lets_it_ring(centre)
    assert centre.agent("ana").back_at is None


async def test_an_agent_who_says_so_is_ready_at_once_and_one_who_served_begins_anew(centre: Centre) -> None:
    await follow(centre, sales(b"back_off: 30s"))
    await centre.ready("ana")
    await centre.call_rings()
    await _lets_it_ring(centre)
    await centre.desk.show(ANA, Presence.READY, None)
    await centre.settled()
    assert (centre.agent("ana").unanswered, centre.agent("ana").back_at) == (1, None)
    centre.switch.answers(centre.switch.rung[-1].offer)
    await centre.settled()
    centre.switch.agent_hangs_up(centre.switch.rung[-1].offer)
    await centre.settled()
    await centre.forward(61)

    assert centre.agent("ana").unanswered == 0
    assert centre.agent("ana").is_free


async def test_an_agent_who_went_to_lunch_meanwhile_is_not_made_ready(centre: Centre) -> None:
    await follow(centre, sales(b"back_off: 30s"))
    await centre.ready("ana")
    await centre.call_rings()
    await _lets_it_ring(centre)
    await centre.desk.show(ANA, Presence.NOT_READY, "break")

    await centre.forward(60)

    assert centre.agent("ana").reason == "break"


# --- hours -----------------------------------------------------------------------------------------------------------

HOURS = b"""  late: {zone: UTC, open: {mon-sun: "12:02-12:03"}}
dispositions:"""


async def test_nobody_is_offered_from_a_queue_that_is_closed(centre: Centre) -> None:
    await follow(centre, sales(b"hours: late").replace(b"dispositions:", HOURS))
    centre.opening.begin()
    await centre.ready("ana")
    call = await centre.call_waits()
    assert centre.stage(call) is Stage.WAITING
    assert centre.in_line() == [call.id.uniqueid]

    await centre.forward(120)
    assert centre.stage(call) is Stage.OFFERED

    centre.switch.fails(centre.switch.rung[-1].offer, OfferFailure.DECLINED)
    await centre.forward(70)
    await centre.desk.show(ANA, Presence.READY, None)
    await centre.settled()
    assert centre.stage(call) is Stage.WAITING


async def test_an_agent_is_offered_nothing_outside_their_working_hours(centre: Centre) -> None:
    hours = CENTRE.replace(b"{name: Ana Torres, queues", b"{name: Ana Torres, hours: late, queues")
    await follow(centre, hours.replace(b"dispositions:", HOURS))
    centre.opening.begin()
    await centre.ready("ana")
    call = await centre.call_waits()
    assert centre.stage(call) is Stage.WAITING

    await centre.forward(120)

    assert centre.stage(call) is Stage.OFFERED


async def test_another_centre_file_orders_those_who_wait_by_its_rules(centre: Centre) -> None:
    centre.opening.begin()
    call = await centre.call_waits()
    await follow(centre, sales(b"hours: late").replace(b"dispositions:", HOURS))
    centre.opening.look()
    await centre.ready("ana")
    assert centre.stage(call) is Stage.WAITING
    await follow(centre, sales(b"hours: late, strategy: round_robin").replace(b"dispositions:", HOURS))
    assert centre.stage(call) is Stage.WAITING

    await follow(centre, CENTRE)
    centre.opening.look()
    await centre.settled()

    assert centre.stage(call) is Stage.OFFERED


# --- many desks at once ----------------------------------------------------------------------------------------------


async def test_an_agent_in_two_tabs_is_one_agent(centre: Centre) -> None:
    first: list[object] = []
    second: list[object] = []
    await centre.ready("ana")
    await centre.hub.open(ANA, first.append, epoch=None, seq=None)
    await centre.hub.open(ANA, second.append, epoch=None, seq=None)
    call, offer = await centre.call_rings()

    centre.hub.close(ANA, first.append)
    await centre.forward(90)
    assert centre.agent("ana").presence is not Presence.OFFLINE
    assert len({ring.offer for ring in centre.switch.rung}) == len(centre.switch.rung)
    assert [offer, call.id] == [centre.switch.rung[0].offer, call.id]


async def test_a_log_out_in_the_middle_of_an_offer_gives_it_to_the_next(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    call, offer = await centre.call_rings()

    await centre.desk.log_out(ANA)
    await centre.settled()

    assert centre.agent("ana").presence is Presence.OFFLINE
    assert offer not in centre.switch.legs
    assert centre.stage(call) is Stage.OFFERED
    assert centre.switch.rung[-1].endpoint == "ben-web"


async def test_a_work_item_accepted_in_two_tabs_is_taken_once(centre: Centre) -> None:
    centre.keys.append("2")
    centre.recording = b"\0" * 44 + b"\1" * 32_000
    call = centre.switch.calls_in()
    await centre.settled()
    centre.switch.caller_hangs_up(call)
    await centre.settled()
    await centre.ready("ana")
    (item,) = [each for each in centre.floor.interactions.values() if each.stage is Stage.OFFERED]
    assert item.offer is not None

    answers = await asyncio.gather(
        centre.desk.accept(ANA, item.offer.id), centre.desk.accept(ANA, item.offer.id), return_exceptions=True
    )

    assert sorted(type(answer) for answer in answers if answer is not None) == [OfferGone]
    assert len(centre.store.happened(Happened.ACCEPTED)) == 1


async def test_presence_that_flaps_offers_each_caller_once(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    calls = [await centre.call_waits(f"+44770090012{number}") for number in range(4)]
    for _ in range(30):
        for agent in (ANA, BEN):
            await centre.desk.show(agent, Presence.NOT_READY, "break")
            await centre.desk.show(agent, Presence.READY, None)
    await centre.settled()

    offered = [each for each in centre.floor.interactions.values() if each.stage is Stage.OFFERED]
    assert len(offered) == 2
    assert len({each.offer.agent for each in offered if each.offer is not None}) == 2
    assert len(centre.switch.legs) == 2
    assert [centre.stage(call) for call in calls[2:]] == [Stage.WAITING, Stage.WAITING]


async def test_a_clock_that_jumps_leaves_nobody_stuck(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    centre.clock.time -= timedelta(hours=2)
    centre.switch.agent_hangs_up(offer)
    await centre.settled()
    await centre.desk.wrap_up(ANA, interaction.id, "resolved", "")
    await centre.settled()
    assert centre.agent("ana").is_free

    centre.clock.time += timedelta(hours=5)
    again = await centre.call_waits("+447700900999")

    assert centre.stage(again) is Stage.OFFERED


@pytest.mark.parametrize("held", [0, 1])
async def test_what_an_agent_holds_is_read_off_the_interactions(centre: Centre, held: int) -> None:
    await centre.ready("ana")
    if held:
        call, _ = await centre.call_talks()
        assert list(centre.agent("ana").hands) == [centre.of(call).id]  # type: ignore[union-attr]
    assert len(centre.agent("ana").hands) == held
    assert centre.floor.in_hand_of(ANA) is (None if not held else centre.floor.interactions[_only(centre)])
    assert centre.floor.offered_to(ANA) == []


def _only(centre: Centre) -> InteractionId:
    (id_,) = centre.agent("ana").hands
    return id_


async def test_an_offer_whose_caller_left_blames_nobody(centre: Centre) -> None:
    await follow(centre, sales(b"back_off: 30s"))
    await centre.ready("ana")
    call, _ = await centre.call_rings()
    interaction = centre.of(call)
    assert interaction is not None
    centre.switch.caller_hangs_up(call)
    await centre.settled()

    assert centre.store.interactions[interaction.id].outcome is Outcome.ABANDONED
    assert centre.agent("ana").unanswered == 0


# --- for one agent ---------------------------------------------------------------------------------------------------


async def test_a_supervisor_keeps_a_caller_for_one_agent_and_lets_them_go_again(centre: Centre) -> None:
    await follow(centre, CENTRE.replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: supervisor,"))
    supervision = Supervision(centre.floor)
    call = await centre.call_waits()
    interaction = centre.of(call)
    assert interaction is not None
    await centre.desk.log_in(ANA)
    await supervision.assign(BEN, interaction.id, ANA)
    await centre.ready("ben")
    assert centre.stage(call) is Stage.WAITING

    await supervision.assign(BEN, interaction.id, None)
    await centre.settled()

    assert centre.stage(call) is Stage.OFFERED
    assert [line.facts for line in centre.store.happened(Happened.ASSIGNED)] == [{"by": "ben"}] * 2
    with pytest.raises(WrongStage):
        await supervision.assign(BEN, interaction.id, ANA)


async def test_only_supervisors_assign_and_only_to_who_is_there(centre: Centre) -> None:
    await follow(centre, CENTRE.replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: supervisor,"))
    interaction = centre.of(await centre.call_waits())
    assert interaction is not None

    with pytest.raises(NotAllowed):
        await Supervision(centre.floor).assign(ANA, interaction.id, BEN)
    with pytest.raises(NotAtWork):
        await Supervision(centre.floor).assign(BEN, interaction.id, ANA)


async def test_a_flow_keeps_a_caller_for_an_agent_by_name(centre: Centre) -> None:
    flow = MAIN.replace("    queue: sales\n    while", "    queue: sales\n    agent: {name: ben, wait: 30s}\n    while")
    (centre.library.folder / "main.yaml").write_text(flow, encoding="utf-8")
    centre.load_flows()
    await centre.ready("ana")
    call = await centre.call_waits()
    assert centre.stage(call) is Stage.WAITING

    await centre.forward(30)

    assert centre.switch.rung[-1].endpoint == "ana-web"
