"""Agent free → INVITE at the agent's phone, 50 agents and 200 callers waiting: ours against app_queue, same Asterisk.

A sample runs from the moment the agent says so (ours: `presence ready` or the end of wrap-up on the desktop's
websocket; app_queue: QueuePause, Paused: false by AMI) until the kernel has the INVITE at that agent's SIP socket.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.callers import hang_everybody_up, lines
from benchmarks.centre import BenchCentre, Manager, Plan, centre
from benchmarks.one_queue import FLOW, OURS, PEER, QUEUE, SETTINGS_NOTE, additions
from benchmarks.phones import AgentPhone, phones_of
from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, percentile, summary
from benchmarks.ring_latency_deep import DEPTHS, SILENT, AtDepth, at_depths
from benchmarks.seats import OurSeat, QueueSeat, Seat

AGENTS, WAITING = 50, 200
BLOCKS = 3
BLOCK_S = 20.0
TALK_S, THINK_S = 0.2, (2.0, 6.0)
Depths = dict[int, AtDepth]
_NOTES = (
    "same Asterisk, same 50 SIP phones, same SIPp callers for both, blocks in turn; callers hear music and send none",
    "an agent's cycle, both alike: free, rung, answers at once, talks 0.2 s, thinks 2-6 s (wrap-up), free again",
    f"{SETTINGS_NOTE}; a caller at its head whom nobody can take looks again only after `retry`, others once a second "
    "(RECHECK in app_queue.c)",
    "ring_latency_flat: callers are Local channels that wait in silence, for more music than this is too much for the "
    "machine; same dialplan, flow, queue, journal and phones otherwise",
    "ring_latency_flat_switch: a bare Originate of the same phones right after, with nothing of ours in the way",
    "the wait for a new caller is no part of a sample: more callers wait at every moment than agents become free",
)


def measure() -> Outcome:
    """Measure blocks of ours and of app_queue in turn, then ours with up to sixteen times as many waiting."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    plan = Plan(FLOW, AGENTS, additions(AGENTS), {})
    ours: list[list[float]] = []
    peer: list[list[float]] = []
    depth: dict[str, list[int]] = {"ours": [], "peer": []}
    async with centre(folder / "house", plan, spare=AGENTS + 4) as house, AsyncExitStack() as stack:
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        phones = await phones_of(house, lambda _: TALK_S)
        ours_seats = await _desks(house, phones, stack)
        peer_seats = [QueueSeat(phone, manager, QUEUE) for phone in phones]
        for seat in peer_seats:
            await seat.leave()
        for block in range(BLOCKS):
            for number, seats, seen in ((OURS, ours_seats, ours), (PEER, peer_seats, peer)):
                who = "ours" if number == OURS else "peer"
                async with lines(
                    folder, "wait", number, server=house.settings.sip_port, port=house.spare[AGENTS],
                    at_once=WAITING, per_second=40,
                ) as sipp:  # fmt: skip
                    depth[who].append(await _filled(number, ours_seats, manager, WAITING))
                    seen.append(await _block(seats))
                    depth[who].append(await _waiting(number, ours_seats, manager))
                    await hang_everybody_up(manager, sipp)
                print(f"  block {block + 1} {who}: {_told(seen[-1])}, waiting {depth[who][-2:]}", flush=True)
        for phone in phones:
            phone.close()
    return _outcome(ours, peer, depth, await _deep(folder))


async def _deep(folder: Path) -> Depths:
    """Measure ours again with more and more waiting, in a centre of its own."""
    plan = Plan(FLOW, AGENTS, {}, SILENT)
    async with centre(folder / "deep", plan, spare=AGENTS + 4) as house, AsyncExitStack() as stack:
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        phones = await phones_of(house, lambda _: TALK_S)
        seats = await _desks(house, phones, stack)
        seen = await at_depths(manager, seats, _block)
        for phone in phones:
            phone.close()
    return seen


async def _desks(house: BenchCentre, phones: Sequence[AgentPhone], stack: AsyncExitStack) -> list[OurSeat]:
    jar = aiohttp.DummyCookieJar()
    session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
    seats = [OurSeat(phone) for phone in phones]
    for seat in seats:
        await seat.sit_down(session, house)
        stack.push_async_callback(seat.stand_up)
    return seats


async def _waiting(number: str, seats: Sequence[OurSeat], manager: Manager) -> int:
    if number == OURS:
        return seats[0].waiting
    told = await manager.command(f"queue show {QUEUE}")
    return int(told.partition(f"{QUEUE} has ")[2].partition(" ")[0])


async def _filled(number: str, seats: Sequence[OurSeat], manager: Manager, wanted: int) -> int:
    """Return how many wait, as soon as it is nearly all of them."""
    try:
        async with asyncio.timeout(60):
            while (waiting := await _waiting(number, seats, manager)) < wanted * 0.98:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise NotMeasured(f"{number}: of {wanted} callers {waiting} wait after a minute") from None
    await asyncio.sleep(1.0)
    return waiting


async def _block(seats: Sequence[Seat], *, lasts: float = BLOCK_S) -> list[float]:
    """Have all agents work for so long, and return the milliseconds from each becoming free to its INVITE."""
    until = time.monotonic() + lasts
    samples: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        for number, seat in enumerate(seats):
            tasks.create_task(_work(seat, until, samples, start=number * THINK_S[1] / len(seats)))
    return samples


async def _work(seat: Seat, until: float, samples: list[float], *, start: float) -> None:
    await asyncio.sleep(start)
    while time.monotonic() < until:
        while not seat.phone.rung.empty() or not seat.phone.over.empty():
            raise NotMeasured(f"{seat.phone.name} was rung twice")
        said_at = await seat.free()
        try:
            async with asyncio.timeout(30):
                samples.append((await seat.phone.rung.get() - said_at) / 1e6)
        except TimeoutError:
            raise NotMeasured(f"{seat.phone.name} was not rung for half a minute; {seat.me}") from None
        await seat.done()
        await asyncio.sleep(random.uniform(*THINK_S))
    await seat.leave()


def _told(samples: Sequence[float]) -> str:
    middle, late = statistics.median(samples), percentile(samples, 0.99)
    return f"n={len(samples)} median {middle:.1f} ms, p99 {late:.1f} ms"


def _outcome(ours: list[list[float]], peer: list[list[float]], depth: dict[str, list[int]], deep: Depths) -> Outcome:
    all_ours, all_peer = [each for block in ours for each in block], [each for block in peer for each in block]
    middle, late = statistics.median(all_ours), percentile(all_ours, 0.99)
    few, many = (statistics.median(deep[at].ours) for at in (DEPTHS[0], DEPTHS[-1]))
    bare_few, bare_many = (statistics.median(deep[at].switch) for at in (DEPTHS[0], DEPTHS[-1]))
    peer_middle, peer_late = statistics.median(all_peer), percentile(all_peer, 0.99)
    rows = [
        Row(
            "ring_latency", f"median of {len(all_ours)} at {WAITING} waiting: {middle:.1f}",
            f"app_queue, median of {len(all_peer)}: {peer_middle:.0f}", peer_middle / middle, 20, "ms",
        ),
        Row("ring_latency_p99", f"p99: {late:.1f}", "the limit of 40", 40 / late, 1, "ms"),
        Row("ring_latency_p99_peer", f"p99: {late:.1f}", f"app_queue: {peer_late:.0f}", peer_late / late, None, "ms"),
        Row(
            "ring_latency_flat", f"median at {DEPTHS[-1]}: {many:.1f}", f"ours at {DEPTHS[0]}: {few:.1f}",
            few / many, 0.8, "ms",
        ),
        Row(
            "ring_latency_flat_switch", f"the switch alone at {DEPTHS[-1]}: {bare_many:.1f}",
            f"at {DEPTHS[0]}: {bare_few:.1f}", bare_few / bare_many, None, "ms",
        ),
    ]  # fmt: skip
    raw: dict[str, Any] = {
        "agents": AGENTS,
        "waiting_at_start_and_end_of_blocks": depth,
        "ours_ms": summary(all_ours),
        "peer_ms": summary(all_peer),
        "ours_blocks_ms": [summary(block) for block in ours],
        "deep_ms": {str(at): {**summary(seen.ours), "waiting": seen.waiting} for at, seen in deep.items()},
        "deep_switch_alone_ms": {str(at): summary(seen.switch) for at, seen in deep.items()},
        "peer_blocks_ms": [summary(block) for block in peer],
    }
    return Outcome("ring_latency", rows, raw, _NOTES)
