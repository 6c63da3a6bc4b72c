"""CallControl over a fake manager: what the switch is asked, word for word, and what the floor hears."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.fake_ami import FakeAmi, listing, refusing, running
from trunkline.core.call import Call, OfferFailure
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.core.outbound import Route
from trunkline.ports.call_control import (
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    CallBack,
    CallControl,
    CallEnded,
    CallEvent,
    Ring,
    SwitchFound,
    SwitchLost,
)
from trunkline.telephony.ami import Ami
from trunkline.telephony.calls import Calls, NotAllowed, OddName, caller_id, destination, originate, originate_back
from trunkline.telephony.encode import encode
from trunkline.telephony.link import AmiAddress
from trunkline.telephony.translate import WANTED

ROUTE = Route("carrier", ("+44",), "+442071234567")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
CALL = Call(CallId(AsteriskId("trunkline"), "trunkline-1.1"), "PJSIP/lo-00000001")
OFFER = OfferId("31111111-1111-4111-8111-111111111111")
INTERACTION = InteractionId("41111111-1111-4111-8111-111111111111")
SECOND = timedelta(seconds=1)


def a_ring(*, caller: str = "+447700900123", name: str = "Zoë", endpoint: str = "ana-web") -> Ring:
    return Ring(OFFER, INTERACTION, CALL, endpoint, 20 * SECOND, caller, name)


class Switch:
    """A fake manager, the Calls over it, and what they tell."""

    def __init__(self, fake: FakeAmi, calls: Calls) -> None:
        self.fake, self.calls, self._events = fake, calls, calls.events()

    async def told(self, count: int) -> list[CallEvent]:
        return [await anext(self._events) for _ in range(count)]


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with running(FakeAmi()) as fake, asyncio.timeout(20):
        ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, now=lambda: NOW)
        switch = Switch(fake, Calls(ami, AsteriskId("trunkline"), routes=[ROUTE]))
        run = asyncio.create_task(ami.run())
        await ami.wait_up()
        assert isinstance((await switch.told(1))[0], SwitchFound)
        yield switch
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


def test_calls_are_call_control() -> None:
    control: type[CallControl] = Calls

    assert control is Calls


async def test_an_agent_is_rung_so_that_the_switch_itself_joins_the_two(switch: Switch) -> None:
    await switch.calls.ring(a_ring())

    [action] = switch.fake.named("Originate")
    assert action == {
        "Action": "Originate",
        "ActionID": f"ring/{OFFER}",
        "Channel": "PJSIP/ana-web",
        "Context": "ring",
        "Exten": "s",
        "Priority": "1",
        "Timeout": "20000",
        "CallerID": '"Zoë" <+447700900123>',
        "Variable": f"TL_OFFER={OFFER}\nTL_INTERACTION={INTERACTION}\nTL_CALLER=PJSIP/lo-00000001",
        "Async": "true",
    }


async def test_an_agent_hears_a_whisper_that_there_is(switch: Switch, tmp_path: Path) -> None:
    there, odd = tmp_path / "sales.wav", tmp_path / "a&b.wav"
    there.touch()
    odd.touch()

    for whisper in (there, tmp_path / "not made yet.wav", odd):
        await switch.calls.ring(replace(a_ring(), whisper=whisper))

    whispers = [action["Variable"].partition("TL_WHISPER=")[2] for action in switch.fake.named("Originate")]
    assert whispers == [f"{tmp_path}/sales", "", ""]


def test_a_phone_is_asked_to_answer_by_itself_in_the_words_of_several_makers() -> None:
    variables = originate(replace(a_ring(), auto_answer=True))["Variable"]

    assert variables[3:] == [
        "PJSIP_HEADER(add,Call-Info)=<sip:127.0.0.1>;answer-after=0",
        "PJSIP_HEADER(add,Alert-Info)=<http://127.0.0.1>;info=alert-autoanswer;delay=0",
    ]


AT_BEN = OfferId("32222222-2222-4222-8222-222222222222")
AT_CARLA = OfferId("33333333-3333-4333-8333-333333333333")
PHONES = {OFFER: "PJSIP/ana-web-00000001", AT_BEN: "PJSIP/ben-web-00000002", AT_CARLA: "PJSIP/carla-web-00000003"}


def on_leg(event: str, offer: OfferId = OFFER, **headers: str) -> dict[str, Any]:
    told = [f"TL_OFFER={offer}", "TL_DIALLED=", "TL_TRUNK=", f"TL_INTERACTION={INTERACTION}"]
    uniqueid = f"trunkline-1.{offer[:2]}"
    return {"Event": event, "Uniqueid": uniqueid, "Channel": PHONES[offer], "ChanVariable": told, **headers}


def made(offer: OfferId = OFFER) -> dict[str, Any]:
    return on_leg("NewCallerid", offer)


TAKEN = on_leg("UserEvent", UserEvent="TrunklineTaken")


async def rung_for_one_caller(switch: Switch, *offers: OfferId) -> None:
    for offer in offers:
        await switch.calls.ring(replace(a_ring(), offer=offer))


async def test_who_takes_the_caller_ends_the_ringing_of_the_others(switch: Switch) -> None:
    await rung_for_one_caller(switch, OFFER, AT_BEN, AT_CARLA)
    other = Call(CallId(AsteriskId("trunkline"), "trunkline-1.9"), "PJSIP/lo-00000009")
    await switch.calls.ring(replace(a_ring(), offer=OfferId("another's"), interaction=InteractionId("i"), call=other))

    await switch.fake.say(made(AT_BEN), made(AT_CARLA), TAKEN, on_leg("Newstate", ChannelStateDesc="Ringing"))
    assert await switch.told(1) == [AgentRinging(OFFER, NOW)]
    await switch.fake.say(*(on_leg("Hangup", offer, Cause="26") for offer in (AT_BEN, AT_CARLA)))

    assert await switch.told(2) == [AgentLegEnded(offer, OfferFailure.TAKEN, NOW) for offer in (AT_BEN, AT_CARLA)]
    assert {(action["Channel"], action["Cause"]) for action in switch.fake.named("Hangup")} == {
        (PHONES[AT_BEN], "26"), (PHONES[AT_CARLA], "26"),
    }  # fmt: skip


async def test_another_leg_that_is_not_there_yet_ends_when_it_comes(switch: Switch) -> None:
    await rung_for_one_caller(switch, OFFER, AT_BEN)
    await switch.fake.say(TAKEN, on_leg("Newstate", ChannelStateDesc="Ringing"))
    await switch.told(1)
    assert switch.fake.named("Hangup") == []

    await switch.fake.say(made(AT_BEN), on_leg("Hangup", AT_BEN, Cause="26"))

    assert await switch.told(1) == [AgentLegEnded(AT_BEN, OfferFailure.TAKEN, NOW)]
    ended = [(action["Channel"], action["Cause"]) for action in switch.fake.named("Hangup")]
    assert ended == [(PHONES[AT_BEN], "26")]


async def test_who_is_seen_joined_ends_the_others_too(switch: Switch) -> None:
    await rung_for_one_caller(switch, OFFER, AT_BEN)

    await switch.fake.say(
        made(AT_BEN),
        on_leg("BridgeEnter", BridgeUniqueid="b"),
        {"Event": "BridgeEnter", "BridgeUniqueid": "b", "Uniqueid": CALL.id.uniqueid, "Channel": CALL.channel},
    )

    assert await switch.told(1) == [AgentJoined(OFFER, CALL, NOW)]
    assert [action["Channel"] for action in switch.fake.named("Hangup")] == [PHONES[AT_BEN]]


async def test_a_leg_that_has_ended_is_not_ended_again(switch: Switch) -> None:
    await rung_for_one_caller(switch, OFFER, AT_BEN)
    await switch.fake.say(made(AT_BEN), on_leg("Hangup", AT_BEN, Cause="17"))
    await switch.told(1)

    await switch.fake.say(TAKEN, on_leg("Hangup", Cause="17"))
    await switch.told(1)

    assert switch.fake.named("Hangup") == []


async def test_a_withdrawn_offer_is_noted_on_the_caller_before_its_leg_is_ended(switch: Switch) -> None:
    await rung_for_one_caller(switch, OFFER)
    await switch.fake.say(made(), on_leg("Newstate", ChannelStateDesc="Ringing"))
    await switch.told(1)

    await switch.calls.stop_ringing(OFFER)

    noted, ended = switch.fake.actions[-2:]
    assert (noted["Channel"], noted["Variable"], noted["Value"]) == (CALL.channel, "SHARED(TL_WITHDRAWN)", OFFER)
    assert (ended["Action"], ended["Channel"], ended["Cause"]) == ("Hangup", PHONES[OFFER], "16")


async def test_a_refused_ring_is_heard_as_a_leg_that_ended_once(switch: Switch) -> None:
    switch.fake.answers["Originate"] = refusing("Permission denied")

    await switch.calls.ring(a_ring())
    assert await switch.told(1) == [AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)]

    await switch.fake.say(on_leg("Hangup"), {"Event": "Hangup", "Uniqueid": CALL.id.uniqueid})
    assert isinstance((await switch.told(1))[0], CallEnded)


async def test_a_ring_without_an_answer_has_an_unknown_outcome(switch: Switch) -> None:
    switch.fake.deaf_to.add("Originate")
    ringing = asyncio.create_task(switch.calls.ring(a_ring()))
    await switch.fake.came("Originate")

    switch.fake.cut_off()

    with pytest.raises(Unavailable) as unknown:
        await ringing
    assert unknown.value.retry is False
    assert [type(event) for event in await switch.told(2)] == [SwitchLost, SwitchFound]
    assert len(switch.fake.named("Originate")) == 1


async def test_a_leg_that_is_not_there_yet_is_ended_when_it_comes(switch: Switch) -> None:
    await switch.calls.ring(a_ring())
    await switch.calls.stop_ringing(OFFER)
    assert switch.fake.named("Hangup") == []

    await switch.fake.say(made(), on_leg("Newstate", ChannelStateDesc="Ringing"), on_leg("Hangup", Cause="16"))
    assert [type(event) for event in await switch.told(2)] == [AgentRinging, AgentLegEnded]

    assert [action["Channel"] for action in switch.fake.named("Hangup")] == [PHONES[OFFER]]


async def test_a_leg_that_has_ended_leaves_nothing_to_end(switch: Switch) -> None:
    await switch.fake.say(made(), on_leg("Hangup", Cause="16"))
    await switch.told(1)

    await switch.calls.stop_ringing(OFFER)
    await switch.fake.say(made(AT_BEN), on_leg("Hangup", AT_BEN, Cause="16"))
    await switch.told(1)

    assert switch.fake.named("Hangup") == []


async def test_a_withdrawn_leg_of_which_nothing_was_heard_ends_when_a_picture_shows_it(switch: Switch) -> None:
    await switch.calls.ring(a_ring())
    await switch.calls.stop_ringing(OFFER)
    switch.fake.answers["Status"] = listing({**on_leg("Status"), "ChannelStateDesc": "Ringing"})
    switch.fake.answers["DeviceStateList"] = listing()

    await switch.calls.picture()
    await switch.calls.picture()

    assert [action["Channel"] for action in switch.fake.named("Hangup")] == [PHONES[OFFER]]


async def test_a_caller_is_sent_to_wait_with_their_music(switch: Switch) -> None:
    await switch.calls.to_waiting(CALL, music="calm", announce_every=45 * SECOND)

    [redirect] = switch.fake.actions
    assert (redirect["Context"], redirect["Exten"], redirect["Priority"]) == ("waiting", "45-calm", "1")


async def test_nobody_is_rung_for_a_caller_who_is_on_the_way_to_where_waiting_is_done(switch: Switch) -> None:
    async with asyncio.TaskGroup() as acts:
        acts.create_task(switch.calls.to_waiting(CALL, music="calm", announce_every=45 * SECOND))
        acts.create_task(switch.calls.ring(a_ring()))

    assert [action["Action"] for action in switch.fake.actions] == ["Redirect", "Originate"]


async def test_a_caller_who_cannot_be_sent_to_wait_is_rung_for_all_the_same(switch: Switch) -> None:
    switch.fake.answers["Redirect"] = refusing("Permission denied")

    with pytest.raises(Unavailable):
        await switch.calls.to_waiting(CALL, music="calm", announce_every=45 * SECOND)
    await switch.calls.ring(a_ring())

    assert len(switch.fake.named("Originate")) == 1


async def test_a_caller_is_sent_to_a_flow(switch: Switch) -> None:
    await switch.calls.to_flow(CALL)

    [redirect] = switch.fake.named("Redirect")
    assert (redirect["Channel"], redirect["Context"], redirect["Exten"]) == (CALL.channel, "flow", "s")


async def test_an_announcement_names_the_sounds_that_there_are(switch: Switch, tmp_path: Path) -> None:
    sounds = [tmp_path / name for name in ("place.wav", "wait.wav", "missing.wav", "a&b.wav")]
    for sound in (sounds[0], sounds[1], sounds[3]):
        sound.touch()

    await switch.calls.announce(CALL, sounds)
    await switch.calls.announce(CALL, [])

    [setvar] = switch.fake.named("Setvar")
    assert (setvar["Variable"], setvar["Value"]) == ("TL_SAY", f"{tmp_path}/place&{tmp_path}/wait")


BACK = CallBack(OFFER, InteractionId("i-1"), "ana-web", "+447700900123", timedelta(seconds=20), "Jo; <b>")


async def test_an_agent_is_rung_for_a_callback_and_the_dialplan_calls_the_customer(switch: Switch) -> None:
    await switch.calls.call_back(BACK)

    [originate] = switch.fake.named("Originate")
    assert (originate["Channel"], "ChannelId" in originate) == ("PJSIP/ana-web", False)
    assert (originate["Context"], originate["Exten"], originate["CallerID"]) == (
        "callback",
        "s",
        '"Jo; b" <+447700900123>',
    )
    shown = originate_back(BACK, destination(BACK.number, ROUTE), shown_as=ROUTE.caller_id)
    assert shown["Variable"] == [
        f"TL_OFFER={OFFER}",
        "TL_INTERACTION=i-1",
        "TL_TO=PJSIP/+447700900123@trunk-carrier",
        "TL_AS=+442071234567",
    ]


async def test_a_visitors_browser_is_called_in_place_of_a_number(switch: Switch) -> None:
    browser = replace(BACK, number="", browser="visitor-0815")
    await switch.calls.call_back(browser)

    [originate] = switch.fake.named("Originate")
    assert (originate["Context"], originate["CallerID"]) == ("callback", '"Jo; b" <anonymous>')
    assert "PJSIP/visitor-0815" in str(originate)
    assert originate_back(browser, "PJSIP/visitor-0815", shown_as="us")["Variable"][2:] == [
        "TL_TO=PJSIP/visitor-0815", "TL_AS=us",
    ]  # fmt: skip
    with pytest.raises(OddName):
        await switch.calls.call_back(replace(browser, browser="visitor&PJSIP/ana"))


async def test_nobody_is_called_whom_no_trunk_may_call(switch: Switch) -> None:
    assert switch.calls.may_call("+447700900123")
    assert not switch.calls.may_call("+19005550100")

    with pytest.raises(NotAllowed, match="calls_out"):
        await switch.calls.call_back(replace(BACK, number="+19005550100"))
    with pytest.raises(NotAllowed):
        await switch.calls.transfer(CALL, "+19005550100", ring_for=SECOND)
    assert switch.fake.named("Originate") == switch.fake.named("Redirect") == []


async def test_a_caller_is_sent_to_where_a_number_outside_is_called(switch: Switch) -> None:
    await switch.calls.transfer(CALL, "+442071234567", ring_for=timedelta(seconds=30))

    [redirect] = switch.fake.named("Redirect")
    assert (redirect["Context"], redirect["Exten"]) == ("transfer", "30")
    assert {(a["Variable"], a["Value"]) for a in switch.fake.named("Setvar")} == {
        ("TL_TO", "PJSIP/+442071234567@trunk-carrier"),
        ("TL_AS", "+442071234567"),
    }


async def test_a_refused_callback_is_heard_as_a_leg_that_ended(switch: Switch) -> None:
    switch.fake.answers["Originate"] = refusing("Permission denied")

    await switch.calls.call_back(BACK)

    assert await switch.told(1) == [AgentLegEnded(OFFER, OfferFailure.UNREACHABLE, NOW)]


async def test_what_is_asked_of_a_channel_that_is_gone_does_nothing(switch: Switch) -> None:
    for name in ("Hangup", "Redirect", "Setvar"):
        switch.fake.answers[name] = refusing("No such channel")

    await switch.calls.hang_up(CALL)
    await switch.calls.to_flow(CALL)
    await switch.calls.to_waiting(CALL, music="calm", announce_every=SECOND)
    await switch.calls.announce(CALL, [Path(__file__)])


async def test_a_switch_that_may_not_do_it_is_unavailable(switch: Switch) -> None:
    switch.fake.answers["Redirect"] = refusing("Permission denied")

    with pytest.raises(Unavailable, match="Permission denied"):
        await switch.calls.to_flow(CALL)


async def test_the_heartbeat_is_a_global_variable(switch: Switch) -> None:
    await switch.calls.heartbeat()
    await switch.calls.name_interaction(CALL, INTERACTION)

    alive, named = switch.fake.named("Setvar")
    assert (alive["Variable"], alive["Value"], "Channel" in alive) == ("TL_ALIVE", str(int(NOW.timestamp())), False)
    assert (named["Variable"], named["Value"]) == ("TL_INTERACTION", INTERACTION)


async def test_a_picture_is_taken_of_channels_and_phones(switch: Switch) -> None:
    switch.fake.answers["Status"] = listing(
        {"Event": "Status", "Uniqueid": CALL.id.uniqueid, "Channel": CALL.channel, "Context": "waiting"},
    )
    switch.fake.answers["DeviceStateList"] = listing(
        {"Event": "DeviceStateChange", "Device": "PJSIP/ana", "State": "NOT_INUSE"}
    )

    picture = await switch.calls.picture()

    assert [seen.call for seen in picture.callers] == [CALL]
    assert picture.reachable == frozenset({"ana"})


@pytest.mark.parametrize("odd", ["PJSIP/x,F(evil^s^1)", "", "a b", "x\r\n", "${X}"])
async def test_odd_names_go_nowhere(switch: Switch, odd: str) -> None:
    with pytest.raises(OddName):
        await switch.calls.to_flow(Call(CALL.id, odd))
    with pytest.raises(OddName):
        await switch.calls.to_waiting(CALL, music=odd, announce_every=SECOND)
    with pytest.raises(OddName):
        await switch.calls.ring(a_ring(endpoint=odd))

    assert switch.fake.actions == []


@given(st.text(max_size=300), st.text(max_size=60))
def test_whatever_the_caller_is_called_the_phone_is_shown_one_name_and_one_number(name: str, number: str) -> None:
    shown = caller_id(name, number)

    assert shown.count('"') == 2
    assert shown.count("<") == shown.count(">") == 1
    assert "\\" not in shown
    assert encode(originate(a_ring(caller=number, name=name))).count(b"\r\n\r\n") == 1


@pytest.mark.parametrize(
    ("name", "number", "shown"),
    [
        ("", "", '"anonymous" <anonymous>'),
        ("", "+44", '"+44" <+44>'),
        ('Zoë "\\, <x>\r\nAction: Ping', "+44", '"Zoë , xAction: Ping" <+44>'),
    ],
)
def test_names_are_shown_harmless(name: str, number: str, shown: str) -> None:
    assert caller_id(name, number) == shown
