"""Brings a database up to this release: numbered `.sql` files, each in one transaction, each once.

A file that was ever released is never changed: its checksum is stored beside its number, and another text is refused.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from trunkline.core.errors import Misconfigured
from trunkline.store.database import connect_once, faults_translated

_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")
_LOCK = 0x7472756E6B  # "trunk": any number that nobody else uses in this database
_PATIENCE = timedelta(seconds=60)

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_version (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The checksum of its text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> Sequence[Migration]:
    """Return this release's migrations in their order; they are numbered from 1 without a gap."""
    found = []
    for file in resources.files(__package__).joinpath("migrations").iterdir():
        if matched := _FILE.match(file.name):
            found.append(Migration(int(matched[1]), matched[2], file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(url: str, steps: Sequence[Migration] | None = None) -> Sequence[Migration]:
    """Apply what is missing and return it. Two services may call this at once: the second waits, then finds all done.

    Raises Misconfigured when a migration was changed after it was applied, or when the database is of a newer release.
    """
    wanted = migrations() if steps is None else steps
    connection = await connect_once(url)
    try:
        with faults_translated():
            await connection.execute(f"SET lock_timeout = '{int(_PATIENCE.total_seconds())}s'")
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
            return await _apply_missing(connection, wanted)
    finally:
        # Closing gives the lock back.
        connection.terminate()


async def _apply_missing(connection: Any, wanted: Sequence[Migration]) -> Sequence[Migration]:
    await connection.execute(_TABLE)
    rows = await connection.fetch("SELECT number, name, sha256 FROM schema_version ORDER BY number")
    applied = {row["number"]: row for row in rows}
    _refuse_foreign(applied, wanted)
    missing = [step for step in wanted if step.number not in applied]
    for step in missing:
        async with connection.transaction():
            await connection.execute(step.sql)
            await connection.execute(
                "INSERT INTO schema_version (number, name, sha256) VALUES ($1, $2, $3)",
                step.number, step.name, step.sha256,
            )  # fmt: skip
    return missing


def _refuse_foreign(applied: dict[int, Any], wanted: Sequence[Migration]) -> None:
    known = {step.number: step for step in wanted}
    for number, row in applied.items():
        if number not in known:
            raise Misconfigured(
                f"the database has migration {number:04} ({row['name']}), which this release does not know:"
                " run the newer release, or restore the backup made before it"
            )
        if known[number].sha256 != row["sha256"]:
            raise Misconfigured(
                f"migration {number:04}_{known[number].name}.sql differs from the one that made this database:"
                " put the file back as it was released, and write the change as a new migration"
            )
