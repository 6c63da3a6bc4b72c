"""What PostgreSQL keeps of segments, and by which names it finds what was sent."""

from datetime import timedelta

from tests.builders import NOON
from trunkline.core.ids import MessageId, new_id
from trunkline.core.outgoing import Outgoing, taken
from trunkline.ports.segments import Segment, SegmentOf
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

OF = SegmentOf("smpp", "+447700900123", "07", 2)


async def test_segments_are_kept_once_and_in_their_order(database: Database) -> None:
    store = PostgresStore(database)
    second, first = Segment(2, "two", NOON), Segment(1, "one", NOON + timedelta(seconds=1))
    assert await store.keep_segment(OF, second) == [second]
    assert await store.keep_segment(OF, Segment(2, "other", NOON + timedelta(seconds=9))) == [second]
    assert await store.keep_segment(OF, first) == [first, second]
    await store.drop_segments(OF)
    assert await store.keep_segment(OF, first) == [first]


async def test_segments_whose_rest_never_came_are_forgotten(database: Database) -> None:
    store = PostgresStore(database)
    await store.keep_segment(OF, Segment(1, "one", NOON))
    late = Segment(2, "two", NOON + timedelta(days=3))
    await store.keep_segment(SegmentOf("smpp", "+447700900999", "07", 2), late)
    assert await store.keep_segment(OF, late) == [late]


async def test_what_was_sent_is_found_by_its_providers_name_of_it(database: Database) -> None:
    store = PostgresStore(database)
    out = taken(Outgoing(MessageId(new_id()), "smpp", "+447700900123", "Hi", NOON), "m1")
    await store.save([Change(outgoing=[out])])
    assert await store.sent_as("smpp", "m1") == out.id
    assert await store.sent_as("other", "m1") is None
