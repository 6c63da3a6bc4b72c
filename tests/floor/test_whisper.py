"""What the agent alone hears before the caller, and phones that answer by themselves."""

from dataclasses import replace

import pytest

from tests.floor.conftest import Centre
from trunkline.core.agent import PhoneKind, Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.interaction import Stage
from trunkline.floor import view
from trunkline.flows.prompts import whispers_of
from trunkline.flows.talk import Prompt
from trunkline.ports.call_control import AgentAnswered

SALES = QueueId("sales")


async def says(centre: Centre, words: str | None = None, *, auto_answer: bool = False, ready: bool = True) -> None:
    """Give the sales queue a whisper, and have it spoken unless it is not ready yet."""
    queues = centre.floor.centre.queues
    queue = replace(queues[SALES], whisper=words, auto_answer=auto_answer)
    centre.floor.centre = replace(centre.floor.centre, queues={**queues, SALES: queue})
    if ready:
        await centre.sounds.make(whispers_of(centre.floor.centre))


async def test_the_phone_is_rung_with_what_its_agent_is_to_hear(centre: Centre) -> None:
    await says(centre, "Sales call")
    await centre.ready("ana")

    await centre.call_rings()

    assert centre.switch.rung[0].whisper == centre.sounds.sound_for(Prompt("Sales call", "en-GB"))
    assert centre.switch.rung[0].whisper is not None


@pytest.mark.parametrize(("words", "ready"), [(None, True), ("Sales call", False)])
async def test_a_whisper_that_is_not_there_delays_no_ring(centre: Centre, words: str | None, ready: bool) -> None:
    await says(centre, words, ready=ready)
    await centre.ready("ana")

    await centre.call_rings()

    assert [ring.whisper for ring in centre.switch.rung] == [None]


async def test_the_offer_does_not_run_out_while_its_agent_hears_the_whisper(centre: Centre) -> None:
    await says(centre, "Sales call")
    await centre.ready("ana")
    call, offer = await centre.call_rings()
    await centre.forward(19)

    centre.switch.again(AgentAnswered(offer, centre.clock.now()))
    await centre.settled()
    await centre.forward(5)
    centre.switch.answers(offer)
    await centre.settled()

    talking = centre.of(call)
    assert talking is not None
    assert (talking.stage, talking.answered_at) == (Stage.TALKING, centre.clock.now()), "the talk begins with the join"


async def test_an_agent_who_hangs_up_at_the_whisper_has_declined(centre: Centre) -> None:
    await says(centre, "Sales call")
    await centre.ready("ana")
    call, offer = await centre.call_rings()

    centre.switch.again(AgentAnswered(offer, centre.clock.now()))
    centre.switch.fails(offer, OfferFailure.NO_ANSWER)
    await centre.settled()

    assert centre.stage(call) is Stage.WAITING
    assert (centre.agent("ana").presence, centre.agent("ana").reason) == (Presence.NOT_READY, "declined")


async def test_a_caller_who_hangs_up_during_the_whisper_ends_the_leg(centre: Centre) -> None:
    await says(centre, "Sales call")
    await centre.ready("ana")
    call, offer = await centre.call_rings()
    centre.switch.again(AgentAnswered(offer, centre.clock.now()))

    centre.switch.caller_hangs_up(call)
    await centre.settled()

    assert offer not in centre.switch.legs
    assert centre.of(call) is None
    assert centre.agent("ana").presence is Presence.READY


@pytest.mark.parametrize("auto_answer", [True, False])
@pytest.mark.parametrize("phone", PhoneKind)
async def test_a_browser_is_told_by_its_card_and_a_sip_phone_by_the_switch_to_answer_by_itself(
    centre: Centre, phone: PhoneKind, auto_answer: bool
) -> None:
    await says(centre, auto_answer=auto_answer)
    centre.switch.phone("ana")
    await centre.settled()
    await centre.desk.choose_phone(AgentId("ana"), phone)
    await centre.ready("ana")

    call, _ = await centre.call_rings()

    assert [ring.auto_answer for ring in centre.switch.rung] == [auto_answer and phone is PhoneKind.SIP]
    offered = centre.of(call)
    assert offered is not None
    assert view.card(offered, None, centre.floor.centre)["offer"]["auto_answer"] is auto_answer
