"""kill -9 of the service while calls are in the flow, waiting, ringing, talking and in wrap-up."""

import asyncio
from pathlib import Path

from tests.system.house import House, seated
from trunkline.simulate.caller import Caller
from trunkline.simulate.sound import heard, rms

RATE = 8000


async def test_a_killed_service_loses_nothing(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana, seated(house, "ben") as ben, seated(house, "carla") as carla:
        ana_phone = await house.phone("ana", tmp_path, hertz=800)
        ben_phone = await house.phone("ben", tmp_path, hertz=1000)
        carla_phone = await house.phone("carla", tmp_path, hertz=1200)

        # In wrap-up: carla.
        await carla.ready_with_sip_phone()
        wrapped = await house.call_waits("0", from_="+447700900101")
        await carla_phone.event("CALL_INCOMING")
        carla_phone.do("accept")
        await carla.card("talking")
        await wrapped.hang_up()
        wrapping = await carla.card("wrap_up")
        # Talking: ben.
        await ben.ready_with_sip_phone()
        talking = await house.call_waits("1", from_="+447700900102", hertz=440)
        await ben_phone.event("CALL_INCOMING")
        ben_phone.do("accept")
        talked = await ben.card("talking")
        await talking.hears_tone(1000)
        # Ringing: ana; waiting: one more; in the flow: one more.
        await ana.ready_with_sip_phone()
        ringing = await house.call_waits("1", from_="+447700900103", hertz=500)
        await ana_phone.event("CALL_INCOMING")
        offered = await ana.card("offered")
        waiting = await house.call_waits("1", from_="+447700900104", hertz=600)
        longest = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])
        in_flow = await house.call(from_="+447700900105")
        await in_flow.hears_sound(5)

        killed = house.kill_the_service()
        from_here = talking.heard_s
        up_for = await house.ready(other_than=killed)

        # The restarted service is right within two seconds of being up.
        assert up_for < 2
        assert (await ben.card("talking"))["id"] == talked["id"]
        assert (await carla.card("wrap_up"))["wrap_up_until"] == wrapping["wrap_up_until"]
        assert (await ana.card("offered"))["offer"] == offered["offer"]
        assert await ana.sees(lambda state: state["queues"]["sales"]["longest_since"]) == longest
        # Talk went on without a gap, and the waiting caller had music.
        no_gap(talking, from_here, hertz=1000)
        assert rms(waiting.audio(waiting.heard_s - 2)) > 100
        # Nobody is offered twice: the phone that rang goes on ringing, and is answered.
        ana_phone.do("accept")
        assert (await ana.card("talking"))["id"] == offered["id"]
        await ringing.hears_tone(800)
        assert [event["type"] for event in ana_phone.seen].count("CALL_INCOMING") == 1
        # The flow goes on where it was: the menu is said again, and takes the key.
        await in_flow.hears_sound(10)
        await in_flow.press("1")
        assert await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 2)
        # The waiting caller comes next, from the old place.
        await ringing.hang_up()
        await ana.wrap_up()
        following = await ana.card("offered")
        assert following["address"]["e164"] == "+447700900104"
        assert following["waiting_since"] == longest
        await asyncio.gather(talking.hang_up(), waiting.hang_up(), in_flow.hang_up())
        await ben.wrap_up()
        await carla.wrap_up()


def no_gap(caller: Caller, since: float, *, hertz: int) -> None:
    """Every quarter of a second from then on has the other party's tone in it."""
    samples = caller.audio(since)
    pieces = [samples[start : start + RATE // 4] for start in range(0, len(samples) - RATE // 4, RATE // 4)]
    assert len(pieces) > 4
    silent = [index / 4 for index, piece in enumerate(pieces) if not heard(hertz, piece, seconds=0.2)]
    assert silent == [], f"the talk was silent {silent} s after the kill"


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
