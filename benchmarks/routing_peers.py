"""The peers of `routing`, on the same floor: two scans in Python, and a matcher in SQL on the real PostgreSQL."""

import asyncio
import time
from bisect import insort
from collections.abc import Sequence
from itertools import count
from random import Random

import asyncpg

from benchmarks.report import NotMeasured
from benchmarks.routing_world import LEVELS, MEDIA, NOW, SKILLS, Asked, Worker

_POINT_S = 60.0
_TABLE = """
CREATE TABLE waiting (id bigint PRIMARY KEY, queue text NOT NULL, medium text NOT NULL,
                      asks int[] NOT NULL, counts_from double precision NOT NULL);
"""
_INDEXES = """
CREATE INDEX waiting_order ON waiting (counts_from);
CREATE INDEX waiting_queue ON waiting (queue, medium, counts_from);
CREATE INDEX waiting_asks ON waiting USING gin (asks);
ANALYZE waiting;
"""
_TAKE = """
WITH next AS (
  SELECT id FROM waiting WHERE queue = ANY($1) AND medium = ANY($2) AND asks <@ $3
  ORDER BY counts_from LIMIT 1 FOR UPDATE SKIP LOCKED
)
DELETE FROM waiting USING next WHERE waiting.id = next.id
RETURNING waiting.queue, waiting.medium, waiting.asks
"""
_COME = "INSERT INTO waiting VALUES ($1, $2, $3, $4, $5)"


class NaiveScan:
    """Look at every entry for each agent who becomes free, and keep the one that counts as waiting longest."""

    def __init__(self, waiting: Sequence[Asked]) -> None:
        self._numbers = count()
        self._waiting: dict[int, tuple[float, Asked]] = {}
        for ask in waiting:
            self._come(ask)

    def _come(self, ask: Asked) -> None:
        number = next(self._numbers)
        self._waiting[number] = (number - ask.priority * _POINT_S, ask)

    def cycle(self, worker: Worker) -> None:
        """Serve an agent who becomes free; another who asks the same comes."""
        queues, skills = worker.queues, worker.skills
        best, least = None, float("inf")
        for number, (counts, ask) in self._waiting.items():
            if counts < least and ask.queue in queues:
                for skill, level in ask.skills:
                    if skills.get(skill, 0) < level:
                        break
                else:
                    best, least = number, counts
        if best is None:
            raise NotMeasured("the scan found nothing")
        self._come(self._waiting.pop(best)[1])


class OrderedScan:
    """Keep the entries in their order and stop at the first that an agent can serve."""

    def __init__(self, waiting: Sequence[Asked]) -> None:
        self._numbers = count()
        self._waiting = sorted(self._placed(ask) for ask in waiting)

    def _placed(self, ask: Asked) -> tuple[float, int, Asked]:
        number = next(self._numbers)
        return number * 0.001 - ask.priority * _POINT_S, number, ask

    def cycle(self, worker: Worker) -> None:
        """Serve an agent who becomes free; another who asks the same comes."""
        queues, skills = worker.queues, worker.skills
        for at, (_, _, ask) in enumerate(self._waiting):
            if ask.queue in queues and all(skills.get(skill, 0) >= level for skill, level in ask.skills):
                del self._waiting[at]
                insort(self._waiting, self._placed(ask))
                return
        raise NotMeasured("the scan found nothing")


def by_sql(dsn: str, staff: Sequence[Worker], waiting: Sequence[Asked], cycles: int) -> list[float]:
    """Return how long each cycle took by SQL, in seconds on the wall's clock."""
    return asyncio.run(_by_sql(dsn, staff, waiting, cycles))


async def _by_sql(dsn: str, staff: Sequence[Worker], waiting: Sequence[Asked], cycles: int) -> list[float]:
    connection = await asyncpg.connect(dsn, server_settings={"synchronous_commit": "off"})
    try:
        await connection.execute(_TABLE)
        rows = [
            (at, ask.queue, ask.medium, [_number(*each) for each in ask.skills], _counts(at, ask))
            for at, ask in enumerate(waiting)
        ]
        await connection.copy_records_to_table("waiting", records=rows)
        await connection.execute(_INDEXES)
        take, come = await connection.prepare(_TAKE), await connection.prepare(_COME)
        random, took = Random(12), []
        for number in range(cycles + 50):
            worker = random.choice(staff)
            brings = (list(worker.queues), list(MEDIA), _all_numbers(worker))
            begun = time.perf_counter()
            taken = await take.fetchrow(*brings)
            if taken is None:
                raise NotMeasured("SQL found nothing")
            at = len(waiting) + number
            await come.fetch(at, taken["queue"], taken["medium"], taken["asks"], NOW + at * 0.001)
            took.append(time.perf_counter() - begun)
        return took[50:]
    finally:
        await connection.close()


def _counts(at: int, ask: Asked) -> float:
    return NOW + at * 0.001 - ask.priority * _POINT_S


def _number(skill: str, level: int) -> int:
    """Return a skill at a level as one number."""
    return int(skill.removeprefix("skill")) + SKILLS * level


def _all_numbers(worker: Worker) -> list[int]:
    """Return every skill at every level that is asked and that an agent has."""
    return [_number(skill, level) for skill, has in worker.skills.items() for level in LEVELS if has >= level]
