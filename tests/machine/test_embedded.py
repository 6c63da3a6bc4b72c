"""Our own PostgreSQL: adopted, recovered, stopped; and never in the way of somebody else's port."""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.core.errors import Misconfigured
from trunkline.processes import Process
from trunkline.settings import Settings
from trunkline.store import embedded
from trunkline.store.database import connect_once

NOTES: list[str] = []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    # Not pytest's own folder, which is closed: as root the server runs as a user of its own, who must reach its data.
    with tempfile.TemporaryDirectory(prefix="trunkline-test-") as folder:
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder) / "var", postgres_port=free_port(), database_url=None)
        yield settings
        running = embedded.living(settings)
        if running is not None:
            await running.stop(ask=signal.SIGINT)


async def ask(url: str, sql: str) -> object:
    connection = await connect_once(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_is_made_started_and_stopped(settings: Settings) -> None:
    running = await embedded.ensure(settings, NOTES.append)

    assert await ask(running.dsn, "SHOW fsync") == "on"
    assert await ask(running.dsn, "SHOW listen_addresses") == "127.0.0.1"
    assert await ask(running.dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    await running.stop()
    assert not running.process.alive
    assert embedded.living(settings) is None


async def test_start_that_is_given_up_leaves_no_server_behind(settings: Settings) -> None:
    await (await embedded.ensure(settings, NOTES.append)).stop()

    starting = asyncio.ensure_future(embedded.ensure(settings, NOTES.append))
    async with asyncio.timeout(30):
        while embedded.living(settings) is None:
            await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait({starting})

    assert starting.cancelled()
    assert embedded.living(settings) is None


async def test_where_nothing_was_ever_started_nothing_runs(tmp_path: Path) -> None:
    assert embedded.living(Settings(data_dir=tmp_path / "never")) is None


async def test_living_one_is_adopted(settings: Settings) -> None:
    first = await embedded.ensure(settings, NOTES.append)

    second = await embedded.ensure(settings, NOTES.append)

    assert second.adopted
    assert second.process == first.process


async def test_recovers_after_it_was_killed_and_keeps_what_was_committed(settings: Settings) -> None:
    running = await embedded.ensure(settings, NOTES.append)
    await ask(running.dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(running.process.pid, signal.SIGKILL)
    await running.process.ended()

    again = await embedded.ensure(settings, NOTES.append)

    assert not again.adopted
    assert await ask(again.dsn, "SELECT n FROM kept") == 7


async def test_stale_pid_file_that_names_a_stranger_is_cleared(settings: Settings) -> None:
    running = await embedded.ensure(settings, NOTES.append)
    await running.stop()
    data = embedded.find_home(settings.data_dir).data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n{settings.postgres_port}\n", encoding="utf-8")

    again = await embedded.ensure(settings, NOTES.append)

    assert not again.adopted
    assert Process.of(os.getpid()) is not None


async def test_moves_to_another_port(settings: Settings) -> None:
    await embedded.ensure(settings, NOTES.append)
    moved = settings.model_copy(update={"postgres_port": free_port()})

    running = await embedded.ensure(moved, NOTES.append)

    assert await ask(running.dsn, "SELECT 1") == 1


async def test_new_password_file_is_told_to_the_database(settings: Settings) -> None:
    first = await embedded.ensure(settings, NOTES.append)
    (settings.secrets_dir / "database_password").unlink()

    again = await embedded.ensure(settings, NOTES.append)

    assert again.dsn != first.dsn
    assert await ask(again.dsn, "SELECT 1") == 1


async def test_taken_port_names_its_holder_and_the_option(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.postgres_port)), pytest.raises(Misconfigured) as caught:
        await embedded.ensure(settings, NOTES.append)

    assert f"process {os.getpid()} " in str(caught.value)
    assert "TRUNKLINE_POSTGRES_PORT" in str(caught.value)


async def test_data_of_a_version_that_is_not_here_is_refused(settings: Settings) -> None:
    data = embedded.find_home(settings.data_dir).data
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n", encoding="utf-8")

    with pytest.raises(Misconfigured, match="made by PostgreSQL 9"):
        await embedded.ensure(settings, NOTES.append)
    (data / "PG_VERSION").unlink()


async def test_half_made_one_is_made_anew(settings: Settings) -> None:
    draft = embedded.find_home(settings.data_dir).draft()
    (draft / "PG_VERSION").write_text("18\n", encoding="utf-8")

    running = await embedded.ensure(settings, NOTES.append)

    assert await ask(running.dsn, "SELECT 1") == 1
