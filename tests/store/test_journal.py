"""The journal read back: one interaction's story, and a day of fifty thousand contacts page by page."""

import json
import resource
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.builders import NOON, an_agent, an_interaction, later
from trunkline.cli.routing_journal import Story, past_of
from trunkline.core.agent import Agent, Presence, placed
from trunkline.core.demand import Membership
from trunkline.core.hindsight import TOLD_BY
from trunkline.core.ids import AgentId, InteractionId, QueueId, new_id
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import Hours, Rules, roll_call
from trunkline.planning.replay import Replay
from trunkline.planning.unknown import Unknown
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.journal import PAGE, Journal
from trunkline.store.postgres import PostgresStore
from trunkline.store.queries import queries

CALL, WAITS = InteractionId(new_id()), InteractionId(new_id())
CONTACTS = 50_000

# A day in one statement: one contact a second or so, each offered at once and served for two minutes, one in ten of
# them giving up. Lines are numbered in the order of their times, as they would be.
_A_DAY = """
INSERT INTO journal (at, kind, interaction_id, agent_id, facts)
SELECT timestamptz '2026-11-23 12:00+00' + seconds * interval '1 second', kind, id, agent, facts::jsonb
FROM (
    SELECT n * 1.6 AS came, gen_random_uuid() AS id, n FROM generate_series(1, 50000) AS n
) AS contact, LATERAL (VALUES
    (came, 'queued', NULL, '{"queue": "sales", "priority": 0, "medium": "voice"}'),
    (came + 1, 'step_reached', NULL, '{"step": "sales"}'),
    (came + 2, 'offered', 'agent' || n % 100, '{"queue": "sales", "waited_s": 2, "medium": "voice"}'),
    (came + 5, 'ringing', 'agent' || n % 100, '{}'),
    (came + 6, CASE WHEN n % 10 = 0 THEN 'abandoned' ELSE 'accepted' END, 'agent' || n % 100, '{}'),
    (came + 126, CASE WHEN n % 10 = 0 THEN 'step_reached' ELSE 'wrapped_up' END, 'agent' || n % 100, '{}')
) AS line (seconds, kind, agent, facts)
ORDER BY seconds
"""


def at_work(id_: str, queue: str = "sales") -> Agent:
    agent = an_agent(id_, presence=Presence.READY, since=NOON, idle_since=NOON)
    return placed(agent, {QueueId(queue): Membership()})


def rolled(*agents: Agent) -> JournalEntry:
    waiting = an_interaction(Stage.WAITING, id=WAITS)
    facts = roll_call(agents, [waiting], [agent.endpoint for agent in agents], Hours(), Rules())
    return JournalEntry(Happened.ROLL_CALLED, later(-60), facts=facts)


async def saved(store: PostgresStore, *lines: JournalEntry) -> None:
    await store.save([Change(journal=lines)])


def a_call(*, ended: bool = True) -> list[JournalEntry]:
    facts = {"offer": "o", "queue": "sales", "medium": "voice", "waited_s": 5.0, "idle_s": 5.0, "asked": {},
             "position": 1, "strategy": "longest_idle", "able": 2, "by": "strategy"}  # fmt: skip
    place = {"queue": "sales", "priority": 0, "medium": "voice"}
    lines = [
        JournalEntry(Happened.QUEUED, later(0), CALL, facts=place),
        JournalEntry(Happened.OFFERED, later(5), CALL, AgentId("ana"), facts),
        JournalEntry(Happened.ACCEPTED, later(9), CALL, AgentId("ana")),
        JournalEntry(Happened.WRAPPED_UP, later(90), CALL, AgentId("ana")),
    ]
    return lines if ended else lines[:2]


async def test_an_interactions_offers_are_explained_from_the_last_roll_call_on(
    postgres_store: PostgresStore, database: Database
) -> None:
    await saved(postgres_store, rolled(at_work("old")), rolled(at_work("ana"), at_work("ben")), *a_call())

    story = await Story.read(Journal(database), CALL, now=later(100))

    assert story is not None
    [offer] = story.offers
    assert ([each.agent for each in offer.later], offer.end) == (["ben"], Happened.ACCEPTED)
    assert json.loads(json.dumps(story.as_json(), default=str))["offers"][0]["able"] == 2


async def test_who_still_waits_is_explained_by_who_is_there_now(
    postgres_store: PostgresStore, database: Database
) -> None:
    queued = JournalEntry(
        Happened.QUEUED, later(-90), WAITS, facts={"queue": "sales", "priority": 0, "medium": "voice"}
    )
    rests = {"presence": "not_ready", "reason": "break"}
    rest = JournalEntry(Happened.PRESENCE_CHANGED, later(1), agent=AgentId("ana"), facts=rests)
    await saved(postgres_store, queued, rolled(at_work("ana")), rest)

    story = await Story.read(Journal(database), WAITS, now=later(100))

    assert story is not None
    assert story.waits is not None
    assert [(each.agent, each.reason) for each in story.waits.others] == [("ana", "break")]


async def test_an_interaction_that_there_never_was_has_no_story(database: Database) -> None:
    assert await Story.read(Journal(database), CALL, now=NOON) is None


async def test_no_lines_are_no_stretch(database: Database) -> None:
    assert await past_of(Journal(database), NOON, later(60)) is None
    assert await Journal(database).last() == 0


async def test_a_stretch_is_read_in_pages_and_in_order(postgres_store: PostgresStore, database: Database) -> None:
    many = [JournalEntry(Happened.HELD if n % 2 else Happened.RATED, later(n)) for n in range(2 * PAGE + 7)]
    await saved(postgres_store, *many)
    journal = Journal(database)

    found = [line async for line in journal.lines(0, await journal.last(), {Happened.HELD})]

    assert [line.entry.at for line in found] == [entry.at for entry in many[1::2]]


async def test_a_day_of_fifty_thousand_contacts_is_replayed_in_little_memory(
    postgres_store: PostgresStore, database: Database
) -> None:
    await saved(postgres_store, rolled(*(at_work(f"agent{number}") for number in range(100))))
    await _filled(database)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    past = await past_of(Journal(database), NOON, NOON + timedelta(days=1))
    assert past is not None
    again = Replay(past, Unknown(past.stays, past.until), past.rules).play(within_s=20)

    sales = QueueId("sales")
    was = past.figures(within_s=20)[sales]
    assert (was.contacts, was.abandoned) == (CONTACTS, CONTACTS / 10)
    # Who is offered at once, and not after two seconds, is answered before their patience ends.
    assert (again[sales].contacts, again[sales].served) == (CONTACTS, CONTACTS)
    # 300,000 lines of half a kilobyte each would be more.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 120_000


async def _filled(database: Database) -> None:
    slow = Database(database._url, connections=1, deadline=timedelta(seconds=60))
    async with slow:
        await slow.rows(_A_DAY)
        await slow.rows("ANALYZE journal")


async def test_a_stretch_is_found_without_reading_the_whole_journal(
    postgres_store: PostgresStore, database: Database
) -> None:
    await saved(postgres_store, rolled())
    await _filled(database)
    names = sorted(kind.value for kind in TOLD_BY)
    asked: Mapping[str, tuple[Any, ...]] = {
        "roll_call_before": (200_000,), "page": (100_000, 300_000, names, PAGE), "of_interaction": (CALL,),
    }  # fmt: skip

    plans = {
        name: json.dumps(await database.row(f"EXPLAIN (FORMAT JSON) {queries('journal')[name]}", *arguments))
        for name, arguments in asked.items()
    }

    assert {name for name, plan in plans.items() if "Seq Scan" in plan} == set(), plans
