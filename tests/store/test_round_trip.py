"""What PostgreSQL gives back is what was written: any interaction, any flow run, any agent."""

from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from tests.builders import a_call, an_interaction
from trunkline.core.agent import Agent, PhoneKind, Presence, members
from trunkline.core.demand import Moves, Relaxed, Wanted
from trunkline.core.ids import AgentId, InteractionId, OfferId, QueueId
from trunkline.core.interaction import (
    Address,
    BrowserPhone,
    Callback,
    Entry,
    Interaction,
    Offer,
    Outcome,
    Stage,
    Voicemail,
    Work,
)
from trunkline.core.occupancy import Busy
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

# All that PostgreSQL can hold: no NUL, no half of a surrogate pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([  # noqa: DTZ001
    UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=8))]))  # fmt: skip
LENGTHS = st.timedeltas(timedelta(), timedelta(days=400))
AGENTS = st.sampled_from(["ana", "ben"]).map(AgentId)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SKILLS = st.dictionaries(TEXT, st.integers(1, 10), max_size=3).map(lambda skills: frozenset(skills.items()))
ENTRIES = st.builds(
    Entry, queue=TEXT.map(QueueId), since=MOMENTS, priority=st.integers(-100, 100), overflow_at=st.none() | MOMENTS,
    music=TEXT, announce=st.frozensets(TEXT, max_size=3), announce_every=LENGTHS,
    language=TEXT, callback_key=st.none() | TEXT, skills=SKILLS, prefer=st.frozensets(TEXT, max_size=2),
    relax=st.lists(st.builds(Relaxed, LENGTHS, SKILLS), max_size=2).map(tuple),
    wanted=st.none() | st.builds(Wanted, AGENTS, st.none() | MOMENTS),
    moves=st.none() | st.builds(Moves, TEXT.map(QueueId), MOMENTS),
)  # fmt: skip
OFFERS = st.builds(Offer, id=st.uuids().map(lambda id_: OfferId(str(id_))), agent=AGENTS, since=MOMENTS,
                   expires_at=MOMENTS, answered_at=st.none() | MOMENTS)  # fmt: skip
CALLBACKS = st.builds(
    Callback, number=TEXT, due_at=st.none() | MOMENTS, tries=st.integers(0, 9),
    asked_in=st.none() | st.uuids().map(lambda id_: InteractionId(str(id_))),
    phone=st.none() | st.builds(BrowserPhone, st.uuids().map(str), TEXT),
)  # fmt: skip


@st.composite
def interactions(draw: st.DrawFn) -> Interaction:
    stage, work = draw(st.sampled_from(Stage)), draw(st.sampled_from(Work))
    moment = st.none() | MOMENTS
    return an_interaction(
        stage, id=InteractionId(str(draw(st.uuids()))), medium=draw(st.sampled_from(["voice", "chat", "sms", "email"])),
        work=work, address=Address(draw(TEXT), draw(st.none() | TEXT)), caller_name=draw(TEXT),
        dialled=draw(TEXT), trunk=draw(TEXT), arrived_at=draw(MOMENTS), stage_since=draw(MOMENTS), call=a_call(),
        run=draw(st.none() | st.dictionaries(TEXT, JSON, max_size=4)), entry=draw(st.none() | ENTRIES),
        offer=draw(st.none() | OFFERS), beside=tuple(draw(st.lists(OFFERS, max_size=2))),
        agent=draw(st.none() | AGENTS), answered_at=draw(moment),
        held_since=draw(moment), talk_ended_at=draw(moment), wrap_up_until=draw(moment),
        disposition=draw(st.none() | TEXT), note=draw(TEXT), outcome=draw(st.none() | st.sampled_from(Outcome)),
        voicemail=draw(st.none() | st.builds(Voicemail, TEXT, LENGTHS)),
        callback=draw(CALLBACKS) if work is Work.CALLBACK else None, place=draw(st.none() | ENTRIES),
        ended_at=draw(MOMENTS) if stage is Stage.ENDED else None,
    )  # fmt: skip


@st.composite
def agents(draw: st.DrawFn, login: str) -> Agent:
    return Agent(
        AgentId(login), draw(TEXT), members(draw(st.frozensets(TEXT, max_size=3))), draw(TEXT),
        draw(st.sampled_from(Presence)), draw(st.none() | TEXT), draw(st.none() | MOMENTS), draw(st.none() | MOMENTS),
        draw(st.sampled_from(PhoneKind)), offered_at=draw(st.none() | MOMENTS),
        unanswered=draw(st.integers(0, 9)),
        back_at=draw(st.none() | MOMENTS), lately=draw(st.builds(Busy, st.floats(0, 3600), st.none() | MOMENTS)),
    )  # fmt: skip


# One database for all examples: each writes rows of its own, and the two agents anew.
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=interactions(), ana=agents("ana"), ben=agents("ben"))
async def test_everything_comes_back(database: Database, written: Interaction, ana: Agent, ben: Agent) -> None:
    store = PostgresStore(database)

    await store.save([Change(interactions=[written], agents=[ana, ben])])

    assert await store.interaction(written.id) == written
    situation = await store.load()
    assert (written in situation.interactions) == written.is_live
    assert list(situation.agents) == [ana, ben]


async def test_numbers_in_a_flow_run_keep_their_type(database: Database) -> None:
    store = PostgresStore(database)
    run = {"whole": 7, "real": 7.0, "big": 2**70, "huge": 1e300, "tiny": 5e-324, "none": None, "text": "07700 900123"}
    written = an_interaction(run=run)

    await store.save([Change(interactions=[written])])

    read = await store.interaction(written.id)
    assert read is not None
    assert read.run is not None
    assert {key: (value, type(value)) for key, value in read.run.items()} == {
        key: (value, type(value)) for key, value in run.items()
    }
