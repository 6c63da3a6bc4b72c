"""A stretch of the past under its own rules is what it was; under others, what follows from them and nothing else."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from math import isnan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.builders import NOON, an_agent, later
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_switch import FakeSwitch
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import MAIN, Centre, open_floor
from trunkline.core.agent import Agent, Presence, placed
from trunkline.core.centre import QueueOverflow
from trunkline.core.demand import Membership, Strategy
from trunkline.core.hindsight import TOLD_BY, Hindsight
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.occupancy import Busy
from trunkline.core.roll_call import Hours, Rules, agent_facts, roll_call
from trunkline.planning.figures import Figures
from trunkline.planning.past import Past
from trunkline.planning.replay import Replay, as_they_were
from trunkline.planning.unknown import Patience, Unknown

SALES, SUPPORT = QueueId("sales"), QueueId("support")


def past_of(lines: Sequence[JournalEntry], start: datetime, until: datetime) -> Past:
    floor = Hindsight()
    told = [line for line in lines if line.kind in TOLD_BY]
    for line in told:
        if line.at < start:
            floor.see(line)
    past = Past(floor, start, until)
    for line in told:
        if start <= line.at < until:
            past.see(line)
    return past


def replayed(past: Past, rules: Rules | None = None, posted: Any = as_they_were) -> dict[QueueId, Figures]:
    unknown = Unknown(past.stays, past.until)
    return dict(Replay(past, unknown, rules or past.rules, posted).play(within_s=20))


# --- against a real floor ---


class Day:
    """A floor on which every offer is answered, every talk and every patience has its length."""

    def __init__(self, centre: Centre, callers: Sequence[tuple[float, float, float]]) -> None:
        self.centre = centre
        self.callers = [(at, patience, talk) for at, patience, talk in sorted(callers)]
        self.came: dict[str, tuple[float, float, float]] = {}

    async def goes_by(self, seconds: int, breaks: dict[int, tuple[str, str]]) -> None:
        callers = list(self.callers)
        for second in range(seconds):
            while callers and callers[0][0] <= second:
                self.centre.keys.append("1")
                call = self.centre.switch.calls_in("+447700900123")
                self.came[call.id.uniqueid] = callers.pop(0)
            if second in breaks:
                await self._present(*breaks[second])
            await self.centre.settled()
            await self._people()
            self.centre.clock.forward(1)
            await self.centre.settled()

    async def _present(self, agent: str, what: str) -> None:
        presence = Presence.READY if what == "ready" else Presence.NOT_READY
        await self.centre.desk.show(AgentId(agent), presence, None if what == "ready" else "break")

    async def _people(self) -> None:
        for each in list(self.centre.floor.interactions.values()):
            await self._goes_on(each, (self.centre.clock.now() - each.stage_since).total_seconds())
            await self.centre.settled()

    async def _goes_on(self, each: Interaction, since: float) -> None:
        switch, offer = self.centre.switch, each.offer
        planned = self.came.get(each.call.id.uniqueid) if each.call is not None else None
        if each.stage is Stage.OFFERED and since >= 3 and offer is not None:
            switch.answers(offer.id)
        elif each.stage is Stage.WRAP_UP and since >= 5 and each.agent is not None:
            await self.centre.desk.wrap_up(each.agent, each.id, "resolved", "")
        elif planned is None or each.entry is None or each.call is None:
            return
        elif each.stage is Stage.TALKING and since >= planned[2] and offer is not None:
            switch.agent_hangs_up(offer.id)
        elif each.stage is Stage.WAITING and self.centre.clock.now() - each.entry.since >= timedelta(
            seconds=planned[1]
        ):
            switch.caller_hangs_up(each.call)


async def a_day(callers: Sequence[tuple[float, float, float]], breaks: dict[int, tuple[str, str]]) -> Past:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flows").mkdir()
        (folder / "flows" / "main.yaml").write_text(MAIN, encoding="utf-8")
        clock = FakeClock()
        world = SimpleNamespace(store=MemoryStore(), switch=FakeSwitch(clock))
        async with open_floor(folder, world.store, clock, world.switch) as centre:
            await centre.ready("ana", "ben")
            start = clock.now()
            await Day(centre, callers).goes_by(240, breaks)
            return past_of(world.store.journal, start, clock.now())


CALLERS = st.lists(st.tuples(st.integers(0, 200), st.integers(5, 120), st.integers(5, 90)), min_size=1, max_size=12)
BREAKS = st.dictionaries(
    st.integers(1, 200), st.tuples(st.sampled_from(["ana", "ben"]), st.sampled_from(["ready", "break"])), max_size=4
)


# A day takes seconds: to make a found one smaller would take longer than a test may.
@pytest.mark.slow
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(CALLERS, BREAKS)
@example([(43, 100, 33), (72, 83, 87)], {84: ("ana", "break")}).via("a break that begins as a wrap-up ends")
def test_under_its_own_rules_a_day_is_what_it_was(
    callers: list[tuple[float, float, float]], breaks: dict[int, tuple[str, str]]
) -> None:
    past = asyncio.run(a_day(callers, breaks))

    before, after = past.figures(within_s=20), replayed(past)

    assert before.keys() == after.keys()
    for queue, was in before.items():
        is_ = asdict(after[queue])
        for name, value in asdict(was).items():
            assert (isnan(value) and isnan(is_[name])) or is_[name] == pytest.approx(value, abs=0.01), (queue, name)


# --- against hand-made journals ---


def at_work(id_: str, queues: dict[QueueId, Membership], skills: dict[str, int] | None = None) -> Agent:
    return placed(an_agent(id_, presence=Presence.READY, since=NOON, idle_since=NOON), queues, skills or {})


def rolled(*agents: Agent, rules: Rules | None = None, hours: Hours | None = None) -> JournalEntry:
    facts = roll_call(agents, [], [agent.endpoint for agent in agents], hours or Hours(), rules or Rules())
    return JournalEntry(Happened.ROLL_CALLED, later(-60), facts=facts)


def comes(id_: str, at: float, queue: QueueId = SALES, **facts: Any) -> JournalEntry:
    told = {"queue": queue, "priority": 0, "medium": "voice", **facts}
    return JournalEntry(Happened.QUEUED, later(at), InteractionId(id_), facts=told)


def served(id_: str, agent: str, offered: float, answered: float, over: float) -> list[JournalEntry]:
    who, what = AgentId(agent), InteractionId(id_)
    return [
        JournalEntry(Happened.OFFERED, later(offered), what, who, {"queue": "sales", "waited_s": 0.0}),
        JournalEntry(Happened.ACCEPTED, later(answered), what, who),
        JournalEntry(Happened.WRAPPED_UP, later(over), what, who),
    ]


def gives_up(id_: str, at: float) -> JournalEntry:
    return JournalEntry(Happened.ABANDONED, later(at), InteractionId(id_))


def a_past(*lines: JournalEntry, until: float = 600) -> Past:
    """Return the past of the lines in the order of their times."""
    return past_of(sorted(lines, key=lambda line: line.at), NOON, later(until))


def test_one_agent_more_in_a_queue_serves_whom_nobody_served() -> None:
    ana, ben = at_work("ana", {SALES: Membership()}), at_work("ben", {SUPPORT: Membership()})
    past = a_past(
        rolled(ana, ben), comes("1", 0), *served("1", "ana", 0, 4, 204), comes("2", 10), gives_up("2", 90),
    )  # fmt: skip

    def both(agent: Agent) -> Agent:
        return placed(agent, {SALES: Membership()})

    was, changed = replayed(past)[SALES], replayed(past, posted=both)[SALES]

    assert (was.contacts, was.served, was.abandoned) == (2, 1, 1)
    assert (changed.contacts, changed.served, changed.abandoned) == (2, 2, 0)
    assert changed.wait_max_s == pytest.approx(4), "it rings as long as the only one that is known"


def test_who_waited_before_the_stretch_is_served_first_and_not_counted() -> None:
    ana = at_work("ana", {SALES: Membership()})
    past = a_past(
        rolled(ana), comes("0", -30), comes("1", 1), *served("0", "ana", 2, 4, 60), *served("1", "ana", 60, 61, 100),
    )  # fmt: skip

    assert (replayed(past)[SALES].contacts, past.figures(within_s=20)[SALES].contacts) == (1, 1)
    # Free from the beginning, ana has the first at once, for 2 s of ringing and 56 s.
    assert replayed(past)[SALES].wait_max_s == pytest.approx(58)


def test_what_an_agent_held_at_the_beginning_keeps_them_as_long_as_it_did() -> None:
    ana = at_work("ana", {SALES: Membership()})
    lines = [rolled(ana), comes("0", -50), *served("0", "ana", -49, -40, 30), comes("1", 5)]
    lines += served("1", "ana", 30, 31, 50)

    assert replayed(a_past(*lines))[SALES].wait_max_s == pytest.approx(26)


def test_agents_come_and_go_as_they_did() -> None:
    ana = at_work("ana", {SALES: Membership()})
    log_in = JournalEntry(Happened.LOGGED_IN, later(40), agent=ana.id, facts=agent_facts(ana))
    phone = JournalEntry(Happened.PHONE_CAME, later(50), agent=ana.id, facts={"phone": "browser"})
    off = JournalEntry(Happened.LOGGED_OUT, later(200), agent=ana.id)
    past = a_past(rolled(), comes("1", 0), log_in, phone, *served("1", "ana", 50, 51, 80), off, comes("2", 300))

    was = replayed(past)[SALES]

    assert (was.served, was.left_waiting) == (1, 1)
    assert was.wait_median_s == pytest.approx(51)
    assert was.occupancy == pytest.approx(30 / 150)


def test_an_overflow_of_the_changed_rules_brings_entries_to_who_is_free() -> None:
    ben = at_work("ben", {SUPPORT: Membership()})
    past = a_past(rolled(ben), comes("1", 0), gives_up("1", 300))

    changed = replayed(past, Rules(overflows={SALES: QueueOverflow(timedelta(seconds=30), SUPPORT)}))

    assert (changed[SALES].served, changed[SALES].wait_max_s) == (1, 30)


def test_a_closed_queue_serves_when_it_opens() -> None:
    ana = at_work("ana", {SALES: Membership()})
    opens = JournalEntry(Happened.HOURS_CHANGED, later(60), facts={"closed": [], "away": []})
    past = a_past(rolled(ana, hours=Hours(closed=frozenset([SALES]))), comes("1", 0), opens)

    assert replayed(past)[SALES].wait_max_s == pytest.approx(60)


def test_a_strategy_of_the_changed_rules_decides_who_is_asked() -> None:
    both = at_work("ana", {SALES: Membership(), SUPPORT: Membership()}, {"french": 9})
    ana, ben = replace(both, idle_since=later(-30), lately=Busy(600, NOON)), at_work("ben", {SALES: Membership()})
    past = a_past(
        rolled(ana, ben), comes("1", 0), *served("1", "ana", 0, 1, 200), comes("2", 10, SUPPORT, skills={"french": 5})
    )
    least = Rules({SALES: Strategy.LEAST_OCCUPIED})

    assert replayed(past)[SUPPORT].wait_max_s > 150, "ana was the longest idle, and has the call"
    assert replayed(past, least)[SUPPORT].wait_max_s < 10, "ben was less occupied, and has it"


def test_texts_that_nobody_was_offered_are_not_played() -> None:
    past = a_past(rolled(at_work("ana", {SALES: Membership()})), comes("1", 0, medium="chat"))

    assert SALES in replayed(past)
    assert replayed(past)[SALES].contacts == past.figures(within_s=20)[SALES].contacts == 0


def test_who_left_by_their_flow_leaves_by_it_again() -> None:
    left = JournalEntry(Happened.OVERFLOWED, later(90), InteractionId("1"), facts={"queue": "sales", "to": "message"})
    was = replayed(a_past(rolled(), comes("1", 0), left))[SALES]

    assert (was.left_waiting, was.abandoned, was.wait_max_s) == (1, 0, 90)


@given(
    st.lists(st.tuples(st.floats(0, 500), st.booleans()), min_size=1, max_size=30), st.floats(0, 500), st.floats(0, 1)
)
def test_nobody_gives_up_sooner_than_they_waited(waits: list[tuple[float, bool]], wait: float, chance: float) -> None:
    patience = Patience(waits).beyond(wait, chance)

    assert patience is None or (patience > wait and (patience, True) in waits)


def test_patience_is_kaplan_and_meiers_estimate() -> None:
    # Of four, one gives up after 10 s (3/4 stay), one is served at 20 s, one gives up at 30 s (3/4 × 1/2 stay).
    patience = Patience([(10, True), (20, False), (30, True), (40, False)])

    assert [patience.beyond(0, chance) for chance in (0.9, 0.76, 0.74, 0.4, 0.37)] == [10, 10, 30, 30, None]
    assert [patience.beyond(15, chance) for chance in (0.6, 0.4)] == [30, None]
