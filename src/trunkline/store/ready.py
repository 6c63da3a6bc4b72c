"""A database made ready: waited for, migrated, and with the user as whom Asterisk reads the agents' accounts."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit

from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.store.database import Database
from trunkline.store.migrate import migrate
from trunkline.store.postgres import PostgresStore
from trunkline.store.switch_role import ensure_switch_role

_AGAIN_S = 0.5


async def migrated(url: str, *, within: timedelta, report: Callable[[str], None]) -> None:
    """Wait until the database answers, then apply what is missing. Raises Unavailable when it stays away."""
    fault: Unavailable | None = None
    try:
        async with asyncio.timeout(within.total_seconds()):
            while True:
                try:
                    for migration in await migrate(url):
                        report(f"migration {migration.number} applied: {migration.name}")
                except Unavailable as away:
                    if fault is None:
                        report(f"waiting for the database: {away}")
                    fault = away
                    await asyncio.sleep(_AGAIN_S)
                else:
                    return
    except TimeoutError:
        raise Unavailable(f"the database did not answer for {within.total_seconds():.0f} s: {fault}") from None


async def store_on(
    url: str, stack: AsyncExitStack, *, within: timedelta, report: Callable[[str], None]
) -> PostgresStore:
    """Return the store on a database that is up to date; it closes with the stack. Raises Unavailable."""
    await migrated(url, within=within, report=report)
    database = await stack.enter_async_context(Database(url))
    lease_database = await stack.enter_async_context(Database(url, connections=1))
    return PostgresStore(database, lease_database=lease_database)


async def switch_account(url: str, password: str, report: Callable[[str], None]) -> str:
    """Return the URL with which Asterisk reads the agents' accounts, and nothing else of ours.

    Where our own user may not make that user (a managed database), Asterisk gets ours, and the report says so.
    """
    async with Database(url, connections=1) as database:
        try:
            role = await ensure_switch_role(database, password)
        except Misconfigured as refused:
            report(f"{refused}; until then Asterisk reads the accounts with our own user")
            return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{host}"))
