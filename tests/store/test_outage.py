"""PostgreSQL dies, hangs and comes back: calls fail in words and in time, and the pool recovers by itself."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from tests.builders import NOON, an_interaction
from tests.store.server import settings_for_a_server
from trunkline.core.errors import Unavailable
from trunkline.core.journal import Happened, JournalEntry
from trunkline.ports.store import Change
from trunkline.settings import Settings
from trunkline.store import embedded
from trunkline.store.database import Database
from trunkline.store.migrate import migrate
from trunkline.store.postgres import PostgresStore

QUIETLY: Callable[[str], None] = lambda _line: None  # noqa: E731


@pytest.fixture
async def own_server() -> AsyncIterator[Settings]:
    """A server that this test may kill."""
    with settings_for_a_server() as settings:
        await embedded.ensure(settings, QUIETLY)
        yield settings
        await (await embedded.ensure(settings, QUIETLY)).stop()


async def until_it_works(call: Callable[[], Awaitable[object]], *, within_s: float = 10) -> None:
    """Call until it raises Unavailable no more; the call itself waits for the server."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                await call()
            except Unavailable:
                await asyncio.sleep(0)
            else:
                return


async def until_it_fails(call: Callable[[], Awaitable[object]], *, within_s: float = 5) -> None:
    """Call until it raises Unavailable."""
    async with asyncio.timeout(within_s):
        with contextlib.suppress(Unavailable):
            while True:
                await call()


async def test_the_store_outlives_a_killed_server(own_server: Settings) -> None:
    running = await embedded.ensure(own_server, QUIETLY)
    await migrate(running.dsn)
    async with Database(running.dsn, deadline=timedelta(seconds=2)) as database:
        store = PostgresStore(database)
        before, during = an_interaction(), an_interaction()
        await store.save([Change(interactions=[before])])
        loop = asyncio.get_running_loop()

        os.kill(running.process.pid, signal.SIGKILL)
        asked = loop.time()
        # The server's children may answer once more before they see that their parent is gone.
        await until_it_fails(store.load)
        assert not (await store.health()).ready
        assert loop.time() - asked < 6

        await embedded.ensure(own_server, QUIETLY)
        await until_it_works(lambda: store.save([Change(interactions=[during])]))

        assert {each.id for each in (await store.load()).interactions} == {before.id, during.id}
        assert (await store.health()).ready


async def test_a_quiet_store_learns_at_once_that_its_server_died(own_server: Settings) -> None:
    running = await embedded.ensure(own_server, QUIETLY)
    await migrate(running.dsn)
    async with Database(running.dsn) as database:
        store = PostgresStore(database)
        assert (await store.health()).ready
        assert not await store.lost(within=timedelta(0))

        os.kill(running.process.pid, signal.SIGKILL)

        assert await store.lost(within=timedelta(seconds=5))
        assert not (await store.health()).ready


async def test_a_hanging_connection_costs_its_deadline_and_is_replaced(database_url: str) -> None:
    async with Database(database_url, connections=1, deadline=timedelta(seconds=1)) as database:
        row = await database.row("SELECT pg_backend_pid() AS pid")
        assert row is not None
        loop = asyncio.get_running_loop()
        asked = loop.time()

        try:
            os.kill(row["pid"], signal.SIGSTOP)
            with pytest.raises(Unavailable, match="in time"):
                await database.rows("SELECT 1")
            took = loop.time() - asked
            await until_it_works(lambda: database.rows("SELECT 1"))
        finally:
            os.kill(row["pid"], signal.SIGCONT)

        assert took < 2


async def test_a_connection_that_was_cut_is_replaced(database_url: str, server_url: str) -> None:
    async with Database(database_url, connections=1) as database, Database(server_url) as admin:
        row = await database.row("SELECT pg_backend_pid() AS pid")
        assert row is not None

        await admin.rows("SELECT pg_terminate_backend($1, 5000)", row["pid"])
        await until_it_works(lambda: database.rows("SELECT 1"))


async def test_a_caller_who_gives_up_leaves_the_pool_usable(database_url: str) -> None:
    async with Database(database_url, connections=1) as database:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(database.rows("SELECT pg_sleep(3)"), 0.05)

        assert await database.row("SELECT 1 AS one") == {"one": 1}


async def test_a_save_that_is_repeated_is_written_once(postgres_store: PostgresStore, database: Database) -> None:
    interaction = an_interaction()
    entries = [
        JournalEntry(Happened.ARRIVED, NOON, interaction.id),
        JournalEntry(Happened.QUEUED, NOON, interaction.id),
    ]
    changes = [Change(interactions=[interaction], journal=entries)]

    await asyncio.gather(*(postgres_store.save(changes) for _ in range(3)))

    rows = await database.rows("SELECT kind FROM journal ORDER BY seq")
    assert [row["kind"] for row in rows] == ["arrived", "queued"]


async def test_no_server_is_unavailable_at_once() -> None:
    with pytest.raises(Unavailable):
        async with Database("postgresql://trunkline@127.0.0.1:1/trunkline"):
            pytest.fail("there is no server")
