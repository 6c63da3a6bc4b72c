"""`trunkline call` and `trunkline demo` as they are typed in a second terminal, against the centre that runs."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.system.house import REPOSITORY, House, seated
from tests.system.switch import free_ports
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.sound import read_wav, rms

PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
"""What a terminal knows that was opened later: nothing of our ports."""


@asynccontextmanager
async def typed(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One of our commands, running; it is gone after the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline", *words, env=PLAIN, cwd=REPOSITORY,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def story(*words: str, within: float) -> tuple[int, list[dict[str, Any]]]:
    """Place a test call; return the exit code and what was told."""
    async with typed("call", *words, "--json") as process, asyncio.timeout(within):
        told, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, [json.loads(line) for line in told.splitlines()]


def children_of(pid: int) -> set[int]:
    """The processes that a process has started and that still run."""
    children = set[int]()
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children |= {int(child) for child in (task / "children").read_text().split()}
    return children


async def test_a_test_call_finds_the_centre_and_tells_what_was_heard(house: House, tmp_path: Path) -> None:
    heard = tmp_path / "heard.wav"

    code, steps = await story(
        "100", "--data-dir", str(house.settings.data_dir), "--press", "1", "--hang-up-after", "14s",
        "--record", str(heard), within=25,
    )  # fmt: skip

    told = [step["event"] for step in steps]
    assert code == 0, steps
    assert told[:2] == ["dialled", "answered"]
    assert "speech" in {step.get("kind") for step in steps}
    assert [step["keys"] for step in steps if step["event"] == "pressed"] == ["1"]
    assert steps[-2]["text"] == "we hung up"
    samples = read_wav(heard)
    assert len(samples) > 13 * 8000
    assert rms(samples) > 300


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
async def test_what_was_heard_is_kept_when_the_call_is_left(
    house: House, tmp_path: Path, asked: signal.Signals
) -> None:
    heard = tmp_path / "heard.wav"
    words = ("100", "--data-dir", str(house.settings.data_dir), "--press", "1", "--record", str(heard), "--json")

    async with typed("call", *words) as process, asyncio.timeout(40):
        assert process.stdout is not None
        while b'"pressed"' not in await process.stdout.readline():
            pass
        process.send_signal(asked)
        code = await process.wait()

    assert code == 0, "it was answered"
    assert rms(read_wav(heard)) > 300


async def test_a_call_to_where_nobody_listens_ends_at_once() -> None:
    server = f"127.0.0.1:{free_ports(8)[0]}"

    code, steps = await story("100", "--server", server, within=10)

    assert code == 1
    assert steps[-1]["text"] == f"{server} cannot be reached: nobody listens there"
    assert steps[-1]["at"] < 2


NAMES = {
    "quotes": 'Ann "the" \\ O\'Neill',
    "commas": "a,b;c=d<sip:x@y>|e",
    "emoji": "Zoë 🚀",
    "2 kB": "n" * 2048,
    "variable": "${CHANNEL}${SHELL(touch /tmp/{spot})}",
}


async def test_a_hostile_caller_id_is_shown_as_text_and_does_nothing(house: House, tmp_path: Path) -> None:
    spot = f"trunkline-{uuid.uuid4().hex}"
    async with seated(house, "ana") as ana:
        phone = await house.phone("ana", tmp_path, hertz=800)
        await ana.ready_with_sip_phone()
        for name in (name.replace("{spot}", spot) for name in NAMES.values()):
            caller = await Caller.dial("100", server=house.sip, name=name, from_=name)
            house.callers.append(caller)
            await caller.answered()
            await caller.hears_sound(10)
            await caller.press("1")
            await phone.event("CALL_INCOMING")
            card = await ana.card("offered")
            shown = card["caller_name"]
            assert name.startswith(shown)
            assert len(shown) >= min(len(name), 60)  # the switch cuts a long one short
            await caller.hang_up()
            await ana.sees(lambda state: not state["interactions"])
        await ana.desk.command("presence", presence="not_ready", reason="break")
        for place in (Path("/tmp"), *house.settings.asterisk_cache.glob("*/tmp")):
            assert not (place / spot).exists()


@pytest.mark.parametrize(
    "raw",
    [
        {"name": b'"A\r\nX-Evil: 1\r\n" '},
        {"from_": b"123\r\nAction: Originate\r\nChannel: Local/100@from-trunk"},
        {"name": b'"\xff\xfe\x00"'},
    ],
)
async def test_raw_bytes_in_a_caller_id_break_nothing(house: House, raw: dict[str, bytes]) -> None:
    """What is no SIP message is dropped; what is one is answered or refused."""
    async with seated(house, "ana") as ana:
        await ana.sees(lambda state: state["me"])
        caller = await Caller.dial("100", server=house.sip, **raw)
        with suppress(CallRefused, TimeoutError):
            await caller.answered(1.5)
        await caller.hang_up(0.2)

        # The next call comes as ever, and it is the only one.
        following = await house.call_waits("1")
        assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
        await following.hang_up()
        assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 0)


async def test_the_demonstration_serves_callers_and_ends_without_a_trace(house: House) -> None:
    async with seated(house, "ben") as ben, seated(house, "carla") as carla:
        before = {seat: (await seat.sees(lambda state: state["today"]))["handled"] for seat in (ben, carla)}
        command = ("demo", "--seed", "1", "--rate", "12", "--talks-for", "4")

        async with typed(*command, "--data-dir", str(house.settings.data_dir)) as demo:
            for seat in (ben, carla):
                await seat.sees(lambda state, seat=seat: state["today"]["handled"] > before[seat], within=45)
            agents = children_of(demo.pid)
            demo.send_signal(signal.SIGINT)
            async with asyncio.timeout(15):  # talks are hung up on, and written down, before it leaves
                told, _ = await demo.communicate()

        assert demo.returncode == 0
        assert b"2 talked" in told
        assert len(agents) == 2
        assert not [pid for pid in agents if Path(f"/proc/{pid}").exists()]
        for seat in (ben, carla):
            await seat.sees(lambda state: state["me"]["presence"] == "not_ready" and not state["interactions"])
        await ben.sees(lambda state: not any(queue["waiting"] for queue in state["queues"].values()))
