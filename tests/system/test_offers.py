"""Several agents rung for one caller, whispers and phones that answer by themselves, on a real Asterisk."""

from collections.abc import AsyncIterator

import pytest

from tests.system.phone import Phone
from tests.system.self_answering import SelfAnsweringPhone
from tests.system.switch import AGENT_SECRET, free_ports
from tests.system.test_telephony import SECOND, Called, Centre, Start, call, centre, desk_phone
from trunkline.core.call import OfferFailure, Where
from trunkline.core.ids import OfferId
from trunkline.core.sip_account import sip_password
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    CallEnded,
    LineOpened,
    PhoneChanged,
)
from trunkline.simulate.digest import Credentials
from trunkline.simulate.sound import heard, rms, sine

__all__ = ["call", "centre"]
ROUNDS = 50
PITCHES = {"ana": 440, "ben": 600, "carla": 800}


@pytest.fixture
async def phones(centre: Centre, phone: Start) -> dict[str, Phone]:
    """Three agents' desk phones, each with a tone of its own."""
    return {agent: await desk_phone(centre, phone, agent, hertz=hertz) for agent, hertz in PITCHES.items()}


async def waits(centre: Centre, line: LineOpened) -> None:
    await centre.calls.to_waiting(line.call, music="default", announce_every=60 * SECOND)


async def rung(centre: Centre, line: LineOpened, phones: dict[str, Phone]) -> dict[str, OfferId]:
    """Ring all of them for one caller, whose switch knows that the service lives."""
    await centre.calls.heartbeat()
    offers = {agent: await centre.ring(line, agent) for agent in phones}
    for phone in phones.values():
        await centre.hears(AgentRinging)
        await phone.event("CALL_INCOMING")
    return offers


async def taken_by_ana(centre: Centre, line: LineOpened, phones: dict[str, Phone], *, whisper_s: float) -> OfferId:
    """Let Ana answer; she has the caller, and still hears whom the call is for."""
    offer = await centre.ring(line, "ana", whisper=centre.tone(1000, whisper_s))
    await phones["ana"].event("CALL_INCOMING")
    phones["ana"].do("accept")
    await phones["ana"].event("CALL_ESTABLISHED")
    return offer


async def test_of_two_who_answer_at_once_exactly_one_has_the_caller(centre: Centre, phones: dict[str, Phone]) -> None:
    agents = list(phones)
    took = dict.fromkeys(agents, 0)
    for number in range(ROUNDS):
        await centre.calls.heartbeat()
        async with await centre.dial(from_="+447700900123") as caller:
            await caller.answered()
            line = await centre.hears(LineOpened)
            await waits(centre, line)
            offers = await rung(centre, line, phones)

            first, second = agents[number % 3], agents[(number + 1) % 3]
            phones[first].do("accept")
            phones[second].do("accept")

            joined = await centre.hears(AgentJoined)
            [winner] = [agent for agent, offer in offers.items() if offer == joined.offer]
            assert winner in {first, second}
            took[winner] += 1
            ends = [await centre.hears(AgentLegEnded) for _ in agents[1:]]
            assert {(end.offer, end.failure) for end in ends} == {
                (offer, OfferFailure.TAKEN) for agent, offer in offers.items() if agent != winner
            }
            try:
                await caller.hears_tone(PITCHES[winner], 15)
            except TimeoutError as fault:
                raise AssertionError(f"{winner}: {fault}; {await centre.calls.picture()}") from None
            late = caller.audio(caller.heard_s - 0.3)
            assert not any(heard(hertz, late, seconds=0.2) for agent, hertz in PITCHES.items() if agent != winner)
            seen = await centre.calls.picture()
            assert [(each.where, each.with_offer) for each in seen.callers] == [(Where.TALKING, joined.offer)]
            assert [leg.offer for leg in seen.agent_legs] == [joined.offer]
            phones[winner].do("hangup")
            ended = await centre.hears(AgentLegEnded)
            assert (ended.offer, ended.failure) == (joined.offer, None)
            await caller.over()
            await centre.hears(CallEnded)
            assert not [event for event in centre.heard if isinstance(event, AgentJoined | AgentLegEnded)]
            centre.heard.clear()
    assert sum(took.values()) == ROUNDS


async def test_the_callers_own_thread_plays_something_as_an_agent_joins(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    """It is silent, and ends music that plays on (decision 28): here it is something, to be heard."""
    caller, line, _ = call
    nothing = centre.switch.running.paths.sounds.parent / "etc" / "nothing.sln"
    silence = nothing.read_bytes()
    assert silence == bytes(320)
    await waits(centre, line)
    await rung(centre, line, phones)
    try:
        nothing.write_bytes(sine(1500, 1.0).tobytes())
        phones["ana"].do("accept")
        await caller.hears_tone(1500)
        await caller.hears_tone(PITCHES["ana"])
    finally:
        nothing.write_bytes(silence)


async def test_who_comes_too_late_is_hung_up_by_the_switch_alone(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    caller, line, _ = call
    await waits(centre, line)
    await rung(centre, line, phones)
    await centre.dies()

    phones["ben"].do("accept")
    await caller.hears_tone(PITCHES["ben"], 15)
    phones["carla"].do("accept")
    await phones["carla"].event("CALL_ESTABLISHED")
    await phones["carla"].event("CALL_CLOSED", 1)

    await caller.hears_tone(PITCHES["ben"], 15)


async def test_a_phone_answered_as_its_offer_is_withdrawn_leaves_the_caller_waiting(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    caller, line, _ = call
    await waits(centre, line)
    for number in range(30):
        offers = await rung(centre, line, {"ana": phones["ana"]})

        phones["ana"].do("accept")
        # Before the answer is there, in the middle of it, and just after it.
        match number % 3:
            case 1:
                await centre.hears(AgentAnswered)
            case 2:
                await centre.hears(AgentJoined)
            case _:
                pass
        await centre.calls.stop_ringing(offers["ana"])

        ended = await centre.hears(AgentLegEnded)
        assert ended.offer == offers["ana"]
        await caller.hears_sound(5)
        seen = await centre.calls.picture()
        assert [each.where for each in seen.callers] == [Where.WAITING]
        assert not seen.agent_legs
        centre.heard.clear()


async def test_a_caller_whom_nobody_took_can_still_be_taken(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    caller, line, _ = call
    await waits(centre, line)
    offer = await taken_by_ana(centre, line, phones, whisper_s=4)

    phones["ana"].do("hangup")

    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (offer, OfferFailure.DECLINED)
    again = await rung(centre, line, {"ben": phones["ben"]})
    phones["ben"].do("accept")
    assert (await centre.hears(AgentJoined)).offer == again["ben"]
    await caller.hears_tone(PITCHES["ben"], 15)


async def test_a_whisper_is_heard_by_the_agent_alone_before_the_two_are_joined(
    centre: Centre, call: Called, phone: Start
) -> None:
    caller, line, _ = call
    ana = await desk_phone(centre, phone, "ana", hertz=440)
    await waits(centre, line)
    await caller.hears_sound(5)
    offer = await centre.ring(line, "ana", whisper=centre.tone(1000, 1.5))
    await ana.event("CALL_INCOMING")
    since = caller.heard_s

    ana.do("accept")
    answered = await centre.hears(AgentAnswered)
    joined = await centre.hears(AgentJoined)
    await caller.hears_tone(440, 15)

    assert joined.offer == offer
    assert 1.3 < (joined.at - answered.at).total_seconds() < 2.5, "the talk begins with the join"
    audio = caller.audio(since)
    assert not heard(1000, audio, seconds=0.3), "the caller hears nothing of it"
    before = audio[: int(8000 * 1.2)]
    assert rms(before) > 100, "but music meanwhile"
    ana.do("hangup")
    await centre.hears(AgentLegEnded)
    await ana.event("CALL_CLOSED")
    assert ana.heard(1000) > 0.01


async def test_a_whisper_is_cut_after_five_seconds(centre: Centre, call: Called, phones: dict[str, Phone]) -> None:
    caller, line, _ = call
    await waits(centre, line)
    await centre.ring(line, "ana", whisper=centre.tone(1000, 20))
    await phones["ana"].event("CALL_INCOMING")

    phones["ana"].do("accept")
    answered = await centre.hears(AgentAnswered)
    joined = await centre.hears(AgentJoined)

    assert 4.5 < (joined.at - answered.at).total_seconds() < 6
    await caller.hears_tone(440, 15)


async def test_a_caller_who_hangs_up_during_the_whisper_ends_the_leg_though_nobody_tells_it_to(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    caller, line, _ = call
    await waits(centre, line)
    offer = await taken_by_ana(centre, line, phones, whisper_s=2)

    await caller.hang_up()

    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (offer, OfferFailure.TAKEN)


async def test_who_is_taken_on_the_way_to_where_waiting_is_done_is_joined(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    # A busy switch moves the caller later than an agent's phone, which may answer by itself, has taken them.
    caller, line, _ = call
    offer = await taken_by_ana(centre, line, phones, whisper_s=2)

    await waits(centre, line)

    assert (await centre.hears(AgentJoined)).offer == offer
    await caller.hears_tone(PITCHES["ana"], 15)


async def test_who_is_back_in_a_flow_is_not_joined_with_the_agent_who_took_them(
    centre: Centre, call: Called, phones: dict[str, Phone]
) -> None:
    _, line, _ = call
    await waits(centre, line)
    offer = await taken_by_ana(centre, line, phones, whisper_s=2)

    await centre.calls.to_flow(line.call)

    assert (await centre.hears(LineOpened)).call == line.call
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (offer, OfferFailure.TAKEN)
    assert [each.where for each in (await centre.calls.picture()).callers] == [Where.FLOW]


@pytest.fixture
async def obedient(centre: Centre) -> AsyncIterator[SelfAnsweringPhone]:
    """Ana's desk phone, of a kind that answers by itself where it is asked to."""
    account = Credentials("ana", sip_password(AGENT_SECRET, "ana"))
    server = ("127.0.0.1", centre.switch.settings.sip_port)
    phone = await SelfAnsweringPhone.plugged_in(account, free_ports(1)[0], server)
    await centre.hears(PhoneChanged, fits=lambda change: change.endpoint == "ana" and change.reachable)
    yield phone
    await phone.unplug()


async def test_a_sip_phone_answers_by_itself_only_where_it_is_asked_to(
    centre: Centre, call: Called, obedient: SelfAnsweringPhone
) -> None:
    _, line, _ = call
    await waits(centre, line)
    asked = await centre.ring(line, "ana", auto_answer=True)

    assert (await centre.hears(AgentJoined)).offer == asked
    assert obedient.asked == ["<sip:127.0.0.1>;answer-after=0", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"]

    await centre.calls.stop_ringing(asked)
    await centre.hears(AgentLegEnded)
    left_alone = await centre.ring(line, "ana", ring_for=2 * SECOND)
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (left_alone, OfferFailure.NO_ANSWER)


async def test_a_phone_that_rings_no_more_since_somebody_else_answered_is_told_so(
    centre: Centre, call: Called, obedient: SelfAnsweringPhone, phone: Start
) -> None:
    _, line, _ = call
    ben = await desk_phone(centre, phone, "ben", hertz=600)
    await waits(centre, line)
    offers = await rung(centre, line, {"ben": ben})
    at_ana = await centre.ring(line, "ana")
    assert (await centre.hears(AgentRinging)).offer == at_ana

    ben.do("accept")

    assert (await centre.hears(AgentJoined)).offer == offers["ben"]
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (at_ana, OfferFailure.TAKEN)
    assert 'SIP;cause=200;text="Call completed elsewhere"' in obedient.why_no_more, "no missed call on its display"
