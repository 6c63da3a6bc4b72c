"""kill -9 of the service while calls are in the flow, waiting, ringing, talking and in wrap-up."""

from pathlib import Path

from tests.system.house import House, seated
from tests.system.stages import every_stage


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
