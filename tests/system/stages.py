"""Calls in every stage at once, and what must be true of them after something of ours was away for a while."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.house import House, Seat, seated
from tests.system.phone import Phone
from trunkline.simulate.caller import Caller
from trunkline.simulate.desk import State
from trunkline.simulate.sound import heard, rms

RATE = 8000


@dataclass
class Stages:
    """Carla wraps up, Ben talks, Ana's phone rings; one caller waits, one is in the flow."""

    ana: Seat
    ben: Seat
    carla: Seat
    ana_phone: Phone
    ben_phone: Phone
    wrapping: dict[str, Any]
    talked: dict[str, Any]
    offered: dict[str, Any]
    talking: Caller
    ringing: Caller
    waiting: Caller
    in_flow: Caller
    longest: str
    from_here: float = 0.0

    def mark(self) -> None:
        """What goes wrong, goes wrong from now on."""
        self.from_here = self.talking.heard_s

    async def nothing_was_lost(self) -> None:
        """Look at every stage, and let each call go on to its end."""
        ana, ben, carla = self.ana, self.ben, self.carla
        assert (await ben.card("talking"))["id"] == self.talked["id"]
        assert (await carla.card("wrap_up"))["wrap_up_until"] == self.wrapping["wrap_up_until"]
        assert (await ana.card("offered"))["offer"] == self.offered["offer"]
        assert await ana.sees(lambda state: state["queues"]["sales"]["longest_since"]) == self.longest
        await no_gap(self.talking, self.from_here, hertz=1000)
        assert rms(self.waiting.audio(self.waiting.heard_s - 2)) > 100
        # Nobody is offered twice: the phone that rang goes on ringing, and is answered.
        self.ana_phone.do("accept")
        assert (await ana.card("talking"))["id"] == self.offered["id"]
        await self.ringing.hears_tone(800)
        assert [event["type"] for event in self.ana_phone.seen].count("CALL_INCOMING") == 1
        # The flow goes on where it was: the menu is said again, and takes the key.
        await self.in_flow.hears_sound(10)
        await pressed_until(self.in_flow, "1", ana, lambda state: state["queues"]["sales"]["waiting"] == 2)
        # The waiting caller comes next, from the old place.
        await self.ringing.hang_up()
        await ana.wrap_up()
        following = await ana.card("offered")
        assert following["address"]["e164"] == "+447700900104"
        assert following["waiting_since"] == self.longest

    async def end(self) -> None:
        """Leave no call and no work behind."""
        for caller in (self.talking, self.ringing, self.waiting, self.in_flow):
            await caller.hang_up()
        for seat in (self.ana, self.ben, self.carla):
            await seat.sees(lambda state: all(card["stage"] == "wrap_up" for card in state["interactions"].values()))
            if seat.desk.state["interactions"]:
                await seat.wrap_up()
            await seat.desk.command("presence", presence="not_ready", reason="break")
        await self.ana.sees(lambda state: not any(queue["waiting"] for queue in state["queues"].values()))


@asynccontextmanager
async def every_stage(house: House, folder: Path) -> AsyncIterator[Stages]:
    """Bring a call into every stage; none is left afterwards."""
    async with AsyncExitStack() as stack:
        ana, ben, carla = [await stack.enter_async_context(seated(house, name)) for name in ("ana", "ben", "carla")]
        ana_phone = await house.phone("ana", folder, hertz=800)
        ben_phone = await house.phone("ben", folder, hertz=1000)
        carla_phone = await house.phone("carla", folder, hertz=1200)
        await carla.ready_with_sip_phone()
        wrapped = await house.call_waits("0", from_="+447700900101")
        await takes(carla, carla_phone)
        await wrapped.hang_up()
        wrapping = await carla.card("wrap_up")
        await ben.ready_with_sip_phone()
        talking = await house.call_waits("1", from_="+447700900102", hertz=440)
        await takes(ben, ben_phone)
        await talking.hears_tone(1000)
        await ana.ready_with_sip_phone()
        ringing = await house.call_waits("1", from_="+447700900103", hertz=500)
        await ana_phone.event("CALL_INCOMING")
        offered = await ana.card("offered")
        waiting = await house.call_waits("1", from_="+447700900104", hertz=600)
        longest = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])
        in_flow = await house.call(from_="+447700900105")
        await in_flow.hears_sound(5)
        stages = Stages(
            ana, ben, carla, ana_phone, ben_phone, wrapping, await ben.card("talking"), offered,
            talking, ringing, waiting, in_flow, longest,
        )  # fmt: skip
        try:
            yield stages
        except BaseException:
            with suppress(Exception):
                await stages.end()
            raise
        await stages.end()


async def takes(seat: Seat, phone: Phone) -> None:
    """Let an agent take the call that comes."""
    await phone.event("CALL_INCOMING")
    phone.do("accept")
    await seat.card("talking")


async def pressed_until(caller: Caller, key: str, seat: Seat, seen: Callable[[State], Any]) -> None:
    """Press a key as people do: again, when nothing happens (the caller may have heard music, and not the menu)."""
    for _ in range(4):
        await caller.press(key)
        with suppress(AssertionError):
            await seat.sees(seen, within=2)
            return
    await seat.sees(seen, within=2)


async def no_gap(caller: Caller, since: float, *, hertz: int) -> None:
    """Every quarter of a second from then on, two seconds at least, has the other party's tone in it."""
    await caller.hears(lambda samples: len(samples) > 2 * RATE, 5, since=since)
    samples = caller.audio(since)
    pieces = [samples[start : start + RATE // 4] for start in range(0, len(samples) - RATE // 4, RATE // 4)]
    silent = [index / 4 for index, piece in enumerate(pieces) if not heard(hertz, piece, seconds=0.2)]
    assert silent == [], f"the talk was silent {silent} s after it began to go wrong"
