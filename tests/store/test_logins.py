"""Passwords and sessions, as they lie in the database."""

import time
from datetime import timedelta

from argon2 import PasswordHasher

from tests.builders import NOON, an_agent_record, later
from tests.store.server import QUICK
from trunkline.core.ids import AgentId
from trunkline.store.database import Database
from trunkline.store.logins import PasswordHashing
from trunkline.store.postgres import PostgresStore

ANA = AgentId("ana")


async def test_a_password_lies_as_an_argon2id_hash(postgres_store: PostgresStore, database: Database) -> None:
    await postgres_store.put_agents([an_agent_record()], at=NOON)
    await postgres_store.set_password(ANA, "open sesame")

    row = await database.row("SELECT password_hash FROM agent")

    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")
    assert "sesame" not in row["password_hash"]


async def test_a_hash_of_old_parameters_is_renewed_at_log_in(database: Database) -> None:
    old = PostgresStore(database, PasswordHashing(PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)))
    await old.put_agents([an_agent_record()], at=NOON)
    await old.set_password(ANA, "open sesame")
    today = PostgresStore(database, PasswordHashing(QUICK))

    assert await today.check_password(ANA, "open sesame")

    row = await database.row("SELECT password_hash FROM agent")
    assert row is not None
    assert "m=64" in row["password_hash"]
    assert await today.check_password(ANA, "open sesame")


async def test_an_unknown_agent_takes_as_long_as_a_wrong_password(database: Database) -> None:
    store = PostgresStore(database)
    await store.put_agents([an_agent_record()], at=NOON)
    await store.set_password(ANA, "open sesame")
    # The first one also makes the hash that nobody's password is compared with.
    await store.check_password(AgentId("nobody"), "x")

    async def cpu_of(agent: str) -> float:
        before = time.process_time()
        await store.check_password(AgentId(agent), "x")
        return time.process_time() - before

    wrong = min([await cpu_of("ana") for _ in range(3)])
    unknown = min([await cpu_of("nobody") for _ in range(3)])

    assert 0.5 < unknown / wrong < 2


async def test_a_session_lies_as_a_hash_and_is_swept_when_it_is_over(
    postgres_store: PostgresStore, database: Database
) -> None:
    await postgres_store.put_agents([an_agent_record()], at=NOON)
    over = await postgres_store.open_session(ANA, lasts=timedelta(seconds=10), at=NOON)

    fresh = await postgres_store.open_session(ANA, lasts=timedelta(seconds=10), at=later(20))

    rows = await database.rows("SELECT token_sha256, expires_at FROM session")
    assert [row["expires_at"] for row in rows] == [later(30)]
    assert len(rows[0]["token_sha256"]) == 32
    assert len({over, fresh}) == 2
    assert len(fresh) == 43
