"""CallControl and VoiceLine on a real Asterisk, with a caller that speaks and hears and a real SIP phone."""

import asyncio
import contextlib
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.system.phone import Phone
from tests.system.switch import AGENT_SECRET, AMI_SECRET, Switch
from trunkline.core.call import OfferFailure, Where
from trunkline.core.ids import AsteriskId, OfferId, interaction_id_of, new_id
from trunkline.core.sip_account import sip_password
from trunkline.ports.call_control import (
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    HoldChanged,
    LineOpened,
    PhoneChanged,
    Ring,
    SwitchFound,
    SwitchLost,
)
from trunkline.ports.voice_line import LineGone
from trunkline.simulate import sound
from trunkline.simulate.caller import Caller
from trunkline.telephony.ami import Ami
from trunkline.telephony.calls import Calls
from trunkline.telephony.line import AgiLine, AgiLines
from trunkline.telephony.link import AmiAddress
from trunkline.telephony.translate import WANTED

SECOND = timedelta(seconds=1)
E = TypeVar("E")


class Centre:
    """The service's hand on the switch, and everything it has heard."""

    def __init__(self, switch: Switch, ami: Ami) -> None:
        self.switch, self.ami = switch, ami
        self.calls = Calls(ami, AsteriskId("trunkline"), inside=switch.running.paths.inside)
        self.lines = AgiLines(ami, switch.running.paths.inside)
        self.heard: list[CallEvent] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Condition()

    def lives(self) -> None:
        """Connect, and listen."""
        self._tasks = [asyncio.create_task(self.ami.run()), asyncio.create_task(self.listen())]

    async def dies(self) -> None:
        """Be gone, as a service that was killed: the switch is on its own."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def listen(self) -> None:
        async for event in self.calls.events():
            async with self._news:
                self.heard.append(event)
                self._news.notify_all()

    async def hears(self, kind: type[E], *, within: float = 10, fits: Callable[[E], bool] = lambda _: True) -> E:
        """Wait for an event and take it out of what was heard."""

        def found() -> int | None:
            places = (n for n, event in enumerate(self.heard) if isinstance(event, kind) and fits(event))
            return next(places, None)

        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: found() is not None)
            place = found()
            assert place is not None
            event = self.heard.pop(place)
        assert isinstance(event, kind)
        return event

    def dial(self, **options: str | bytes) -> Awaitable[Caller]:
        return Caller.dial("100", server=("127.0.0.1", self.switch.settings.sip_port), say=sound.tone(700), **options)  # type: ignore[arg-type]

    def tone(self, hertz: int, seconds: float) -> Path:
        """Make a prompt that is one tone."""
        file = self.switch.running.paths.sounds / f"tone {hertz}-{seconds}.wav"
        sound.write_wav(file, sound.sine(hertz, seconds))
        file.chmod(0o644)
        return file

    async def ring(self, line: LineOpened, endpoint: str, *, ring_for: timedelta = 10 * SECOND, **more: Any) -> OfferId:
        offer, interaction = OfferId(new_id()), interaction_id_of(line.call.id)
        await self.calls.ring(
            Ring(offer, interaction, line.call, endpoint, ring_for, line.caller, line.caller_name, **more)
        )
        return offer


@pytest.fixture
async def centre(switch: Switch) -> AsyncIterator[Centre]:
    settings = switch.settings
    ami = Ami(AmiAddress("127.0.0.1", settings.ami_port, settings.ami_user, AMI_SECRET), wanted=WANTED)
    centre = Centre(switch, ami)
    centre.lives()
    await centre.hears(SwitchFound)
    await centre.calls.heartbeat()
    yield centre
    await centre.dies()


@pytest.fixture
async def call(centre: Centre) -> AsyncIterator[tuple[Caller, LineOpened, AgiLine]]:
    """A caller in a flow."""
    async with await centre.dial(from_="+447700900123") as caller:
        await caller.answered()
        opened = await centre.hears(LineOpened)
        yield caller, opened, centre.lines.open(opened.call)


Start = Callable[..., Awaitable[Phone]]
Called = tuple[Caller, LineOpened, AgiLine]


@pytest.fixture
async def ana(centre: Centre, phone: Start) -> Phone:
    """Ana's desk phone, registered."""
    return await desk_phone(centre, phone, "ana", hertz=440)


@pytest.fixture
async def ben(centre: Centre, phone: Start) -> Phone:
    """Ben's desk phone, registered."""
    return await desk_phone(centre, phone, "ben", hertz=600)


async def desk_phone(centre: Centre, phone: Start, agent: str, *, hertz: int) -> Phone:
    """Register an agent's phone, which says a tone."""
    password = sip_password(AGENT_SECRET, agent)
    desk = await phone(f"<sip:{agent}@{centre.switch.sip}>;auth_pass={password};answermode=manual", tone_hz=hertz)
    await centre.hears(PhoneChanged, fits=lambda change: change.endpoint == agent and change.reachable)
    return desk


async def test_a_caller_hears_the_prompts_and_presses_keys_at_any_time(centre: Centre, call: Called) -> None:
    caller, opened, line = call
    assert (opened.caller, opened.dialled, opened.trunk) == ("+447700900123", "100", "demo")

    playing = asyncio.create_task(line.play([centre.tone(500, 1.5)]))
    await caller.hears_tone(500)
    await caller.press("7")
    assert await playing is None, "a prompt without stop_on is heard to its end"
    assert await line.wait_for_key(SECOND) == "7", "and the key is kept"

    playing = asyncio.create_task(line.play([centre.tone(600, 20)], stop_on="12"))
    await caller.hears_tone(600)
    await caller.press("2")
    async with asyncio.timeout(2):
        assert await playing == "2"
    assert await line.wait_for_key(timedelta(seconds=0.3)) is None, "a key is told once"

    waiting = asyncio.create_task(line.wait_for_key(5 * SECOND))
    await caller.press("#4")
    assert await waiting == "#"
    assert await line.wait_for_key(SECOND) == "4"


async def test_keys_pressed_while_nothing_is_asked_are_kept(centre: Centre, call: Called) -> None:
    caller, _, line = call
    await line.keep(10 * SECOND)
    await caller.press("31")

    assert await line.play([centre.tone(500, 1)], stop_on="123") == "3"
    assert await line.wait_for_key(SECOND) == "1"


async def test_a_message_is_recorded_until_silence_a_key_or_its_length(centre: Centre, call: Called) -> None:
    caller, _, line = call
    folder = centre.switch.running.paths.recordings / "voicemail"

    by_length = await line.record(folder / "a.wav", at_most=SECOND, silence=5 * SECOND, beep=False, stop_on="#")
    recording = asyncio.create_task(
        line.record(folder / "b.wav", at_most=20 * SECOND, silence=2 * SECOND, beep=True, stop_on="#")
    )
    await caller.hears_sound()
    await asyncio.sleep(1)  # what is recorded is time itself
    await caller.press("#")
    by_key = await recording
    caller.say(sound.silence())
    by_silence = await line.record(folder / "c.wav", at_most=20 * SECOND, silence=2 * SECOND, beep=False, stop_on="#")

    assert [by_length.ended_by, by_key.ended_by, by_silence.ended_by] == ["length", "digit", "silence"]
    assert 0.7 < by_length.length.total_seconds() < 1.3
    with wave.open(str(folder / "a.wav")) as heard:
        assert (heard.getframerate(), heard.getsampwidth(), heard.getnchannels()) == (8000, 2, 1)
        assert abs(heard.getnframes() / 8000 - by_length.length.total_seconds()) < 0.1
    assert await line.wait_for_key(timedelta(seconds=0.2)) is None


async def test_a_caller_who_hangs_up_ends_the_line_at_once(centre: Centre, call: Called) -> None:
    caller, opened, line = call
    playing = asyncio.create_task(line.play([centre.tone(500, 30)]))
    await caller.hears_tone(500)

    began = time.monotonic()
    await caller.hang_up()

    with pytest.raises(LineGone):
        await playing
    assert time.monotonic() - began < 1
    await centre.hears(CallEnded, fits=lambda event: event.call == opened.call.id)


async def test_a_line_nobody_renews_leads_to_the_safe_place_and_back(centre: Centre, call: Called) -> None:
    caller, opened, line = call
    await line.keep(SECOND)
    await caller.hears_sound(5)

    assert (await centre.calls.picture()).callers[0].where is Where.SAFE
    with pytest.raises(LineGone, match="left the flow"):
        await line.wait_for_key(SECOND)

    await centre.calls.to_flow(opened.call)
    again = await centre.hears(LineOpened)
    assert again.call == opened.call
    assert await centre.lines.open(again.call).play([centre.tone(500, 0.5)]) is None


async def test_a_waiting_caller_hears_music_then_the_agent(centre: Centre, call: Called, ana: Phone) -> None:
    caller, opened, _ = call
    await centre.calls.to_waiting(opened.call, music="default", announce_every=60 * SECOND)
    await caller.hears_sound(5)
    assert (await centre.calls.picture()).callers[0].where is Where.WAITING

    offer = await centre.ring(opened, "ana")
    assert (await centre.hears(AgentRinging)).offer == offer
    await ana.event("CALL_INCOMING")
    seen = await centre.calls.picture()
    assert [(leg.offer, leg.answered, leg.joined) for leg in seen.agent_legs] == [(offer, False, False)]
    ana.do("accept")
    joined = await centre.hears(AgentJoined)
    assert (joined.offer, joined.call) == (offer, opened.call)
    await caller.hears_tone(440)

    seen = await centre.calls.picture()
    assert [(c.where, c.with_offer) for c in seen.callers] == [(Where.TALKING, offer)]
    assert [(leg.offer, leg.answered, leg.joined) for leg in seen.agent_legs] == [(offer, True, True)]
    ana.do("hold")
    assert (await centre.hears(HoldChanged)).held
    ana.do("resume")
    assert not (await centre.hears(HoldChanged)).held
    await caller.hears_tone(440)

    ana.do("hangup")
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (offer, None)
    await caller.over()


async def test_every_way_of_not_answering_ends_the_offer_once_with_its_reason(
    centre: Centre, call: Called, ana: Phone
) -> None:
    _, opened, _ = call
    await centre.calls.to_waiting(opened.call, music="default", announce_every=60 * SECOND)
    failures = []

    async def ended(offer: OfferId) -> None:
        told = await centre.hears(AgentLegEnded)
        assert told.offer == offer
        failures.append(told.failure)

    declined = await centre.ring(opened, "ana")
    await ana.event("CALL_INCOMING")
    ana.do("hangup")
    await ended(declined)
    await ended(await centre.ring(opened, "ana", ring_for=SECOND))
    await ended(await centre.ring(opened, "ben"))
    await ended(await centre.ring(opened, "nobody-at-all"))
    withdrawn = await centre.ring(opened, "ana")
    await centre.calls.stop_ringing(withdrawn)
    await ended(withdrawn)

    assert failures[:4] == [
        OfferFailure.DECLINED,
        OfferFailure.NO_ANSWER,
        OfferFailure.UNREACHABLE,
        OfferFailure.UNREACHABLE,
    ]
    seen = await centre.calls.picture()
    assert (seen.agent_legs, [caller.where for caller in seen.callers]) == ((), [Where.WAITING])
    assert not [event for event in centre.heard if isinstance(event, AgentLegEnded)]


async def test_a_caller_who_waits_hears_the_music_of_that_queue(centre: Centre, call: Called) -> None:
    _, opened, _ = call
    channel = {"Channel": opened.call.channel, "Variable": "CHANNEL(musicclass)"}
    await centre.ami.act({"Action": "Setvar", "Value": "of-another-queue", **channel})

    await centre.calls.to_waiting(opened.call, music="default", announce_every=60 * SECOND)

    async with asyncio.timeout(5):
        while (await centre.ami.act({"Action": "Getvar", **channel}))["Value"] != "default":
            await asyncio.sleep(0.05)  # no event that we take tells of the music
    assert [seen.where for seen in (await centre.calls.picture()).callers] == [Where.WAITING]


async def test_a_lost_connection_leaves_the_talk_alone_and_is_seen_right_afterwards(
    centre: Centre, call: Called, ana: Phone
) -> None:
    caller, opened, _ = call
    await centre.calls.to_waiting(opened.call, music="default", announce_every=60 * SECOND)
    offer = await centre.ring(opened, "ana")
    await ana.event("CALL_INCOMING")
    ana.do("accept")
    await centre.hears(AgentJoined)

    centre.ami.cut()
    await centre.hears(SwitchLost)
    await centre.hears(SwitchFound)
    await caller.hears_tone(440)
    seen = await centre.calls.picture()
    ana.do("hangup")

    assert [(c.where, c.with_offer) for c in seen.callers] == [(Where.TALKING, offer)]
    assert "ana" in seen.reachable
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (offer, None), "that they had talked is known from the picture"


async def test_a_waiting_caller_is_told_the_place(centre: Centre, call: Called) -> None:
    caller, opened, _ = call
    await centre.calls.to_waiting(opened.call, music="default", announce_every=10 * SECOND)
    due = await centre.hears(AnnouncementDue, within=15)
    await centre.calls.announce(due.call, [centre.tone(600, 2)])
    await caller.hears_tone(600)

    assert due.call == opened.call


@pytest.mark.parametrize(
    "name", ['Zoë "quoted\\"', "${SHELL(touch /tmp/trunkline-owned)}", "a,b;c&d", "x" * 2000, "😀"]
)
async def test_hostile_names_do_no_harm(centre: Centre, ana: Phone, name: str) -> None:
    owned = centre.switch.running.paths.sounds.parents[-1] / "tmp" / "trunkline-owned"
    async with await centre.dial(from_="+447700900123", name=name.encode()) as caller:
        await caller.answered()
        opened = await centre.hears(LineOpened)
        assert len(opened.caller_name) <= 256

        offer = await centre.ring(opened, "ana")
        ringing = await ana.event("CALL_INCOMING")
        await centre.calls.stop_ringing(offer)
        await centre.hears(AgentLegEnded)

    assert "+447700900123" in str(ringing)
    assert not owned.exists()
