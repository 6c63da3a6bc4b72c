"""AMI events per second: ours into the call model and the durable journal, against bare panoramisk with one callback.

Both read the same bytes from the same replaying AMI server over TCP, in turn, each in a fresh process. Ours is the real
thing from socket to PostgreSQL: Ami, Calls, Switchboard, Floor, Ledger and PostgresStore, and it counts only when the
journal of the last call is durable. Flows, which would make AMI actions, are stood in for: each call is put into its
queue and offered the moment that its line opens, so that every later event of it moves a real interaction.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.place import database, folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, summary
from benchmarks.whole_calls import story

CALLS = 500
"""The calls of the least replay, n; the others are four and sixteen times as many.

It takes a tenth of a second. In one that is shorter still the first look at everything counts with both.
"""
TIMES = (1, 4, 16)
ROUNDS = 5
_WITHIN_S = 120.0


def measure() -> Outcome:
    """Measure at n, 4n and 16n events, rounds of ours and the peer's in turn."""
    events = len(story())
    raw: dict[str, Any] = {"events_a_call": events, "rounds": ROUNDS}
    rows: list[Row] = []
    with folder_for_all() as folder, database(folder) as url:
        for times in TIMES:
            calls = CALLS * times
            seen = {each: [] for each in ("ours", "peer")}  # type: dict[str, list[dict[str, float]]]
            with _replaying(calls) as port:
                for _ in range(ROUNDS):
                    seen["ours"].append(_consume("ours", port, calls, url))
                    seen["peer"].append(_consume("peer", port, calls, url))
            rows += _rows(calls * events, seen)
            raw[str(calls * events)] = {
                f"{who}_{what}_per_s": summary([calls * events / one[f"{what}_s"] for one in rounds])
                for who, rounds in seen.items()
                for what in (("decided", "durable") if who == "ours" else ("heard",))
            }
    most, least = raw[str(CALLS * TIMES[-1] * events)], raw[str(CALLS * events)]
    slope = most["ours_durable_per_s"]["median"] / least["ours_durable_per_s"]["median"]
    raw["slope"] = {"durable rate at 16n / at n": round(slope, 2)}
    return Outcome("ami_ingest", rows, raw, _NOTES)


_NOTES = (
    "events: whole recorded calls of an Asterisk 22 under our event filters (arrival, flow, waiting, ring, talk, "
    "hang-up), 50 calls under way at a time; answers to actions are left out of the replay",
    "decided: all changes stand in the journal's queue, the store takes them afterwards. durable: the last change is "
    "committed in PostgreSQL (fsync on). The goal is for the former",
    "peer: panoramisk's Manager as it comes, one plain callback for every event (register_event('*')) that counts",
    "the AMI server and PostgreSQL are other processes; there are two cores",
)


def _rows(events: int, seen: dict[str, list[dict[str, float]]]) -> list[Row]:
    peer = events / statistics.median(one["heard_s"] for one in seen["peer"])
    told = {"decided": ("in the journal's queue", 2.0), "durable": ("in PostgreSQL, synced to disk", None)}
    return [
        Row(
            f"ami_ingest_{what}_{events}",
            f"parsed, through the call model and {where}: {ours:,.0f}",
            f"bare panoramisk, one callback: {peer:,.0f}",
            ours / peer,
            goal,
            "events/s",
        )
        for what, (where, goal) in told.items()
        for ours in [events / statistics.median(one[f"{what}_s"] for one in seen["ours"])]
    ]


@contextmanager
def _replaying(calls: int) -> Iterator[int]:
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.replaying_ami", str(calls)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


def _consume(who: str, port: int, calls: int, url: str) -> dict[str, float]:
    """Run one round in a process of its own, and return the seconds it took."""
    command = [sys.executable, "-m", "benchmarks.ami_ingest", who, str(port), str(calls), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S + 30, check=False)
    if done.returncode != 0:
        raise NotMeasured(f"{who} at {calls} calls: {done.stderr[-2000:]}")
    took: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return took


async def _peer(port: int, calls: int) -> dict[str, float]:
    from panoramisk.manager import Manager  # noqa: PLC0415 - ours must not pay for its import

    from benchmarks.replaying_ami import GO  # noqa: PLC0415

    wanted, heard, over = calls * len(story()), 0, asyncio.Event()

    def received(_manager: object, message: Any) -> None:
        nonlocal heard
        if message.event == "FullyBooted":
            return
        heard += 1
        if heard == wanted:
            over.set()

    booted = asyncio.Event()
    manager = Manager(host="127.0.0.1", port=port, username="bench", secret="bench")  # noqa: S106
    manager.register_event("FullyBooted", lambda *_: booted.set())
    manager.register_event("*", received)
    connecting = manager.connect()
    await booted.wait()
    began = time.perf_counter()
    manager.send_action({"Action": "UserEvent", "UserEvent": GO})
    async with asyncio.timeout(_WITHIN_S):
        await over.wait()
    took = time.perf_counter() - began
    manager.close()
    connecting.cancel()
    return {"heard_s": took}


async def _ours(port: int, calls: int, url: str) -> dict[str, float]:
    from benchmarks.ingest_floor import ingest  # noqa: PLC0415

    return await ingest(port, calls, url, at=datetime.now(UTC), within=timedelta(seconds=_WITHIN_S))


if __name__ == "__main__":
    who_, port_, calls_, url_ = sys.argv[1:]
    work = _ours(int(port_), int(calls_), url_) if who_ == "ours" else _peer(int(port_), int(calls_))
    print(json.dumps(asyncio.run(work)))
