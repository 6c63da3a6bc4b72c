"""What goes out by a provider: once, in its order, through faults of the provider, of the database and of ourselves."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.builders import NOON
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_provider import FakeProvider
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import CENTRE, always
from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import BACK_OFF, Delivery, Outgoing
from trunkline.core.record import changed
from trunkline.floor.ledger import Ledger
from trunkline.floor.outbox import AT_ONCE, WANTS_NOTHING, NotFailed, Outbox
from trunkline.floor.state import Floor
from trunkline.flows.centre import centre_of
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId, NotTaken, Refused

CHRIS, DANA = "+447700900123", "+447700900124"
AWAY = NotTaken("the provider is away")
DEAF = Unavailable("the provider did not answer")


class Post:
    """One life of an outbox with two providers."""

    def __init__(self, store: MemoryStore, clock: FakeClock, text: FakeProvider, other: FakeProvider) -> None:
        centre, problems = centre_of(CENTRE, "centre.yaml")
        assert centre is not None, problems
        self.store, self.clock, self.text, self.other = store, clock, text, other
        self.ledger = Ledger(store)
        self.floor = Floor(self.ledger, clock, centre)
        self.outbox = Outbox(self.floor, store, {"text": text, "other": other}, until_may_act=always)
        self.ledger.listeners.append(self.outbox.published)

    async def settled(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0)

    async def writes(self, text: str, *, to: str = CHRIS, by: str = "text", anyway: bool = False) -> list[MessageId]:
        letters = self.outbox.letters(ConversationId(by, to), Shown((text,), "en"), key=text, anyway=anyway)
        await self.outbox.send_once(letters)
        await self.settled()
        return [each.id for each in letters]

    async def later(self, pause: timedelta = BACK_OFF[-1]) -> None:
        self.clock.forward(pause.total_seconds())
        await self.settled()

    def state(self, id_: MessageId) -> tuple[Delivery, str | None]:
        out = self.store.outbox[id_]
        return out.state, out.why


@asynccontextmanager
async def alive(store: MemoryStore, clock: FakeClock, text: FakeProvider, other: FakeProvider) -> AsyncIterator[Post]:
    post = Post(store, clock, text, other)
    situation = await store.load()
    post.floor.load(situation)
    post.outbox.begin(situation.outgoing)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(work) for work in (post.ledger.run(), post.outbox.run())]
        await post.settled()
        yield post
        for task in running:
            task.cancel()


@pytest.fixture
def text() -> FakeProvider:
    return FakeProvider(longest=20)


@pytest.fixture
async def post(text: FakeProvider) -> AsyncIterator[Post]:
    async with alive(MemoryStore(), FakeClock(), text, FakeProvider()) as opened:
        yield opened


async def test_what_is_written_goes_out_in_its_parts_and_order(post: Post) -> None:
    ids = await post.writes("One message that is longer than twenty")
    await post.writes("Two")

    assert post.text.texts() == ["One message that is ", "longer than twenty", "Two"]
    assert [post.state(id_) for id_ in ids] == [(Delivery.SENT, None)] * 2
    assert [post.store.outbox[id_].external for id_ in ids] == ["SM1", "SM2"]


async def test_what_is_written_twice_goes_out_once(post: Post) -> None:
    for _ in range(3):
        await post.writes("Hello")
    assert post.text.texts() == ["Hello"]


async def test_a_channel_without_a_provider_has_no_outbox(post: Post) -> None:
    assert post.outbox.letters(ConversationId("web", "visitor-1"), Shown(("Hi",), "en"), key="1") == ()


async def test_what_was_not_taken_goes_out_later_and_nothing_overtakes_it(post: Post) -> None:
    post.text.faults = deque([AWAY, AWAY])
    [id_] = await post.writes("First")
    await post.writes("Second")
    assert post.text.texts() == []
    assert post.state(id_) == (Delivery.WAITING, "the provider is away")

    await post.later(BACK_OFF[0])
    assert post.text.texts() == []
    await post.later(BACK_OFF[1])

    assert post.text.texts() == ["First", "Second"]
    assert post.text.looked_for == [], "what was certainly not taken is not looked for"


async def test_one_who_cannot_be_reached_holds_up_nobody_else(post: Post) -> None:
    post.text.faults = deque([AWAY])
    await post.writes("To Chris")
    await post.writes("To Dana", to=DANA)
    await post.writes("By the other", by="other")

    assert (post.text.texts(), post.other.texts()) == (["To Dana"], ["By the other"])


async def test_a_provider_that_is_asked_too_much_is_left_alone_for_as_long_as_it_says(post: Post) -> None:
    post.text.faults = deque([NotTaken("too many", again_in=timedelta(seconds=30))])
    await post.writes("To Chris")
    await post.writes("To Dana", to=DANA)
    await post.writes("By the other", by="other")
    assert (post.text.texts(), post.other.texts()) == ([], ["By the other"])

    await post.later(timedelta(seconds=30))

    assert sorted(post.text.texts()) == ["To Chris", "To Dana"]


async def test_what_a_provider_may_have_is_looked_for_before_it_is_given_again(post: Post) -> None:
    post.text.silent = True
    [id_] = await post.writes("Taken, not answered")
    post.text.silent = False
    await post.later()
    assert len(post.text.given) == 1
    assert post.state(id_) == (Delivery.SENT, None)

    post.text.faults = deque([DEAF])
    [lost] = await post.writes("Not taken, no answer")
    await post.later()

    assert [each.id for each in post.text.looked_for] == [id_, lost]
    assert len(post.text.given) == 2
    assert post.state(lost) == (Delivery.SENT, None)


async def test_a_refused_message_fails_and_the_next_goes_out(post: Post) -> None:
    post.text.faults = deque([Refused("no such number (21211)")])
    [id_] = await post.writes("Hello")
    await post.writes("Again")

    assert post.state(id_) == (Delivery.FAILED, "no such number (21211)")
    assert post.text.texts() == ["Again"]


async def test_a_fault_of_ours_loses_nothing(post: Post) -> None:
    post.text.faults = deque([ZeroDivisionError("oops")])
    [id_] = await post.writes("Hello")
    assert post.state(id_)[0] is Delivery.WAITING
    await post.later()
    assert post.text.texts() == ["Hello"]


async def test_a_provider_that_takes_nothing_for_a_day_is_given_up_and_an_agent_may_begin_anew(post: Post) -> None:
    post.text.faults = deque([AWAY] * 30)
    [id_] = await post.writes("Hello")
    for _ in range(30):
        await post.later()
    assert post.state(id_) == (Delivery.FAILED, "the provider is away")

    await post.outbox.send_again(id_)
    await post.settled()

    assert post.text.texts() == ["Hello"]
    with pytest.raises(NotFailed):
        await post.outbox.send_again(id_)


async def test_all_parts_that_failed_are_sent_again_and_no_others(post: Post) -> None:
    post.text.faults = deque([None, Refused("no")])
    letters = post.outbox.letters(ConversationId("text", CHRIS), Shown(("a" * 25,), "en"), key="k")
    letters = tuple(changed(each, message=letters[0].id) for each in letters)
    await post.outbox.send_once(letters)
    await post.settled()

    await post.outbox.send_again(letters[0].id)
    await post.settled()

    assert post.text.texts() == ["a" * 20, "a" * 5]


async def test_an_admin_puts_back_what_failed(post: Post) -> None:
    post.text.faults = deque([Refused("no")])
    [id_] = await post.writes("Hello")
    post.store.outbox[id_] = changed(post.store.outbox[id_], state=Delivery.WAITING, tries=-1)

    await post.outbox.follow()
    await post.outbox.follow()
    await post.settled()

    assert post.text.texts() == ["Hello"]


async def test_who_wants_nothing_is_sent_nothing_but_word_of_it(post: Post) -> None:
    await post.floor.commit(opt_outs=[OptOut("sms", CHRIS, NOON)])
    [id_] = await post.writes("Buy now")
    await post.writes("Hear no more", anyway=True)
    assert post.state(id_) == (Delivery.FAILED, WANTS_NOTHING)
    assert post.text.texts() == ["Hear no more"]

    await post.floor.commit(opt_outs=[OptOut("sms", CHRIS, NOON, ended=True)])
    await post.writes("Hello again")
    assert post.text.texts()[1:] == ["Hello again"]


async def test_who_told_the_provider_that_they_want_nothing_is_known_from_then_on(post: Post) -> None:
    post.text.faults = deque([Refused("Unsubscribed recipient (21610)", wants_nothing=True)])
    await post.writes("Hello")
    [id_] = await post.writes("And more")

    assert post.state(id_) == (Delivery.FAILED, WANTS_NOTHING)
    assert list(post.store.opt_outs) == [("sms", CHRIS)]


async def test_receipts_are_kept_in_whatever_order_they_come(post: Post) -> None:
    [id_] = await post.writes("Hello")
    await post.outbox.receipt(id_, Delivery.DELIVERED, None)
    await post.outbox.receipt(id_, Delivery.SENT, None)
    await post.outbox.receipt(MessageId("11111111-1111-4111-8111-111111111111"), Delivery.SENT, None)
    assert post.state(id_) == (Delivery.DELIVERED, None)


async def test_a_receipt_that_comes_before_the_answer_is_kept(post: Post) -> None:
    post.text.held = asyncio.Event()
    [id_] = await post.writes("Hello")
    await post.outbox.receipt(id_, Delivery.DELIVERED, None)
    post.text.held.set()
    await post.settled()

    assert post.state(id_) == (Delivery.DELIVERED, None)
    assert post.store.outbox[id_].external == "SM1"


async def test_a_provider_is_given_several_at_once_and_not_too_many(post: Post) -> None:
    post.text.held = asyncio.Event()
    for number in range(3 * AT_ONCE):
        await post.writes(f"Hello {number}", to=f"+4477009{number:05}")
    await post.writes("Second", to="+447700900000")
    assert post.text.at_once == AT_ONCE
    post.text.held.set()
    await post.settled()

    assert post.text.most_at_once == AT_ONCE
    assert len(post.text.given) == 3 * AT_ONCE + 1


async def test_what_is_for_later_waits_and_holds_up_nothing(post: Post) -> None:
    out = Outgoing(MessageId("m1"), "text", CHRIS, "Tomorrow", NOON, due=NOON + timedelta(hours=9))
    await post.outbox.send_once([out])
    await post.writes("Now")
    assert post.text.texts() == ["Now"]
    await post.later(timedelta(hours=9))
    assert post.text.texts() == ["Now", "Tomorrow"]


async def test_nothing_goes_out_before_it_is_durable(post: Post) -> None:
    post.store.away = True
    letters = post.outbox.letters(ConversationId("text", CHRIS), Shown(("Hello",), "en"), key="k")
    written = post.floor.commit(outgoing=letters)
    await post.settled()
    assert post.text.texts() == []

    post.store.away = False
    await asyncio.wait_for(asyncio.ensure_future(_awaited(written)), 5)
    await post.settled()
    assert post.text.texts() == ["Hello"]


async def _awaited(written: object) -> None:
    await written  # type: ignore[misc]


async def test_a_process_that_dies_leaves_nothing_unsent_and_sends_nothing_twice(text: FakeProvider) -> None:
    store, clock = MemoryStore(), FakeClock()
    async with alive(store, clock, text, FakeProvider()) as post:
        text.silent = True
        await post.writes("Given, answer lost")
        text.silent = False
        text.faults = deque([AWAY])
        await post.writes("Not given", to=DANA)

    async with alive(store, clock, text, FakeProvider()) as post:
        await post.later()

    assert sorted(text.texts()) == ["Given, answer lost", "Not given"]
    assert {out.state for out in store.outbox.values()} == {Delivery.SENT}
    assert len(text.looked_for) >= 2


async def test_a_provider_that_fails_for_long_is_told_of(post: Post) -> None:
    assert post.outbox.health()["text"].ready
    post.text.faults = deque([AWAY] * 3)
    await post.writes("Hello")
    assert post.outbox.health()["text"].ready
    await post.later(timedelta(minutes=6))
    assert not post.outbox.health()["text"].ready
    assert "the provider is away" in post.outbox.health()["text"].detail
    await post.later()
    await post.later()
    assert post.outbox.health()["text"].ready


async def test_a_provider_that_refuses_answers_and_one_that_has_nothing_to_take_does_not_fail(post: Post) -> None:
    post.text.faults = deque([AWAY, Refused("no such number")])
    await post.writes("Hello")
    await post.later(timedelta(minutes=6))
    assert post.outbox.health()["text"].ready
