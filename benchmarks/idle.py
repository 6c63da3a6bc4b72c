"""What a thousand open desks cost at which nothing happens: ours against raw aiohttp servers, with the same pings.

All serve at the same time, so that the machine is the same for all; each has a thousand websockets of its own, and
what is counted is each process's own time on the processor, as the kernel's scheduler has it, and its memory.
"""

import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.centre import BenchCentre, Manager, Plan, centre, sessions_of
from benchmarks.place import folder_for_all, peer_process
from benchmarks.raw_desks import PING_EVERY_S
from benchmarks.report import NotMeasured, Outcome, Row, significant
from trunkline.processes import processes

DESKS, FIRST, WAITING = 1000, 100, 20
ROUNDS, ROUND_S = 3, 30.0
SETTLE_S = 12.0
_AT_ONCE = 20
_AS_BROWSERS_OFFER = 15
"""The bits of the window of a compressed websocket (RFC 7692, client_max_window_bits)."""
_FLOW = """
flow: main
entry: {numbers: ["100"]}
start: wait
steps:
  wait: {queue: sales, while_waiting: {announce: []}}
"""
_NOTES = (
    f"ours: {DESKS} agents on shift (not ready), a desk each by the real websocket, {WAITING} callers waiting in their "
    "queue, whose figures stand still; PostgreSQL and Asterisk beside it",
    "raw: `benchmarks/raw_desks.py`, which keeps its sockets, sends each the same ping and reads the answer; it knows "
    "no agent, no session, no queue, no call. It runs on asyncio's own loop, as aiohttp does unasked; ours on uvloop",
    "every client offers to compress, as every browser does. Ours declines, raw accepts, as aiohttp does unasked; "
    "plain is raw told to decline, like for like",
    f"all at the same time; every client of each is pinged each {PING_EVERY_S:.0f} s and answers; processor time of "
    "each process from /proc/PID/task/*/schedstat",
    f"idle_memory_per_desk: what the resident memory grew by from {FIRST} desks to {DESKS}, by their number. The whole "
    "process is told without a goal: what a contact centre is made of is in it before the first desk comes",
    "idle_cpu_parts: the time of PostgreSQL's processes in the same minute, for what ours asks of them",
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process has used up: seconds on the processor, and bytes of memory that are resident now."""

    cpu_s: float
    memory: int


def measure() -> Outcome:
    """Open the desks of all, and watch all for some rounds."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    plan = Plan(_FLOW, DESKS, {}, {}, demo_passwords=False)
    async with centre(folder / "house", plan, spare=3) as house, AsyncExitStack() as stack:
        session = await stack.enter_async_context(_clients())
        manager = await stack.enter_async_context(Manager(house.settings.ami_port))
        pids, desks = {"ours": house.service_pid}, {"ours": await _our_desks(house, session)}
        for name, port in (("raw", house.spare[0]), ("plain", house.spare[1])):
            pids[name] = await stack.enter_async_context(
                peer_process("benchmarks.raw_desks", port, *(["--plain"] if name == "plain" else []))
            )
            desks[name] = [_Client(session, f"ws://127.0.0.1:{port}/ws", {}) for _ in range(DESKS)]
        for each in desks.values():
            await _in_turns(each[:FIRST])
        await _callers(manager, desks["ours"][0])
        few = {name: spent(pid) for name, pid in pids.items()}
        for each in desks.values():
            await _in_turns(each[FIRST:])
        await asyncio.sleep(SETTLE_S)
        rounds = [await _round(house, pids) for _ in range(ROUNDS)]
        full = {name: spent(pid) for name, pid in pids.items()}
        heard = {name: _heard(each) for name, each in desks.items()}
        for client in (client for each in desks.values() for client in each):
            await client.close()
    return _outcome(few, full, rounds, heard)


def _clients() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0))


class _Client:
    """A browser that has nothing to do but to answer pings."""

    def __init__(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
        self._session, self._url, self._headers = session, url, headers
        self.pings, self.waiting = 0, 0

    async def open(self) -> None:
        """Connect, say hello, listen from now on, and be here as one who takes nothing."""
        self._socket = await self._session.ws_connect(
            self._url, headers=self._headers, max_msg_size=0, compress=_AS_BROWSERS_OFFER
        )
        await self._socket.send_json({"type": "hello", "epoch": None, "seq": None})
        self._task = asyncio.create_task(self._listen())
        args = {"presence": "not_ready", "reason": "break"}
        await self._socket.send_json({"type": "command", "id": "1", "name": "presence", "args": args})

    async def close(self) -> None:
        """Go."""
        if self._task.done():
            raise NotMeasured(f"a desk was closed while it was measured ({self._socket.close_code})")
        self._task.cancel()
        await self._socket.close()

    async def _listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if said["type"] == "ping":
                self.pings += 1
                await self._socket.send_json({"type": "pong"})
            elif said["type"] == "event" and said["event"]["kind"] == "queue":
                self.waiting = said["event"]["queue"]["waiting"]


async def _our_desks(house: BenchCentre, session: aiohttp.ClientSession) -> list[_Client]:
    url = f"http://127.0.0.1:{house.settings.http_port}"
    tokens = await sessions_of(house, house.agents)
    return [_Client(session, f"{url}/ws", {"Origin": url, "Cookie": f"trunkline_session={token}"}) for token in tokens]


async def _in_turns(clients: Sequence[_Client]) -> None:
    """Open some at a time."""
    for start in range(0, len(clients), _AT_ONCE):
        await asyncio.gather(*(client.open() for client in clients[start : start + _AT_ONCE]))


async def _callers(manager: Manager, witness: _Client) -> None:
    for number in range(WAITING):
        await manager.act(
            Action="Originate", Channel="Local/100@from-trunk/n", CallerID=f"<+4477009{number:05}>",
            Application="BridgeWait", Data=f"far-end-{number},participant,e(n)", Variable="__TL_TRUNK=demo",
            Timeout="60000", Async="true",
        )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while witness.waiting < WAITING:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise NotMeasured(f"of {WAITING} callers {witness.waiting} wait") from None


async def _round(house: BenchCentre, pids: Mapping[str, int]) -> dict[str, float]:
    """Return the seconds of the processor that each used, per minute."""
    who = {name: [pid] for name, pid in pids.items()} | {"postgres": _postgres(house)}
    before = _cpu_s(who)
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(ROUND_S)
    took = asyncio.get_running_loop().time() - began
    seen = {name: significant((after - before[name]) * 60 / took) for name, after in _cpu_s(who).items()}
    print(f"  processor seconds per minute: {seen}", flush=True)
    return seen


def _cpu_s(who: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {name: sum(spent(pid).cpu_s for pid in pids) for name, pids in who.items()}


def _postgres(house: BenchCentre) -> list[int]:
    """Return PostgreSQL's processes in this house: the postmaster and its children."""
    pid_file = next(house.settings.data_dir.rglob("postmaster.pid"))
    first = int(pid_file.read_text(encoding="utf-8").split()[0])
    return [first, *(each.pid for each in processes() if _parent(each.pid) == first)]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def spent(pid: int) -> Spent:
    """Return what a process has used up so far."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        nanoseconds += int((task / "schedstat").read_text(encoding="utf-8").split()[0])
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return Spent(nanoseconds / 1e9, int(resident.split()[1]) * 1024)


def _heard(clients: Sequence[_Client]) -> dict[str, float]:
    """Return how many pings the clients of one side had in all, and the fewest that one had."""
    if min(client.pings for client in clients) < ROUNDS * ROUND_S / PING_EVERY_S - 1:
        raise NotMeasured("a desk was hardly pinged")
    return {"in_all": sum(client.pings for client in clients), "fewest": min(client.pings for client in clients)}


def _outcome(
    few: dict[str, Spent], full: dict[str, Spent], rounds: list[dict[str, float]], heard: dict[str, dict[str, float]]
) -> Outcome:
    cpu = {who: statistics.median(each[who] for each in rounds) for who in rounds[0]}
    grew = {who: (full[who].memory - few[who].memory) / (DESKS - FIRST) / 1024 for who in full}
    whole = {who: full[who].memory / 1e6 for who in full}
    ours, all_desks = cpu["ours"], f"{DESKS} desks open: {cpu['ours']:.2f}"
    each_desk = f"for each desk beyond the first {FIRST}: {grew['ours']:.1f}"
    rows = [
        Row("idle_cpu", all_desks, f"raw aiohttp: {cpu['raw']:.2f}", cpu["raw"] / ours, 0.83, "CPU s/min"),
        Row("idle_cpu_plain", all_desks, f"plain aiohttp: {cpu['plain']:.2f}", cpu["plain"] / ours, None, "CPU s/min"),
        Row("idle_memory_per_desk", each_desk, f"raw aiohttp: {grew['raw']:.1f}", grew["raw"] / grew["ours"],
            0.83, "KiB"),
        Row("idle_memory_per_desk_plain", each_desk, f"plain aiohttp: {grew['plain']:.1f}",
            grew["plain"] / grew["ours"], None, "KiB"),
        Row("idle_memory", f"the whole service: {whole['ours']:.0f}", f"the whole raw server: {whole['raw']:.0f}",
            whole["raw"] / whole["ours"], None, "MB"),
        Row("idle_cpu_parts", f"ours with PostgreSQL: {ours + cpu['postgres']:.2f}", f"raw aiohttp: {cpu['raw']:.2f}",
            cpu["raw"] / (ours + cpu["postgres"]), None, "CPU s/min"),
    ]  # fmt: skip
    raw_figures: dict[str, Any] = {
        "desks": DESKS,
        "rounds_cpu_s_per_min": rounds,
        "pings": heard,
        "memory_with_the_first_desks_mb": {who: significant(each.memory / 1e6) for who, each in few.items()},
        "memory_with_desks_mb": {who: significant(each.memory / 1e6) for who, each in full.items()},
    }
    return Outcome("idle", rows, raw_figures, _NOTES)
