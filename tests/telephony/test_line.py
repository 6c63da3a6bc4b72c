"""A caller's line: one command at a time, every one answered or over, and no key lost."""

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fakes.fake_ami import FakeAmi, Fields, refusing, running
from trunkline.core.call import Call
from trunkline.core.ids import AsteriskId, CallId
from trunkline.ports.voice_line import LineGone, Recorded
from trunkline.telephony.ami import Ami
from trunkline.telephony.line import AgiLine, AgiLines, length_of
from trunkline.telephony.link import AmiAddress
from trunkline.telephony.translate import WANTED

CALL = Call(CallId(AsteriskId("trunkline"), "trunkline-1.1"), "PJSIP/lo-00000001")
SECOND = timedelta(seconds=1)


class Caller:
    """The far end of one line: a fake manager that carries out AGI commands as it is told."""

    def __init__(self, fake: FakeAmi, line: AgiLine) -> None:
        self.fake, self.line = fake, line
        self.results: list[str] = []
        """What the next commands come to; 0 when none is left."""
        self.before: list[list[Fields]] = []
        """Events that come before the next results."""
        fake.answers["AGI"] = self._carry_out

    @property
    def commands(self) -> list[str]:
        return [action["Command"] for action in self.fake.named("AGI")]

    @property
    def guards(self) -> list[int]:
        return [int(a["Value"]) for a in self.fake.named("Setvar") if a["Variable"] == "TIMEOUT(absolute)"]

    def event(self, name: str, **headers: str) -> Fields:
        return {"Event": name, "Uniqueid": CALL.id.uniqueid, "Channel": CALL.channel, "ActionID": "", **headers}

    def key(self, key: str) -> Fields:
        return self.event("DTMFEnd", Digit=key, Direction="Received")

    async def press(self, key: str) -> None:
        await self.fake.say(self.key(key))

    def _carry_out(self, action: dict[str, str]) -> Iterable[Fields]:
        yield {"Response": "Success", "Message": "Added AGI command to queue"}
        yield from self.before.pop(0) if self.before else []
        result = self.results.pop(0) if self.results else "0 endpos=8000"
        if result:
            yield self.event("AsyncAGIExec", CommandId=action["CommandID"], Result=quote(f"200 result={result}\n"))


@pytest.fixture
async def lines() -> AsyncIterator[tuple[FakeAmi, AgiLines]]:
    async with running(FakeAmi()) as fake, asyncio.timeout(20):
        ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED)
        run = asyncio.create_task(ami.run())
        await ami.wait_up()
        yield fake, AgiLines(ami, lambda file: f"/inside/{file.name}")
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


@pytest.fixture
async def caller(lines: tuple[FakeAmi, AgiLines]) -> Caller:
    fake, all_lines = lines
    return Caller(fake, all_lines.open(CALL))


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    file = tmp_path / "wel come.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * 16_000)
    return file


async def test_sounds_are_played_one_after_the_other_by_the_name_asterisk_knows(caller: Caller, sound: Path) -> None:
    assert await caller.line.play([sound, sound]) is None

    assert caller.commands == ['STREAM FILE "/inside/wel come" ""'] * 2
    assert length_of(sound) == timedelta(seconds=2)


async def test_a_key_ends_the_sounds_and_is_told_once(caller: Caller, sound: Path) -> None:
    caller.before = [[caller.key("2")]]
    caller.results = ["50 endpos=80"]

    assert await caller.line.play([sound, sound], stop_on="12") == "2"

    assert len(caller.commands) == 1
    assert await caller.line.wait_for_key(timedelta(milliseconds=1)) is None


async def test_a_key_whose_event_comes_after_the_result_is_told_once_too(caller: Caller, sound: Path) -> None:
    caller.results = ["50 endpos=80"]
    assert await caller.line.play([sound], stop_on="12") == "2"

    await caller.press("2")
    await caller.press("1")

    assert await caller.line.wait_for_key(SECOND) == "1"


async def test_keys_typed_ahead_are_kept_for_the_menu(caller: Caller, sound: Path) -> None:
    caller.before = [[caller.key("9"), caller.key("1"), caller.event("DTMFEnd", Digit="5", Direction="Sent")]]

    assert await caller.line.play([sound]) is None
    assert await caller.line.wait_for_key(SECOND) == "9"
    assert await caller.line.play([sound], stop_on="1") == "1"
    assert len(caller.commands) == 1

    assert await caller.line.wait_for_key(timedelta(milliseconds=1)) is None, "a key that we sent is nobody's answer"


async def test_a_key_that_fell_between_two_commands_is_not_lost(caller: Caller, sound: Path) -> None:
    caller.before = [[caller.key("4")]]

    assert await caller.line.play([sound], stop_on="4") == "4"


async def test_no_key_is_none_when_the_time_is_over(caller: Caller) -> None:
    assert await caller.line.wait_for_key(timedelta(milliseconds=30)) is None
    assert caller.commands[0].startswith("WAIT FOR DIGIT ")


async def test_a_key_waited_for_is_returned(caller: Caller) -> None:
    caller.results = ["35"]

    assert await caller.line.wait_for_key(SECOND) == "#"


async def test_a_missing_sound_is_left_out(caller: Caller, sound: Path) -> None:
    await caller.line.play([sound.with_name("none.wav"), sound])

    assert len(caller.commands) == 1


async def test_the_guard_outlasts_what_is_played_and_is_not_renewed_without_need(caller: Caller, sound: Path) -> None:
    await caller.line.play([sound])
    await caller.line.play([sound])
    await caller.line.keep(timedelta(seconds=60))
    await caller.line.play([sound])

    assert caller.guards == [10, 60]


@pytest.mark.parametrize(
    ("result", "ended_by", "seconds"),
    [
        ("35 (dtmf) endpos=16000", "digit", 2),
        ("0 (timeout) endpos=24000", "silence", 3),
        ("17 endpos=24000", "silence", 3),
    ],
)
async def test_a_recording_says_how_long_it_is_and_what_ended_it(
    caller: Caller, tmp_path: Path, result: str, ended_by: str, seconds: int
) -> None:
    caller.results = [result]
    file = tmp_path / "m.wav"

    recorded = await caller.line.record(file, at_most=timedelta(minutes=1), silence=4 * SECOND, beep=True, stop_on="#")

    assert recorded == Recorded(file, timedelta(seconds=seconds), ended_by)
    assert caller.commands == ['RECORD FILE "/inside/m" "wav" "#" "60000" "BEEP" "s=4"']


async def test_a_recording_goes_on_after_what_is_kept_of_it(caller: Caller, tmp_path: Path) -> None:
    caller.results = ["35 (dtmf) endpos=40000"]

    recorded = await caller.line.record(
        tmp_path / "m.wav", at_most=SECOND, silence=SECOND, beep=True, stop_on="#", after=2 * SECOND
    )

    assert recorded.length == 5 * SECOND
    assert caller.commands == ['RECORD FILE "/inside/m" "wav" "#" "1000" "16000" "BEEP" "s=1"']


async def test_a_recording_that_may_be_silent_ends_by_its_length(caller: Caller, tmp_path: Path) -> None:
    caller.results = ["0 (timeout) endpos=80"]

    recorded = await caller.line.record(
        tmp_path / "m.wav", at_most=SECOND, silence=timedelta(0), beep=False, stop_on=""
    )

    assert recorded.ended_by == "length"
    assert caller.commands == ['RECORD FILE "/inside/m" "wav" "" "1000"']


@pytest.mark.parametrize("result", ["-1 (hangup) endpos=0", "-1 endpos=0"])
async def test_a_failed_command_means_that_the_line_is_gone(
    caller: Caller, sound: Path, tmp_path: Path, result: str
) -> None:
    caller.results = [result] * 3

    with pytest.raises(LineGone):
        await caller.line.play([sound])
    with pytest.raises(LineGone):
        await caller.line.wait_for_key(SECOND)
    with pytest.raises(LineGone):
        await caller.line.record(tmp_path / "m.wav", at_most=SECOND, silence=SECOND, beep=False, stop_on="")


@pytest.mark.parametrize(("event", "why"), [("Hangup", "hung up"), ("AsyncAGIEnd", "left the flow")])
async def test_a_line_that_ends_during_a_command_says_so_at_once(
    caller: Caller, sound: Path, event: str, why: str
) -> None:
    caller.results, caller.before = [""], [[caller.event(event)]]

    with pytest.raises(LineGone, match=why):
        await caller.line.play([sound])
    with pytest.raises(LineGone, match=why):
        await caller.line.play([sound])
    with pytest.raises(LineGone, match=why):
        await caller.line.keep(SECOND)

    assert len(caller.commands) == 1


async def test_a_command_is_over_when_the_switch_is_lost(caller: Caller, sound: Path) -> None:
    caller.results = [""]
    playing = asyncio.create_task(caller.line.play([sound]))
    await caller.fake.came("AGI")

    caller.fake.cut_off()

    with pytest.raises(LineGone, match="lost") as gone:
        await playing
    assert gone.value.retry is False


async def test_a_command_that_never_answers_is_over_at_its_deadline(
    caller: Caller, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunkline.telephony.line._ANSWER_WITHIN", -1.9)
    caller.results = [""]

    with pytest.raises(LineGone, match="in time"):
        await caller.line.play([sound])


async def test_a_channel_that_is_not_in_a_flow_is_gone(caller: Caller, sound: Path) -> None:
    caller.fake.answers["AGI"] = refusing("Channel does not exist")

    with pytest.raises(LineGone, match="not exist"):
        await caller.line.play([sound])


async def test_a_second_flow_takes_the_line_over(lines: tuple[FakeAmi, AgiLines], sound: Path) -> None:
    first, second = lines[1].open(CALL), lines[1].open(CALL)
    Caller(lines[0], second)

    with pytest.raises(LineGone, match="another flow"):
        await first.play([sound])
    assert await second.play([sound]) is None


async def test_a_line_that_was_over_before_it_was_opened_is_gone(
    lines: tuple[FakeAmi, AgiLines], caller: Caller, sound: Path
) -> None:
    caller.before = [[caller.event("AsyncAGIEnd")]]
    with pytest.raises(LineGone):
        await caller.line.play([sound])

    with pytest.raises(LineGone, match="left the flow"):
        await lines[1].open(CALL).play([sound])
    caller.fake.answers["Ping"] = lambda _: [caller.event("AsyncAGIStart"), {"Response": "Success"}]
    await caller.fake.pinged(1)
    await caller.line._ami.act({"Action": "Setvar"})
    assert await lines[1].open(CALL).play([sound]) is None


async def test_what_happens_to_other_channels_is_nothing_to_us(caller: Caller, sound: Path) -> None:
    others = [{**caller.event(name), "Uniqueid": "other"} for name in ("Hangup", "AsyncAGIExec", "DTMFEnd")]
    caller.before = [[*others, caller.event("AsyncAGIExec", CommandId="other")]]

    assert await caller.line.play([sound]) is None


async def test_hanging_up_twice_does_no_harm(caller: Caller) -> None:
    await caller.line.hang_up()
    caller.fake.answers["Hangup"] = refusing("No such channel")
    await caller.line.hang_up()

    assert [action["Channel"] for action in caller.fake.named("Hangup")] == [CALL.channel] * 2
