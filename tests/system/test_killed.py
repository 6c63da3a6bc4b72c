"""kill -9 of the service while calls are in the flow, waiting, ringing, talking and in wrap-up."""

import asyncio
from pathlib import Path

from tests.system.house import House, seated
from tests.system.stages import every_stage
from trunkline.processes import Process, processes


async def test_a_killed_service_loses_nothing(house: House, tmp_path: Path) -> None:
    async with every_stage(house, tmp_path) as stages:
        stages.mark()
        killed = house.kill_the_service()
        up_for = await house.ready(other_than=killed)

        # The restarted service is right within two seconds of being up.
        assert up_for < 2
        await stages.nothing_was_lost()


async def test_everything_of_ours_killed_and_started_again(house: House) -> None:
    """The supervisor and the service die; PostgreSQL, Asterisk and the calls on it are found again by the next run."""
    async with seated(house, "ana") as ana:
        caller = await house.call_waits("1", from_="+447700900110")
        longest = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])
        killed = house.service_pid()
        house.restart_after_killing_all_of_ours()

        await house.ready(other_than=killed)

        assert caller.is_up
        assert await ana.sees(lambda state: state["queues"]["sales"]["longest_since"]) == longest
        await caller.hang_up()
        assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 0)


async def test_the_next_service_is_ready_before_the_present_one_dies(house: House) -> None:
    spare = await spare_of(house)
    killed = house.kill_the_service()
    await house.ready(other_than=killed)
    assert house.service_pid() == spare.pid
    assert (await spare_of(house)).pid != spare.pid


async def spare_of(house: House) -> Process:
    """Return the process that the supervisor keeps ready, once there is one."""
    async with asyncio.timeout(20):
        while True:
            for process in processes():
                ours = "serve --spare" in process.command and parent_of(process) == house.supervisor.pid
                if ours and process.pid != house.service_pid():
                    return process
            await asyncio.sleep(0.1)  # nothing tells of it


def parent_of(process: Process) -> int | None:
    """Return whose child a process is."""
    try:
        return int(Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return None
