"""The switch's manager, the switch itself and the database are taken away while calls are in every stage."""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.house import House, seated
from tests.system.proxy import proxied
from tests.system.stages import every_stage, no_gap, takes
from tests.system.switch import free_ports
from trunkline.cli.switch import switches_of
from trunkline.store.embedded import living


async def not_ready(house: House, part: str, within: float) -> str:
    """Wait until /healthz names a part that is not ready, and return what it says of it."""
    async with asyncio.timeout(within), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{house.url}/healthz") as answer:
                parts: dict[str, Any] = (await answer.json())["parts"]
                if not parts[part]["ready"]:
                    assert answer.status == 503
                    return str(parts[part]["detail"])
            await asyncio.sleep(0.05)  # it cannot tell us


@pytest.mark.parametrize("how", ["cut", "half-open"])
async def test_a_lost_manager_connection_loses_nothing(house: House, tmp_path: Path, how: str) -> None:
    port = free_ports(1)[0]
    async with (
        proxied(port, house.settings.ami_port) as wire,
        house.service_alone(ami_port=port),
        every_stage(house, tmp_path) as stages,
    ):
        stages.mark()
        began = time.monotonic()
        (wire.cut if how == "cut" else wire.swallow)()
        detail = await not_ready(house, "switch", within=10)

        assert time.monotonic() - began < 7
        assert f"127.0.0.1:{port}" in detail
        await wire.mend()
        back = time.monotonic()
        await house.ready()
        assert time.monotonic() - back < 6
        await stages.nothing_was_lost()


async def test_a_killed_switch_ends_its_calls_and_serves_again(house: House, tmp_path: Path) -> None:
    async with every_stage(house, tmp_path) as stages:
        began = time.monotonic()
        for switch in switches_of(house.settings.data_dir):
            os.kill(switch.pid, signal.SIGKILL)
        await not_ready(house, "switch", within=10)
        await house.ready()

        # Who talked wraps up; who rang or waited is gone from the lines; who wrapped up goes on.
        assert (await stages.ben.card("wrap_up"))["id"] == stages.talked["id"]
        assert (await stages.carla.card("wrap_up"))["wrap_up_until"] == stages.wrapping["wrap_up_until"]
        await stages.ana.sees(lambda state: state["interactions"] == {} and state["queues"]["sales"]["waiting"] == 0)
        assert stages.ana.desk.state["me"]["presence"] == "ready"
        stages.ana_phone.do("hangup")  # nobody has told it that what rang is gone
        # The phones register again, and the next call is talked on.
        caller = await house.call_waits("1", from_="+447700900120", hertz=700)
        await takes(stages.ana, stages.ana_phone)
        await caller.hears_tone(800)
        assert time.monotonic() - began < 30
        await caller.hang_up()
        await stages.ana.wrap_up()


async def test_a_killed_database_stops_decisions_and_nothing_else(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana, seated(house, "ben") as ben:
        ana_phone = await house.phone("ana", tmp_path, hertz=800)
        ben_phone = await house.phone("ben", tmp_path, hertz=1000)
        await ben.ready_with_sip_phone()
        talking = await house.call_waits("1", from_="+447700900130", hertz=440)
        await takes(ben, ben_phone)
        await talking.hears_tone(1000)
        waiting = await house.call_waits("1", from_="+447700900131", hertz=500)
        longest = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])
        talked = await ben.card("talking")
        await ben.desk.command("note", interaction=talked["id"], text="acknowledged before the death")
        from_here = talking.heard_s

        database = living(house.settings)
        assert database is not None
        os.kill(database.pid, signal.SIGKILL)
        detail = await not_ready(house, "database", within=10)
        await house.ready()

        assert str(house.settings.postgres_port) in detail or "database" in detail
        await no_gap(talking, from_here, hertz=1000)
        assert (await ben.card("talking"))["note"] == "acknowledged before the death"
        assert await ana.sees(lambda state: state["queues"]["sales"]["longest_since"]) == longest
    # What was acknowledged is in the tables, for a service that starts anew as well; and nobody has to log in again.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post(
            f"{house.url}/api/login", json={"login": "carla", "password": house.password}
        ) as answer:
            assert answer.status == 200
        killed = house.kill_the_service()
        await house.ready(other_than=killed)
        async with browser.get(f"{house.url}/api/me") as answer:
            assert answer.status == 200
    async with seated(house, "ana") as ana, seated(house, "ben") as ben:
        assert (await ben.card("talking"))["note"] == "acknowledged before the death"
        # The next offer comes.
        await ana.ready_with_sip_phone()
        await takes(ana, ana_phone)
        await waiting.hears_tone(800)
        await asyncio.gather(waiting.hang_up(), talking.hang_up())
        await ana.wrap_up()
        await ben.wrap_up()
        for seat in (ana, ben):
            await seat.desk.command("presence", presence="not_ready", reason="break")
