"""A caller leaves a message while the service is dead, and an agent hears it once the service is back."""

import time
from pathlib import Path

import aiohttp

from tests.system.house import House, seated, start
from tests.system.raw_ami import RawAmi
from trunkline import secrets
from trunkline.store.database import Database
from trunkline.store.embedded import dsn


async def test_a_message_left_while_nobody_served_is_heard_by_an_agent(house: House, tmp_path: Path) -> None:
    await house.phone("ana", tmp_path, hertz=800)
    house.supervisor.kill()
    house.supervisor.wait()
    killed = house.kill_the_service()
    left = time.monotonic()
    try:
        async with RawAmi(house.settings.ami_port, secrets.ami_secret(house.settings)) as ami:
            caller = await house.call(from_="+447700900250", hertz=440)
            call = await ami.event("AsyncAGIStart")
            # Past the two minutes in which every phone rings: to the beep.
            step = {"Context": "fallback", "Exten": "s", "Priority": "beep"}
            await ami.act(Action="Redirect", Channel=call["Channel"], **step)
            await caller.hears_sound(5)
            async with Database(dsn(house.settings), connections=1) as database:
                await database.rows("SELECT pg_sleep(3)")  # the caller speaks
            await caller.hang_up()
            await ami.event("Hangup", Uniqueid=call["Uniqueid"])
    finally:
        house.supervisor = start(house.environment, house.output)
        await house.ready(other_than=killed)
    assert time.monotonic() - left < 30

    async with seated(house, "ana") as ana:
        await ana.ready_with_sip_phone()
        card = await ana.card("offered")
        assert (card["work"], card["address"]["e164"], card["queue"]["id"]) == ("voicemail", "+447700900250", "sales")
        await ana.desk.command("accept", offer=card["offer"]["id"])
        card = await ana.card("talking")
        assert 2 < card["voicemail"]["seconds"] < 6
        heard = await recording(house, card["voicemail"]["url"])
        await ana.desk.command("hang_up", interaction=card["id"])
        await ana.wrap_up()
    assert len(heard) > 2 * 16000


async def recording(house: House, url: str) -> bytes:
    """Fetch it as the desk's browser does."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        log_in = {"login": "ana", "password": house.password}
        async with session.post(f"{house.url}/api/login", json=log_in) as answer:
            assert answer.status == 200
        async with session.get(f"{house.url}{url}") as answer:
            assert answer.status == 200
            return await answer.read()
