"""Messages through the outbox: ours, in the order of each conversation, against single rows by SKIP LOCKED.

All messages wait in PostgreSQL; the clock runs until every row says durably that its provider took it. The provider
takes each at once, in the same process, so that nothing is measured but the outbox.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from benchmarks.place import database, folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row
from trunkline.clock import SystemClock
from trunkline.core.centre import Centre
from trunkline.core.ids import MessageId, new_id
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.floor.ledger import GATHERING, Ledger
from trunkline.floor.outbox import AT_ONCE, Outbox
from trunkline.floor.state import Floor
from trunkline.flows.render import Shown
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

SIZES = (1_000, 4_000, 16_000)
IN_A_ROW = 4
"""Messages to each address: each waits for the one before."""
ROUNDS = 3
GOAL = 8.0
_NOTES = (
    f"{IN_A_ROW} messages to each address, {AT_ONCE} at once; rounds of both in turn, medians of {ROUNDS}",
    "ours begins as a service that has just started: it loads what waits, asks the provider about each message whether "
    "it has it already, gives it, and writes what came of it; the order within each conversation is checked",
    "peer: one worker, as ours is one process: BEGIN, the first waiting row FOR UPDATE SKIP LOCKED, give it to the "
    f"provider, UPDATE, COMMIT. outbox_at_once: {AT_ONCE} such workers at the same time, each with a connection; they "
    "keep no order within a conversation, and PostgreSQL commits for several at once",
    "outbox_linear: messages per second at 16n over those at n",
)
_NEXT = "SELECT id FROM outgoing WHERE state = 'waiting' ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED"
_TAKEN = "UPDATE outgoing SET state = 'sent', external = $2 WHERE id = $1"


class _Provider:
    """Takes everything at once, and remembers in which order."""

    medium = "sms"
    within_s = 20.0

    def __init__(self) -> None:
        self.taken: dict[str, list[str]] = defaultdict(list)

    def parts(self, shown: Shown) -> Sequence[str]:
        return (shown.text,)

    async def deliver(self, out: Outgoing) -> str:
        self.taken[out.address].append(out.text)
        return "SM1"

    async def find(self, _out: Outgoing) -> str | None:
        return None


def measure() -> Outcome:
    """Empty the outbox of n, 4n and 16n messages, ours and the peer in turn."""
    with folder_for_all() as folder, database(folder) as dsn:
        return asyncio.run(_measure(dsn))


async def _measure(dsn: str) -> Outcome:
    rates: dict[int, dict[str, list[float]]] = {}
    patient = timedelta(seconds=60)
    async with Database(dsn, deadline=patient) as pool, asyncpg.create_pool(dsn, min_size=AT_ONCE) as workers:
        for size in SIZES:
            rates[size] = {"ours": [], "peer": [], "at once": []}
            for _ in range(ROUNDS):
                for who, seen in rates[size].items():
                    await _fill(pool, size)
                    many = 1 if who == "peer" else AT_ONCE
                    took = await (_ours(pool, size) if who == "ours" else _peer(pool, workers, size, many))
                    seen.append(size / took)
                    print(f"  {who}: {size} in {took:.2f} s", flush=True)
    return _outcome(rates)


async def _fill(pool: Database, size: int) -> None:
    await pool.rows("TRUNCATE outgoing")
    at = datetime.now(UTC)
    rows = [
        Outgoing(MessageId(new_id()), "text", f"+4477{number // IN_A_ROW:08}", str(number % IN_A_ROW), at)
        for number in range(size)
    ]
    store = PostgresStore(pool)
    for first in range(0, size, 500):
        await store.save([Change(outgoing=rows[first : first + 500])])
    await pool.rows("ANALYZE outgoing")


async def _ours(pool: Database, size: int) -> float:
    store, provider = PostgresStore(pool), _Provider()
    began = time.perf_counter()
    ledger = Ledger(store, gathering=GATHERING)
    floor = Floor(ledger, SystemClock(), Centre("Bench", "GB", "en-GB", {}, {}, (), (), {}))
    outbox = Outbox(floor, store, {"text": provider}, until_may_act=_always)
    left, done = size, asyncio.Event()

    def count(change: Change) -> None:
        nonlocal left
        left -= sum(each.state is Delivery.SENT for each in change.outgoing)
        if left == 0:
            done.set()

    ledger.listeners += [outbox.published, count]
    outbox.begin((await store.load()).outgoing)
    async with asyncio.timeout(300), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each) for each in (ledger.run(), outbox.run())]
        await done.wait()
        took = time.perf_counter() - began
        for task in running:
            task.cancel()
    await _check(pool, size)
    wrong = [texts for texts in provider.taken.values() if texts != [str(number) for number in range(IN_A_ROW)]]
    if wrong:
        raise NotMeasured(f"{len(wrong)} conversations were not in order, or not once: {wrong[0]}")
    return took


async def _peer(pool: Database, workers: Any, size: int, many: int) -> float:
    provider = _Provider()

    async def work() -> None:
        async with workers.acquire() as connection:
            while True:
                async with connection.transaction():
                    row = await connection.fetchrow(_NEXT)
                    if row is None:
                        return
                    await provider.deliver(Outgoing(MessageId(str(row["id"])), "text", "", "", datetime.now(UTC)))
                    await connection.execute(_TAKEN, row["id"], "SM1")

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(many):
            tasks.create_task(work())
    took = time.perf_counter() - began
    await _check(pool, size)
    return took


async def _check(pool: Database, size: int) -> None:
    row = await pool.row("SELECT count(*) AS n FROM outgoing WHERE state = 'sent'")
    if row is None or row["n"] != size:
        raise NotMeasured(f"of {size} messages {row['n'] if row else 0} are sent")


async def _always() -> None:
    """Return at once: this process acts."""


def _outcome(rates: dict[int, dict[str, list[float]]]) -> Outcome:
    median = {size: {who: statistics.median(each) for who, each in of.items()} for size, of in rates.items()}
    rows = [
        Row(
            "outbox" if size == SIZES[0] else f"outbox_{size}",
            f"{size} messages, in order: {of['ours']:,.0f}/s", f"SKIP LOCKED: {of['peer']:,.0f}/s",
            of["ours"] / of["peer"], GOAL, "messages/s",
        )
        for size, of in median.items()
    ]  # fmt: skip
    largest = median[SIZES[-1]]
    rows.append(
        Row(
            "outbox_at_once", f"{SIZES[-1]} messages, in order: {largest['ours']:,.0f}/s",
            f"SKIP LOCKED by {AT_ONCE} workers: {largest['at once']:,.0f}/s", largest["ours"] / largest["at once"],
            None, "messages/s",
        )
    )  # fmt: skip
    linear = median[SIZES[-1]]["ours"] / median[SIZES[0]]["ours"]
    rows.append(Row("outbox_linear", f"{SIZES[-1]} messages over {SIZES[0]}", "itself", linear, 0.8, "messages/s"))
    return Outcome("outbox", rows, {"messages_per_s": rates}, _NOTES)
