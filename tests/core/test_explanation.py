"""Why an offer went where it went, told from hand-made journals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import an_agent, an_interaction
from trunkline.cli.routing_words import Words, length
from trunkline.core.agent import Agent, Held, Presence, placed
from trunkline.core.capacity import Capacity
from trunkline.core.decision import Criterion
from trunkline.core.demand import Membership, Relaxed, Strategy, Wanted
from trunkline.core.explanation import Because, OfferExplained, explained, wait_explained
from trunkline.core.hindsight import Hindsight, floor_after
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Entry, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import Hours, Rules, roll_call

OFFERED_AT = datetime(2026, 11, 23, 12, 4, 31, tzinfo=UTC)
SUPPORT = QueueId("support")
CALL = InteractionId("00000000-0000-0000-0000-000000000001")
OTHER = InteractionId("00000000-0000-0000-0000-000000000002")
NAMES = {AgentId(id_): name for id_, name in {
    "ana": "Ana Torres", "ben": "Ben Okafor", "carla": "Carla Ruiz", "dan": "Dan Wu", "eve": "Eve Lund"
}.items()}  # fmt: skip
FRENCH = {"french": 3}


def ago(minutes: float) -> datetime:
    return OFFERED_AT - timedelta(minutes=minutes)


def at_work(id_: str, idle: float, skills: dict[str, int] | None = None, **changes: Any) -> Agent:
    membership = changes.pop("membership", Membership())
    agent = an_agent(id_, presence=Presence.READY, since=ago(60), idle_since=ago(idle), **changes)
    return placed(agent, {SUPPORT: membership}, FRENCH if skills is None else skills)


def a_floor(*agents: Agent, waiting: dict[InteractionId, Entry] | None = None, **changes: Any) -> Hindsight:
    """Return the floor after a roll call with these agents, all at their phones but `without_phone`."""
    without, rules = changes.pop("without_phone", ()), changes.pop("rules", Rules())
    talk = an_interaction(Stage.TALKING, id=OTHER, agent="carla", stage_since=ago(2))
    there = [an_interaction(Stage.WAITING, id=id_, entry=entry) for id_, entry in (waiting or {}).items()]
    phones = [agent.endpoint for agent in agents if agent.id not in without]
    facts = roll_call(agents, [talk, *there], phones, changes.pop("hours", Hours()), rules)
    return floor_after([JournalEntry(Happened.ROLL_CALLED, ago(1), facts=facts)])


def an_offer_line(**facts: Any) -> JournalEntry:
    told = {"offer": "o", "queue": "support", "medium": "voice", "waited_s": 42.0, "idle_s": 360.0, "asked": FRENCH,
            "position": 1, "strategy": "longest_idle", "able": 2} | facts  # fmt: skip
    return JournalEntry(Happened.OFFERED, OFFERED_AT, CALL, AgentId("ana"), told)


def because(offer: OfferExplained) -> dict[str, Because]:
    return {each.agent: each.because for each in offer.others}


def test_an_offer_is_told_as_a_supervisor_would_tell_it() -> None:
    floor = a_floor(
        at_work("ana", 6), at_work("ben", 2),
        at_work("carla", 9, hands={OTHER: Held("voice", ago(3))}),
        at_work("dan", 30, {"french": 1}),
        at_work("eve", 5, reason=None),
    )  # fmt: skip
    floor.see(
        JournalEntry(
            Happened.PRESENCE_CHANGED,
            ago(6.5),
            agent=AgentId("eve"),
            facts={"presence": "not_ready", "reason": "lunch"},
        )
    )
    taken = JournalEntry(Happened.ACCEPTED, OFFERED_AT + timedelta(seconds=4), CALL, AgentId("ana"))

    told = Words(NAMES, UTC).offer(explained(an_offer_line(), floor, [taken]))

    assert told == (
        "12:04:31 offered to Ana Torres after 42 s: french 3 was asked; Ana was the longest idle (6 min) of 2 able"
        " agents; next would have been Ben (2 min). Not Carla Ruiz: in a talk since 12:02. Not Eve Lund: not ready"
        " (lunch) since 11:58. Not Dan Wu: french 1 of 3. After 4 s: taken."
    )


def test_whoever_is_not_asked_has_a_reason() -> None:
    reserve, chats = Membership(after=timedelta(minutes=5)), Capacity({"chat": 3})
    floor = a_floor(
        at_work("ana", 6), at_work("ben", 2, membership=reserve), at_work("carla", 9, capacity=chats),
        at_work("dan", 3), at_work("eve", 5), at_work("fay", 1, hands={InteractionId("gone"): Held("voice", ago(1))}),
        without_phone={"dan"}, hours=Hours(away=frozenset([AgentId("eve")])),
    )  # fmt: skip

    offer = explained(an_offer_line(able=1), floor)

    assert because(offer) == {
        "ben": Because.IN_RESERVE, "carla": Because.TAKES_NONE, "dan": Because.NO_PHONE, "eve": Because.AWAY,
        "fay": Because.BUSY,
    }  # fmt: skip
    assert offer.criterion is Criterion.ONLY
    words = Words(NAMES, UTC).offer(offer)
    assert "Ana was the only able agent who was free" in words
    for reason in ("in reserve, asked after 5 min", "takes none of this medium", "their phone is not there"):
        assert f"{reason}." in words
    assert "Not Eve Lund: outside their working hours." in words


def test_an_entry_that_is_kept_goes_to_its_agent_beside_free_ones() -> None:
    floor = a_floor(at_work("ana", 1, {}), at_work("ben", 9))

    offer = explained(an_offer_line(kept_for="ana"), floor)

    assert offer.criterion is Criterion.KEPT
    assert because(offer) == {"ben": Because.KEPT_FOR_ANOTHER}
    assert "it was kept for Ana" in Words(NAMES, UTC).offer(offer)


@pytest.mark.parametrize(
    ("strategy", "facts", "words"),
    [
        ("round_robin", {"last_offer_s": 600.0}, "whose last offer was the longest ago (last 10 min before)"),
        ("round_robin", {"last_offer_s": None}, "whose last offer was the longest ago (never yet)"),
        ("least_occupied", {"occupancy": 0.25}, "was the least occupied (25% of the last hour)"),
        ("longest_idle", {"idle_s": None}, "was the longest idle of 2 able agents"),
    ],
)  # fmt: skip
def test_the_strategy_tells_equals_apart(strategy: str, facts: dict[str, Any], words: str) -> None:
    floor = a_floor(at_work("ana", 6), at_work("ben", 2), rules=Rules({SUPPORT: Strategy(strategy)}))

    offer = explained(an_offer_line(strategy=strategy, **facts), floor)

    assert offer.criterion is Criterion.STRATEGY
    assert words in Words(NAMES, UTC).offer(offer)


def test_a_lower_rank_comes_before_skill_and_skill_before_idling() -> None:
    line = an_offer_line(prefer=["sales"], score=5, rank=2)
    second = at_work("ana", 1, {"french": 3, "sales": 5}, membership=Membership(rank=2))
    third = at_work("ben", 9, {"french": 3, "sales": 9}, membership=Membership(rank=3))
    lesser = at_work("ben", 9, {"french": 3, "sales": 1}, membership=Membership(rank=2))

    by_rank, by_skill = explained(line, a_floor(second, third)), explained(line, a_floor(second, lesser))

    assert (by_rank.criterion, by_skill.criterion) == (Criterion.RANK, Criterion.SKILL)
    assert "of the lowest rank (2) of 2 able agents; next would have been Ben (rank 3)" in Words(NAMES, UTC).offer(
        by_rank
    )
    assert "had the highest levels in sales (5) of 2 able agents; next would have been Ben (1)" in Words(
        NAMES, UTC
    ).offer(by_skill)


@pytest.mark.parametrize(("skills", "asked"), [({"french": 3, "tea": 6}, {}), ({"french": 9}, FRENCH)])
def test_the_most_skilled_are_compared_in_what_is_asked_or_in_all(
    skills: dict[str, int], asked: dict[str, int]
) -> None:
    floor = a_floor(at_work("ana", 1, skills), at_work("ben", 9), rules=Rules({SUPPORT: Strategy.MOST_SKILLED}))

    assert explained(an_offer_line(strategy="most_skilled", asked=asked), floor).criterion is Criterion.SKILL


def test_what_is_noteworthy_of_the_entry_is_told() -> None:
    line = an_offer_line(priority=2, position=3, passed_over=2, overtaken=1, relaxed=1, of=2, asked={})

    told = Words(NAMES, UTC).offer(explained(line, Hindsight()))

    assert "no skill was asked, relaxed 1 of 2 times" in told
    assert "It had priority 2. It was number 3 in the queue. 2 who came before it" in told
    assert "overtaken 1 times. Who else was there is not known" in told


def test_many_others_are_counted() -> None:
    crowd = [at_work(f"agent{number}", 3, {}) for number in range(20)]

    assert "20 others lack a skill." in Words(NAMES, UTC).offer(
        explained(an_offer_line(), a_floor(at_work("ana", 6), *crowd))
    )


def test_who_waits_is_told_why_and_where() -> None:
    less = Relaxed(timedelta(minutes=1), frozenset({("french", 4)}))
    entry = Entry(SUPPORT, ago(2), skills=frozenset({("french", 5)}), relax=(less,))
    older = Entry(SUPPORT, ago(3))
    floor = a_floor(
        at_work("ana", 6), waiting={CALL: entry, InteractionId("00000000-0000-0000-0000-000000000003"): older}
    )

    waits = wait_explained(CALL, floor, OFFERED_AT)

    assert waits is not None
    assert Words(NAMES, UTC).wait(waits) == (
        "Waits in support for 2 min, at position 2: french 4 is asked (relaxed 1 of 1 times). None of 1 agents is able"
        " and free: 1 lack a skill. Not Ana Torres: french 3 of 4."
    )


def test_who_waits_in_a_closed_or_empty_queue_is_told_so() -> None:
    entry = Entry(SUPPORT, ago(1), wanted=Wanted(AgentId("zoe")))
    floor = a_floor(waiting={CALL: entry}, hours=Hours(closed=frozenset([SUPPORT])))

    waits = wait_explained(CALL, floor, OFFERED_AT)

    assert waits is not None
    assert "The queue is closed now. Nobody who serves this queue is logged in." in Words(NAMES, UTC).wait(waits)
    assert wait_explained(OTHER, floor, OFFERED_AT) is None
    assert wait_explained(InteractionId("nobody"), floor, OFFERED_AT) is None


@pytest.mark.parametrize(("seconds", "words"), [(42, "42 s"), (360, "6 min"), (7500, "2 h 5 min")])
def test_lengths_are_told_as_people_do(seconds: float, words: str) -> None:
    assert length(seconds) == words
