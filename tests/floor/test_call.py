"""One call, from the flow to the end of wrap-up, and everything that can come between."""

import asyncio
from datetime import timedelta

import pytest

from tests.builders import NOON
from tests.floor.conftest import Centre
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure, Where
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, interaction_id_of
from trunkline.core.interaction import Outcome, Stage
from trunkline.core.journal import Happened

ANA = AgentId("ana")


async def test_a_caller_walks_the_flow_and_waits(centre: Centre) -> None:
    call = await centre.call_waits()

    assert centre.stage(call) is Stage.WAITING
    assert centre.switch.where(call) is Where.WAITING
    assert centre.lines[call.id.uniqueid].said[:2] == ["What is it about?", "For Sales, press 1."]
    assert [entry.facts["step"] for entry in centre.store.happened(Happened.STEP_REACHED)] == ["menu", "sales"]


async def test_the_longest_idle_agent_is_rung_and_talks(centre: Centre) -> None:
    await centre.ready("ben", "ana")

    call, offer = await centre.call_rings()
    assert centre.switch.rung[-1].endpoint == "ben-web"
    centre.switch.answers(offer)
    await centre.settled()

    interaction = centre.of(call)
    assert interaction is not None
    assert (interaction.stage, interaction.agent) == (Stage.TALKING, "ben")


async def test_a_call_ends_in_wrap_up_with_its_outcome_and_the_next_one_comes(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()
    second = await centre.call_waits("+447700900456")
    interaction = centre.of(call)
    assert interaction is not None
    await centre.forward(30)
    centre.switch.agent_hangs_up(offer)
    await centre.settled()

    await centre.desk.wrap_up(ANA, interaction.id, "resolved", "All well.")
    await centre.settled()

    stored = centre.store.interactions[interaction.id]
    assert (stored.stage, stored.outcome, stored.disposition, stored.note) == (
        Stage.ENDED, Outcome.HANDLED, "resolved", "All well.",
    )  # fmt: skip
    [wrapped] = centre.store.happened(Happened.WRAPPED_UP)
    assert wrapped.facts["talk_s"] == pytest.approx(31)
    assert centre.stage(second) is Stage.OFFERED


async def test_the_pop_is_stored_and_shown_before_the_phone_rings(centre: Centre) -> None:
    await centre.ready("ana")
    shown: list[dict[str, object]] = []
    rung_when_shown: list[int] = []

    def screen(message: dict[str, object]) -> None:
        event = message.get("event")
        if isinstance(event, dict) and event["kind"] == "interaction" and event["interaction"]["stage"] == "offered":
            shown.append(event["interaction"])
            rung_when_shown.append(len(centre.switch.rung))

    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    call, _ = await centre.call_rings()

    assert rung_when_shown[0] == 0
    card = shown[-1]
    assert card["dialled"] == "100"
    assert card["address"]["national"] == "07700 900123"
    assert [(visit["step"], visit["answer"]) for visit in card["path"]] == [("menu", "Sales"), ("sales", None)]
    assert card["customer"]["addresses"] == ["+447700900123"]
    assert centre.of(call) is not None


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OfferFailure.DECLINED, "declined"),
        (OfferFailure.NO_ANSWER, "no_answer"),
        (OfferFailure.UNREACHABLE, "phone_unreachable"),
    ],
)
async def test_caller_keeps_the_place_when_the_agent_does_not_take_it(
    centre: Centre, failure: OfferFailure, reason: str
) -> None:
    await centre.ready("ana")
    first, offer = await centre.call_rings()
    second = await centre.call_waits("+447700900456")

    centre.switch.fails(offer, failure)
    await centre.settled()

    assert centre.in_line() == [first.id.uniqueid, second.id.uniqueid]
    interaction = centre.of(first)
    assert interaction is not None
    assert interaction.entry is not None
    assert interaction.entry.since < interaction.stage_since
    assert (centre.agent("ana").presence, centre.agent("ana").reason) == (Presence.NOT_READY, reason)
    assert centre.agent("ana").busy is None


async def test_an_agent_whose_caller_somebody_else_took_stays_ready(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_rings()

    centre.switch.fails(offer, OfferFailure.TAKEN)
    await centre.settled()

    assert centre.agent("ana").presence is Presence.READY
    assert centre.stage(call) is Stage.OFFERED, "the caller is as good as new"


async def test_the_offer_goes_to_the_next_agent_when_one_declines(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    _, offer = await centre.call_rings()

    await centre.desk.decline(ANA, offer)
    await centre.settled()

    assert [ring.endpoint for ring in centre.switch.rung] == ["ana-web", "ben-web"]
    assert offer not in centre.switch.legs


async def test_an_offer_nobody_reports_on_ends_by_itself(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_rings()

    await centre.forward(24)

    assert centre.stage(call) is Stage.WAITING
    assert centre.agent("ana").reason == "no_answer"
    assert offer not in centre.switch.legs


async def test_caller_hangs_up_while_ringing(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_rings()
    interaction = centre.of(call)
    assert interaction is not None

    centre.switch.caller_hangs_up(call)
    await centre.settled()

    assert centre.store.interactions[interaction.id].outcome is Outcome.ABANDONED
    assert offer not in centre.switch.legs
    assert centre.agent("ana").is_free


async def test_a_caller_who_leaves_while_the_offer_is_being_written_rings_nobody(centre: Centre) -> None:
    call = await centre.call_waits()
    await centre.ready("ana")
    assert len(centre.switch.rung) == 1
    centre.switch.fails(centre.switch.rung[0].offer, OfferFailure.DECLINED)
    await centre.settled()
    with centre.slow_store():
        becoming_ready = asyncio.ensure_future(centre.desk.show(ANA, Presence.READY, None))
        await centre.settled()
        assert centre.stage(call) is Stage.OFFERED

        centre.switch.caller_hangs_up(call)
        await centre.settled()
    await becoming_ready
    await centre.settled()

    assert len(centre.switch.rung) == 1
    assert centre.agent("ana").is_free


async def test_wrap_up_ends_by_itself_and_keeps_the_draft(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    await centre.desk.note(ANA, interaction.id, "half a sent")
    centre.switch.agent_hangs_up(offer)
    await centre.settled()

    await centre.forward(59)
    assert centre.agent("ana").busy == interaction.id
    await centre.forward(2)

    assert centre.agent("ana").is_free
    assert centre.store.interactions[interaction.id].note == "half a sent"
    assert centre.store.interactions[interaction.id].disposition is None
    assert centre.store.happened(Happened.WRAP_UP_TIMED_OUT)


async def test_more_time_for_the_wrap_up(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    centre.switch.agent_hangs_up(offer)
    await centre.settled()

    await centre.desk.extend_wrap_up(ANA, interaction.id)
    await centre.forward(90)

    assert centre.agent("ana").busy == interaction.id


async def test_nobody_there_leads_to_voicemail_as_the_flow_says(centre: Centre) -> None:
    centre.recording = b"R" * (44 + 16000 * 4)
    call = await centre.call_waits()
    interaction = centre.of(call)
    assert interaction is not None

    await centre.forward(300)

    kept = centre.floor.interaction(interaction.id)
    assert centre.lines[call.id.uniqueid].said == ["Leave a message.", "Thank you for your message.", "Goodbye."]
    assert (kept.stage, kept.work.value, kept.call) == (Stage.WAITING, "voicemail", None)
    assert kept.voicemail is not None
    assert kept.voicemail.length == timedelta(seconds=4)


async def test_the_journal_tells_where_an_overflow_led(centre: Centre) -> None:
    await centre.call_waits()

    await centre.forward(300)

    assert [entry.facts["step"] for entry in centre.store.happened(Happened.STEP_REACHED)] == [
        "menu", "sales", "message",
    ]  # fmt: skip


async def test_a_voicemail_is_kept_when_its_caller_just_hangs_up(centre: Centre) -> None:
    centre.recording = b"R" * (44 + 16000 * 4)
    centre.keys += ["2", None]
    centre.switch.calls_in()
    await centre.settled()

    [kept] = centre.floor.interactions.values()
    assert (kept.stage, kept.work.value) == (Stage.WAITING, "voicemail")


@pytest.mark.parametrize(("begun_s", "then_s", "kept"), [(3, 2, b"aaabb"), (0.5, 2, b"bb"), (3, 0, b"aaa")])
async def test_a_message_that_was_cut_off_goes_on_after_its_first_part(
    centre: Centre, begun_s: float, then_s: int, kept: bytes
) -> None:
    centre.recording = b"R" * 44 + b"b" * 16000 * then_s
    centre.keys += ["2", None]
    call = centre.switch.calls_in()
    begun = centre.recordings / f"{interaction_id_of(call.id)}.wav"
    begun.parent.mkdir()
    begun.write_bytes(b"R" * 44 + b"a" * int(16000 * begun_s))

    await centre.settled()

    [work] = centre.floor.interactions.values()
    assert work.voicemail is not None
    assert work.voicemail.length == timedelta(seconds=len(kept))
    assert begun.read_bytes()[44::16000] == kept


async def test_a_voicemail_is_worked_on_like_a_call(centre: Centre) -> None:
    centre.recording = b"R" * (44 + 16000 * 4)
    centre.keys.append("2")
    centre.switch.calls_in()
    await centre.settled()
    await centre.ready("ana")
    [item] = centre.floor.interactions.values()
    assert item.offer is not None

    await centre.desk.accept(ANA, item.offer.id)
    await centre.desk.wrap_up(ANA, item.id, "resolved", "Called back.")

    assert centre.store.interactions[item.id].outcome is Outcome.HANDLED
    assert centre.switch.rung == []
    assert centre.agent("ana").is_free


async def test_hold_and_back(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()

    centre.switch.holds(offer, held=True)
    await centre.settled()
    held = centre.of(call)
    centre.switch.holds(offer, held=False)
    await centre.settled()
    back = centre.of(call)

    assert held is not None
    assert back is not None
    assert (held.held_since is not None, back.held_since) == (True, None)


async def test_an_announcement_says_the_place(centre: Centre) -> None:
    await centre.call_waits()
    second = await centre.call_waits("+447700900456")

    centre.switch.announcement_due(second)
    await centre.settled()

    assert centre.switch.told == [(second, ["You are number 2 in line."])]


async def test_the_caller_hangs_up_in_the_flow(centre: Centre) -> None:
    call = centre.switch.calls_in()
    await centre.settled()
    interaction = centre.of(call)
    assert interaction is not None

    centre.switch.caller_hangs_up(call)
    await centre.settled()

    assert centre.store.interactions[interaction.id].outcome is Outcome.ENDED_IN_FLOW


async def test_an_agent_without_a_reachable_phone_is_offered_nothing(centre: Centre) -> None:
    await centre.ready("ana")
    centre.switch.phone("ana-web", reachable=False)
    await centre.settled()

    call = await centre.call_waits()
    assert centre.stage(call) is Stage.WAITING
    centre.switch.phone("ana-web")
    await centre.settled()

    assert centre.stage(call) is Stage.OFFERED


async def test_an_empty_chair_is_offered_nothing_after_a_minute(centre: Centre) -> None:
    await centre.ready("ana")
    messages: list[dict[str, object]] = []
    await centre.hub.open(ANA, messages.append, epoch=None, seq=None)
    centre.hub.close(ANA, messages.append)

    await centre.forward(59)
    assert centre.agent("ana").presence is Presence.READY
    await centre.forward(2)

    assert (centre.agent("ana").presence, centre.agent("ana").reason) == (Presence.NOT_READY, "connection_lost")


async def test_log_out_while_ringing_gives_the_call_to_somebody_else(centre: Centre) -> None:
    await centre.ready("ana", "ben")
    await centre.call_rings()

    await centre.desk.log_out(ANA)
    await centre.settled()

    assert [ring.endpoint for ring in centre.switch.rung] == ["ana-web", "ben-web"]
    assert centre.agent("ana").presence is Presence.OFFLINE


async def test_what_is_not_yours_is_refused(centre: Centre) -> None:
    await centre.ready("ana")
    call, _ = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None

    with pytest.raises(Rejected, match="not in your hands"):
        await centre.desk.wrap_up(AgentId("ben"), interaction.id, "resolved", "")
    with pytest.raises(Rejected, match="no disposition"):
        await centre.desk.wrap_up(ANA, interaction.id, "nonsense", "")
    with pytest.raises(Rejected, match="not in wrap-up"):
        await centre.desk.wrap_up(ANA, interaction.id, "resolved", "")


async def test_events_told_twice_change_nothing(centre: Centre) -> None:
    from trunkline.ports.call_control import AgentJoined, AgentLegEnded, CallEnded  # noqa: PLC0415

    await centre.ready("ana")
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    centre.switch.again(AgentJoined(offer, call.id, NOON))
    centre.switch.agent_hangs_up(offer)
    centre.switch.again(AgentLegEnded(offer, None, NOON))
    centre.switch.again(CallEnded(call.id, 16, NOON))
    await centre.settled()

    assert centre.floor.interaction(interaction.id).stage is Stage.WRAP_UP
    assert len(centre.store.happened(Happened.ACCEPTED)) == 1
    assert len(centre.store.happened(Happened.TALK_ENDED)) == 1


async def test_nothing_rings_before_it_is_durable(centre: Centre) -> None:
    await centre.call_waits()
    with centre.slow_store():
        becoming_ready = asyncio.ensure_future(centre.desk.log_in(ANA))
        centre.switch.phone("ana-web")
        await centre.settled()
        showing = asyncio.ensure_future(centre.desk.show(ANA, Presence.READY, None))
        await centre.settled()
        assert centre.agent("ana").busy is not None
        assert centre.switch.rung == []
    await asyncio.gather(becoming_ready, showing)
    await centre.settled()

    assert len(centre.switch.rung) == 1
