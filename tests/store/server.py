"""A real PostgreSQL for tests: one server a run, one migrated template, a clone of it for each test.

`TRUNKLINE_TEST_DATABASE_URL` names a server to use instead (15 or newer; its user may make databases and roles).
"""

import asyncio
import os
import signal
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from argon2 import PasswordHasher

from trunkline.processes import processes
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


@contextmanager
def server_stopped(postmaster: int) -> Iterator[None]:
    """Stop a server and its children, as a machine that hangs would: connections stay open and say nothing."""
    everybody = [postmaster, *(each.pid for each in processes() if _parent(each.pid) == postmaster)]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(everybody):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _parent(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


@contextmanager
def settings_for_a_server() -> Iterator[Settings]:
    """Settings with a data directory and a port of their own."""
    # Not pytest's own: it closes its folder to all but us, and as root the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="trunkline-test-") as folder:
        Path(folder).chmod(0o755)
        yield Settings(data_dir=Path(folder) / "var", postgres_port=_free_port())  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server that may be filled and emptied at will."""
    if given := os.environ.get("TRUNKLINE_TEST_DATABASE_URL"):
        yield given
        return
    with settings_for_a_server() as settings:
        running = asyncio.run(embedded.ensure(settings, lambda _line: None))
        yield running.dsn
        asyncio.run(running.stop())


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
