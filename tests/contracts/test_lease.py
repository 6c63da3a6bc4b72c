"""What every store does about the lease: the double that other tests rely on, and the real one on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.builders import NOON, an_agent, an_agent_record, an_interaction
from tests.fakes.memory_store import MemoryStore
from trunkline.core.journal import Happened, JournalEntry
from trunkline.ports.store import Change, Fenced
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

AnyStore = MemoryStore | PostgresStore
Two = tuple[AnyStore, AnyStore]
LONG, OVER = timedelta(hours=1), timedelta()


@pytest.fixture
async def two_on_postgres(database_url: str) -> AsyncIterator[Two]:
    async with Database(database_url) as one, Database(database_url) as other:
        yield PostgresStore(one), PostgresStore(other)


@pytest.fixture
def two_in_memory() -> Two:
    memory = MemoryStore()
    return memory, memory.beside()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def two(request: pytest.FixtureRequest) -> Two:
    """The stores of two processes on one memory."""
    chosen: Two = request.getfixturevalue("two_in_memory" if request.param == "memory" else "two_on_postgres")
    return chosen


async def take(store: AnyStore, name: str, *, lasts: timedelta = LONG) -> bool:
    return await store.take_lease(await store.lease(), name, lasts=lasts)


async def test_a_lease_that_nobody_had_is_taken(two: Two) -> None:
    first, second = two
    assert (await second.lease()).holder is None

    assert await take(first, "first")

    seen = await second.lease()
    assert (seen.token, seen.holder) == (1, "first")
    assert timedelta(minutes=59) < seen.left <= LONG


async def test_a_lease_that_runs_cannot_be_taken(two: Two) -> None:
    first, second = two
    await take(first, "first")

    assert not await take(second, "second")

    assert (await first.lease()).holder == "first"
    await first.save([Change(agents=[an_agent()])])


async def test_a_lease_that_has_run_out_can_be_taken(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)

    assert await take(second, "second")

    assert (await first.lease()).token == 2


async def test_of_two_who_saw_the_same_lease_one_takes_it(two: Two) -> None:
    first, second = two
    seen = await first.lease()

    assert await first.take_lease(seen, "first", lasts=OVER)
    assert not await second.take_lease(seen, "second", lasts=OVER)


async def test_a_lease_is_taken_from_a_holder_who_died(two: Two) -> None:
    first, second = two
    await take(first, "first")

    assert await second.take_lease(await second.lease(), "second", lasts=LONG, holder_died=True)


async def test_a_lease_that_was_given_back_can_be_taken_at_once(two: Two) -> None:
    first, second = two
    await take(first, "first")

    await first.give_lease_back()

    assert (await second.lease()).holder is None
    assert await take(second, "second")


async def test_who_was_fenced_gives_nothing_back(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)
    await take(second, "second")

    await first.give_lease_back()

    assert (await second.lease()).holder == "second"


async def test_a_renewed_lease_lasts_from_then_on_even_if_it_had_run_out(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)

    await first.renew_lease(lasts=LONG)

    assert (await second.lease()).left > timedelta(minutes=59)
    assert not await take(second, "second")


async def test_who_was_fenced_renews_nothing(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)
    await take(second, "second", lasts=OVER)

    with pytest.raises(Fenced):
        await first.renew_lease(lasts=LONG)

    assert (await second.lease()).left <= OVER


async def test_what_the_fenced_one_saves_is_refused_and_nothing_of_it_is_written(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)
    known = an_agent()
    await first.save([Change(agents=[known])])
    await take(second, "second")
    decided = an_interaction()

    entry = JournalEntry(Happened.ARRIVED, NOON, decided.id)
    with pytest.raises(Fenced):
        await first.save([Change([decided], [an_agent(name="Another")], [entry])])
    for part in (Change([decided]), Change(agents=[an_agent(name="Another")]), Change(journal=[entry])):
        with pytest.raises(Fenced):
            await first.save([part])

    assert await second.interaction(decided.id) is None
    assert list((await second.load()).agents) == [known]


async def test_who_never_had_the_lease_is_fenced_once_anybody_has(two: Two) -> None:
    first, second = two
    await second.save([Change(agents=[an_agent()])])
    await take(first, "first")

    with pytest.raises(Fenced):
        await second.save([Change(agents=[an_agent()])])


async def test_the_fenced_one_puts_and_retires_no_agents(two: Two) -> None:
    first, second = two
    await take(first, "first", lasts=OVER)
    await take(second, "second")
    await second.put_agents([an_agent_record("ana")], at=NOON)

    with pytest.raises(Fenced):
        await first.put_agents([an_agent_record("ben")], at=NOON)

    assert [agent.id for agent in (await second.load()).agents] == ["ana"]
