"""The caller on real sockets, against a far end of ours and against SIPp."""

import asyncio
import gc
import json
import shutil
import socket
import struct
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.simulate.far_end import far_end
from trunkline.cli.call import command
from trunkline.simulate import script, sound
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.script import Press, Script, Wait


async def test_a_caller_hears_its_own_tone_from_an_echo(tmp_path: Path) -> None:
    async with far_end() as far, await Caller.dial("100", server=far.address, say=sound.tone(440)) as caller:
        await caller.answered()
        await caller.hears_tone(440)
        caller.say(sound.silence())
        await caller.hears_silence(seconds=0.3)
        caller.record(tmp_path / "heard.wav")

        assert caller.is_up
        assert not caller.on_hold
        assert sound.heard(440, sound.read_wav(tmp_path / "heard.wav"), seconds=0.2)
        assert not sound.heard(880, caller.audio())


async def test_who_waits_for_another_tone_is_told_what_sounds() -> None:
    async with far_end() as far, await Caller.dial("100", server=far.address, say=sound.tone(440)) as caller:
        await caller.answered()
        with pytest.raises(TimeoutError, match=r"in \d+ packets: RMS \d+, \d+% at about 440 Hz"):
            await caller.hears_tone(880, 1)


async def test_another_stream_that_comes_to_our_port_is_not_heard() -> None:
    async with far_end() as far, await Caller.dial("100", server=far.address, say=sound.tone(440)) as caller:
        await caller.answered()
        await caller.hears_tone(440)
        port = caller._rtp_port.get_extra_info("sockname")[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect(("127.0.0.1", port))
            for number in range(60):
                stranger.send(struct.pack(">BBHII", 0x80, 0, number, number * 160, 7) + bytes(range(160)))
                await asyncio.sleep(0.01)
        assert sound.heard(440, caller.audio(caller.heard_s - 0.5), seconds=0.4)


async def test_keys_arrive_in_order_and_the_far_end_may_hang_up() -> None:
    async with far_end() as far, await Caller.dial("100", server=far.address) as caller:
        await caller.answered()
        await caller.press("1*#")
        ended = await caller.over()

        assert far.keys.keys == "1*#"
        assert (ended.by, caller.is_up) == ("them", False)
        with pytest.raises(CallRefused):
            await caller.hears_tone(440)


async def test_a_refused_call_says_why() -> None:
    async with far_end(486) as far, await Caller.dial("100", server=far.address) as caller:
        with pytest.raises(CallRefused, match="busy"):
            await caller.answered()


async def test_hanging_up_says_bye_once_and_lets_the_sockets_go() -> None:
    async with far_end() as far:
        caller = await Caller.dial("100", server=far.address)
        await caller.answered()
        ended = await caller.hang_up()

        assert await caller.hang_up() == ended
        assert ended.by == "us"
        assert [request.method for request in far.seen] == ["INVITE", "ACK", "BYE"]


@pytest.mark.parametrize("steps", range(8))
async def test_a_call_that_is_given_up_while_it_is_placed_leaves_no_socket_open(steps: int) -> None:
    async with far_end() as far:
        placing = asyncio.create_task(Caller.dial("100", server=far.address))
        for _ in range(steps):
            await asyncio.sleep(0)
        placing.cancel()
        await asyncio.wait([placing])
        if not placing.cancelled():
            await placing.result().hang_up()
    del placing
    gc.collect()  # one that was left open is told of here


async def test_the_sound_goes_out_every_20_ms_without_drift() -> None:
    async with far_end() as far, await Caller.dial("100", server=far.address) as caller:
        await caller.answered()
        while far.keys.packets < 100:
            await caller.hears(lambda _: True, 1.0)
            await asyncio.wait_for(caller.hears_silence(seconds=0.1), 1)
        assert caller.answered_at is not None
        elapsed = asyncio.get_running_loop().time() - caller.answered_at

        assert far.keys.packets == pytest.approx(elapsed / 0.02, abs=12)


async def test_a_script_presses_after_the_prompt_and_tells_the_story() -> None:
    said = sound.Sound(sound.sine(700, 0.6), loops=False)
    async with far_end() as far, await Caller.dial("100", server=far.address, say=said) as caller:
        story = [step async for step in Script(caller, script.plan("1, wait 0.2s, 2#"), patience=5, stay=9).tell()]

        assert far.keys.keys == "12#"
        assert [step.what for step in story if step.what != "heard"] == ["answered", "pressed", "pressed", "ended"]
        assert next(step for step in story if step.what == "pressed").at > 1.2
        assert story[-1].facts["by"] == "them"


def test_a_plan_is_read_or_refused() -> None:
    assert script.plan("1,wait 3s,2#a") == (Press("1"), Wait(3.0), Press("2#A", at_once=True))
    assert script.plan("") == ()
    with pytest.raises(ValueError, match="neither keys"):
        script.plan("1,hello")
    with pytest.raises(ValueError, match="is no time"):
        script.plan("wait soon")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_the_command_ends_with_1_and_the_reason_when_nobody_answers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{deaf.getsockname()[1]}"
        result = CliRunner().invoke(command, ["100", "--server", server, "--wait", "300ms", "--json"])

    lines = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 1
    assert [line["event"] for line in lines] == ["dialled", "not answered"]


def test_the_command_says_at_once_that_nobody_listens() -> None:
    server = f"127.0.0.1:{_free_port()}"
    result = CliRunner().invoke(command, ["100", "--server", server, "--json"])

    last = json.loads(result.output.splitlines()[-1])
    assert result.exit_code == 1
    assert last["text"] == f"{server} cannot be reached: nobody listens there"
    assert last["at"] < 2


@pytest.mark.parametrize("wrong", [["--press", "x"], ["--say", "nothing.wav"], ["--wait", "soon"], ["--server", ":1"]])
def test_a_wrong_option_is_named(wrong: list[str]) -> None:
    result = CliRunner().invoke(command, ["100", *wrong])

    assert result.exit_code == 2
    assert wrong[0] in result.output


@pytest.mark.system
@pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed: apt-get install sip-tester")
async def test_sipp_answers_our_caller_and_takes_its_bye(tmp_path: Path) -> None:
    port, rtp_port = _free_port(), _free_port()
    arguments = [
        "-sn",
        "uas",
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-mp",
        str(rtp_port),
        "-m",
        "1",
        "-rtp_echo",
        "-nostdin",
    ]
    sipp = await asyncio.create_subprocess_exec(
        "sipp", *arguments, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while _is_free(port):
                await asyncio.sleep(0.05)  # it cannot tell us when it listens
        async with await Caller.dial("100", server=("127.0.0.1", port), say=sound.tone(440)) as caller:
            await caller.answered()
            await caller.hears_tone(440)
        assert await asyncio.wait_for(sipp.wait(), 10) == 0
    finally:
        if sipp.returncode is None:
            sipp.kill()
            await sipp.wait()
