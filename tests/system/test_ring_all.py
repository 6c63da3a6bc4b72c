"""Two phones ring for one caller: on a real switch, one agent has them and the other is free as before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.system.house import House, seated


@asynccontextmanager
async def two_ring_at_once(house: House) -> AsyncIterator[None]:
    """Let the queue sales ring two agents for each call, for the length of a test."""
    file = house.flows / "centre.yaml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("sales: {title: Sales,", "sales: {title: Two at once, strategy: ring_all,"))
    try:
        yield
    finally:
        file.write_text(before)


async def test_the_first_to_answer_has_the_caller_and_the_other_is_offered_the_next(
    house: House, tmp_path: Path
) -> None:
    phones = {agent: await house.phone(agent, tmp_path, hertz=hertz) for agent, hertz in (("ana", 700), ("ben", 900))}
    async with seated(house, "ana") as ana, seated(house, "ben") as ben, two_ring_at_once(house):
        await ana.sees(lambda state: state["queues"]["sales"]["title"] == "Two at once")
        await ana.ready_with_sip_phone()
        await ben.ready_with_sip_phone()
        first = await house.call_waits(from_="+447700900301", hertz=440)
        for seat, phone in ((ana, phones["ana"]), (ben, phones["ben"])):
            await seat.card("offered")
            await phone.event("CALL_INCOMING")
        second = await house.call_waits(from_="+447700900302", hertz=500)

        phones["ben"].do("accept")

        assert (await ben.card("talking"))["address"]["e164"] == "+447700900301"
        await first.hears_tone(900, 10)
        await phones["ana"].event("CALL_CLOSED")
        offered = await ana.sees(
            lambda state: next(
                card for card in state["interactions"].values() if card["address"]["e164"] == "+447700900302"
            )
        )
        assert offered["stage"] == "offered"
        await phones["ana"].event("CALL_INCOMING")
        phones["ana"].do("accept")
        await ana.card("talking")
        await second.hears_tone(700, 10)
        await asyncio.gather(first.hang_up(), second.hang_up())
        await ben.wrap_up()
        await ana.wrap_up()
        assert ana.desk.state["me"]["presence"] == ben.desk.state["me"]["presence"] == "ready"
