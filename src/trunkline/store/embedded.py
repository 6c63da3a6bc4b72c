"""A PostgreSQL of our own, for a machine on which none is configured.

The server's programs come from the wheel (extra `embedded`) or from the system; the supervision is ours. The server is
started in a session of its own, so that it outlives a `kill -9` of whoever started it; the next `ensure` adopts it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from trunkline import secrets
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.processes import Process, holder_of, port_is_free, working_in
from trunkline.settings import Settings
from trunkline.store.programs import Home, find_home

Report = Callable[[str], None]
HOST = "127.0.0.1"
NAME = "trunkline"
_START_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """Our PostgreSQL, up and answering."""

    dsn: str
    process: Process
    adopted: bool

    async def stop(self, *, patience_s: float = 10.0) -> None:
        """End it cleanly: connections are cut, what was committed stays."""
        # SIGINT is PostgreSQL's fast shutdown, SIGTERM would wait for every client.
        await self.process.stop(ask=signal.SIGINT, patience_s=patience_s)


def dsn(settings: Settings) -> str:
    """Where the database is: the configured one, else ours, whether it runs or not."""
    if settings.database_url:
        return settings.database_url
    password = quote(secrets.database_password(settings), safe="")
    return f"postgresql://{NAME}:{password}@{HOST}:{settings.postgres_port}/{NAME}"


async def ensure(settings: Settings, report: Report) -> Running:
    """Our PostgreSQL, running: adopted when it still runs, else started, and made first where there is none.

    Raises Misconfigured for what an admin must cure (no server programs, a taken port, data of another version),
    Unavailable when it does not come up.
    """
    home = await asyncio.to_thread(find_home, settings.data_dir)
    running = _living(home)
    if running is not None and _port_of(home) != settings.postgres_port:
        report("stopping ours on the port it had before")
        await running.stop(ask=signal.SIGINT)
        running = None
    adopted = running is not None
    if running is None:
        _refuse_taken_port(settings.postgres_port)
        await _clear(home)
        if not (home.data / "PG_VERSION").exists():
            report("making the database")
            await _make(home, settings)
        running = await _start(home, settings)
    try:
        await _answers(settings, running, adopted=adopted)
    except asyncpg.InvalidPasswordError:
        report("the password file is new: telling the database")
        await running.stop(ask=signal.SIGINT)
        await _set_passwords(home, settings)
        running = await _start(home, settings)
        await _answers(settings, running, adopted=False)
    return Running(dsn(settings), running, adopted)


def living(settings: Settings) -> Process | None:
    """Our server when it runs, whoever started it."""
    return _living(find_home(settings.data_dir, make=False))


def _living(home: Home) -> Process | None:
    lines = _pid_file(home)
    process = Process.of(int(lines[0])) if lines and lines[0].strip().isdigit() else None
    # A postmaster works in its data directory: nobody else with its old number does.
    return process if process and process in working_in(home.data) else None


def _pid_file(home: Home) -> list[str]:
    try:
        return (home.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _port_of(home: Home) -> int | None:
    lines = _pid_file(home)
    return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None


def _refuse_taken_port(port: int) -> None:
    if not port_is_free(HOST, port, "tcp"):
        raise Misconfigured(
            f"port {port} (tcp) for PostgreSQL is held by {holder_of(port, 'tcp') or 'somebody'}; "
            f"set TRUNKLINE_POSTGRES_PORT to a free one, or TRUNKLINE_DATABASE_URL to a PostgreSQL of yours"
        )


async def _clear(home: Home) -> None:
    """Remove what a killed server left: its orphaned workers, then its pid file."""
    for orphan in working_in(home.data):
        await orphan.stop(ask=signal.SIGQUIT, patience_s=3.0)
    # PostgreSQL clears a stale file by itself only when no process at all has the old number.
    (home.data / "postmaster.pid").unlink(missing_ok=True)


async def _make(home: Home, settings: Settings) -> None:
    """Make the cluster beside its place and move it there whole, so that a half-made one is never used."""
    draft = home.draft()
    password_file = draft.parent / f"{draft.name}.password"
    password_file.write_text(secrets.database_superuser_password(settings) + "\n", encoding="utf-8")
    password_file.chmod(0o600)
    home.give(password_file)
    try:
        major = (await home.run("postgres", "--version")).split()[2].partition(".")[0]
        # The builtin provider sorts the same on every machine, whatever its C library; it came with 17.
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"] if int(major) >= 17 else ["--locale=C.UTF-8"]
        await home.run(
            "initdb", "-D", str(draft), "-U", "postgres", "-E", "UTF8", *locale,
            "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions",
        )  # fmt: skip
        await _single(home, draft, _roles(settings, "CREATE"), f"CREATE DATABASE {NAME} OWNER {NAME};")
    finally:
        password_file.unlink()
    draft.rename(home.data)


async def _set_passwords(home: Home, settings: Settings) -> None:
    await _single(home, home.data, _roles(settings, "ALTER"))


def _roles(settings: Settings, verb: str) -> str:
    # Ours is no superuser; it may make the tests' databases and the switch's role.
    password = secrets.database_password(settings).replace("'", "''")
    return f"{verb} ROLE {NAME} LOGIN CREATEDB CREATEROLE PASSWORD '{password}';"


async def _single(home: Home, data: Path, *statements: str) -> None:
    """Run statements without a server, one to a line; so that no password is ever in a command line."""
    # Nor in a log: a statement that fails is not repeated there.
    quiet = ("-c", "log_min_error_statement=panic")
    await home.run("postgres", "--single", "-D", str(data), *quiet, "postgres", feed="\n".join(statements) + "\n")


async def _start(home: Home, settings: Settings) -> Process:
    log = settings.log_dir / "postgresql.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "listen_addresses": HOST,
        "port": settings.postgres_port,
        # Loopback TCP only: a socket's path would be bound to 107 characters, and a chrooted Asterisk sees none.
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "max_connections": 100,
    }
    arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with log.open("ab") as out:
        process = home.start("postgres", "-D", str(home.data), *arguments, out=out)
    async with process.brought_up(ask=signal.SIGQUIT):
        try:
            async with asyncio.timeout(_START_WITHIN_S):
                while not _is_ready(home, process.pid):
                    if not process.alive:
                        raise Unavailable(f"PostgreSQL did not start, see {log}:\n{_last_lines(log)}")
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise Unavailable(f"PostgreSQL was not ready within {_START_WITHIN_S:.0f} s, see {log}") from None
    return process


def _is_ready(home: Home, pid: int) -> bool:
    lines = _pid_file(home)
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


async def _answers(settings: Settings, running: Process, *, adopted: bool) -> None:
    """Ask it something; one that we started and that does not answer is not left running."""
    async with contextlib.nullcontext() if adopted else running.brought_up(ask=signal.SIGINT):
        await _connect_once(settings)


async def _connect_once(settings: Settings) -> None:
    try:
        connection = await asyncpg.connect(dsn(settings.model_copy(update={"database_url": None})), timeout=10)
    except asyncpg.InvalidPasswordError:
        raise
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable(f"PostgreSQL runs but does not answer: {error}") from error
    await connection.close(timeout=5)


def _last_lines(log: Path, count: int = 5) -> str:
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


async def version_at(url: str) -> str:
    """The version of the PostgreSQL at this URL; raises Unavailable with its reason when it does not answer."""
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(str(error) or type(error).__name__) from error
    try:
        return str(await connection.fetchval("SHOW server_version", timeout=5)).split()[0]
    finally:
        await connection.close(timeout=5)
