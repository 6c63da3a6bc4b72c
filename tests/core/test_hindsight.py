"""What a journal can lack, or have from an earlier release, and that a roll call loses nothing in JSON."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, an_agent, an_entry, an_interaction, an_offer, later
from trunkline.core.agent import Agent, Held, PhoneKind, Presence, placed
from trunkline.core.capacity import Capacity
from trunkline.core.centre import QueueOverflow
from trunkline.core.demand import Membership, Relaxed, Strategy, Wanted
from trunkline.core.hindsight import Hindsight, floor_after
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.occupancy import Busy
from trunkline.core.roll_call import Hours, Rules, called, roll_call

ANA, BEN, CALL = AgentId("ana"), AgentId("ben"), InteractionId("call")
MOMENTS = st.integers(0, 10_000).map(later)
SKILLS = st.dictionaries(st.sampled_from(["french", "sales"]), st.integers(1, 10))
MEMBERSHIPS = st.builds(Membership, st.integers(1, 3), st.integers(0, 60).map(lambda s: timedelta(seconds=s)))
CAPACITIES = st.builds(
    Capacity, st.dictionaries(st.sampled_from(["voice", "chat"]), st.integers(1, 10)),
    st.dictionaries(st.just("voice"), st.just(frozenset(["chat"]))),
)  # fmt: skip


@st.composite
def agents_at_work(draw: st.DrawFn) -> Agent:
    hands = draw(st.dictionaries(st.sampled_from("abc").map(InteractionId), st.builds(Held, st.just("voice"), MOMENTS)))
    agent = an_agent(
        "ana", name="ana", presence=draw(st.sampled_from([Presence.READY, Presence.NOT_READY])),
        reason=draw(st.none() | st.just("break")), since=draw(MOMENTS), idle_since=draw(st.none() | MOMENTS),
        offered_at=draw(st.none() | MOMENTS), phone=draw(st.sampled_from(PhoneKind)), capacity=draw(CAPACITIES),
        lately=draw(st.builds(Busy, st.floats(0, 4000), MOMENTS)),
        hands=dict(sorted(hands.items(), key=lambda item: (item[1].since, item[0]))),
    )  # fmt: skip
    return placed(agent, draw(st.dictionaries(st.just(QueueId("sales")), MEMBERSHIPS)), draw(SKILLS))


ENTRIES = st.builds(
    Entry, st.just(QueueId("sales")), MOMENTS, st.integers(0, 9),
    skills=SKILLS.map(lambda each: frozenset(each.items())),
    prefer=st.frozensets(st.just("sales")), wanted=st.none() | st.builds(Wanted, st.just(ANA), st.none() | MOMENTS),
    relax=st.lists(st.builds(Relaxed, st.just(timedelta(seconds=5)), st.just(frozenset({("french", 1)})))).map(tuple),
)  # fmt: skip
RULES = st.builds(
    Rules, st.dictionaries(st.just(QueueId("sales")), st.sampled_from(Strategy)),
    st.just(timedelta(seconds=30)), st.integers(0, 5),
    st.dictionaries(st.just(QueueId("sales")), st.just(QueueOverflow(timedelta(seconds=9), QueueId("support")))),
)  # fmt: skip


@given(agents_at_work(), ENTRIES, RULES)
def test_a_roll_call_loses_nothing_in_json(agent: Agent, entry: Entry, rules: Rules) -> None:
    hours = Hours(frozenset([QueueId("sales")]), frozenset([ANA]))
    waiting = an_interaction(Stage.WAITING, id=CALL, entry=entry, stage_since=NOON)
    facts = json.loads(json.dumps(roll_call([agent, an_agent("offline")], [waiting], ["ana-web"], hours, rules)))

    found = called(facts)

    assert found.agents == {ANA: agent}
    assert found.matters[CALL].entry == entry
    assert (found.phones, found.hours, found.rules) == ({"ana-web"}, hours, rules)


def line(kind: Happened, seconds: float, agent: AgentId | None = None, **facts: Any) -> JournalEntry:
    return JournalEntry(kind, later(seconds), CALL if kind is not Happened.LOGGED_IN else None, agent, facts)


def test_a_log_in_of_an_earlier_release_makes_the_agent_known() -> None:
    floor = floor_after([line(Happened.LOGGED_IN, 0, ANA)])

    assert (floor.agents[ANA].presence, floor.agents[ANA].idle_since) == (Presence.NOT_READY, NOON)
    assert not floor.complete


def test_an_offer_tells_of_a_place_that_is_older_than_the_lines() -> None:
    floor = floor_after([line(Happened.OFFERED, 60, ANA, queue="sales", waited_s=45.0, asked={"french": 2})])

    assert floor.matters[CALL].entry == an_entry(since=later(15), skills=frozenset({("french", 2)}))
    assert list(floor.agents[ANA].hands) == [CALL]


def test_lines_about_what_is_not_known_change_nothing() -> None:
    floor = floor_after([
        line(Happened.OFFERED, 0, ANA), line(Happened.ACCEPTED, 1, ANA), line(Happened.MOVED_ON, 2, to="support"),
        line(Happened.DECLINED, 3, BEN), line(Happened.WRAPPED_UP, 4, ANA), line(Happened.ARRIVED, 5),
        line(Happened.CALLBACK_NOT_REACHED, 6, ANA), line(Happened.OFFERED, 7),
        JournalEntry(Happened.RELEASED, later(8), agent=ANA), JournalEntry(Happened.RECONCILED, later(9)),
        line(Happened.ABANDONED, 10),
    ])  # fmt: skip

    assert floor.matters == {}
    assert not floor.agents[ANA].hands


def test_who_gives_up_while_it_rings_at_several_frees_all_of_them() -> None:
    queued = line(Happened.QUEUED, 0, queue="sales", priority=0, medium="voice")
    rings = [line(Happened.OFFERED, 1, agent, queue="sales", waited_s=1.0) for agent in (ANA, BEN)]
    floor = floor_after([queued, *rings])
    assert floor.matters[CALL].agents == (ANA, BEN)

    floor.see(line(Happened.ABANDONED, 5, ANA))

    assert [list(floor.agents[agent].hands) for agent in (ANA, BEN)] == [[], []]


def test_it_rings_on_at_the_others_when_one_declines() -> None:
    beside = an_interaction(Stage.OFFERED, id=CALL, offer=an_offer("ana"), beside=(an_offer("ben"),))
    floor = Hindsight()
    floor.see(JournalEntry(Happened.ROLL_CALLED, NOON, facts=roll_call([], [beside], [], Hours(), Rules())))

    floor.see(line(Happened.DECLINED, 1, ANA))
    assert (floor.matters[CALL].stage, floor.matters[CALL].agents) == (Stage.OFFERED, (BEN,))
    floor.see(line(Happened.RANG_OUT, 2, BEN))

    assert (floor.matters[CALL].stage, floor.matters[CALL].agents) == (Stage.WAITING, ())


def test_a_callback_that_is_given_up_is_over() -> None:
    planned = line(Happened.CALLBACK_PLANNED, 0, queue="sales", priority=0, due_at=None)
    floor = floor_after([planned])
    assert floor.matters[CALL].stage is Stage.WAITING

    floor.see(line(Happened.CALLBACK_NOT_REACHED, 90, again_at=None))

    assert floor.matters == {}


def test_a_callback_waits_when_it_is_due_and_again_after_a_try() -> None:
    planned = line(Happened.CALLBACK_PLANNED, 0, queue="sales", priority=0, due_at=later(60).isoformat())
    floor = floor_after([planned, line(Happened.CALLBACK_DUE, 60)])
    assert floor.matters[CALL].stage is Stage.WAITING

    floor.see(line(Happened.OFFERED, 61, ANA, queue="sales", waited_s=1.0))
    floor.see(line(Happened.CALLBACK_NOT_REACHED, 90, ANA, again_at=later(990).isoformat()))

    assert floor.matters[CALL].stage is Stage.SCHEDULED
    assert list(floor.agents[ANA].hands) == [CALL], "they still hear the tone"
    floor.see(line(Happened.RELEASED, 95, ANA, why="off_phone"))
    assert not floor.agents[ANA].hands


def test_a_supervisor_keeps_somebody_for_an_agent_and_gives_them_back() -> None:
    queued = line(Happened.QUEUED, 0, queue="sales", priority=0, medium="voice")
    floor = floor_after([queued, line(Happened.ASSIGNED, 5, ANA, by="dora")])
    assert floor.matters[CALL].entry.wanted == Wanted(ANA)

    floor.see(line(Happened.ASSIGNED, 6, by="dora"))
    floor.see(line(Happened.MOVED_ON, 7, to="support"))

    assert (floor.matters[CALL].entry.wanted, floor.matters[CALL].entry.queue) == (None, "support")


def test_agents_are_what_their_lines_say() -> None:
    floor = Hindsight()
    for kind, facts in (
        (Happened.PRESENCE_CHANGED, {"presence": "ready", "reason": None}), (Happened.PHONE_CAME, {"phone": "sip"}),
        (Happened.PHONE_CAME, {"phone": "browser"}), (Happened.PHONE_CHOSEN, {"phone": "sip"}),
        (Happened.PHONE_GONE, {"phone": "browser"}),
    ):  # fmt: skip
        floor.see(JournalEntry(kind, NOON, agent=ANA, facts=facts))
    floor.see(JournalEntry(Happened.HOURS_CHANGED, NOON, facts={"closed": ["sales"], "away": ["ana"]}))

    assert (floor.agents[ANA].presence, floor.phones) == (Presence.READY, {"ana"})
    assert floor.reachable(floor.agents[ANA])
    assert floor.hours == Hours(frozenset([QueueId("sales")]), frozenset([ANA]))
    floor.see(JournalEntry(Happened.LOGGED_OUT, NOON, agent=ANA))
    assert floor.agents[ANA].presence is Presence.OFFLINE
