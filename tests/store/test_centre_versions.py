"""The centre's versions as they lie in the database: one after the other, never changed, and in the journal too."""

import asyncio
import hashlib

import pytest

from tests.builders import NOON, later
from trunkline.core.centre_version import ChangedMeanwhile, Signed, Source
from trunkline.core.errors import TrunklineFault
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

DORA = Signed("dora", Source.PAGE, "a shorter ring")
ROOT = Signed("root", Source.CLI)


async def test_of_two_applies_at_once_one_wins_and_the_other_is_told(postgres_store: PostgresStore) -> None:
    for base in range(10):
        outcomes = await asyncio.gather(
            *(
                postgres_store.put_centre(f"{base} {at}", signed, base=base, at=NOON)
                for at, signed in enumerate((DORA, ROOT, DORA, ROOT))
            ),
            return_exceptions=True,
        )

        [won] = [each for each in outcomes if not isinstance(each, BaseException)]
        lost = [each for each in outcomes if isinstance(each, ChangedMeanwhile)]
        assert (won.number, len(lost)) == (base + 1, 3)
        assert {each.in_force for each in lost} == {won}
        assert f"version {base + 1} by {won.by} ({won.source.value}) is in force" in str(lost[0])

    versions = await postgres_store.centre_history(below=None, at_most=100)
    assert [each.number for each in versions] == list(range(10, 0, -1))


async def test_version_and_its_line_in_the_journal_are_written_together(
    postgres_store: PostgresStore, database: Database
) -> None:
    await postgres_store.put_centre("name: A", DORA, base=0, at=NOON)
    await postgres_store.put_centre("name: B", ROOT, base=1, at=later(5))
    with pytest.raises(ChangedMeanwhile):
        await postgres_store.put_centre("name: C", DORA, base=1, at=later(6))

    rows = await database.rows("SELECT at, agent_id, facts FROM journal WHERE kind = 'centre_changed' ORDER BY seq")

    assert rows == [
        {"at": NOON, "agent_id": "dora",
         "facts": {"version": 1, "by": "dora", "source": "page", "message": "a shorter ring"}},
        {"at": later(5), "agent_id": None, "facts": {"version": 2, "by": "root", "source": "cli", "message": ""}},
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["UPDATE centre_version SET text = 'x'", "DELETE FROM centre_version"])
async def test_what_was_applied_is_never_changed(
    postgres_store: PostgresStore, database: Database, command: str
) -> None:
    written = await postgres_store.put_centre("name: A  # ☎\r\n", DORA, base=0, at=NOON)

    with pytest.raises(Exception, match="never changed"):
        await database.rows(command)

    assert await postgres_store.centre_version(1) == written
    assert written.sha256 == hashlib.sha256("name: A  # ☎\r\n".encode()).hexdigest()


async def test_file_is_remembered_with_the_version_that_came_from_it_or_by_itself(
    postgres_store: PostgresStore,
) -> None:
    by_file = Signed("the file", Source.FILE)
    assert await postgres_store.centre_file_seen() is None

    await postgres_store.put_centre("a", by_file, base=0, at=NOON, from_file="a" * 64)
    await postgres_store.put_centre("b", DORA, base=1, at=NOON)
    assert await postgres_store.centre_file_seen() == "a" * 64
    with pytest.raises(TrunklineFault):
        await postgres_store.put_centre("c", by_file, base=1, at=NOON, from_file="c" * 64)
    assert await postgres_store.centre_file_seen() == "a" * 64

    await postgres_store.see_centre_file("b" * 64, at=later(1))
    assert await postgres_store.centre_file_seen() == "b" * 64
