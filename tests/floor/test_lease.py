"""Standing by, taking over, and stopping in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.builders import NOON
from tests.fakes.memory_store import MemoryStore
from trunkline.core.journal import Happened
from trunkline.core.lease import Lease, Terms
from trunkline.floor.lease import Tenure, TookOver, took_over_entry
from trunkline.ports.store import Fenced, Health

MS = timedelta(milliseconds=1)
TERMS = Terms(renew_every=MS, renew_again=MS, look_every=MS)


class Hands:
    """The clock of everybody in these tests: it stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class CountedStore(MemoryStore):
    """A store that counts the questions about the lease."""

    asked = 0

    async def lease(self) -> Lease:
        self.asked += 1
        return await super().lease()

    async def renew_lease(self, *, lasts: timedelta) -> None:
        self.asked += 1
        await super().renew_lease(lasts=lasts)


class Process:
    """One process's part, and what it does."""

    def __init__(self, store: MemoryStore, name: str, hands: Hands, dead: set[str]) -> None:
        self.store, self.name = store, name
        self.tenure = Tenure(store, name, is_known_dead=dead.__contains__, terms=TERMS, elapsed=hands)
        self.keeping: asyncio.Future[None] | None = None

    async def asks_again(self) -> None:
        """Return once it has asked, and been answered or not, under what is true now."""
        assert isinstance(self.store, CountedStore)
        enough = self.store.asked + 2
        async with asyncio.timeout(5):
            while self.store.asked < enough:
                await asyncio.sleep(0)

    async def takes(self) -> TookOver:
        async with asyncio.timeout(5):
            return await self.tenure.take()

    async def serves(self) -> TookOver:
        took = await self.takes()
        self.keeping = asyncio.ensure_future(self.tenure.keep())
        return took

    async def hangs(self) -> None:
        """Be stopped in mid-word, as SIGSTOP does: the clock goes on without it."""
        assert self.keeping is not None
        self.keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self.keeping


class World:
    """Processes on one database."""

    def __init__(self) -> None:
        self.hands, self.dead = Hands(), set[str]()
        self.store = CountedStore()
        self.store.lease_row.now = self.hands
        self.processes: list[Process] = []

    def process(self, name: str) -> Process:
        process = Process(self.store.beside(), name, self.hands, self.dead)
        self.processes.append(process)
        return process


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    for process in world.processes:
        if process.keeping is not None:
            process.keeping.cancel()
            with suppress(asyncio.CancelledError, Fenced):
                await process.keeping


async def stands_by(process: Process) -> "asyncio.Future[TookOver]":
    """Let a process stand by until it has looked."""
    taking = asyncio.ensure_future(process.takes())
    await process.asks_again()
    assert not taking.done()
    return taking


async def test_the_first_process_serves_at_once(world: World) -> None:
    first = world.process("1@web x")

    took = await first.serves()

    assert took == TookOver(1, None, "given_back")
    assert first.tenure.holds()
    assert first.tenure.health(serving=True).ready
    assert "1@web" in first.tenure.health(serving=True).detail
    assert first.tenure.health(serving=False) == Health(ready=False, detail="takes over")


async def test_the_second_one_stands_by_and_says_who_serves(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()

    await stands_by(second)

    assert not second.tenure.holds()
    assert second.tenure.health(serving=True).detail == "stands by; 1@web serves"
    assert not second.tenure.health(serving=True).ready


async def test_a_process_that_renews_keeps_the_lease_for_ever(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)

    for _ in range(20):
        world.hands.time += 1.9
        await first.asks_again()
        assert first.tenure.holds()

    assert not taking.done()
    taking.cancel()


async def test_who_hangs_may_not_act_when_the_other_takes_over_and_learns_it_on_waking(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)
    await first.hangs()

    world.hands.time += 2.001

    assert not first.tenure.holds()
    assert await taking == TookOver(2, "1@web x", "run_out")
    assert second.tenure.holds()
    with pytest.raises(Fenced):
        await first.tenure.keep()
    assert not first.tenure.holds()


async def test_the_time_an_answer_takes_shortens_the_holders_own_count(world: World) -> None:
    first = world.process("1@web x")
    await first.takes()
    renew = first.store.renew_lease

    async def slowly(*, lasts: timedelta) -> None:
        world.hands.time += 1.5
        await renew(lasts=lasts)
        world.hands.time += 0.25

    first.store.renew_lease = slowly  # type: ignore[method-assign]
    first.keeping = asyncio.ensure_future(first.tenure.keep())
    await asyncio.sleep(0)
    await first.hangs()

    assert world.store.lease_row.expires_at - world.hands.time == 1.75
    assert first.tenure.holds()
    world.hands.time += 0.25
    assert not first.tenure.holds()


async def test_a_holder_who_died_is_followed_at_once(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)
    await first.hangs()

    world.dead.add("1@web x")

    assert await taking == TookOver(2, "1@web x", "died")


async def test_a_lease_that_is_given_back_is_taken_at_once(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)
    await first.hangs()

    await first.tenure.give_back()

    assert not first.tenure.holds()
    assert (await taking).why == "given_back"


async def test_who_never_had_the_lease_gives_nothing_back(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()

    await second.tenure.give_back()

    assert world.store.lease_row.holder == "1@web x"


async def test_while_the_database_is_away_nothing_acts_and_the_holder_goes_on_after_it(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)
    first.store.away = second.store.away = True
    await second.asks_again()

    world.hands.time += 30
    assert not first.tenure.holds()
    assert "could not be renewed" in first.tenure.health(serving=True).detail
    acting = asyncio.ensure_future(first.tenure.held())
    await first.asks_again()
    assert not acting.done()

    second.store.away = False
    await second.asks_again()
    assert not taking.done(), "the holder has had no chance yet"
    first.store.away = False
    async with asyncio.timeout(5):
        await acting
    assert first.tenure.holds()
    taking.cancel()


async def test_a_holder_who_does_not_come_back_with_the_database_is_followed_after_one_lease(world: World) -> None:
    first, second = world.process("1@web x"), world.process("2@web y")
    await first.serves()
    taking = await stands_by(second)
    await first.hangs()
    second.store.away = True
    await second.asks_again()
    world.hands.time += 30
    second.store.away = False
    await second.asks_again()
    assert not taking.done()

    world.hands.time += 2

    assert (await taking).why == "run_out"


async def test_a_database_that_does_not_answer_in_time_is_away(world: World) -> None:
    process = world.process("1@web x")
    process.tenure = Tenure(
        process.store, "1@web x", is_known_dead=lambda _: False, elapsed=world.hands,
        terms=Terms(renew_every=MS, renew_again=MS, look_every=MS, answer_within=MS),
    )  # fmt: skip
    await process.serves()
    hanging, back = asyncio.Event(), asyncio.Event()
    renew = process.store.renew_lease

    async def hangs(*, lasts: timedelta) -> None:
        hanging.set()
        await back.wait()
        await renew(lasts=lasts)

    process.store.renew_lease = hangs  # type: ignore[method-assign]
    await hanging.wait()
    world.hands.time += 3
    assert not process.tenure.holds()

    back.set()

    async with asyncio.timeout(5):
        await process.tenure.held()


async def test_the_journal_says_from_whom_the_lease_was_taken_and_why() -> None:
    entry = took_over_entry(TookOver(7, "1@web x/y", "run_out"), at=NOON)

    assert entry.kind is Happened.DISPATCHER_TOOK_OVER
    assert entry.facts == {"token": 7, "from": "1@web", "why": "run_out"}
    assert took_over_entry(TookOver(1, None, "given_back"), at=NOON).facts["from"] is None
