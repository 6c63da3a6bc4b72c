"""Changes become durable in their order, and who waits for one is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.builders import an_agent
from tests.fakes.memory_store import MemoryStore
from trunkline.floor.lease import Tenure
from trunkline.floor.ledger import Ledger
from trunkline.ports.store import Change, Fenced


class HeldStore(MemoryStore):
    """A store that takes nothing while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def save(self, changes: Sequence[Change]) -> None:
        await self.open.wait()
        await super().save(changes)


@pytest.fixture
def store() -> HeldStore:
    return HeldStore()


@pytest.fixture
async def ledger(store: HeldStore) -> AsyncIterator[Ledger]:
    ledger = Ledger(store)
    running = asyncio.ensure_future(ledger.run())
    yield ledger
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_whoever_waits_for_a_change_goes_on_once_it_is_durable(ledger: Ledger) -> None:
    written = ledger.write(Change(agents=[an_agent()]))
    assert not written.durable

    async with asyncio.timeout(5):
        await written
        await written

    assert written.durable


async def test_whoever_gives_up_waiting_takes_nobody_along(ledger: Ledger, store: HeldStore) -> None:
    store.open.clear()
    written = ledger.write(Change(agents=[an_agent()]))

    async def wait() -> None:
        await written

    impatient, patient = asyncio.ensure_future(wait()), asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    impatient.cancel()
    store.open.set()

    async with asyncio.timeout(5):
        await patient
    assert impatient.cancelled()


async def test_changes_of_a_long_line_keep_their_order(ledger: Ledger) -> None:
    published: list[Change] = []
    ledger.listeners.append(published.append)
    changes = [Change(agents=[an_agent(name=str(number))]) for number in range(2000)]

    async with asyncio.timeout(10):
        for written in [ledger.write(change) for change in changes]:
            await written

    assert published == changes


class SlowStore(MemoryStore):
    """A store that takes 3 ms for a save."""

    async def save(self, changes: Sequence[Change]) -> None:
        await asyncio.sleep(0.003)
        await super().save(changes)


async def test_in_a_busy_moment_changes_share_a_save(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.floor.ledger._LONGEST_GATHERING_S", 0.3)
    store = SlowStore()
    ledger = Ledger(store, gathering=1000.0)
    running = asyncio.ensure_future(ledger.run())
    first = ledger.write(Change(agents=[an_agent()]))
    await first
    await ledger.write(Change(agents=[an_agent()]))  # nobody else is about: at once
    for _ in range(4):
        busy = ledger.write(Change(agents=[an_agent()]))
    await busy
    # They come while the next save is put off.
    second = ledger.write(Change(agents=[an_agent()]))
    await asyncio.sleep(0)
    third = ledger.write(Change(agents=[an_agent()]))
    await second

    assert third.durable
    assert [len(changes) for changes in store.saves] == [1, 1, 4, 2]
    running.cancel()


async def test_a_line_that_fills_a_save_is_not_gathered_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.floor.ledger._LONGEST_GATHERING_S", 60.0)
    store = SlowStore()
    ledger = Ledger(store, gathering=1_000_000.0)
    lines = [ledger.write(Change(agents=[an_agent()])) for _ in range(1300)]
    running = asyncio.ensure_future(ledger.run())

    async with asyncio.timeout(5):
        await lines[1023]

    assert [len(changes) for changes in store.saves] == [512, 512]
    running.cancel()


async def test_a_stop_writes_what_was_decided_and_does_no_more_of_it(store: HeldStore) -> None:
    ledger = Ledger(store)
    done: list[str] = []

    async def act() -> None:
        done.append("an act")

    store.open.clear()
    running = asyncio.ensure_future(ledger.run())
    first = ledger.write(Change(agents=[an_agent(name="first")]), act)
    await asyncio.sleep(0)  # it is being written
    second = ledger.write(Change(agents=[an_agent(name="second")]), act)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    store.open.set()

    await ledger.finish()
    await ledger.finish()

    assert [change.agents[0].name for save in store.saves[:2] for change in save] == ["first", "second"]
    assert not done
    assert not first.durable
    assert not second.durable


async def test_a_stop_does_not_wait_for_a_store_that_takes_nothing(
    store: HeldStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("trunkline.floor.ledger._LAST_SAVE_S", 0.01)
    ledger = Ledger(store)
    ledger.write(Change(agents=[an_agent()]))
    store.open.clear()

    await ledger.finish()

    assert "the last decisions were not written" in caplog.text


async def test_what_a_fenced_process_decides_is_neither_shown_nor_done(store: HeldStore) -> None:
    ledger = Ledger(store)
    shown: list[Change] = []
    done: list[str] = []
    ledger.listeners.append(shown.append)

    async def act() -> None:
        done.append("rung")

    await store.beside().take_lease(await store.lease(), "another", lasts=timedelta(hours=1))
    ledger.write(Change(agents=[an_agent()]), act)

    with pytest.RaisesGroup(Fenced):
        async with asyncio.timeout(5):
            await ledger.run()

    assert (shown, done, store.agents) == ([], [], {})


async def test_what_is_durable_is_done_once_the_lease_is_out_of_doubt(store: HeldStore) -> None:
    time_s = 0.0
    tenure = Tenure(store, "1@web x", is_known_dead=lambda _name: False, elapsed=lambda: time_s)
    await tenure.take()
    ledger = Ledger(store, tenure)
    running = asyncio.ensure_future(ledger.run())
    done = asyncio.Event()

    async def act() -> None:
        done.set()

    time_s = 2.0  # the lease has run out by our own count, and nobody has taken it
    await ledger.write(Change(agents=[an_agent()]), act)
    await asyncio.sleep(0)
    assert not done.is_set()

    keeping = asyncio.ensure_future(tenure.keep())

    async with asyncio.timeout(5):
        await done.wait()
    for task in (keeping, running):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
