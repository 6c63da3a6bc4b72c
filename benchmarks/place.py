"""Where the measured things run: a folder, a PostgreSQL and ports of their own, all gone afterwards."""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from trunkline.processes import port_is_free
from trunkline.settings import PortRange, Settings
from trunkline.store import embedded
from trunkline.store.migrate import migrate

_FIRST, _LAST = 12000, 19999
"""Room for a thousand far ends and 1200 legs at once: what is measured is not to be the number of ports."""


@contextmanager
def folder_for_all() -> Iterator[Path]:
    """Make a folder that PostgreSQL's and Asterisk's own users can reach."""
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def free_ports(count: int) -> list[int]:
    """Return so many ports in a row, in the first part of our range, that are free on loopback, UDP and TCP."""
    first, last = _range()
    starts = list(range(first, _split(first, last) - count + 1))
    for start in random.sample(starts, len(starts)):
        ports = list(range(start, start + count))
        if all(port_is_free("127.0.0.1", port, kind) for port in ports for kind in ("udp", "tcp")):
            return ports
    raise RuntimeError(f"no {count} free ports in a row from {first} on; BENCH_PORTS=first-last moves our range")


def rtp_ports() -> PortRange:
    """Return the rest of our range: Asterisk passes over those that somebody has."""
    first, last = _range()
    return PortRange(_split(first, last), last)


def _split(first: int, last: int) -> int:
    """Two fifths are for us and the far ends, the rest is Asterisk's audio."""
    return first + (last - first + 1) * 2 // 5


def _range() -> tuple[int, int]:
    first, _, last = os.environ.get("BENCH_PORTS", f"{_FIRST}-{_LAST}").partition("-")
    return int(first), int(last)


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """Run a migrated PostgreSQL of our own, and yield its URL."""
    settings = Settings(data_dir=folder / "pg", postgres_port=free_ports(1)[0])  # type: ignore[call-arg]
    running = asyncio.run(embedded.ensure(settings, lambda _line: None))
    try:
        asyncio.run(migrate(running.dsn))
        yield running.dsn
    finally:
        asyncio.run(running.stop())


@asynccontextmanager
async def peer_process(module: str, port: int, *words: str) -> AsyncIterator[int]:
    """Run a module of ours as a server at this port, and yield its process id once it answers."""
    server = await asyncio.create_subprocess_exec(sys.executable, "-m", module, str(port), *words)
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    break
        yield server.pid
    finally:
        server.terminate()
        await server.wait()
