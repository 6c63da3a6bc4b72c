"""The second part of `ring_latency`: how soon a free agent's phone rings with up to sixteen times as many waiting.

Thousands of SIP callers with music are more than a small machine's Asterisk plays, so these callers are Local channels
that the switch makes itself, and they wait in silence (BridgeWait without entertainment). Everything else is the same:
our dialplan, flow, queue, floor, journal, and the agents' SIP phones.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.centre import Manager
from benchmarks.report import NotMeasured
from benchmarks.seats import OurSeat

DEPTHS = (200, 800, 3200)
SILENT = {"participant,e(m)": "participant,e(n)", "transmit_silence = yes": "transmit_silence = no"}
"""What is changed in Asterisk's configuration for this part."""
_AT_ONCE = 40
_FILL_WITHIN_S = 240.0

Block = Callable[[Sequence[OurSeat]], Awaitable[list[float]]]


async def at_depths(
    manager: Manager, seats: Sequence[OurSeat], block: Block
) -> dict[int, tuple[list[float], list[int]]]:
    """Return, for each depth, the samples of a block, and how many waited at its start and end."""
    seen: dict[int, tuple[list[float], list[int]]] = {}
    for depth in DEPTHS:
        await _fill(manager, seats[0], depth)
        await asyncio.sleep(2.0)
        start = seats[0].waiting
        refilling = asyncio.ensure_future(_refill(manager, seats[0], depth))
        try:
            samples = await block(seats)
        finally:
            refilling.cancel()
        seen[depth] = samples, [start, seats[0].waiting]
        print(f"  {depth} waiting ({seen[depth][1]}): median {statistics.median(samples):.1f} ms", flush=True)
    return seen


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
