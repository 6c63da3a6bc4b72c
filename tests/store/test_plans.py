"""Queries that agents wait for stay quick when the tables are long: they use their indexes."""

from tests.builders import NOON
from trunkline.store.database import Database
from trunkline.store.queries import queries

_MANY = """
INSERT INTO interaction (id, medium, work, stage, stage_since, arrived_at, address, caller_name, dialled, trunk,
                         customer_id, note, outcome, ended_at)
SELECT gen_random_uuid(), 'voice', 'call', 'ended', t, t, '', '', '100', 'demo',
       ('00000000-0000-4000-8000-' || lpad((n % 5000)::text, 12, '0'))::uuid, 'note', 'handled', t
FROM generate_series(1, 100000) AS n, LATERAL (SELECT timestamptz '2026-11-01' + n * interval '1 second' AS t) AS at;
"""
_JOURNAL = """
INSERT INTO journal (at, kind, agent_id, facts)
SELECT timestamptz '2026-11-01' + n * interval '20 seconds',
       (ARRAY['arrived', 'queued', 'offered', 'accepted', 'wrapped_up'])[n % 5 + 1], 'agent' || n % 50, '{"talk_s": 1}'
FROM generate_series(1, 100000) AS n;
"""
_CUSTOMER = "00000000-0000-4000-8000-000000000042"


_ASKED = [
    ("customer", "timeline", (_CUSTOMER, 20)),
    ("customer", "some", ([_CUSTOMER], 20, None, None)),
    ("customer", "some", (None, 20, "voice", "+447700900123")),
    ("customer", "at", (["voice"], ["+447700900123"], [_CUSTOMER], [NOON])),
    ("customer", "day_figures", (["agent7", "agent8"], NOON)),
    ("interaction", "live", ()),
    ("message", "live", (200,)),
    ("message", "thread", ("web", "visitor-1", 200)),
    ("message", "read_by_agents", ("web", "visitor-1")),
    ("message", "live_reads", ()),
    ("login", "session", (b"x" * 32, NOON)),
]


async def test_no_query_reads_a_whole_table(database: Database) -> None:
    await database.rows(_MANY)
    await database.rows(_JOURNAL)
    await database.rows("ANALYZE interaction, journal")

    plans = {
        (name, str(arguments)): await database.row(f"EXPLAIN (FORMAT JSON) {queries(noun)[name]}", *arguments)
        for noun, name, arguments in _ASKED
    }

    assert [name for name, plan in plans.items() if _is_read_whole(plan, {"interaction", "journal", "message"})] == []


def _is_read_whole(node: object, tables: set[str]) -> bool:
    if isinstance(node, list):
        return any(_is_read_whole(each, tables) for each in node)
    if not isinstance(node, dict):
        return False
    whole = node.get("Node Type") == "Seq Scan" and node.get("Relation Name") in tables
    return whole or any(_is_read_whole(each, tables) for each in node.values())
