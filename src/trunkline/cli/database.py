"""The database for commands that look into it or change it, beside a service that runs or does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from trunkline.core.errors import Unavailable
from trunkline.settings import Settings
from trunkline.store.database import Database
from trunkline.store.embedded import dsn
from trunkline.store.journal import Journal
from trunkline.store.postgres import PostgresStore

_LONG = timedelta(seconds=30)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[PostgresStore]:
    """Open the store of the settings; raises Unavailable with the cure where nobody answers."""
    async with reached(Database(dsn(settings), connections=1), settings) as database:
        yield PostgresStore(database)


@asynccontextmanager
async def opened_journal(settings: Settings) -> AsyncIterator[Journal]:
    """Open the journal of the settings, with patience for long questions; raises Unavailable as `opened` does."""
    async with reached(Database(dsn(settings), connections=1, deadline=_LONG), settings) as database:
        yield Journal(database)


@asynccontextmanager
async def reached(database: Database, settings: Settings) -> AsyncIterator[Database]:
    """Open a database; raises Unavailable with the cure where nobody answers."""
    try:
        async with database:
            yield database
    except Unavailable as away:
        own = settings.database_url is None
        cure = "start Trunkline (trunkline run)" if own else "start it, or mend TRUNKLINE_DATABASE_URL"
        raise Unavailable(f"the database at {database.place} does not answer: {cure}") from away
