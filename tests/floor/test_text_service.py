"""Text conversations over a flow: in their order, for days, and through restarts at every kind of step."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOON, an_agent, an_agent_record, an_interaction
from tests.fakes.fake_channel import FakeChannel
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_fetcher import FakeFetcher
from tests.fakes.fake_provider import FakeProvider
from tests.fakes.fake_switch import FakeSwitch
from tests.fakes.memory_mails import MemoryMails
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import CENTRE, always
from trunkline.core.agent import Presence
from trunkline.core.customer import Customer
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, CustomerId, MessageId, QueueId
from trunkline.core.interaction import Entry, Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened
from trunkline.core.message import Side
from trunkline.core.outgoing import Delivery
from trunkline.floor.agent import Desk
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.deadlines import Deadlines
from trunkline.floor.dispatcher import Dispatcher
from trunkline.floor.errands import Errands
from trunkline.floor.intake import Intake
from trunkline.floor.ledger import Ledger
from trunkline.floor.messenger import ChannelMessenger
from trunkline.floor.outbox import Outbox
from trunkline.floor.reading import Reading
from trunkline.floor.room import Room
from trunkline.floor.runs import Runs, run_of
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.text_desk import TextDesk
from trunkline.floor.text_service import TRY_AGAIN, TextService
from trunkline.floor.text_state import MessageLeft, Standing, standing_of
from trunkline.floor.text_talk import MOST_ALONE, TextTalk
from trunkline.flows.centre import centre_of
from trunkline.flows.library import Library
from trunkline.flows.render import Button
from trunkline.flows.talk import Fetched, FetchFailed
from trunkline.ports.channel import Channel, ConversationId, Gone, NotTaken, Refused, Said, Wished
from trunkline.ports.store import Change

CHRIS = "+447700900123"
SHOP = "https://shop.example/orders/1234"
DAY = 24 * 3600

FLOW = """
flow: help
title: Help
media: [chat, sms]
entry: {channels: [web, text, line]}
start: welcome
steps:
  welcome: {say: Welcome to Acme., next: main}
  main:
    menu: How can we help?
    choices:
      - {key: "1", label: Sales, go: sales}
      - {key: "2", label: My order, go: order}
      - {key: "3", label: A message, go: box}
      - {key: "4", label: Later, go: rest}
      - {key: "5", label: Goodbye, go: bye}
      - {key: "6", label: Call me, go: call_me}
      - {key: "7", label: A note, go: note}
      - {key: "8", label: Who am I, go: who}
      - {key: "9", label: Rate, go: rate}
    no_answer: {after: 60s, tries: 2, say: Still there?, go: bye}
    no_match: {say: Sorry., tries: 2, go: sales}
  order: {ask: Your order number?, as: digits, length: 4, save: order_no, next: look_up}
  look_up:
    http: {get: "https://shop.example/orders/{order_no}"}
    save: order
    found: tell
    missing: order
    failed: sales
  tell: {say: "It is {order.status}.", next: bye}
  box: {voicemail: Write your message., queue: support, next: thanks}
  thanks: {end: Thank you.}
  rest: {wait: 3d, next: back}
  back: {say: Here we are again., next: main}
  sales: {queue: sales, priority: 7, overflow: {after: 5m, go: box}}
  call_me: {callback: support, number: "+447700900999", no_number: bye, next: bye}
  note: {send: "A note.", to: "07700 900888", next: bye, failed: unsent}
  unsent: {end: No note.}
  who: {customer: "{default(caller, '+447700900777')}", name: Chris, next: hello}
  hello: {say: "Hello {customer.name}.", next: bye}
  rate: {rate: From 1 to 5?, save: csat, next: bye}
  bye: {end: Goodbye.}
"""

MENU = "How can we help?\n1 Sales\n2 My order\n3 A message\n4 Later\n5 Goodbye\n6 Call me\n7 A note\n8 Who am I\n9 Rate"


@dataclass
class World:
    """What outlives a service."""

    folder: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    web: FakeChannel = field(default_factory=lambda: FakeChannel("chat"))
    text: FakeChannel = field(default_factory=lambda: FakeChannel("sms"))
    line: FakeProvider = field(default_factory=FakeProvider)

    def write(self, flow: str, name: str = "help") -> None:
        (self.folder / f"{name}.yaml").write_text(flow, encoding="utf-8")


class Texts:
    """The service under test: one life of it."""

    def __init__(self, world: World) -> None:
        self.world, self.count = world, 0
        centre, problems = centre_of(CENTRE, "centre.yaml")
        assert centre is not None, problems
        self.library = Library(world.folder)
        problems = [*self.library.load(centre).problems]
        assert not [each for each in problems if each.severity == "error"], problems
        self.ledger = Ledger(world.store)
        self.floor = Floor(self.ledger, world.clock, centre)
        self.switch = FakeSwitch(world.clock)
        self.intake = Intake(self.floor, world.store)
        runs = Runs(self.floor, self.library)
        self.callbacks = Callbacks(self.floor, self.switch, self.intake, runs)
        channels: dict[str, Channel] = {"web": world.web, "text": world.text, "line": world.line}
        self.outbox = Outbox(self.floor, world.store, {"line": world.line}, until_may_act=always)
        messenger = ChannelMessenger(self.floor, channels, self.outbox)
        errands = Errands(self.floor, world.store, world.fetcher, messenger)
        room = Room(self.floor.clock)
        self.conversation = Conversation(self.floor, self.switch, self._hung_up, room)
        self.talk = TextTalk(
            self.floor, intake=self.intake, runs=runs, channels=channels, store=world.store, outbox=self.outbox,
            errands=errands, callbacks=self.callbacks, conversation=self.conversation,
        )  # fmt: skip
        reading = Reading(self.floor)
        self.service = TextService(self.floor, self.talk, self.intake, channels, reading)
        self.mails = MemoryMails()
        levels = ServiceLevels(self.floor, world.store, {})
        self.text_desk = TextDesk(self.floor, channels, self.outbox, self.mails, levels, reading=reading)
        self.desk = Desk(self.floor, self.switch, self.conversation)
        Dispatcher(self.floor, self.switch, room, sound_for=lambda _: None)
        self.deadlines = Deadlines(
            self.floor, waited_enough=self.service.overflow, ring_out=self.conversation.rang_out,
            end_wrap_up=self.desk.wrap_up_over, call_back=self.callbacks.due,
        )  # fmt: skip

    def _hung_up(self, interaction: Interaction, *, at: datetime) -> None:
        raise AssertionError(f"{interaction.id} is no call, and was hung up at {at}")

    async def settled(self) -> None:
        for _ in range(300):
            await asyncio.sleep(0)

    async def says(self, text: str, *, of: str = CHRIS, on: str = "text", message: str | None = None) -> None:
        self.told(text, of=of, on=on, message=message)
        await self.settled()

    def told(self, text: str, *, of: str = CHRIS, on: str = "text", message: str | None = None) -> asyncio.Future[None]:
        self.count += 1
        name = message or f"{id(self)}-{self.count}"
        return self.service.told(Said(ConversationId(on, of), text, self.world.clock.now(), name))

    async def forward(self, seconds: float) -> None:
        self.world.clock.forward(seconds)
        await self.settled()

    def live(self) -> Interaction:
        [interaction] = self.floor.interactions.values()
        return interaction

    def last(self) -> str:
        return self.world.text.texts(CHRIS)[-1]


@asynccontextmanager
async def alive(world: World) -> AsyncIterator[Texts]:
    """Run one life of the service; leaving it kills it where it stands."""
    texts = Texts(world)
    await world.store.put_agents([an_agent_record("ana", queues=["sales", "support"])], at=NOON)
    situation = await world.store.load()
    texts.floor.load(situation)
    texts.ledger.listeners.append(texts.outbox.published)
    texts.outbox.begin(situation.outgoing)
    texts.callbacks.know_all()
    texts.deadlines.follow_all()
    texts.floor.settled = True
    works: list[Any] = [texts.ledger.run(), texts.intake.run(), texts.service.run(), texts.outbox.run()]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work) for work in works]
        await texts.settled()
        yield texts
        for task in running:
            task.cancel()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.write(FLOW)
    return made


@pytest.fixture
async def texts(world: World) -> AsyncIterator[Texts]:
    async with alive(world) as service:
        yield service


# --- A conversation --------------------------------------------------------------------------------------------------


async def test_somebody_who_texts_is_led_from_the_first_word_to_the_last(texts: Texts) -> None:
    texts.world.fetcher.answers = {SHOP: Fetched(200, {"status": "sent"})}
    for text in ("Hi", "2", "12 34"):
        await texts.says(text)

    assert texts.world.text.texts(CHRIS) == [
        "Welcome to Acme.", MENU, "Your order number?", "It is sent.", "Goodbye."
    ]  # fmt: skip
    [ended] = texts.world.store.interactions.values()
    assert (ended.medium, ended.outcome, ended.call, ended.address.e164) == ("sms", Outcome.ENDED_IN_FLOW, None, CHRIS)
    assert texts.world.store.journal[0].kind is Happened.ARRIVED
    answers = [entry.facts["answer"] for entry in texts.world.store.happened(Happened.ANSWERED_STEP)]
    assert answers == ["My order", "1234"]


async def test_visitor_of_the_chat_has_buttons_and_is_nobodys_number(texts: Texts) -> None:
    await texts.says("Hi", of="visitor-7", on="web")
    buttons = texts.world.web.sent[-1][1].buttons
    await texts.says(buttons[1].value, of="visitor-7", on="web")

    assert buttons[0] == Button("Sales", "1")
    assert texts.world.web.sent[-1][1].keyboard == "digits"
    address = texts.live().address
    assert (address.raw, address.e164) == ("visitor-7", None)


async def test_next_message_after_the_end_begins_anew(texts: Texts) -> None:
    for text in ("Hi", "5", "Hi again"):
        await texts.says(text)

    assert texts.world.text.texts(CHRIS) == ["Welcome to Acme.", MENU, "Goodbye.", "Welcome to Acme.", MENU]
    assert len(texts.world.store.interactions) == 2


async def test_nonsense_is_asked_again_and_then_left_to_people(texts: Texts) -> None:
    for text in ("Hi", "qwxyz", "qwxyz"):
        await texts.says(text)

    assert texts.world.text.texts(CHRIS)[2] == f"Sorry.\n{MENU}"
    assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "sales")  # type: ignore[union-attr]


async def test_two_messages_at_once_are_taken_in_their_order(texts: Texts) -> None:
    texts.world.fetcher.answers = {SHOP: Fetched(200, {"status": "sent"})}
    done = [texts.told(text) for text in ("Hi", "2", "1234")]
    await asyncio.gather(*done)

    assert texts.world.text.texts(CHRIS)[-3:] == ["Your order number?", "It is sent.", "Goodbye."]
    assert len(texts.world.store.interactions) == 1


async def test_two_people_do_not_wait_for_each_other(texts: Texts) -> None:
    texts.world.fetcher.held = True
    for text in ("Hi", "2", "1234"):
        await texts.says(text)
    await texts.says("Hi", of="+447700900456")

    assert texts.world.text.texts("+447700900456") == ["Welcome to Acme.", MENU]


async def test_message_that_comes_twice_is_one(texts: Texts) -> None:
    await texts.says("Hi")
    await texts.says("2", message="m-2")
    await texts.says("2", message="m-2")

    assert texts.world.text.texts(CHRIS)[-1] == "Your order number?"
    assert run_of(texts.live()).tries.no_match == 0  # type: ignore[union-attr]


async def test_what_is_told_is_durable_when_that_is_said(texts: Texts) -> None:
    await texts.says("Hi")
    texts.world.store.away = True
    taken = texts.told("2")
    await texts.settled()
    assert not taken.done()

    texts.world.store.away = False
    async with asyncio.timeout(5):
        await taken

    [stored] = texts.world.store.interactions.values()
    assert run_of(stored).step == "order"  # type: ignore[union-attr]


async def test_a_first_message_is_not_taken_while_nobody_can_know_whether_it_is_the_first(texts: Texts) -> None:
    texts.world.store.away = True
    taken = texts.told("Hi", message="m-1")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(taken, 5)
    assert not texts.floor.interactions

    texts.world.store.away = False
    await texts.says("Hi", message="m-1")
    assert texts.last() == MENU


async def test_nothing_is_taken_before_the_service_runs_and_after(world: World) -> None:
    with pytest.raises(Unavailable):
        Texts(world).told("Hi")
    async with alive(world) as texts:
        await texts.says("Hi", of="v", on="web")
    with pytest.raises(Unavailable):
        texts.told("Hi")
    texts.world.clock.forward(60)  # its timers are no more than timers

    assert len(world.web.sent) == 2


# --- Time ------------------------------------------------------------------------------------------------------------


async def test_silence_on_chat_is_asked_again_and_then_ends(texts: Texts) -> None:
    await texts.says("Hi", of="v", on="web")
    await texts.forward(59)
    before = len(texts.world.web.sent)
    await texts.forward(1)
    again = texts.world.web.texts("v")[before:]
    await texts.forward(60)

    assert (before, again) == (2, ["Still there?\nHow can we help?"])
    assert texts.world.web.texts("v")[-1] == "Goodbye."
    assert texts.floor.interactions == {}


async def test_answer_in_time_is_no_silence(texts: Texts) -> None:
    await texts.says("Hi", of="v", on="web")
    await texts.forward(50)
    await texts.says("2", of="v", on="web")
    await texts.forward(5)

    assert texts.world.web.texts("v")[-1] == "Your order number?"
    await texts.forward(114)
    assert texts.world.web.texts("v")[-2:] != ["Your order number?"] * 2
    await texts.forward(1)
    assert texts.world.web.texts("v")[-2:] == ["Your order number?"] * 2


async def test_time_that_is_over_while_an_answer_is_on_its_way_is_not_that_of_the_next_question(texts: Texts) -> None:
    await texts.says("Hi", of="v", on="web")
    texts.told("2", of="v", on="web")
    await texts.forward(60)

    assert texts.world.web.texts("v")[2:] == ["Your order number?"]


async def test_no_timer_outlives_what_it_was_for(texts: Texts) -> None:
    for text in ("Hi", "2", "nonsense", "nonsense", "nonsense"):
        await texts.says(text, of="v", on="web")

    assert texts.floor.interactions == {}
    assert [timer for _, _, timer in texts.world.clock._due if not timer.cancelled] == []


async def test_nobody_hurries_somebody_who_texts(texts: Texts) -> None:
    await texts.says("Hi")
    await texts.forward(20 * DAY)
    assert len(texts.world.text.sent) == 2

    await texts.says("5")
    assert texts.last() == "Goodbye."


async def test_run_rests_for_days_and_what_is_written_meanwhile_changes_nothing(texts: Texts) -> None:
    for text in ("Hi", "4", "are you there?"):
        await texts.says(text)
    sent = len(texts.world.text.sent)
    await texts.forward(3 * DAY - 1)
    assert len(texts.world.text.sent) == sent

    await texts.forward(1)
    assert texts.world.text.texts(CHRIS)[sent:] == ["Here we are again.", MENU]


# --- Queues and messages ---------------------------------------------------------------------------------------------


def a_free_agent(texts: Texts) -> None:
    """Let ana be free, at a phone that rings."""
    ana = an_agent("ana", presence=Presence.READY, idle_since=NOON)
    texts.floor.phone_changed("ana-web", reachable=True)
    texts.floor.commit(agents=[ana])


async def test_who_waits_keeps_their_place_and_is_asked_nothing(texts: Texts) -> None:
    for text in ("Hi", "1", "hello?"):
        await texts.says(text)

    waiting = texts.live()
    assert waiting.entry is not None
    assert (waiting.stage, waiting.entry.queue, waiting.entry.priority) == (Stage.WAITING, "sales", 7)
    assert texts.world.store.happened(Happened.OFFERED) == []
    assert texts.last() == MENU


async def test_place_in_line_is_in_the_language_of_the_conversation(world: World) -> None:
    world.write(FLOW.replace("title: Help", "title: Help\nlanguage: es"))
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)

        assert texts.live().entry.language == "es"  # type: ignore[union-attr]


async def test_who_waited_too_long_is_led_on(texts: Texts) -> None:
    for text in ("Hi", "1"):
        await texts.says(text)
    await texts.forward(300)

    assert (texts.last(), texts.live().stage, texts.live().entry) == ("Write your message.", Stage.IN_FLOW, None)
    [overflowed] = texts.world.store.happened(Happened.OVERFLOWED)
    assert overflowed.facts == {"queue": "sales", "to": "box"}


async def test_message_that_is_left_becomes_work_of_its_queue(texts: Texts) -> None:
    for text in ("Hi", "3", "Please call me.\nThanks"):
        await texts.says(text)

    left = texts.live()
    assert texts.last() == "Thank you."
    assert left.entry is not None
    assert (left.stage, left.entry.queue) == (Stage.WAITING, "support")
    assert standing_of(left).left == MessageLeft(QueueId("support"), "Please call me.\nThanks")
    assert "Thanks" not in str(texts.world.store.journal)


async def test_who_leaves_in_the_middle_ends_it_and_who_left_a_message_is_still_answered(texts: Texts) -> None:
    where = ConversationId("text", CHRIS)
    await texts.says("Hi")
    await texts.service.told(Gone(where, NOON))
    for text in ("Hi", "1"):
        await texts.says(text)
    await texts.service.told(Gone(where, NOON))
    for text in ("Hi", "3", "Call me."):
        await texts.says(text)
    await texts.service.told(Gone(where, NOON))
    await texts.service.told(Gone(ConversationId("text", "+447700900456"), NOON))

    outcomes = [each.outcome for each in texts.world.store.interactions.values()]
    assert outcomes == [Outcome.ENDED_IN_FLOW, Outcome.ABANDONED, None]
    assert texts.live().stage is Stage.WAITING


# --- The world -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        (Fetched(404), "Your order number?"),
        (FetchFailed("timeout"), "Your order number?"),
        (Fetched(500), "Your order number?"),
    ],
)
async def test_web_service_leads_where_its_answer_leads(texts: Texts, answer: Fetched | FetchFailed, last: str) -> None:
    texts.world.fetcher.answers = {SHOP: answer}
    for text in ("Hi", "2", "1234"):
        await texts.says(text)

    asks_again = answer == Fetched(404)
    assert texts.last() == last
    assert (texts.live().stage is Stage.IN_FLOW) is asks_again


CALL_ME = FLOW.replace(
    'call_me: {callback: support, number: "+447700900999", no_number: bye, next: bye}',
    """call_me: {callback: sales, number: "{default(phone, caller)}", no_number: which, existing: twice, next: promised}
  which: {ask: Which number?, as: phone, save: phone, next: call_me}
  twice: {say: You have one already., next: bye}
  promised: {say: We will call you., next: main}""",
)


def planned(texts: Texts) -> list[Interaction]:
    return [each for each in texts.floor.interactions.values() if each.work is Work.CALLBACK]


async def test_who_texts_is_called_back_at_their_number_and_the_conversation_goes_on(world: World) -> None:
    world.write(CALL_ME)
    async with alive(world) as texts:
        for text in ("Hi", "6"):
            await texts.says(text)
        [callback] = planned(texts)
        assert world.text.texts(CHRIS)[2:] == ["We will call you.", MENU]
        await texts.says("5")

        assert texts.last() == "Goodbye."
        [written] = [each for each in world.store.interactions.values() if each.work is not Work.CALLBACK]
        assert written.outcome is Outcome.CALLBACK_PLANNED
        assert (callback.medium, callback.entry, callback.stage) == (
            "voice", Entry(QueueId("sales"), world.clock.now()), Stage.WAITING,
        )  # fmt: skip
        a_free_agent(texts)
        await texts.settled()
        assert [each.number for each in texts.switch.called_back] == [CHRIS]


async def test_visitor_of_the_chat_is_asked_for_a_number_and_one_that_no_trunk_may_call_again(world: World) -> None:
    world.write(CALL_ME)
    async with alive(world) as texts:
        texts.switch.may_be_called = "+44"
        for text in ("Hi", "6", "+19005550100", "07700 900777"):
            await texts.says(text, of="v", on="web")

        assert world.web.texts("v")[2:5] == ["Which number?", "Which number?", "We will call you."]
        assert [each.address.e164 for each in planned(texts)] == ["+447700900777"]


async def test_nobody_is_promised_two_callbacks_though_one_is_written_for_and_one_called_for(world: World) -> None:
    world.write(CALL_ME)
    async with alive(world) as texts:
        for text in ("Hi", "6", "5", "Hi"):
            await texts.says(text)
    async with alive(world) as texts:
        await texts.says("6")

        assert len(planned(texts)) == 1
        assert world.text.texts(CHRIS)[-2:] == ["You have one already.", "Goodbye."]
        assert sorted(each.outcome or "" for each in world.store.interactions.values()) == [
            "", Outcome.CALLBACK_PLANNED, Outcome.ENDED_IN_FLOW,
        ]  # fmt: skip


async def test_who_leaves_once_they_are_to_be_called_back_ended_with_that(world: World) -> None:
    world.write(CALL_ME)
    async with alive(world) as texts:
        for text in ("Hi", "6"):
            await texts.says(text)
        await texts.service.told(Gone(ConversationId("text", CHRIS), NOON))

        assert [each.outcome for each in world.store.interactions.values()] == [Outcome.CALLBACK_PLANNED, None]
        assert len(planned(texts)) == 1


async def test_callback_and_what_the_flow_makes_of_it_are_one_transaction(world: World) -> None:
    world.write(CALL_ME)
    async with alive(world) as texts:
        for text in ("Hi", "6"):
            await texts.says(text)

        steps = [
            {(each.work, run_of(each).step) for change in save for each in change.interactions}  # type: ignore[union-attr]
            for save in world.store.saves
            if any(entry.kind is Happened.CALLBACK_PLANNED for change in save for entry in change.journal)
        ]
        assert steps == [{(Work.CALLBACK, "call_me"), (Work.CALL, "promised")}]


async def test_callback_is_durable_before_it_is_promised_and_has_nothing_of_the_writing(world: World) -> None:
    world.write(CALL_ME)
    durable: list[Mapping[str, Any] | None] = []
    async with alive(world) as texts:
        await texts.says("Hi")
        world.text.taking = lambda: durable.extend(
            each.run for each in world.store.interactions.values() if each.work is Work.CALLBACK
        )
        await texts.says("6")

        assert [run_of(each).step for each in planned(texts)] == ["call_me"]  # type: ignore[union-attr]
    assert len(durable) == 2
    assert standing_of(an_interaction(run=durable[0])) == Standing()


async def test_note_goes_to_the_number_it_is_for(texts: Texts) -> None:
    for text in ("Hi", "7"):
        await texts.says(text, of="v", on="web")

    assert texts.world.text.texts("+447700900888") == ["A note."]
    assert texts.world.web.texts("v")[-1] == "Goodbye."


async def test_note_that_cannot_be_sent_is_told(texts: Texts) -> None:
    texts.world.text.away = True
    for text in ("Hi", "7"):
        await texts.says(text, of="v", on="web")

    assert texts.world.web.texts("v")[-1] == "No note."


@pytest.mark.parametrize("changed", ['to: "12", by: sms', "by: email"])
async def test_note_without_a_number_or_a_channel_is_told(world: World, changed: str) -> None:
    world.write(FLOW.replace('to: "07700 900888"', changed))
    async with alive(world) as texts:
        for text in ("Hi", "7"):
            await texts.says(text)

        assert texts.last() == "No note."


async def test_unknown_customer_is_noted_and_greeted_by_the_name_they_gave(texts: Texts) -> None:
    for text in ("Hi", "8"):
        await texts.says(text)

    assert texts.world.text.texts(CHRIS)[-2:] == ["Hello Chris.", "Goodbye."]
    media = {medium for medium, address in texts.world.store._addresses if address == CHRIS}
    assert media == {"voice"}, "one number is one customer, on whatever medium"
    assert [each.customer is not None for each in texts.world.store.interactions.values()] == [True]


async def test_customer_whom_a_step_finds_is_the_conversations_however_late_its_address_is_looked_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(FLOW.replace("start: welcome", "start: who").replace("next: hello}", "next: main}"))
    gate, look_up = asyncio.Event(), world.store.customer_at

    async def slow(address: str, *, medium: str, **known: Any) -> Customer:
        if known["name"] is None:  # by the address alone
            await gate.wait()
        return await look_up(address, medium=medium, **known)

    monkeypatch.setattr(world.store, "customer_at", slow)
    async with alive(world) as texts:
        await texts.says("Hi")
        found = texts.live().customer
        gate.set()
        await texts.settled()

        [chris] = [each.id for each in world.store.customers.values() if each.name == "Chris"]
        assert found == texts.live().customer == texts.floor.profiles[texts.live().id].customer.id == chris  # type: ignore[union-attr]


async def test_customer_whom_a_step_found_is_theirs_after_a_restart_and_known_to_the_flow(world: World) -> None:
    world.write(
        FLOW.replace("next: hello}", "next: wait}").replace("hello: {", "wait: {wait: 1h, next: hello}\n  hello: {")
    )
    async with alive(world) as texts:
        for text in ("Hi", "8"):
            await texts.says(text)
        found = texts.live().customer
    world.clock.forward(3600)
    async with alive(world) as texts:
        await texts.forward(0)
        assert world.text.texts(CHRIS)[-2:] == ["Hello Chris.", "Goodbye."]

    assert found is not None
    assert [each.customer for each in world.store.interactions.values()] == [found]


async def test_who_it_is_is_found_anew_after_a_restart_before_the_flow_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(FLOW.replace("Here we are again.", '"Here we are again, {customer.name}."'))
    await world.store.customer_at(CHRIS, medium="voice", name="Chris", at=NOON)
    async with alive(world) as texts:
        for text in ("Hi", "4"):
            await texts.says(text)
    world.clock.forward(3 * DAY)
    gate, look_up = asyncio.Event(), world.store.customer

    async def slow(id_: CustomerId) -> Customer | None:
        await gate.wait()
        return await look_up(id_)

    monkeypatch.setattr(world.store, "customer", slow)
    async with alive(world) as texts:
        await texts.forward(0)
        gate.set()
        await texts.settled()

        assert world.text.texts(CHRIS)[-2:] == ["Here we are again, Chris.", MENU]


async def test_errands_are_journaled_as_on_the_telephone_without_a_word_of_whom_they_are_about(texts: Texts) -> None:
    texts.world.fetcher.answers = {SHOP: Fetched(200, {"status": "sent"})}
    for text in ("Hi", "2", "1234", "Hi", "7", "Hi", "8"):
        await texts.says(text)

    kinds = (Happened.WEB_SERVICE_ASKED, Happened.MESSAGE_SENT, Happened.CUSTOMER_FOUND)
    [asked], [sent], [found] = (texts.world.store.happened(kind) for kind in kinds)
    assert asked.facts == {"step": "look_up", "method": "GET", "came": 200}
    assert sent.facts == {"step": "note", "medium": "sms", "failed": None}
    assert found.facts == {"customer": list(texts.world.store.interactions.values())[-1].customer}


async def test_note_in_the_middle_of_which_the_service_dies_is_sent_again_under_the_same_key(world: World) -> None:
    async with alive(world) as texts:
        await texts.says("Hi")
        world.text.held = True
        await texts.says("7")
    world.text.held = False
    async with alive(world):
        assert world.text.keys[-3] == world.text.keys[-2] != world.text.keys[-1]
        assert world.text.texts("+447700900888") == ["A note."]
        assert world.text.texts(CHRIS)[-1] == "Goodbye."


async def test_customer_who_is_known_is_known_to_the_flow(world: World) -> None:
    asks = 'welcome: {menu: "Dear {customer.name}?", choices: [{label: "For {customer.name}", go: main}]}'
    world.write(FLOW.replace("welcome: {say: Welcome to Acme., next: main}", asks))
    await world.store.customer_at(CHRIS, medium="voice", name="Chris", at=NOON)
    async with alive(world) as texts:
        await texts.says("Hi")
        await texts.says("nonsense")

        assert texts.last() == "Dear Chris?\n1 For Chris"


async def test_call_cannot_be_handed_over_where_there_is_none(world: World) -> None:
    world.write(
        'flow: out\nstart: out\nsteps:\n  out: {transfer: "+442071234567", failed: no}\n  no: {end: Nobody.}\n', "out"
    )
    world.write(FLOW.replace("welcome: {say: Welcome to Acme., next: main}", "welcome: {run: out, next: main}"))
    async with alive(world) as texts:
        await texts.says("Hi")

        assert world.text.texts(CHRIS) == ["Nobody.", MENU]


# --- Restarts --------------------------------------------------------------------------------------------------------

AT_REST = {
    "menu": (["Hi"], "2", "Your order number?"),
    "ask": (["Hi", "2"], "12", "Your order number?"),
    "rate": (["Hi", "9"], "5", "Goodbye."),
    "voicemail": (["Hi", "3"], "Call me.", "Thank you."),
}


@pytest.mark.parametrize("step", AT_REST)
async def test_question_is_not_put_again_after_a_restart_and_its_answer_goes_on(world: World, step: str) -> None:
    before, then, last = AT_REST[step]
    async with alive(world) as texts:
        for text in before:
            await texts.says(text)
    sent = len(world.text.sent)

    async with alive(world) as texts:
        assert len(world.text.sent) == sent
        await texts.says(then)

        assert texts.last() == last
        assert len(world.text.sent) == sent + 1


async def test_rest_ends_when_it_was_to_though_the_service_was_away(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "4"):
            await texts.says(text)
    async with alive(world) as texts:
        await texts.forward(3 * DAY - 1)
        assert texts.last() == MENU
    world.clock.forward(10 * DAY)
    async with alive(world) as texts:
        await texts.forward(0)

        assert world.text.texts(CHRIS)[-2:] == ["Here we are again.", MENU]


async def test_silence_counts_from_the_question_through_a_restart(world: World) -> None:
    async with alive(world) as texts:
        await texts.says("Hi", of="v", on="web")
        await texts.forward(40)
    async with alive(world) as texts:
        await texts.forward(19)
        assert len(world.web.sent) == 2
        await texts.forward(1)

        assert world.web.texts("v")[-1] == "Still there?\nHow can we help?"


async def test_place_in_line_and_its_overflow_outlive_a_restart(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)
        since = texts.live().entry.since  # type: ignore[union-attr]
    async with alive(world) as texts:
        assert texts.live().entry.since == since  # type: ignore[union-attr]
        await texts.forward(300)

        assert texts.last() == "Write your message."


async def test_words_after_an_overflow_outlive_a_restart(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)
        world.text.away = True
        await texts.forward(300)
    world.text.away = False
    async with alive(world) as texts:
        assert texts.last() == "Write your message."


async def test_web_service_is_asked_again_under_the_same_key(world: World) -> None:
    world.fetcher.held = True
    async with alive(world) as texts:
        for text in ("Hi", "2", "1234"):
            await texts.says(text)
    world.fetcher.held, world.fetcher.answers = False, {SHOP: Fetched(200, {"status": "sent"})}

    async with alive(world) as texts:
        (_, first), (_, again) = world.fetcher.asked

        assert first == again
        assert world.text.texts(CHRIS)[-2:] == ["It is sent.", "Goodbye."]
        assert texts.floor.interactions == {}


@pytest.mark.parametrize("nth", range(1, 6))
async def test_service_that_dies_when_a_message_has_just_gone_sends_none_twice(world: World, nth: int) -> None:
    texts_so_far = ("Hi", "2", "1234")
    world.fetcher.answers = {SHOP: Fetched(200, {"status": "sent"})}
    died = False

    def dies() -> None:
        nonlocal died
        if len(world.text.sent) == nth - 1 and not died:
            world.store.away = died = True

    world.text.taking = dies
    async with alive(world) as texts:
        for text in texts_so_far:
            if not died:
                await texts.says(text)
                said = texts_so_far.index(text) + 1
    world.store.away = False

    async with alive(world) as texts:
        for text in texts_so_far[said:]:
            await texts.says(text)

    assert world.text.texts(CHRIS) == ["Welcome to Acme.", MENU, "Your order number?", "It is sent.", "Goodbye."]
    assert [each.outcome for each in world.store.interactions.values()] == [Outcome.ENDED_IN_FLOW]


async def test_run_keeps_the_version_it_began_with(world: World) -> None:
    async with alive(world) as texts:
        await texts.says("Hi")
        world.write(FLOW.replace("Your order number?", "Which order?"))
        texts.library.load(texts.floor.centre)
        await texts.says("2")
        await texts.says("Hi", of="+447700900456")
        await texts.says("2", of="+447700900456")

        assert (texts.last(), world.text.texts("+447700900456")[-1]) == ("Your order number?", "Which order?")


# --- When something is wrong -----------------------------------------------------------------------------------------


async def test_channel_that_is_away_gets_its_message_later(texts: Texts) -> None:
    texts.world.text.away = True
    await texts.says("Hi")
    await texts.says("2")  # no answer to a question that never went out
    texts.world.text.away = False
    await texts.forward(TRY_AGAIN.total_seconds())

    assert texts.world.text.texts(CHRIS) == ["Welcome to Acme.", MENU]
    await texts.says("2")
    assert texts.last() == "Your order number?"


async def test_question_that_never_went_out_goes_out_when_they_write_again_and_is_not_answered_by_that(
    texts: Texts,
) -> None:
    def away_after_this() -> None:
        texts.world.text.away = True

    texts.world.text.taking = away_after_this
    await texts.says("Hi")
    texts.world.text.away, texts.world.text.taking = False, lambda: None
    await texts.says("2")
    out = texts.world.text.texts(CHRIS)
    await texts.forward(TRY_AGAIN.total_seconds())

    assert out == ["Welcome to Acme.", MENU]
    assert len(texts.world.text.keys) == 2


@pytest.mark.parametrize("flow", [FLOW.replace("[web, text, line]", "[web]"), FLOW.replace("[chat, sms]", "[chat]")])
async def test_message_that_no_flow_is_for_waits_for_people(world: World, flow: str) -> None:
    world.write(flow)
    async with alive(world) as texts:
        await texts.says("Hi")

        assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "sales")  # type: ignore[union-attr]
        assert [entry.kind for entry in world.store.journal] == [Happened.ARRIVED, Happened.QUEUED]


async def test_value_that_nobody_has_is_left_out_and_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write(FLOW.replace("Welcome to Acme.", '"Welcome, {order.name}."'))
    async with alive(world) as texts:
        await texts.says("Hi")

        assert world.text.texts(CHRIS)[0] == "Welcome, ."
    [told] = [vars(record) for record in caplog.records if record.message == "a value of a flow was missing"]
    assert told["step"] == "welcome"


async def test_flow_that_turns_in_a_circle_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.flows.steps.send.SendStep.answered", lambda self, scene, _: self.enter(scene))
    async with alive(world) as texts:
        for text in ("Hi", "7"):
            await texts.says(text)

        assert len(world.text.texts("+447700900888")) == MOST_ALONE
        assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "sales")  # type: ignore[union-attr]


async def test_flow_that_fails_leaves_its_conversation_to_people(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async with alive(world) as texts:
        await texts.says("Hi")
        monkeypatch.setattr("trunkline.floor.text_talk.understood", broken)
        await texts.says("2")

        assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "sales")  # type: ignore[union-attr]


RENAMED = (
    FLOW.replace("order:", "number:").replace("go: order", "go: number").replace("missing: order", "missing: number")
)


async def test_step_that_is_gone_leaves_its_conversation_to_people(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "2"):
            await texts.says(text)
    world.write(RENAMED)
    async with alive(world) as texts:
        await texts.says("1234")

        assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "sales")  # type: ignore[union-attr]
        assert texts.live().entry.priority == 7  # type: ignore[union-attr]
        assert world.store.happened(Happened.STEP_REACHED)[-1].facts == {"flow": "help", "step": "sales"}


async def test_time_is_over_at_a_step_that_is_gone(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "2"):
            await texts.says(text, of="v", on="web")
    world.write(RENAMED)
    async with alive(world) as texts:
        await texts.forward(120)

        assert texts.live().stage is Stage.WAITING


async def test_what_was_interrupted_at_a_step_that_is_gone_is_left_to_people(world: World) -> None:
    world.fetcher.held = True
    async with alive(world) as texts:
        for text in ("Hi", "2", "1234"):
            await texts.says(text)
    world.write(FLOW.replace("look_up", "search"))
    async with alive(world) as texts:
        assert texts.live().stage is Stage.WAITING


@pytest.mark.parametrize("start", ["main", "sales", "welcome"])
async def test_queue_that_the_centre_has_no_more_is_replaced_by_that_for_such_cases(world: World, start: str) -> None:
    world.write(FLOW.replace("start: welcome", f"start: {start}").replace("Acme., next: main", "Acme., next: sales"))
    async with alive(world) as texts:
        centre = texts.floor.centre
        texts.floor.centre = replace(centre, queues={QueueId("support"): centre.queues[QueueId("support")]})
        await texts.says("Hi")
        await texts.says("1")

        assert (texts.live().stage, texts.live().entry.queue) == (Stage.WAITING, "support")  # type: ignore[union-attr]


async def test_fault_that_does_not_let_go_is_told_and_the_next_conversation_is_served(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async with alive(world) as texts:
        with monkeypatch.context() as patched:
            patched.setattr("trunkline.floor.runs.begin", broken)
            await texts.says("Hi", of="+447700900777")  # whose flow cannot even begin
        assert texts.live().stage is Stage.WAITING
        await texts.service.told(Gone(ConversationId("text", "+447700900777"), texts.world.clock.now()))
        await texts.says("Hi")
        with monkeypatch.context() as patched:
            patched.setattr("trunkline.floor.text_talk.understood", broken)
            patched.setattr("trunkline.floor.runs.to_people", broken)
            await texts.says("2")
        await texts.says("5")

        assert texts.last() == "Goodbye."
    told = [record.message for record in caplog.records if record.levelname == "ERROR" and record.exc_info]
    assert told == ["a conversation failed"] * 2 + ["a conversation could not be left to people"]


async def test_overflow_that_comes_late_is_not_that_of_the_next_place(texts: Texts) -> None:
    for text in ("Hi", "1"):
        await texts.says(text)
    texts.service.overflow(texts.live().id)
    texts.service.overflow(texts.live().id)
    await texts.settled()

    assert texts.last() == "Write your message."
    assert len(texts.world.store.happened(Happened.OVERFLOWED)) == 1


async def test_place_that_is_held_again_does_not_overflow_by_the_earlier_one(world: World) -> None:
    world.write(
        FLOW.replace("after: 5m, go: box", "after: 5m, go: again").replace(
            "  bye:", "  again: {say: Hold on., next: sales}\n  bye:"
        )
    )
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)
        world.clock.time += timedelta(seconds=1)
        texts.service.overflow(texts.live().id)
        texts.service.overflow(texts.live().id)
        await texts.settled()

        assert texts.last() == "Hold on."
        assert len(world.store.happened(Happened.OVERFLOWED)) == 1


async def test_overflow_that_fell_due_while_the_service_was_away_comes_at_its_start(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)
    world.clock.forward(DAY)
    async with alive(world) as texts:
        assert texts.last() == "Write your message."


async def test_calls_are_none_of_its_business(texts: Texts, world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.store.save([Change(interactions=[an_interaction(Stage.WAITING)])])
    texts.floor.commit(interactions=[an_interaction()])
    await texts.settled()
    async with alive(world) as again:
        assert {each.medium for each in again.floor.interactions.values()} == {"voice"}
        assert {each.stage for each in again.floor.interactions.values()} == {Stage.WAITING, Stage.IN_FLOW}
    assert texts.service._live == again.service._live == {}
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_channel_that_stays_away_is_tried_once_at_a_time(texts: Texts) -> None:
    tried = 0
    texts.world.text.away = True
    for text in ("Hi", "Hello?", "Is anybody there?"):
        await texts.says(text)
    texts.world.text.away = False

    def taking() -> None:
        nonlocal tried
        tried += 1

    texts.world.text.taking = taking
    await texts.forward(10 * TRY_AGAIN.total_seconds())

    assert tried == len(texts.world.text.sent) == 2


async def test_waiting_without_a_flow_to_go_on_in_has_no_end(world: World) -> None:
    async with alive(world) as texts:
        for text in ("Hi", "1"):
            await texts.says(text)
    (world.folder / "help.yaml").unlink()
    async with alive(world) as texts:
        await texts.forward(300)

        assert texts.live().entry is not None
        assert texts.live().entry.overflow_at is None  # type: ignore[union-attr]


# --- A channel with a provider ---------------------------------------------------------------------------------------


async def test_what_a_flow_says_goes_out_by_the_outbox_once_it_is_durable(texts: Texts) -> None:
    await texts.says("Hi", on="line")
    await texts.says("5", on="line")

    assert "".join(texts.world.line.texts()) == f"Welcome to Acme.{MENU}Goodbye."
    assert {each.state for each in texts.world.store.outbox.values()} == {Delivery.SENT}
    [first, *_] = texts.world.store.outbox.values()
    assert first.message == first.id in texts.world.store.messages


async def test_what_comes_again_long_after_its_conversation_begins_nothing(texts: Texts) -> None:
    for _ in range(3):
        await texts.says("Hi", on="line", message="SM1")
    await texts.says("5", on="line", message="SM2")
    assert not texts.floor.interactions

    for message in ("SM1", "SM2"):
        await texts.says("Hi", on="line", message=message)

    assert not texts.floor.interactions
    assert len(texts.world.store.interactions) == 1


async def test_fifty_deliveries_at_once_are_one_message(texts: Texts) -> None:
    told = [texts.told("Hi", on="line", message="SM1") for _ in range(50)]
    await asyncio.wait_for(asyncio.gather(*told), 5)

    assert len(texts.world.store.interactions) == 1
    assert [each.text for each in texts.world.store.messages.values() if each.side is Side.CUSTOMER] == ["Hi"]


def wished(texts: Texts, text: str, message: str, *, wants_more: bool | None, reply: str = "") -> asyncio.Future[None]:
    where = ConversationId("line", CHRIS)
    return texts.service.told(Wished(where, text, texts.world.clock.now(), message, wants_more, reply))


async def test_who_sends_stop_is_answered_once_and_hears_no_more(texts: Texts) -> None:
    await texts.says("Hi", on="line")
    before = len(texts.world.line.given)
    for _ in range(2):
        await asyncio.wait_for(wished(texts, "STOP", "SM9", wants_more=False, reply="No more."), 5)
        await texts.settled()

    assert texts.world.line.texts()[before:] == ["No more."]
    assert not texts.floor.interactions, "the conversation is over"
    assert list(texts.world.store.opt_outs) == [("sms", CHRIS)]
    assert [each.text for each in texts.world.store.messages.values() if each.side is Side.CUSTOMER] == ["Hi", "STOP"]

    await wished(texts, "START", "SM10", wants_more=True)
    await texts.says("Hi again", on="line")
    assert "".join(texts.world.line.texts()[before + 1 :]).startswith("Welcome to Acme.")


async def test_who_wants_help_is_helped_in_the_midst_of_a_flow(texts: Texts) -> None:
    await texts.says("Hi", on="line")
    before = len(texts.world.line.given)
    await wished(texts, "HELP", "SM9", wants_more=None, reply="Call us.")
    await texts.settled()

    assert texts.world.line.texts()[before:] == ["Call us."]
    await texts.says("5", on="line")
    assert texts.world.line.texts()[-1] == "Goodbye."


async def test_a_dead_service_sends_on_what_it_had_promised_and_nothing_twice(world: World) -> None:
    world.line.faults.append(NotTaken("away"))
    async with alive(world) as texts:
        await texts.says("Hi", on="line")
    assert world.line.given == []

    async with alive(world) as texts:
        await texts.forward(60)
        await texts.says("5", on="line")

    assert "".join(world.line.texts()) == f"Welcome to Acme.{MENU}Goodbye."


async def test_what_an_agent_writes_goes_out_and_tells_how_far_it_came(texts: Texts) -> None:
    await texts.says("Hi", on="line")
    await texts.says("1", on="line")
    a_free_agent(texts)
    await texts.settled()
    offer = texts.live().offer
    assert offer is not None
    await texts.desk.accept(AgentId("ana"), offer.id)
    talking = texts.live()
    texts.world.line.faults.append(Refused("no such number (21211)"))
    before = len(texts.world.line.given)

    await texts.text_desk.say(AgentId("ana"), talking.id, "Good day", key="1")
    await texts.settled()
    [message] = [each for each in texts.floor.threads[talking.id] if each.side is Side.AGENT]
    [out] = texts.floor.deliveries[talking.id][message.id].values()
    assert (out.state, out.why) == (Delivery.FAILED, "no such number (21211)")

    await texts.text_desk.send_again(AgentId("ana"), talking.id, message.id)
    await texts.settled()
    assert texts.world.line.texts()[before:] == ["Good day"]
    [out] = texts.floor.deliveries[talking.id][message.id].values()
    assert out.state is Delivery.SENT
    with pytest.raises(NoSuch):
        await texts.text_desk.send_again(AgentId("ana"), talking.id, MessageId("m"))
