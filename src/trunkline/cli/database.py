"""The database for commands that look into it or change it, beside a service that runs or does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trunkline.core.errors import Unavailable
from trunkline.settings import Settings
from trunkline.store.database import Database
from trunkline.store.embedded import dsn
from trunkline.store.postgres import PostgresStore


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[PostgresStore]:
    """Open the store of the settings; raises Unavailable with the cure where nobody answers."""
    database = Database(dsn(settings), connections=1)
    try:
        async with database:
            yield PostgresStore(database)
    except Unavailable as away:
        own = settings.database_url is None
        cure = "start Trunkline (trunkline run)" if own else "start it, or mend TRUNKLINE_DATABASE_URL"
        raise Unavailable(f"the database at {database.place} does not answer: {cure}") from away
