"""Calls per second through a two-step flow (say, then a menu by key): ours against native dialplan, same Asterisk.

A closed loop: SIPp keeps so many callers on the line, each sending audio; whoever is hung up on is followed by the next
at once. What is counted is calls that went all the way: greeted, asked, key taken, hung up on by the far end.
"""

import asyncio
import csv
import statistics
import time
import wave
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.callers import hang_everybody_up, lines
from benchmarks.centre import BenchCentre, Manager, Plan, centre
from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, summary
from trunkline.store.database import Database
from trunkline.store.embedded import dsn
from trunkline.telephony.shared import shared_folders

ROUNDS = 3
WARM_S, COUNT_S = 4.0, 12.0
LEAST_SUCCESS = 0.99


@dataclass(frozen=True, slots=True)
class Load:
    """Callers of one kind. `prompt_s`: each of the two prompts; `press_ms`: the key comes so long after the answer."""

    name: str
    told: str
    at_once: int
    prompt_s: float
    press_ms: int
    goal: float


LOADS = (
    Load("ivr_rate", "prompts of one second, key within the second one", 100, 1.0, 1300, 0.85),
    Load("ivr_rate_saturated", "prompts of 20 ms: nothing but work for the machine", 100, 0.02, 200, 0.85),
)
_FLOW = """
flow: main
entry: {numbers: ["100"]}
start: welcome
steps:
  welcome: {say: {text: Welcome., recording: blip}, next: main}
  main:
    menu: {text: Press one., recording: blip}
    choices: [{key: "1", label: Sales, go: bye}]
    no_answer: {after: 6s, tries: 2}
  bye: {end: }
"""
_NOTES = (
    "the flow: say, menu (key 1), hang up. Native: Answer, Playback, Background, WaitExten, Hangup, the same sounds",
    "ivr_rate: as callers are, who listen for two seconds. ivr_rate_saturated: as fast as the machine can: it "
    "compares the processor time of a durable flow in Python with that of native dialplan",
    "callers send audio all the time; they press (SIP INFO) once, and again each second until they are hung up on",
    "every step of ours is durable in PostgreSQL before it is spoken; native dialplan keeps nothing",
    "SIPp, Asterisk, PostgreSQL, the service and this benchmark share the machine",
)


def measure() -> Outcome:
    """Measure rounds of ours and of native dialplan in turn, for each load."""
    rows: list[Row] = []
    raw: dict[str, Any] = {}
    for load in LOADS:
        with folder_for_all() as folder:
            seen = asyncio.run(_measure(folder, load))
        rows.append(_row(load, seen))
        raw[load.name] = {
            "at_once": load.at_once,
            "rounds": seen,
            **{f"{who}_calls_per_s": summary([one["calls_per_s"] for one in rounds]) for who, rounds in seen.items()},
        }
    return Outcome("ivr_rate", rows, raw, _NOTES)


async def _measure(folder: Path, load: Load) -> dict[str, list[dict[str, float]]]:
    (folder / "silence.ulaw").write_bytes(b"\xff" * 8000)
    prompts = folder / "house" / "flows" / "prompts"
    prompts.mkdir(parents=True)
    silence(prompts / "blip.wav", load.prompt_s)
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(centre(folder / "house", _plan(), spare=4))
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        database = await stack.enter_async_context(Database(dsn(house.settings), connections=1))
        sounds = shared_folders(house.settings.data_dir)
        silence(sounds.sounds / "bench-blip.wav", load.prompt_s)
        (sounds.sounds / "bench-blip.wav").chmod(0o644)
        await manager.act(
            Action="Setvar",
            Variable="BENCH_BLIP",
            Value=sounds.inside(sounds.sounds / "bench-blip.wav")[: -len(".wav")],
        )
        for round_ in range(ROUNDS):
            for who, number in (("ours", "100"), ("peer", "700")):
                before = await _served(database)
                seen[who].append(await _round(folder, house, manager, number, load))
                if who == "ours":
                    _check(seen[who][-1], await _served(database) - before)
                print(f"  {load.name} round {round_ + 1} {who}: {seen[who][-1]}", flush=True)
    return seen


def _plan() -> Plan:
    dialplan = """
[from-trunk](+)
exten => 700,1,Answer()
 same => n,Playback(${BENCH_BLIP})
 same => n,Goto(bench,s,1)
[bench]
exten => s,1,Background(${BENCH_BLIP})
 same => n,WaitExten(6)
exten => 1,1,Hangup(16)
exten => t,1,Goto(s,1)
exten => i,1,Goto(s,1)
"""
    return Plan(_FLOW, 2, {"extensions.conf": dialplan}, {})


def silence(file: Path, seconds: float) -> None:
    """Write silence as the telephone has it."""
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * int(8000 * seconds))


async def _round(folder: Path, house: BenchCentre, manager: Manager, number: str, load: Load) -> dict[str, float]:
    """Load one side for a while, and return its calls per second, and what failed."""
    statistics_file = folder / f"sipp-{number}-{time.monotonic_ns()}.csv"
    async with lines(
        folder, "self_service", number,
        "-trace_stat", "-stf", str(statistics_file), "-fd", "1", "-d", str(load.press_ms),
        server=house.settings.sip_port, port=house.spare[0], at_once=load.at_once, per_second=1000,
    ) as sipp:  # fmt: skip
        busy_before = _cpu_s(house.service_pid)
        await asyncio.sleep(WARM_S + COUNT_S + 1.5)
        busy = _cpu_s(house.service_pid) - busy_before
        if sipp.returncode is not None:
            raise NotMeasured(f"SIPp ended early ({sipp.returncode}): see {folder}")
        await hang_everybody_up(manager, sipp)
    rows = [row for row in csv.DictReader(statistics_file.open(), delimiter=";") if row.get("ElapsedTime(C)")]
    first, last = (_row_at(rows, seconds) for seconds in (WARM_S, WARM_S + COUNT_S))
    took = _elapsed(last) - _elapsed(first)
    good, bad = (int(last[f"{kind}(C)"]) - int(first[f"{kind}(C)"]) for kind in ("SuccessfulCall", "FailedCall"))
    if good == 0:
        raise NotMeasured(f"no call to {number} went all the way ({bad} failed)")
    return {
        "calls_per_s": round(good / took, 1),
        "success": round(good / (good + bad), 4),
        "all": int(last["SuccessfulCall(C)"]),
        "service_cpu_s_per_s": round(busy / (WARM_S + COUNT_S + 1.5), 2),
    }


def _row_at(rows: Sequence[dict[str, str]], seconds: float) -> dict[str, str]:
    return min(rows, key=lambda row: abs(_elapsed(row) - seconds))


def _elapsed(row: dict[str, str]) -> float:
    began, now = (float(row[name].split()[-1]) for name in ("StartTime", "CurrentTime"))
    return now - began


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def _served(database: Database) -> int:
    """Return how many calls the journal says went through the flow to its end."""
    row = await database.row("SELECT count(*) AS n FROM journal WHERE kind = 'ended_in_flow' AND facts->>'by' = 'flow'")
    return int(row["n"]) if row else 0


def _check(seen: dict[str, float], journaled: int) -> None:
    if journaled < seen["all"] * LEAST_SUCCESS:
        raise NotMeasured(f"SIPp saw {seen['all']} calls end well, the journal {journaled}")


def _row(load: Load, seen: dict[str, list[dict[str, float]]]) -> Row:
    ours, peer = (statistics.median(one["calls_per_s"] for one in seen[who]) for who in ("ours", "peer"))
    least = min(one["success"] for one in seen["ours"])
    told = "" if least >= LEAST_SUCCESS else f" (in a round only {least:.0%} of calls went all the way: not sustained)"
    return Row(
        load.name,
        f"two-step flow, {load.told}, {load.at_once} callers at a time: {ours:.1f}{told}",
        f"native dialplan: {peer:.1f}",
        ours / peer,
        load.goal,
        "calls/s",
    )
