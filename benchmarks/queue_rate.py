"""Calls per second through a queue, each talked for a second: ours against app_queue, same Asterisk, same phones.

Callers come at a rate, whoever is served or not; a rate is sustained when nearly every one was answered within a
second and none went unserved. The highest such rate is looked for in the same way for both. Then come more callers than
can be served, with little patience, and every counter of ours is compared with what the far ends counted.
"""

import asyncio
import re
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.callers import Arrivals, arrivals
from benchmarks.centre import AMI_SECRET, AMI_USER, BenchCentre, Manager, Plan, centre, killed, restarted, sessions_of
from benchmarks.one_queue import FLOW, OURS, PEER, SETTINGS_NOTE, additions
from benchmarks.phones import AgentPhone, phones_of
from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, percentile, significant
from benchmarks.seats import OurSeat
from trunkline.store.database import Database

AGENTS = 260
TALK_S = 1.0
RATES = tuple(round(10 * 1.04**step, 1) for step in range(80))
"""Calls per second that are tried: 10 to 222."""
TRY_S, CONFIRM_S, ROUNDS = 8.0, 10.0, 2
SERVED, IN_TIME = 0.995, 0.95
"""A rate is sustained when at least these parts of its callers were answered at all, and within a second."""
GOAL = 0.8
"""Of app_queue's calls per second, with as many of them in time: there both are compared."""
PATIENT_S, IMPATIENT_S = 15.0, 4.0
_LEG = re.compile(r"\r\nChannel: (PJSIP/agent[^\r]*)")
_NOTES = (
    f"same Asterisk, same {AGENTS} SIP phones, same SIPp callers; a phone answers at once, talks {TALK_S:g} s and "
    "hangs up; no wrap-up; callers hear music while they wait and send none",
    f"sustained: of the callers of {TRY_S:g} s at that rate at least {SERVED:.1%} answered and {IN_TIME:.0%} within a "
    "second of their INVITE (until the kernel has the INVITE at the phone that answers); the highest of "
    f"{RATES[0]:g} to {RATES[-1]:g}, in steps of 4 %, by halving, and then down to one that is sustained in "
    f"{ROUNDS} of {ROUNDS + 1} rounds of {CONFIRM_S:g} s. What is not sustained is tried once more: "
    "the machine has other guests",
    SETTINGS_NOTE,
    "ours: each agent has a desk open, by the real websocket, and every call is rows of the journal in PostgreSQL. "
    "While app_queue is measured our service is not running: it would hear of every one of its calls",
    f"queue_rate_in_time: both at {GOAL:g} of app_queue's rate, in turn; at ours where that is lower",
    f"drift: a quarter more callers than ours sustains, who leave after {IMPATIENT_S:g} s. Callers, phones, the switch "
    "(whom it has joined) and the journal must have counted the same, and nothing may be left on floor or switch. A "
    "machine that is that full may take longer than the 20 s for which a phone rings: its agent is not ready then, as "
    "any who did not answer; `raw` has how many",
)


@dataclass(frozen=True, slots=True)
class Served:
    """What came of the callers of one stretch: how many, how many were answered (in time), and who left unserved."""

    rate: float
    callers: int
    answered: int
    in_time: float
    p99_s: float
    left: int

    @property
    def sustained(self) -> bool:
        """Whether this rate can go on for ever."""
        return self.answered >= SERVED * self.callers and self.in_time >= IN_TIME


Load = Callable[[float, float], Awaitable[Served]]
"""Brings callers at a rate (per second) for so many seconds."""


def measure() -> Outcome:
    """Look for the highest rate of both, see both at the rate that is asked for, and then count."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    plan = Plan(FLOW, AGENTS, additions(AGENTS), {}, queue="ring_for: 20s, wrap_up: 0s", demo_passwords=False)
    async with centre(folder / "house", plan, spare=AGENTS + 2) as house, AsyncExitStack() as stack:
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        database = await stack.enter_async_context(Database(house.database_url, connections=1))
        phones = await phones_of(house, lambda _: TALK_S)
        await killed(house)
        bench = _Bench(folder, house, manager, database, phones)
        confirmed: dict[str, list[Served]] = {"ours at the lower": [], "peer at the lower": []}
        peer, confirmed["peer"] = await _highest(bench.peer, "peer")
        async with bench.our_agents():
            ours, confirmed["ours"] = await _highest(bench.ours, "ours")
        lower = min(ours, GOAL * peer)
        for _ in range(ROUNDS):
            confirmed["peer at the lower"].append(await bench.peer(lower, CONFIRM_S))
            async with bench.our_agents():
                confirmed["ours at the lower"].append(await bench.ours(lower, CONFIRM_S))
        async with bench.our_agents():
            drift = await bench.drift(ours * 1.25, CONFIRM_S)
        for phone in phones:
            phone.close()
    return _outcome(ours, peer, confirmed, drift)


async def _highest(load: Load, who: str) -> tuple[float, list[Served]]:
    """Return the highest of RATES that is sustained, and the rounds that confirm it.

    Found by halving, and then by steps. A stretch in which something else had the machine says nothing about either: a
    rate is tried again once before it counts as too high.
    """
    low, high = 0, len(RATES)
    while high - low > 1:
        middle = (low + high) // 2
        held = (await _tried(load, who, middle, TRY_S)).sustained or (await _tried(load, who, middle, TRY_S)).sustained
        low, high = (middle, high) if held else (low, middle)
    while True:
        rounds = [await _tried(load, who, low, CONFIRM_S) for _ in range(ROUNDS)]
        if not all(each.sustained for each in rounds):
            rounds.append(await _tried(load, who, low, CONFIRM_S))
        sustained = [each for each in rounds if each.sustained]
        if low == 0 or len(sustained) >= ROUNDS:
            return RATES[low], rounds
        low -= 1


async def _tried(load: Load, who: str, step: int, lasts: float) -> Served:
    seen = await load(RATES[step], lasts)
    print(f"  {who}: {seen}{'' if seen.sustained else ' (not sustained)'}", flush=True)
    return seen


class _Bench:
    """The house with its phones, and who is measured in it."""

    def __init__(
        self, folder: Path, house: BenchCentre, manager: Manager, database: Database, phones: Sequence[AgentPhone]
    ) -> None:
        self._folder, self._house, self._manager, self._database = folder, house, manager, database
        self._phones = phones

    @asynccontextmanager
    async def our_agents(self) -> AsyncIterator[None]:
        """Run our service with every agent ready at their desk until the block ends."""
        await restarted(self._house)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(limit=0)) as session:
            seats = [OurSeat(phone, looks=False) for phone in self._phones]
            for seat, token in zip(seats, await sessions_of(self._house, self._house.agents), strict=True):
                await seat.sit_down(session, self._house, token)
                await seat.free()
            await asyncio.sleep(1.0)
            yield
            for seat in seats:
                await seat.stand_up()
        await killed(self._house)

    async def peer(self, rate: float, lasts: float) -> Served:
        """Bring callers to app_queue."""
        served, _ = await self._served(PEER, rate, lasts, PATIENT_S)
        return served

    async def ours(self, rate: float, lasts: float) -> Served:
        """Bring callers to our queue; raises NotMeasured where what we counted is not what the far ends counted."""
        before = await self._counted()
        served, callers = await self._served(OURS, rate, lasts, PATIENT_S)
        self._compare(callers, await self._since(before))
        return served

    async def drift(self, rate: float, lasts: float) -> dict[str, Any]:
        """Bring more callers than can be served, who leave soon, and return every counter of both sides."""
        before = await self._counted()
        async with _joined(self._house) as legs:
            served, callers = await self._served(OURS, rate, lasts, IMPATIENT_S)
        print(f"  overload: {served}, joined: {len(legs)}", flush=True)
        counters = self._compare(callers, await self._since(before), answered=len(legs))
        return {"served": asdict(served), "counters": counters, "rang_out": counters["agents not ready at the end"][1]}

    async def _served(self, number: str, rate: float, lasts: float, patience_s: float) -> tuple[Served, Arrivals]:
        for phone in self._phones:
            phone.heard.clear()
            phone.answered = 0
        callers = await arrivals(
            self._folder, number, server=self._house.settings.sip_port, port=self._house.spare[len(self._phones)],
            per_second=rate, count=round(rate * lasts), patience_s=patience_s,
        )  # fmt: skip
        await self._quiet()
        self._had_room()
        rung: dict[str, float] = {}
        for phone in self._phones:
            for caller, at in phone.heard:
                rung.setdefault(caller, at / 1e9)
        waits = [rung[caller] - at for caller, at in callers.dialled.items() if caller in rung]
        total = len(callers.dialled)
        if not waits:
            raise NotMeasured(f"of {total} callers to {number} nobody was answered; heard {list(rung)[:3]}")
        answered = sum(phone.answered for phone in self._phones)
        in_time = sum(wait <= 1.0 for wait in waits) / total
        p99 = significant(percentile(waits, 0.99))
        return Served(rate, total, answered, round(in_time, 4), p99, len(callers.left)), callers

    async def _quiet(self) -> None:
        """Return once no channel is left; what is stuck is a fault."""
        try:
            async with asyncio.timeout(20):
                while " 0 active channels" not in f" {await self._manager.command('core show channels count')}":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise NotMeasured("channels are left on the switch") from None

    def _had_room(self) -> None:
        """See that nobody was refused for want of a port: then ports are measured, and not the machine."""
        log = self._house.settings.data_dir / "log" / "asterisk.log"
        if "allocate a port" in log.read_text(encoding="utf-8", errors="replace"):
            raise NotMeasured("the switch ran out of ports for audio; BENCH_PORTS=first-last gives it more")

    async def _counted(self) -> dict[str, int]:
        """Return what our journal has counted so far, by kind, and what is on the floor."""
        floor = await self._database.row(
            "SELECT (SELECT count(*) FROM interaction WHERE ended_at IS NULL) AS live,"
            " (SELECT count(DISTINCT offered_to) FROM interaction WHERE ended_at IS NULL"
            "  AND stage IN ('offered', 'talking', 'wrap_up')) AS busy,"
            " (SELECT count(*) FROM agent WHERE presence <> 'ready' AND retired_at IS NULL) AS not_ready"
        )
        # After the floor: what is not on it any more is in the journal.
        rows = await self._database.rows("SELECT kind, count(*) AS n FROM journal GROUP BY kind")
        return {**{row["kind"]: int(row["n"]) for row in rows}, **{k: int(v) for k, v in (floor or {}).items()}}

    async def _since(self, before: dict[str, int]) -> dict[str, int]:
        """Return what was counted since then, once the floor is empty or ten seconds are over."""
        for _ in range(100):
            now = await self._counted()
            if now["live"] == now["busy"] == 0:
                break
            await asyncio.sleep(0.1)
        levels = {"live", "busy", "not_ready"}
        return {kind: n if kind in levels else n - before.get(kind, 0) for kind, n in now.items()}

    def _compare(
        self, callers: Arrivals, journal: dict[str, int], *, answered: int | None = None
    ) -> dict[str, tuple[int, int]]:
        """Return ours and the far ends' of every counter; raises NotMeasured where they differ.

        `answered` is how many were joined, where a phone cannot tell: who left in that moment was answered by nobody,
        and who left between the offer and the INVITE was offered without any phone having heard of it.
        """
        counters = {}
        if answered is None:
            answered = sum(phone.answered for phone in self._phones)
            counters["offered"] = (journal.get("offered", 0), sum(len(phone.heard) for phone in self._phones))
        total = len(callers.dialled)
        counters |= {
            "arrived": (journal.get("arrived", 0), total),
            "answered": (journal.get("accepted", 0), answered),
            "talk ended": (journal.get("talk_ended", 0), answered),
            "abandoned": (journal.get("abandoned", 0) + journal.get("ended_in_flow", 0), total - answered),
            "handled": (journal.get("wrap_up_timed_out", 0), answered),
            "live at the end": (journal["live"], 0),
            "agents busy at the end": (journal["busy"], 0),
            "agents not ready at the end": (journal["not_ready"], journal.get("rang_out", 0)),
        }
        if drifted := {name: both for name, both in counters.items() if both[0] != both[1]}:
            raise NotMeasured(f"counted by us and by the far ends: {drifted}; {journal}")
        return counters


@asynccontextmanager
async def _joined(house: BenchCentre) -> AsyncIterator[set[str]]:
    """Yield the agents' legs that the switch says it has joined with a caller; all of them once the block has ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.ami_port)
    legs: set[str] = set()

    async def read() -> None:
        while True:
            block = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
            if block.startswith("Event: BridgeEnter") and (leg := _LEG.search(block)) is not None:
                legs.add(leg[1])

    login = f"Action: Login\r\nUsername: {AMI_USER}\r\nSecret: {AMI_SECRET}\r\nEvents: call\r\n\r\n"
    writer.write(login.encode())
    reading = asyncio.create_task(read())
    try:
        yield legs
        await asyncio.sleep(0.5)
        if reading.done():
            raise NotMeasured("the switch told no more of its bridges")
    finally:
        reading.cancel()
        writer.close()


def _outcome(ours: float, peer: float, confirmed: dict[str, list[Served]], drift: dict[str, Any]) -> Outcome:
    in_time = {
        who: statistics.mean(each.in_time for each in confirmed[f"{who} at the lower"]) for who in ("ours", "peer")
    }
    rows = [
        Row(
            "queue_rate", f"calls of {TALK_S:g} s, sustained: {ours:g}", f"app_queue: {peer:g}", ours / peer, GOAL,
            "calls/s",
        ),
        Row(
            "queue_rate_in_time",
            f"answered within 1 s at {min(ours, GOAL * peer):.1f} calls/s: {in_time['ours']:.2%}",
            f"app_queue: {in_time['peer']:.2%}", in_time["ours"] / in_time["peer"], 1, "of callers",
        ),
        Row(
            "queue_rate_drift", f"counters that differ from the far ends', of {len(drift['counters'])}: 0", "none", 1.0,
            1, "counters",
        ),
    ]  # fmt: skip
    raw = {
        "agents": AGENTS,
        "confirmed": {who: [asdict(each) for each in rounds] for who, rounds in confirmed.items()},
        "overload": drift["served"],
        "overload_rang_out": drift["rang_out"],
        "counters_ours_and_far_ends": drift["counters"],
    }
    return Outcome("queue_rate", rows, raw, _NOTES)
