"""A real PostgreSQL for tests: one server a run, one migrated template, a clone of it for each test.

`TRUNKLINE_TEST_DATABASE_URL` names a server to use instead (15 or newer; its user may make databases and roles).
"""

import asyncio
import os
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from argon2 import PasswordHasher

from trunkline.settings import Settings
from trunkline.store import embedded
from trunkline.store.database import Database, connect_once
from trunkline.store.logins import PasswordHashing
from trunkline.store.migrate import migrate
from trunkline.store.postgres import PostgresStore

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def at_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def command(url: str, sql: str) -> None:
    """Run one command on a connection of its own."""
    connection = await connect_once(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that may be filled and emptied at will."""
    if given := os.environ.get("TRUNKLINE_TEST_DATABASE_URL"):
        yield given
        return
    place = reachable(tmp_path_factory.mktemp("postgres"))
    settings = Settings(data_dir=place, postgres_port=_free_port())  # type: ignore[call-arg]
    running = asyncio.run(embedded.ensure(settings, lambda _line: None))
    yield running.dsn
    asyncio.run(running.stop())


def reachable(folder: Path) -> Path:
    """Return the folder, made, and open to the user whom the server runs as when we are root."""
    folder.mkdir(exist_ok=True)
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def template_url(server_url: str) -> str:
    """A database with every migration applied, to be cloned."""
    name = f"template_{uuid.uuid4().hex}"
    url = at_database(server_url, name)

    async def make() -> None:
        await command(server_url, f"CREATE DATABASE {name}")
        await migrate(url)

    asyncio.run(make())
    return url


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """A database of this test's own with nothing in it."""
    name = f"test_{uuid.uuid4().hex}"
    await command(server_url, f"CREATE DATABASE {name}")
    yield at_database(server_url, name)
    await command(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(server_url: str, template_url: str) -> AsyncIterator[str]:
    """A database of this test's own, migrated."""
    name = f"test_{uuid.uuid4().hex}"
    template = urlsplit(template_url).path.lstrip("/")
    await command(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield at_database(server_url, name)
    await command(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The pool on this test's database."""
    async with Database(database_url) as opened:
        yield opened


@pytest.fixture
async def postgres_store(database: Database) -> PostgresStore:
    """The real store, empty, with passwords that are hashed quickly."""
    return PostgresStore(database, PasswordHashing(QUICK))
