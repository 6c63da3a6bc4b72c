"""Callers who stand in each kind of step while the service dies, and what is right for each afterwards."""

from dataclasses import dataclass

from tests.system.guest import Guest
from tests.system.outage import Outage, Story
from tests.system.tones import SOUND
from trunkline.core.journal import Happened
from trunkline.floor.recording import length_of
from trunkline.simulate.sound import heard, read_wav, rms, tone

AFTER_S = 18
"""For how long the flow `standing` rests, and waits in line."""


async def in_the_middle_of_words(guest: Guest, outage: Outage) -> None:
    await guest.hears("speech", "speech_rest")
    await outage.strikes(guest)
    await guest.hears("speech", "speech_rest", "after")


async def at_a_menu(guest: Guest, outage: Outage) -> None:
    await guest.hears("menu")
    await outage.strikes(guest)
    await guest.hears("menu")
    await guest.press("1")
    await guest.hears("after")


async def half_a_number_typed(guest: Guest, outage: Outage) -> None:
    await guest.hears("entry")
    await guest.press("12")
    await outage.strikes(guest)
    await guest.hears("entry")
    await guest.press("3456")
    await guest.hears("after")
    assert (await guest.run()).values["entered"] == "3456"


async def a_web_service_holds_its_answer(guest: Guest, outage: Outage) -> None:
    await guest.reaches("order")
    await outage.shop.holds.wait()
    await outage.strikes(guest)
    await guest.hears("after")
    first, again = outage.shop.keys
    assert first == again is not None
    assert (await guest.run()).values["order"] == {"made": 2}
    assert len(await guest.journal(Happened.WEB_SERVICE_ASKED)) == 1


async def asked_for_a_score(guest: Guest, outage: Outage) -> None:
    await guest.hears("score")
    await outage.strikes(guest)
    await guest.hears("score")
    await guest.press("4")
    await guest.hears("after")
    assert [entry["facts"]["score"] for entry in await guest.journal(Happened.RATED)] == [4]


async def resting(guest: Guest, outage: Outage) -> None:
    await guest.reaches("rest")
    await outage.strikes(guest)
    await guest.hears("after", within=AFTER_S + 5)
    began, ended = [entry["at"] for entry in await guest.journal(Happened.STEP_REACHED)][-2:]
    assert AFTER_S <= (ended - began).total_seconds() < AFTER_S + 2


async def waiting_in_line(guest: Guest, outage: Outage) -> None:
    before = await guest.becomes(stage="waiting", queue="support")
    await outage.begins(guest)
    killed_at = guest.caller.heard_s
    await outage.over.wait()
    place = ("stage", "queue", "queued_at", "entry")
    now = await guest.row()
    assert [now[each] for each in place] == [before[each] for each in place]
    assert rms(guest.caller.audio(killed_at)) > 100
    await guest.hears(SOUND, "after", within=AFTER_S + 5)
    queued, overflowed = [each["at"] for each in await guest.journal(Happened.QUEUED, Happened.OVERFLOWED)]
    assert AFTER_S <= (overflowed - queued).total_seconds() < AFTER_S + 2


async def leaving_a_message(guest: Guest, outage: Outage) -> None:
    await guest.hears("leave", "beep")
    await guest.has_spoken(2)
    await outage.begins(guest)
    guest.caller.say(tone(660))
    await outage.over.wait()
    await guest.hears("leave")
    begun = length_of(await guest.message()).total_seconds()
    await guest.hears("beep")
    guest.caller.say(tone(880))
    await guest.has_spoken(2, more_than=begun)
    await guest.press("#")
    await guest.hears("after")
    # The switch went on recording while nobody else was there.
    await is_left(guest, 440, 660, 880)


async def hung_up_on_leaving_a_message(guest: Guest, outage: Outage) -> None:
    await guest.hears("leave", "beep")
    await guest.has_spoken(2)
    await outage.begins(guest)
    await guest.caller.hang_up()
    await outage.over.wait()
    await is_left(guest, 440)


async def asked_twice_for_a_message(guest: Guest, outage: Outage) -> None:
    await guest.hears("leave", "beep")
    await guest.has_spoken(2)
    await outage.strikes(guest)
    await guest.hears("leave", "beep")
    guest.caller.say(tone(880))
    await guest.caller.hang_up()
    await is_left(guest, 440)


async def is_left(guest: Guest, *tones: int) -> None:
    """Their message is work, once, and what they said is in it."""
    await guest.becomes(stage="waiting", work="voicemail", queue="support")
    message = read_wav(await guest.message())
    assert [each for each in tones if not heard(each, message, seconds=1)] == []
    assert len(await guest.journal(Happened.VOICEMAIL_LEFT)) == 1


async def in_another_flow(guest: Guest, outage: Outage) -> None:
    await guest.hears("inner")
    await outage.strikes(guest)
    await guest.hears("inner")
    await guest.press("1")
    await guest.hears("told", "after")


async def after_the_switch_to_spanish(guest: Guest, outage: Outage) -> None:
    await guest.hears("hello_en", "spanish")
    await outage.strikes(guest)
    await guest.hears("spanish")
    await guest.press("1")
    await guest.hears(SOUND, "hello_es", "after")


async def in_a_pause_between_words(guest: Guest, outage: Outage) -> None:
    await guest.hears("before")
    await guest.reaches("pause")
    await outage.strikes(guest)
    await guest.hears("after")


async def in_the_last_words(guest: Guest, outage: Outage) -> None:
    await guest.hears("farewell", "farewell_rest")
    await outage.strikes(guest)
    await guest.hears("farewell", "farewell_rest")


@dataclass(frozen=True)
class Standing:
    """How a caller gets into a step, by the two digits that they type first, and which steps they reach in all."""

    way: str
    story: Story
    steps: str

    async def lives_through(self, guest: Guest, outage: Outage) -> None:
        """Get there, be there when the service dies, and come to the end."""
        await guest.hears("which")
        await guest.press(self.way)
        await self.story(guest, outage)
        await guest.caller.over(within=20)
        # What was answered before is known, and nothing was done twice, or left out.
        assert (await guest.run()).values["way"] == self.way
        assert (await guest.answers())["which"] == self.way
        assert await guest.steps() == ["which", "lead", *self.steps.split()]


STANDING = {
    "say": Standing("01", in_the_middle_of_words, "speech after"),
    "menu": Standing("02", at_a_menu, "menu after"),
    "ask": Standing("03", half_a_number_typed, "entry after"),
    "http": Standing("04", a_web_service_holds_its_answer, "order after"),
    "rate": Standing("05", asked_for_a_score, "score after"),
    "wait": Standing("06", resting, "rest after"),
    "queue": Standing("07", waiting_in_line, "line after"),
    "voicemail": Standing("08", leaving_a_message, "leave"),
    "voicemail, hung up meanwhile": Standing("08", hung_up_on_leaving_a_message, "leave"),
    "voicemail, hung up when asked again": Standing("08", asked_twice_for_a_message, "leave"),
    "run": Standing("09", in_another_flow, "opinion inner told done after"),
    "language": Standing(
        "10", after_the_switch_to_spanish, "both hello spanish language words again english done after"
    ),
    "pause": Standing("11", in_a_pause_between_words, "before pause after"),
    "end": Standing("12", in_the_last_words, "farewell"),
}  # fmt: skip
