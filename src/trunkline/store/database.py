"""The one door to asyncpg: a pool with deadlines, values that PostgreSQL can hold, faults in our words."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
from pydantic_core import from_json

from trunkline.core.errors import Misconfigured, Rejected, Unavailable
from trunkline.ports.store import Health

Row = Mapping[str, Any]

_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


_FAREWELL_S = 0.5
"""How long the end waits for a server that may be away."""


def storable(text: str) -> str:
    """Return text that PostgreSQL can hold: NUL and lone surrogates, which it cannot, become U+FFFD and `?`."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def storable_json(value: object) -> str:
    """Return a value as JSON that `jsonb` can hold; raises TypeError or ValueError for what JSON has no word for."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if r"\u0000" in text:
        text = _ESCAPED_NUL.sub("\\1\ufffd", text)
    return storable(text)


def _argument(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_argument(item) for item in value]
    return value


class WrittenBefore(Rejected):
    """A row with this key is in the database already."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"there is such a row already ({constraint})")
        self.constraint = constraint


@contextmanager
def faults_translated() -> Iterator[None]:
    """Raise Unavailable where the server cannot be reached or is not itself, Misconfigured where it refuses us."""
    try:
        yield
    except TimeoutError as fault:
        raise Unavailable("the database did not answer in time") from fault
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as fault:
        raise Misconfigured(f"the database refuses us ({fault}): check TRUNKLINE_DATABASE_URL") from fault
    except asyncpg.UniqueViolationError as fault:
        raise WrittenBefore(str(fault.constraint_name)) from fault
    except asyncpg.UndefinedTableError as fault:
        raise Misconfigured("the database has no tables of ours yet: start Trunkline once (trunkline run)") from fault
    except asyncpg.InsufficientPrivilegeError as fault:
        raise Misconfigured(f"the database user may not do this: {fault}") from fault
    except (
        OSError,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.ReadOnlySQLTransactionError,
        asyncpg.TransactionRollbackError,
        asyncpg.LockNotAvailableError,
    ) as fault:
        raise Unavailable(f"the database is away: {type(fault).__name__}: {fault}") from fault
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as fault:
        # Values that do not fit are our mistakes; the rest is a connection that closed, or broke in mid-word.
        if isinstance(fault, ValueError):
            raise
        raise Unavailable(f"the database connection is gone: {fault}") from fault


async def connect_once(url: str, *, within: timedelta = timedelta(seconds=5)) -> Any:
    """Return one connection outside any pool; the caller closes it."""
    with faults_translated():
        return await asyncpg.connect(url, timeout=within.total_seconds())


async def _as_it_is(_connection: Any) -> None:
    """Put a connection back without a word: one statement leaves no cursor, lock, listener or setting to take back."""


class Database:
    """A pool of connections. Each call is one statement, hence one transaction, and has one deadline for everything.

    After the server has been away the next call connects anew; calls in between raise Unavailable.
    """

    def __init__(self, url: str, *, connections: int = 6, deadline: timedelta = timedelta(seconds=4)) -> None:
        self._url = url
        self._deadline = deadline.total_seconds()
        self._lost = asyncio.Event()
        self._pool = asyncpg.create_pool(
            url, min_size=1, max_size=connections, init=self._prepare, reset=_as_it_is, timeout=self._deadline,
            server_settings={"application_name": "trunkline"},
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        with faults_translated():
            async with asyncio.timeout(self._deadline):
                await self._pool
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    @property
    def place(self) -> str:
        """Where the database is, without user and password."""
        parts = urlsplit(self._url)
        return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"

    async def rows(self, sql: str, *arguments: object, more_time: timedelta = timedelta()) -> Sequence[Row]:
        """Run one statement and return its rows; `more_time` is for what is large."""
        with faults_translated():
            async with asyncio.timeout(self._deadline + more_time.total_seconds()):
                connection = await self._pool.acquire()
                try:
                    found = await connection.fetch(sql, *map(_argument, arguments))
                except asyncio.CancelledError:
                    # Too late, or not wanted any more. A server that hangs would not answer the polite farewell either,
                    # and whoever ends must not wait for it.
                    connection.terminate()
                    raise
                except asyncpg.InternalClientError:
                    connection.terminate()
                    raise
                finally:
                    await self._pool.release(connection)
                return [dict(row) for row in found]

    async def row(self, sql: str, *arguments: object, more_time: timedelta = timedelta()) -> Row | None:
        """Run one statement and return its first row."""
        found = await self.rows(sql, *arguments, more_time=more_time)
        return found[0] if found else None

    async def _prepare(self, connection: Any) -> None:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(kind, schema="pg_catalog", encoder=storable_json, decoder=from_json)
        connection.add_termination_listener(lambda _: self._lost.set())

    async def lost(self, within: timedelta) -> bool:
        """Wait until a connection has closed since the last look at the health; return whether one has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                return await self._lost.wait()
        return False

    async def health(self) -> Health:
        """Whether the database answers, and where it is."""
        self._lost.clear()
        try:
            await self.rows("SELECT 1")
        except (Unavailable, Misconfigured) as fault:
            return Health(ready=False, detail=f"{self.place}: {fault}")
        return Health(ready=True, detail=self.place)
