"""The second part of `ring_latency`: how soon a free agent's phone rings with up to sixteen times as many waiting.

Thousands of SIP callers with music are more than a small machine's Asterisk plays, so these callers are Local channels
that the switch makes itself, and they wait in silence (BridgeWait without entertainment). Everything else is the same:
our dialplan, flow, queue, floor, journal, and the agents' SIP phones.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.centre import Manager
from benchmarks.report import NotMeasured
from benchmarks.seats import OurSeat

DEPTHS = (200, 800, 3200)
SILENT = {"participant,e(m)": "participant,e(n)", "transmit_silence = yes": "transmit_silence = no"}
"""What is changed in Asterisk's configuration for this part."""
_AT_ONCE = 40
_FILL_WITHIN_S = 240.0

_BARE_RINGS = 50

Block = Callable[[Sequence[OurSeat]], Awaitable[list[float]]]


@dataclass(frozen=True, slots=True)
class AtDepth:
    """What was seen with so many waiting, in milliseconds: ours, the switch alone, and how many waited then."""

    ours: list[float]
    switch: list[float]
    waiting: tuple[int, int]


async def at_depths(manager: Manager, seats: Sequence[OurSeat], block: Block) -> dict[int, AtDepth]:
    """Return, for each depth, the samples of a block, and those of the switch ringing a phone with nobody behind it."""
    seen: dict[int, AtDepth] = {}
    for depth in DEPTHS:
        await _fill(manager, seats[0], depth)
        await asyncio.sleep(2.0)
        start = seats[0].waiting
        refilling = asyncio.ensure_future(_refill(manager, seats[0], depth))
        try:
            samples = await block(seats)
            bare = [await _bare_ring(manager, seats[number % len(seats)]) for number in range(_BARE_RINGS)]
        finally:
            refilling.cancel()
        seen[depth] = AtDepth(samples, bare, (start, seats[0].waiting))
        ours, switch = statistics.median(samples), statistics.median(bare)
        print(f"  {depth} waiting: median {ours:.1f} ms, the switch alone {switch:.1f} ms", flush=True)
    return seen


async def _bare_ring(manager: Manager, seat: OurSeat) -> float:
    """Return the milliseconds from an Originate to its INVITE, without queue, service or journal."""
    said_at = time.time_ns()
    await manager.act(
        Action="Originate", Channel=f"PJSIP/{seat.phone.name}", Application="Wait", Data="5", Async="true"
    )
    async with asyncio.timeout(20):
        rung_at = await seat.phone.rung.get()
        await seat.phone.over.get()
    return (rung_at - said_at) / 1e6


async def _fill(manager: Manager, seat: OurSeat, wanted: int) -> None:
    asked = seat.waiting
    try:
        async with asyncio.timeout(_FILL_WITHIN_S):
            while seat.waiting < wanted:
                # Never far ahead: a caller who is not served within the guard is sent through the flow again.
                while asked < min(wanted, seat.waiting + _AT_ONCE):
                    await _dial(manager, asked)
                    asked += 1
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise NotMeasured(f"of {wanted} callers {seat.waiting} wait after {_FILL_WITHIN_S:.0f} s") from None


async def _refill(manager: Manager, seat: OurSeat, wanted: int) -> None:
    """Bring a caller for each who was served, about as SIPp does for the other part."""
    number = wanted
    while True:
        for _ in range(wanted - seat.waiting):
            await _dial(manager, number)
            number += 1
        await asyncio.sleep(0.5)


async def _dial(manager: Manager, number: int) -> None:
    await manager.act(
        Action="Originate",
        Channel="Local/100@from-trunk/n",
        CallerID=f"<+4477009{number:05}>",
        Application="BridgeWait",
        Data=f"far-end-{number},participant,e(n)",
        Variable="__TL_TRUNK=demo",
        Timeout="60000",
        Async="true",
    )
