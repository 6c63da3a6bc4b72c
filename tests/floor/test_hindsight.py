"""The floor rebuilt from the journal is what the floor was, whatever happened on it."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_switch import FakeSwitch
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import CENTRE, Centre, open_floor
from trunkline.core.agent import Agent, PhoneKind, Presence
from trunkline.core.call import OfferFailure
from trunkline.core.decision import SOME, Criterion
from trunkline.core.errors import Rejected
from trunkline.core.explanation import explained
from trunkline.core.hindsight import TOLD_BY, Hindsight, floor_after
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.interaction import Entry, Stage
from trunkline.core.journal import Happened
from trunkline.core.roll_call import Hours, rules_of
from trunkline.floor import roster
from trunkline.floor.state import Floor
from trunkline.floor.supervision import Supervision
from trunkline.flows.centre import centre_of

FLOW = """
flow: main
media: [voice]
entry: {numbers: ["100"]}
start: menu
steps:
  menu:
    menu: What is it about?
    choices:
      - {key: "1", label: Sales, go: sales}
      - {key: "2", label: French, go: french}
      - {key: "3", label: A message, go: message}
      - {key: "4", label: Later, go: later}
    no_answer: {after: 5s, tries: 1, go: sales}
  sales: {queue: sales, priority: 2, offer_callback: {after: 10s, key: "1"}, overflow: {after: 3m, go: message}}
  french: {queue: support, skills: {french: 3}, prefer: [sales], relax: [{after: 30s, skills: {french: 1}}]}
  message: {voicemail: Leave a message., queue: sales, next: bye}
  later: {callback: sales, at: "2026-11-23T12:02+00:00", no_number: bye, existing: bye, next: bye}
  bye: {end: Goodbye.}
"""

SKILLED = (
    CENTRE.replace(b"sales: {title: Sales,", b"sales: {title: Sales, strategy: ring_all, ring_at_once: 2,")
    .replace(b"agents:", b"skills: {french: French, sales: Sales}\nagents:")
    .replace(
        b"ben: {name: Ben Okafor, queues: [sales, support]}",
        b"ben: {name: Ben Okafor, queues: {sales: {rank: 1}, support: {rank: 2}}, skills: {french: 2}}",
    )
)

AGENTS = st.sampled_from(["ana", "ben"])
STEPS = st.one_of(
    st.tuples(st.just("calls"), st.sampled_from("1234")),
    st.tuples(st.sampled_from(["logs_in", "ready", "takes_a_break", "logs_out", "wraps_up", "changes_phone"]), AGENTS),
    st.tuples(st.sampled_from(["phone_comes", "phone_goes"]), AGENTS),
    st.tuples(st.sampled_from(["answers", "declines", "hangs_up", "presses", "not_reached", "customer_leaves"])),
    st.tuples(st.just("assigned"), AGENTS),
    st.tuples(st.sampled_from(["centre_changes", "roll_call", "switch_lost", "restart"])),
    st.tuples(st.just("passes"), st.integers(1, 90)),
)


class Story:
    """What people do, as far as they can at the moment."""

    def __init__(self, centre: Centre) -> None:
        self.centre, self.switch = centre, centre.switch

    async def carry_out(self, step: tuple[Any, ...]) -> None:
        name, *arguments = step
        try:
            done = getattr(self, name)(*arguments)
            if done is not None:
                await done
        except (Rejected, StopIteration):
            pass
        await self.centre.settled()

    def calls(self, key: str) -> None:
        self.centre.keys.append(key)
        self.switch.calls_in(f"+4477009001{len(self.centre.store.interactions) % 100:02}")

    def logs_in(self, agent: str) -> Any:
        return self.centre.desk.log_in(AgentId(agent))

    def ready(self, agent: str) -> Any:
        return self._present(agent, Presence.READY, None)

    def takes_a_break(self, agent: str) -> Any:
        return self._present(agent, Presence.NOT_READY, "break")

    async def _present(self, agent: str, presence: Presence, reason: str | None) -> None:
        if self.centre.agent(agent).presence is not Presence.OFFLINE:
            await self.centre.desk.show(AgentId(agent), presence, reason)

    def logs_out(self, agent: str) -> Any:
        return self.centre.desk.log_out(AgentId(agent))

    def wraps_up(self, agent: str) -> Any:
        held = next(iter(self.centre.agent(agent).hands))
        return self.centre.desk.wrap_up(AgentId(agent), held, "resolved", "")

    def changes_phone(self, agent: str) -> Any:
        other = PhoneKind.SIP if self.centre.agent(agent).phone is PhoneKind.BROWSER else PhoneKind.BROWSER
        return self.centre.desk.choose_phone(AgentId(agent), other)

    def phone_comes(self, agent: str) -> None:
        self.switch.phone(self.centre.agent(agent).endpoint)

    def phone_goes(self, agent: str) -> None:
        self.switch.phone(self.centre.agent(agent).endpoint, reachable=False)

    def answers(self) -> None:
        offered = self._first(Stage.OFFERED)
        assert offered.offer is not None
        if offered.callback is None:
            self.switch.answers(offered.offer.id)
        else:
            self.switch.agent_answers_callback(offered.offer.id)
            self.switch.customer_answers(offered.offer.id)

    def declines(self) -> None:
        offered = self._first(Stage.OFFERED)
        assert offered.offer is not None
        self.switch.fails(offered.offer.id, OfferFailure.DECLINED)

    def not_reached(self) -> None:
        offered = next(each for each in self._in(Stage.OFFERED) if each.callback is not None)
        assert offered.offer is not None
        self.switch.agent_answers_callback(offered.offer.id)
        self.switch.customer_is_not_reached(offered.offer.id)

    def hangs_up(self) -> None:
        leg = next(offer for offer, leg in self.switch.legs.items() if leg.joined)
        self.switch.agent_hangs_up(leg)

    def customer_leaves(self) -> None:
        self.switch.caller_hangs_up(next(iter(self.switch.callers.values())).call)

    def presses(self) -> None:
        waiting = next(each for each in self._in(Stage.WAITING) if each.call is not None)
        assert waiting.call is not None
        self.switch.presses(waiting.call, "1")

    def assigned(self, agent: str) -> Any:
        boss, waiting = self.centre.agent("ana"), self._first(Stage.WAITING)
        self.centre.floor.commit(agents=[replace(boss, role="supervisor")])
        return Supervision(self.centre.floor).assign(boss.id, waiting.id, AgentId(agent))

    async def centre_changes(self) -> None:
        skilled = SKILLED if self.centre.floor.centre.agents[AgentId("ben")].skills == {} else CENTRE
        changed, problems = centre_of(skilled, "centre.yaml")
        assert changed is not None, problems
        await roster.follow(self.centre.floor, self.centre.desk, changed)

    def roll_call(self) -> None:
        self.centre.floor.commit(journal=[self.centre.floor.roll_call()])

    def switch_lost(self) -> None:
        self.switch.lost()
        self.switch.found()

    def passes(self, seconds: int) -> None:
        self.centre.clock.forward(seconds)

    def _in(self, stage: Stage) -> list[Any]:
        return [each for each in self.centre.floor.interactions.values() if each.stage is stage]

    def _first(self, stage: Stage) -> Any:
        return next(iter(self._in(stage)))


def matters_of(floor: Floor) -> dict[InteractionId, Any]:
    return {
        each.id: (placed(each.entry), each.medium, each.stage)
        for each in floor.interactions.values()
        if each.entry is not None and each.stage is not Stage.IN_FLOW
    }


def placed(entry: Entry) -> Entry:
    """Return what of an entry is a matter of routing."""
    return Entry(
        entry.queue, entry.since, entry.priority, skills=entry.skills, prefer=entry.prefer, relax=entry.relax,
        wanted=entry.wanted,
    )  # fmt: skip


def at_work(agents: dict[AgentId, Agent]) -> dict[AgentId, Agent]:
    """Return who is there, without what is no matter of routing."""
    there = (each for each in agents.values() if each.presence is not Presence.OFFLINE or each.hands)
    return {each.id: replace(each, name="", role="", unanswered=0, back_at=None) for each in there}


def assert_as_it_was(rebuilt: Hindsight, floor: Floor) -> None:
    assert at_work(rebuilt.agents) == at_work(floor.agents)
    assert {id_: (placed(m.entry), m.medium, m.stage) for id_, m in rebuilt.matters.items()} == matters_of(floor)
    known = {f"{id_}{ending}" for id_ in floor.agents for ending in ("", "-web")}
    assert rebuilt.phones & known == floor.reachable & known
    assert rebuilt.hours == Hours(floor._closed, floor._away)
    assert rebuilt.rules == rules_of(floor.centre)


async def played(story: list[tuple[Any, ...]], folder: Path, check: Callable[[Centre], None]) -> None:
    (folder / "flows").mkdir()
    (folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    clock = FakeClock()
    world = SimpleNamespace(store=MemoryStore(), switch=FakeSwitch(clock))
    parts: list[list[tuple[Any, ...]]] = [[]]
    for step in story:
        parts.append([]) if step[0] == "restart" else parts[-1].append(step)
    for part in parts:
        async with open_floor(folder, world.store, clock, world.switch) as centre:
            await centre.settled()
            check(centre)
            people = Story(centre)
            for step in part:
                await people.carry_out(step)
                check(centre)


def assert_decisions_are_explained(centre: Centre) -> None:
    """What routing knew in the moment is what hindsight finds of it."""
    floor = Hindsight()
    for line in centre.store.journal:
        if line.kind is Happened.OFFERED and floor.complete:
            told = explained(line, floor)
            if told.criterion is Criterion.BESIDE:
                floor.see(line)
                continue
            assert told.criterion.value == line.facts["by"], line
            able = 1 if told.criterion.value == "kept" else len(told.later) + 1
            assert min(able, SOME) == line.facts["able"], line
            following = told.later[0].agent if told.later and told.criterion.value != "kept" else None
            assert following == line.facts.get("next"), line
        floor.see(line)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_the_floor_is_rebuilt_as_it_was(steps: list[tuple[Any, ...]]) -> None:
    begin = [(what, who) for who in ("ana", "ben") for what in ("logs_in", "phone_comes", "ready")]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(played([*begin, *steps], Path(folder), check))


def check(centre: Centre) -> None:
    told = [line for line in centre.store.journal if line.kind in TOLD_BY]
    assert_as_it_was(floor_after(told), centre.floor)
    assert_decisions_are_explained(centre)
