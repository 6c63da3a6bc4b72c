"""Migrations: once each, in order, by one service at a time, and never another text under an old number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.store.database import connect_once
from trunkline.store.migrate import Migration, migrate, migrations

FIRST = Migration(1, "first", "CREATE TABLE thing (n int); INSERT INTO thing VALUES (1);")
SECOND = Migration(2, "second", "ALTER TABLE thing ADD COLUMN m int; UPDATE thing SET m = n;")
BROKEN = Migration(2, "broken", "INSERT INTO thing VALUES (2); SELECT 1 / 0;")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await connect_once(url)
    yield connection
    await connection.close()


def test_the_releases_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))


async def test_an_empty_database_gets_every_migration_once(empty_url: str) -> None:
    assert await migrate(empty_url) == migrations()
    assert await migrate(empty_url) == []


async def test_a_later_release_applies_only_what_is_missing(empty_url: str) -> None:
    await migrate(empty_url, [FIRST])

    assert await migrate(empty_url, [FIRST, SECOND]) == [SECOND]

    async with connected(empty_url) as connection:
        assert [tuple(row) for row in await connection.fetch("SELECT n, m FROM thing")] == [(1, 1)]


async def test_services_that_start_at_once_migrate_once(empty_url: str) -> None:
    done = await asyncio.gather(*(migrate(empty_url, [FIRST, SECOND]) for _ in range(4)))

    assert sorted(len(steps) for steps in done) == [0, 0, 0, 2]


async def test_a_changed_migration_is_refused_by_name(empty_url: str) -> None:
    await migrate(empty_url, [FIRST])

    with pytest.raises(Misconfigured, match=r"0001_first\.sql differs.*put the file back"):
        await migrate(empty_url, [replace(FIRST, sql=FIRST.sql + " ")])


async def test_a_database_of_a_newer_release_is_refused(empty_url: str) -> None:
    await migrate(empty_url, [FIRST, SECOND])

    with pytest.raises(Misconfigured, match=r"0002 \(second\).*newer release"):
        await migrate(empty_url, [FIRST])


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_url, [FIRST, BROKEN])

    async with connected(empty_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM thing") == 1
    assert await migrate(empty_url, [FIRST, SECOND]) == [SECOND]


async def test_no_server_is_unavailable_and_no_database_is_a_mistake(server_url: str) -> None:
    with pytest.raises(Unavailable):
        await migrate("postgresql://trunkline@127.0.0.1:1/trunkline")
    with pytest.raises(Misconfigured, match="TRUNKLINE_DATABASE_URL"):
        await migrate(server_url.rpartition("/")[0] + "/no_such_database")
