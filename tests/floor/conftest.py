"""A whole floor in a test: all of `floor/` is real, the world around it is made of fakes that can be directed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.builders import NOON, an_agent_record
from tests.fakes.fake_channel import FakeChannel
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_fetcher import FakeFetcher
from tests.fakes.fake_line import FakeLine, FakeVoice
from tests.fakes.fake_messenger import FakeMessenger
from tests.fakes.fake_provider import FakeProvider
from tests.fakes.fake_switch import FakeSwitch
from tests.fakes.fake_synthesizer import FakeSynthesizer
from tests.fakes.memory_mails import MemoryMails
from tests.fakes.memory_store import MemoryStore
from trunkline.core.agent import Agent, Presence
from trunkline.core.call import Call
from trunkline.core.callback import VISITOR_PHONE
from trunkline.core.capacity import TEXT_MEDIA
from trunkline.core.centre import Centre as CentreInForce
from trunkline.core.centre_version import CentreVersion
from trunkline.core.ids import AgentId, InteractionId, OfferId, QueueId
from trunkline.core.interaction import BrowserPhone, Interaction, Stage
from trunkline.floor import roster
from trunkline.floor.administration import Administration, Archive
from trunkline.floor.agent import Desk
from trunkline.floor.at_steps import AtSteps
from trunkline.floor.back_off import BackOff
from trunkline.floor.browser_call import BrowserCalls
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.deadlines import Deadlines, by_medium
from trunkline.floor.dispatcher import Dispatcher
from trunkline.floor.errands import Errands
from trunkline.floor.fallback import FallbackMessages
from trunkline.floor.flow_board import FlowBoard
from trunkline.floor.flow_tests import FlowTests
from trunkline.floor.follow_up import FollowUps
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.helping import Helping
from trunkline.floor.hub import Hub
from trunkline.floor.intake import Intake
from trunkline.floor.ledger import Ledger
from trunkline.floor.opening import OpeningTimes
from trunkline.floor.outbox import Outbox
from trunkline.floor.places import when_waited_enough
from trunkline.floor.reading import Reading
from trunkline.floor.recovery import Recovery
from trunkline.floor.room import Room
from trunkline.floor.runs import Runs
from trunkline.floor.self_service import SelfService
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor
from trunkline.floor.switchboard import Switchboard
from trunkline.floor.text_desk import TextDesk
from trunkline.floor.text_service import TextService
from trunkline.floor.text_talk import TextTalk
from trunkline.floor.transfer import Transfers
from trunkline.floor.voicemail import Voicemails
from trunkline.floor.waiting import Waiting
from trunkline.flows.centre import centre_of
from trunkline.flows.library import Library
from trunkline.flows.round import Round
from trunkline.ports.channel import Channel, VisitorCall
from trunkline.ports.store import Change, Health

ANSWER_WITHIN = timedelta(seconds=60)
CENTRE = b"""
name: Acme
region: GB
language: en-GB
queues:
  sales: {title: Sales, ring_for: 20s, wrap_up: 60s, music: default, announce_every: 45s}
  support: {title: Support, ring_for: 20s, wrap_up: 60s, music: default, announce_every: 45s}
hours:
  support: {zone: Europe/London, open: {mon-fri: "09:00-17:30"}}
dispositions: [{code: resolved, title: Resolved}]
reasons: [{code: break, title: Break}]
agents:
  ana: {name: Ana Torres, queues: [sales]}
  ben: {name: Ben Okafor, queues: [sales, support]}
"""

MAIN = """
flow: main
title: Main line
media: [voice]
language: en-GB
entry: {numbers: ["100"]}
start: menu
steps:
  menu:
    menu: What is it about?
    choices:
      - {key: "1", label: Sales, go: sales}
      - {key: "2", label: A message, go: message}
      - {key: "3", label: Goodbye, go: bye}
    no_answer: {after: 5s, tries: 1, go: sales}
  sales:
    queue: sales
    while_waiting: {announce: [position, wait], every: 45s}
    overflow: {after: 5m, go: message}
  message:
    voicemail: Leave a message.
    queue: sales
    next: thanks
  thanks:
    say: Thank you for your message.
    next: bye
  bye:
    end: Goodbye.
"""


def _browser(call: InteractionId) -> BrowserPhone:
    return BrowserPhone(VISITOR_PHONE + call.replace("-", ""), "a digest")


async def always() -> None:
    """Return at once: this process acts."""


class Centre:
    """The floor under test. `await settled()` lets everything happen that is going to happen without time passing."""

    def __init__(
        self, folder: Path, *, store: MemoryStore, clock: FakeClock, switch: FakeSwitch, fetcher: FakeFetcher
    ) -> None:
        centre, problems = centre_of(CENTRE, "centre.yaml")
        assert centre is not None, problems
        self.store, self.clock, self.switch = store, clock, switch
        self.recordings = folder / "voicemail"
        self.lines: dict[str, FakeLine] = {}
        self.keys: deque[str | None] = deque()
        self.recording = b""
        self.library = library = Library(folder / "flows")
        assert not [p for p in library.load(centre).problems if p.severity == "error"], library.problems
        self.ledger = Ledger(store)
        self.floor = Floor(self.ledger, clock, centre)
        self.at_steps = AtSteps(self.floor)
        self.round = Round()
        self.flow_tests = FlowTests(self._carry_out_tests)
        self.flow_board = FlowBoard(library, self.flow_tests)
        self.intake = Intake(self.floor, store)
        runs, speaking = Runs(self.floor, library), Speaking(FakeVoice(), clock)
        voicemails = Voicemails(self.floor, runs, speaking, self.recordings)
        self.fetcher, self.messenger = fetcher, FakeMessenger()
        self.sounds = FakeSynthesizer()
        self.callbacks = Callbacks(self.floor, switch, self.intake, runs)
        transfers = Transfers(self.floor, switch, runs)
        errands = Errands(self.floor, store, self.fetcher, self.messenger)
        self.line = FakeProvider()
        self.post = FakeProvider("email")
        providers = {"line": self.line, "post": self.post}
        self.outbox = Outbox(self.floor, store, providers, until_may_act=always)
        self.self_service = SelfService(
            self.floor, switch, intake=self.intake, runs=runs, speaking=speaking, errands=errands,
            callbacks=self.callbacks, transfers=transfers, voicemails=voicemails, lines=self._line,
        )  # fmt: skip
        self.text, self.chat = FakeChannel("sms"), FakeChannel("chat")
        self.channels: dict[str, Channel] = {"text": self.text, "chat": self.chat, **providers}
        channels = self.channels
        self.room = Room(clock)
        conversation = self.conversation = Conversation(self.floor, switch, voicemails.left_flow, self.room)
        talk = TextTalk(
            self.floor, intake=self.intake, runs=runs, channels=channels, store=store, outbox=self.outbox,
            errands=errands, callbacks=self.callbacks, conversation=conversation,
        )  # fmt: skip
        self.mails = MemoryMails(files=store.files, came=store.came, attached=store.attached)
        self.levels = ServiceLevels(self.floor, store, {"chat": ANSWER_WITHIN})
        reading = self.reading = Reading(self.floor)
        self.texts, self.text_desk = (
            TextService(self.floor, talk, self.intake, channels, reading),
            TextDesk(self.floor, channels, self.outbox, self.mails, self.levels, reading=reading),
        )
        self.calls_told: list[tuple[str, VisitorCall]] = []
        self.browser_calls = self.texts.calls = talk.calls = BrowserCalls(self.floor, conversation, _browser)
        self.browser_calls.chat_of, self.browser_calls.look_at = self.texts.of, self.texts.look_at_call
        self.browser_calls.told = lambda where, call: self.calls_told.append((where.address, call))
        self.follow_ups = self.texts.follow_ups = FollowUps(self.floor, store, runs, channels, {"line": "support"})
        self.fallback_folder = folder / "fallback"
        self.fallback = FallbackMessages(
            self.floor, switch, store, intake=self.intake, left_in=self.fallback_folder, kept_in=self.recordings
        )
        self.desk, self.to_flow = Desk(self.floor, switch, conversation), HandToFlow(self.floor, runs, switch)
        self.desk.follow_ups = self.follow_ups.planned
        self.deadlines = Deadlines(
            self.floor, ring_out=conversation.rang_out, end_wrap_up=self.desk.wrap_up_over,
            call_back=by_medium(
                self.floor, {"voice": self.callbacks.due, **dict.fromkeys(TEXT_MEDIA, self.texts.follow_up)}
            ), waited_enough=when_waited_enough(self.floor, by_medium(
                self.floor, {"voice": self.self_service.overflow, **dict.fromkeys(TEXT_MEDIA, self.texts.overflow)}
            )),
        )  # fmt: skip
        self.back_off, self.opening = BackOff(self.floor), OpeningTimes(self.floor)
        dispatcher = Dispatcher(self.floor, switch, self.room, sound_for=self.sounds.sound_for)
        self.waiting = Waiting(self.floor, switch, runs, speaking)
        recovery = Recovery(
            self.floor, switch, conversation=conversation, self_service=self.self_service, callbacks=self.callbacks,
            transfers=transfers, intake=self.intake, dispatcher=dispatcher,
        )  # fmt: skip
        self.switchboard = Switchboard(
            self.floor, conversation=conversation, self_service=self.self_service, callbacks=self.callbacks,
            transfers=transfers, to_flow=self.to_flow, waiting=self.waiting, recovery=recovery,
        )  # fmt: skip
        self.hub = Hub(
            self.floor, store, sip_account=lambda agent: {"user": agent.endpoint},
            parts=lambda: {"switch": Health(ready=True)}, zone=UTC, at_steps=self.at_steps,
            flows=self.flow_board, levels=self.levels,
        )  # fmt: skip
        self.helping = Helping(self.floor, self.hub, self.texts)
        self.flow_board.changed = self.hub.flows_changed
        self.ledger.listeners += [
            self.outbox.published, self.levels.published, self.browser_calls.published, self.hub.published,
        ]  # fmt: skip
        self.ledger.outcome_unknown = self.switchboard.outcome_unknown
        self.hub.desk_count_changed = self.desk.desks
        self.texts.customer_writes = self.hub.customer_writes
        self.archive = Archive(store, clock)
        self.administration = Administration(self.floor, self.archive, library, self._take_over)

    async def _take_over(self, centre: CentreInForce, version: CentreVersion) -> None:
        records = [
            replace(an_agent_record(id_, queues=agent.queues, role=agent.role.value), name=agent.name)
            for id_, agent in centre.agents.items()
        ]
        await self.store.put_agents(records, at=self.clock.now())
        await roster.follow(self.floor, self.desk, centre)
        self.hub.centre_version = version.number
        self.hub.centre_changed(UTC)

    async def _carry_out_tests(self) -> Round:
        return self.round

    def load_flows(self) -> None:
        """Read the flow files anew, as the service does when one was saved."""
        self.library.load(self.floor.centre)
        self.flow_board.loaded()

    def _line(self, call: Call) -> FakeLine:
        line = FakeLine(self.switch, call, self.keys, recording=self.recording)
        self.lines[call.id.uniqueid] = line
        return line

    async def settled(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0)

    @contextmanager
    def slow_store(self) -> Iterator[None]:
        """Let the database take nothing for a while: what is written in it arrives at the end."""
        gate, save = asyncio.Event(), self.store.save

        async def saving(changes: Sequence[Change]) -> None:
            await gate.wait()
            await save(changes)

        self.store.save = saving  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.store.save = save  # type: ignore[method-assign]
            gate.set()

    async def until(self, true: Callable[[], bool], within: float = 5) -> None:
        """Wait, in real time, for what depends on a real pause."""
        async with asyncio.timeout(within):
            while not true():
                await asyncio.sleep(0.01)

    async def forward(self, seconds: float) -> None:
        self.clock.forward(seconds)
        await self.settled()

    async def ready(self, *agents: str) -> None:
        for id_ in agents:
            await self.desk.log_in(AgentId(id_))
            self.switch.phone(f"{id_}-web")
            await self.settled()
            await self.desk.show(AgentId(id_), Presence.READY, None)
            self.clock.forward(1)
        await self.settled()

    async def call_waits(self, caller: str = "+447700900123") -> Call:
        self.keys.append("1")
        call = self.switch.calls_in(caller)
        await self.settled()
        self.clock.forward(1)
        return call

    async def call_rings(self) -> tuple[Call, OfferId]:
        call = await self.call_waits()
        return call, self.switch.rung[-1].offer

    async def call_talks(self) -> tuple[Call, OfferId]:
        call, offer = await self.call_rings()
        self.switch.answers(offer)
        await self.settled()
        return call, offer

    def of(self, call: Call) -> Interaction | None:
        return self.floor.of_call(call.id)

    def stage(self, call: Call) -> Stage | None:
        interaction = self.of(call)
        return interaction.stage if interaction is not None else None

    def agent(self, id_: str) -> Agent:
        return self.floor.agent(AgentId(id_))

    def in_line(self, queue: str = "sales") -> list[str]:
        floor = self.floor
        waiting = [each for each in floor.interactions.values() if each.stage is Stage.WAITING]
        mine = [each for each in waiting if each.entry is not None and each.entry.queue == QueueId(queue)]
        placed = sorted(mine, key=lambda each: floor.routing.position(each.id) or 0)
        return [each.call.id.uniqueid for each in placed if each.call is not None]


@asynccontextmanager
async def open_floor(
    folder: Path, store: MemoryStore, clock: FakeClock, switch: FakeSwitch, fetcher: FakeFetcher | None = None
) -> AsyncIterator[Centre]:
    """Run a floor on this store and this switch: once more, and it is a service that was restarted."""
    centre = Centre(folder, store=store, clock=clock, switch=switch, fetcher=fetcher or FakeFetcher())
    records = [replace(an_agent_record("ana", queues=["sales"])), an_agent_record("ben", queues=["sales", "support"])]
    await store.put_agents(records, at=NOON)
    await centre.archive.open(CENTRE, "centre.yaml")
    situation = await store.load()
    centre.floor.load(situation)
    centre.outbox.begin(situation.outgoing)
    centre.callbacks.know_all()
    centre.browser_calls.know_all()
    centre.at_steps.recount()
    centre.deadlines.follow_all()
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        works: list[Any] = [
            centre.ledger.run(), centre.switchboard.run(switch.events()), centre.self_service.run(),
            centre.texts.run(), centre.intake.run(), centre.hub.run(), centre.flow_tests.run(), centre.outbox.run(),
        ]  # fmt: skip
        running = [tasks.create_task(work) for work in works]
        await asyncio.sleep(0)
        switch.found()
        await centre.settled()
        yield centre
        for task in running:
            task.cancel()


@pytest.fixture
def world(tmp_path: Path) -> SimpleNamespace:
    """What outlives a service: the folder, the database, the time, the telephone switch."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(MAIN, encoding="utf-8")
    clock = FakeClock()
    return SimpleNamespace(folder=tmp_path, store=MemoryStore(), clock=clock, switch=FakeSwitch(clock))


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened
