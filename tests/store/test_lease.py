"""The lease on a real PostgreSQL, while saves and takeovers run into one another."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, an_agent, an_interaction
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.ports.store import Change, Fenced
from trunkline.store.database import Database, connect_once, storable_json
from trunkline.store.interactions import interaction_columns
from trunkline.store.postgres import PostgresStore
from trunkline.store.queries import queries
from trunkline.store.saving import EVERYTHING, save_statement

OVER = timedelta()
HOUR = timedelta(hours=1)
_WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def first(database_url: str) -> AsyncIterator[PostgresStore]:
    async with Database(database_url) as database:
        store = PostgresStore(database)
        await store.take_lease(await store.lease(), "first", lasts=OVER)
        yield store


@pytest.fixture
async def second(database_url: str) -> AsyncIterator[PostgresStore]:
    async with Database(database_url) as database:
        yield PostgresStore(database)


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[Any]:
    """A connection whose transactions stay open as long as a test wants."""
    connection = await connect_once(database_url)
    yield connection
    await connection.close()


async def somebody_waits(database: Database) -> None:
    async with asyncio.timeout(5):
        while not await database.rows(_WAITS):
            await asyncio.sleep(0.005)  # a lock does not tell who waits for it


async def test_a_takeover_waits_for_a_save_that_runs_and_sees_it(
    first: PostgresStore, second: PostgresStore, database: Database, raw: Any
) -> None:
    decided = an_interaction(Stage.WAITING)
    async with raw.transaction():
        columns = storable_json([interaction_columns(decided)])
        [held] = await raw.fetch(save_statement(EVERYTHING), columns, "[]", "[]", None, 1, "[]")
        taking = asyncio.ensure_future(second.take_lease(await second.lease(), "second", lasts=HOUR))
        await somebody_waits(database)
    assert held["held"]

    assert await taking

    assert [each.id for each in (await second.load()).interactions] == [decided.id]


async def test_a_save_that_runs_into_a_takeover_is_refused(
    first: PostgresStore, second: PostgresStore, database: Database, raw: Any
) -> None:
    async with raw.transaction():
        [taken] = await raw.fetch(queries("lease")["take"], 1, "second", HOUR, False)
        saving = asyncio.ensure_future(first.save([Change(agents=[an_agent()])]))
        await somebody_waits(database)
    assert taken["token"] == 2

    with pytest.raises(Fenced):
        await saving

    assert (await second.load()).agents == ()


async def test_of_what_the_fenced_one_saves_nothing_is_in_any_table(
    first: PostgresStore, second: PostgresStore, database: Database
) -> None:
    await second.take_lease(await second.lease(), "second", lasts=HOUR)
    interaction = an_interaction()

    with pytest.raises(Fenced):
        await first.save([Change([interaction], [an_agent()], [JournalEntry(Happened.ARRIVED, NOON, interaction.id)])])

    assert await database.row(
        "SELECT (SELECT count(*) FROM interaction) + (SELECT count(*) FROM agent) + (SELECT count(*) FROM journal) AS n"
    ) == {"n": 0}


async def test_a_renewal_does_not_wait_for_a_save_nor_a_save_for_a_renewal(first: PostgresStore, raw: Any) -> None:
    async with asyncio.timeout(3):
        async with raw.transaction():
            await raw.fetch(save_statement(EVERYTHING), "[]", "[]", "[]", None, 1, "[]")
            await first.renew_lease(lasts=HOUR)
        async with raw.transaction():
            await raw.fetch(queries("lease")["renew"], 1, HOUR)
            await first.save([Change(agents=[an_agent()])])


async def test_a_takeover_finds_all_that_was_saved_and_nothing_is_saved_after_it(
    first: PostgresStore, second: PostgresStore
) -> None:
    saver, taker = first, second
    for _ in range(20):
        saved, going = 0, asyncio.Event()

        async def save_on(saver: PostgresStore = saver, going: asyncio.Event = going) -> None:
            nonlocal saved
            while True:
                interaction = an_interaction()
                entry = JournalEntry(Happened.ARRIVED, NOON, interaction.id)
                await saver.save([Change([interaction], journal=[entry])])
                saved += 1
                going.set()

        before = len((await taker.load()).interactions)
        saving = [asyncio.ensure_future(save_on()) for _ in range(4)]
        await going.wait()
        assert await taker.take_lease(await taker.lease(), "the next", lasts=OVER)
        found = len((await taker.load()).interactions) - before

        outcomes = await asyncio.gather(*saving, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Fenced] * 4
        assert (found, len((await taker.load()).interactions) - before) == (saved, saved)
        saver, taker = taker, saver


async def test_of_many_who_try_at_once_one_has_the_lease(first: PostgresStore, database_url: str) -> None:
    async with Database(database_url, connections=12) as database:
        stores = [PostgresStore(database) for _ in range(12)]
        seen = await first.lease()

        taken = await asyncio.gather(*(store.take_lease(seen, "one of them", lasts=OVER) for store in stores))

        assert sum(taken) == 1
        assert (await first.lease()).token == 2
