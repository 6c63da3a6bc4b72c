"""`kill -9` of a busy service → the first right offer at an agent's phone: n, 4n and 16n = 10,000 live interactions.

The clock stops with the kernel's stamp of the INVITE at the phone of an agent whose phone came back while nobody was
there to notice. The offer is right when it is of the caller who was to be
served next by what was stored when the service died.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.centre import AMI_SECRET, AMI_USER, BenchCentre, Manager, Plan, centre, killed, restarted
from benchmarks.crowd import JUDGES, RINGING, TALKING, WRAP_UP, Crowd, census
from benchmarks.idle import spent
from benchmarks.ivr_rate import silence
from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row
from benchmarks.ring_latency_deep import SILENT
from trunkline.store.database import Database

SIZES = (625, 2_500, 10_000)
GOAL_S = 2.0
_READ_S = 5.0
"""So long a process has to read its program, with a busy service beside it."""
_FLOW = """
flow: main
entry: {numbers: ["100"]}
start: wait
steps:
  wait: {queue: sales, while_waiting: {announce: []}}
"""
_LISTENING = """
flow: listening
entry: {numbers: ["101"]}
start: hear
steps:
  hear: {say: {text: Please listen., recording: long}, next: bye}
  bye: {end: }
"""
_NEXT = """
SELECT id FROM interaction WHERE stage = 'waiting' AND queue = 'sales'
ORDER BY (entry->>'priority')::int DESC, queued_at, id LIMIT 1
"""
_OFFERED = "SELECT interaction_id AS id FROM journal WHERE kind = 'offered' AND at > $1 ORDER BY at, id LIMIT 1"
_NOTES = (
    "until the kernel has the INVITE at the agent's phone. `recovery` counts from when the next service is begun, "
    "which `trunkline run` keeps ready: a process that has read its program and waits. The supervisor lets 0.2 s pass "
    "before it. recovery_once_up counts from the service's own first words in its log, recovery_once_loaded from when "
    "the floor is read back from PostgreSQL. `raw` has all of them, and `cpu_s`, what the process had used up of the "
    "processor by then, the reading of its program included",
    "the agent is ready, and their phone was unplugged before the kill and plugged in again before the start: the "
    "offer comes of the picture that is taken of the switch",
    f"live at 10,000: 3,000 calls waiting, 100 in a flow, {TALKING} talking with SIP phones, {RINGING} phones that "
    f"ring, {WRAP_UP} in wrap-up; the rest has no call of its own: 2/3 voicemails and 1/3 callbacks, waiting in the "
    "same queue behind the calls or for their time. At n and 4n in the same parts, but those with agents are as many. "
    "`raw` has the census of each kill",
    "the callers are Local channels in silence, two channels each, and Asterisk lists both: more SIP callers with "
    "music than some hundreds are too much for the machine",
    "desks do not come back in the meantime: agents have a minute for that",
    "peer: a Python that connects to both, lists the same channels (panoramisk) and fetches the same rows (asyncpg), "
    "and understands nothing; from just before its process is made, run while the service is dead",
    "recovery_linear: the service's own processor time (from its process's start to the offer) for each further "
    "interaction from n to 4n, over the same from 4n to 16n",
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """One kill: seconds from the start of the process (and on the processor), what was live, and what the peer took."""

    offer_s: float
    up_s: float
    loaded_s: float
    reconciled_s: float
    cpu_s: float
    peer_s: float
    peer_saw: tuple[int, int]
    census: dict[str, int]


def measure() -> Outcome:
    """Fill a centre, four times as full each time, and kill its service again and again."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    flows = folder / "house" / "flows"
    (flows / "prompts").mkdir(parents=True)
    silence(flows / "prompts" / "long.wav", 600.0)
    (flows / "listening.yaml").write_text(_LISTENING, encoding="utf-8")
    agents = JUDGES * len(SIZES) + TALKING + RINGING + WRAP_UP
    plan = Plan(_FLOW, agents, {}, SILENT, queue="ring_for: 10m, wrap_up: 10m", demo_passwords=False)
    seen: dict[int, list[Recovered]] = {}
    async with centre(folder / "house", plan, spare=agents) as house, AsyncExitStack() as stack:
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        database = await stack.enter_async_context(Database(house.database_url, connections=2))
        crowd = await Crowd.arrived(house, manager, database, stack)
        for number, size in enumerate(SIZES):
            await crowd.grow(size)
            seen[size] = []
            for judge in range(JUDGES):
                seen[size].append(await _kill(house, crowd, database, number * JUDGES + judge))
                print(f"  {size}: {seen[size][-1]}", flush=True)
    return _outcome(seen)


async def _kill(house: BenchCentre, crowd: Crowd, database: Database, judge: int) -> Recovered:
    """Kill the service, run the peer, start the service anew, and return what the times were."""
    phone = await crowd.absent(judge)
    # As beside a service that has run for some seconds: the next one has read its program.
    house.services.prepare()
    await asyncio.sleep(_READ_S)
    await killed(house)
    before, due = await census(database), await database.row(_NEXT)
    await phone.register()
    peer_s, peer_saw = await _peer(house)
    while not phone.rung.empty():
        raise NotMeasured("the phone rang though nobody was there to ring it")
    log_from = house.settings.log_file.stat().st_size
    began_at, began = time.time_ns(), await database.row("SELECT clock_timestamp() AS at")
    starting = asyncio.ensure_future(restarted(house))
    async with asyncio.timeout(60):
        rung_at = await phone.rung.get()
    cpu_s = spent(house.service_pid).cpu_s
    await starting
    first = await database.row(_OFFERED, began["at"] if began else None)
    if first is None or due is None or first["id"] != due["id"]:
        raise NotMeasured(f"the first offer was of {first}, and {due} was next")
    after = await census(database)
    if sum(after.values()) != sum(before.values()):
        raise NotMeasured(f"of {before} only {after} is left")
    began_s, log = began_at / 1e9, house.settings.log_file
    up, loaded, reconciled = _logged(log, log_from, "service is up", "floor loaded", "floor reconciled")
    return Recovered(
        rung_at / 1e9 - began_s, up - began_s, loaded - began_s, reconciled - began_s, cpu_s, peer_s, peer_saw, before
    )


async def _peer(house: BenchCentre) -> tuple[float, tuple[int, int]]:
    began_at = time.time_ns()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.raw_recovery", str(house.settings.ami_port), AMI_USER, AMI_SECRET,
        house.database_url, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    channels, rows, done_at = map(int, out.split())
    return (done_at - began_at) / 1e9, (channels, rows)


def _logged(file: Path, start: int, *events: str) -> Sequence[float]:
    """Return when the service logged each of these first, in seconds since 1970."""
    with file.open("rb") as stream:
        stream.seek(start)
        lines = [json.loads(line) for line in stream if line.startswith(b"{")]
    times = {each["event"]: datetime.fromisoformat(each["timestamp"]).timestamp() for each in reversed(lines)}
    return [times[event] for event in events]


def _outcome(seen: dict[int, list[Recovered]]) -> Outcome:
    ours = {size: statistics.median(each.offer_s for each in kills) for size, kills in seen.items()}
    peer = {size: statistics.median(each.peer_s for each in kills) for size, kills in seen.items()}
    up = {size: statistics.median(each.offer_s - each.up_s for each in kills) for size, kills in seen.items()}
    loaded = {size: statistics.median(each.offer_s - each.loaded_s for each in kills) for size, kills in seen.items()}
    few, some, many = SIZES
    cpu = {size: statistics.median(each.cpu_s for each in kills) for size, kills in seen.items()}
    early, late = (cpu[some] - cpu[few]) / (some - few), (cpu[many] - cpu[some]) / (many - some)
    rows = [
        Row(
            "recovery", f"{many} live, next service begun to the right INVITE: {ours[many]:.2f}",
            f"the limit of {GOAL_S:g}", GOAL_S / ours[many], 1, "s",
        ),
        Row(
            "recovery_once_up", f"{many} live, service up to the right INVITE: {up[many]:.2f}",
            f"the limit of {GOAL_S:g}", GOAL_S / up[many], None, "s",
        ),
        Row(
            "recovery_once_loaded", f"{many} live, floor loaded to the right INVITE: {loaded[many]:.2f}",
            f"the limit of {GOAL_S:g}", GOAL_S / loaded[many], None, "s",
        ),
        Row(
            "recovery_peer", f"{many} live: {ours[many]:.2f}", f"the same channels and rows merely fetched: "
            f"{peer[many]:.2f}", peer[many] / ours[many], None, "s",
        ),
        Row(
            "recovery_linear", f"from {some} to {many}, each: {late * 1e6:.0f}",
            f"from {few} to {some}, each: {early * 1e6:.0f}", early / late, 0.8, "CPU µs",
        ),
    ]  # fmt: skip
    raw: dict[str, Any] = {
        str(size): [
            {
                "offer_s": round(each.offer_s, 3), "up_s": round(each.up_s, 3),
                "loaded_s": round(each.loaded_s, 3),
                "reconciled_s": round(each.reconciled_s, 3), "cpu_s": round(each.cpu_s, 3),
                "peer_s": round(each.peer_s, 3),
                "peer_channels_and_rows": each.peer_saw, "census": each.census,
            }
            for each in kills
        ]
        for size, kills in seen.items()
    }  # fmt: skip
    return Outcome("recovery", rows, raw, _NOTES)
