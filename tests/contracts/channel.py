"""What every channel keeps to, whatever carries it: the tests of the port in `ports/channel.py`."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Self

import pytest

from tests.builders import NOON
from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId, new_id
from trunkline.core.outgoing import Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import Channel, ChannelEvent, NotTaken, Provider, Refused, Said


class Stage(ABC):
    """A channel of one kind with its other end. `durable`: whether what it tells can be stored."""

    kind: str
    channel: Channel
    address: str
    """The other end's, as the channel has it."""

    def __init__(self) -> None:
        self.told: list[Said] = []
        self.tried: list[Said] = []
        self.durable = True
        self.stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.opens()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stack.aclose()

    def tell(self, event: ChannelEvent) -> asyncio.Future[None]:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        assert isinstance(event, Said)
        self.tried.append(event)
        if self.durable:
            self.told.append(event)
            taken.set_result(None)
        else:
            taken.set_exception(Unavailable("the database is away"))
        return taken

    @abstractmethod
    async def opens(self) -> None:
        """Make the channel and its other end; what ends them goes onto `stack`."""

    @abstractmethod
    async def writes(self, text: str, name: str) -> bool:
        """Write once under a name of the other end's; return whether that was acknowledged. A name may come again."""

    async def told_in_time(self, many: int) -> Sequence[Said]:
        """Return what was said, as soon as it was that often."""
        async with asyncio.timeout(10):
            while len(self.told) < many:
                await asyncio.sleep(0.005)
        return self.told


class CarriedStage(Stage):
    """A channel whose messages a provider carries."""

    @property
    def provider(self) -> Provider:
        assert self.channel.provider is not None
        return self.channel.provider

    @abstractmethod
    def refuses(self, *, for_ever: bool) -> None:
        """Have the next message refused, for now or for ever."""

    @abstractmethod
    def loses_the_answer(self) -> None:
        """Have the next message taken without an answer."""

    @abstractmethod
    def carried(self) -> Sequence[tuple[str, str]]:
        """Return what came to the other end: to whom, and which words."""

    def out(self, text: str) -> Outgoing:
        return Outgoing(MessageId(new_id()), "it", self.address, text, NOON, details={"by": "ana"})


class ChannelContract(ABC):
    """Tests that each kind inherits. A message `name` comes twice wherever its acknowledgement may be lost."""

    @abstractmethod
    def stage(self) -> Stage:
        """Return a stage that is not open yet."""

    async def test_what_somebody_writes_is_told_with_who_and_under_which_name(self) -> None:
        async with self.stage() as stage:
            assert await stage.writes("Grüße & <b>hello</b> 😀", "one")
            [said] = await stage.told_in_time(1)
            assert (said.conversation.channel, said.text) == ("it", "Grüße & <b>hello</b> 😀")
            assert stage.address in (said.conversation.address, said.number) or said.conversation.address
            assert said.message
            assert said.begins
            assert not said.automatic

    async def test_a_message_that_was_not_taken_comes_again_under_its_name(self) -> None:
        async with self.stage() as stage:
            stage.durable = False
            await stage.writes("one", "1")
            stage.durable = True
            await stage.writes("one", "1")
            await stage.writes("two", "2")
            await stage.told_in_time(2)
            names = {text: {each.message for each in stage.tried if each.text == text} for text in ("one", "two")}
            assert {text: len(each) for text, each in names.items()} == {"one": 1, "two": 1}
            assert names["one"] != names["two"]

    async def test_nothing_is_acknowledged_that_is_not_durable(self) -> None:
        async with self.stage() as stage:
            stage.durable = False
            assert not await stage.writes("lost?", "1")
            stage.durable = True
            assert await stage.writes("lost?", "1")
            assert {each.text for each in await stage.told_in_time(1)} == {"lost?"}

    async def test_nobody_serves_and_nothing_is_acknowledged(self) -> None:
        async with self.stage() as stage:
            stage.channel.tell = None  # type: ignore[attr-defined]
            assert not await stage.writes("Anybody?", "1")


class CarriedContract(ChannelContract):
    """Tests of channels whose messages a provider carries."""

    @abstractmethod
    def stage(self) -> CarriedStage:
        """Return a stage that is not open yet."""

    async def test_a_message_comes_to_the_other_end_once_under_an_id(self) -> None:
        async with self.stage() as stage:
            assert await stage.provider.deliver(stage.out("Hello"))
            [(to, text)] = stage.carried()
            assert to == stage.address
            assert "Hello" in text

    async def test_its_parts_say_all_of_a_message_and_each_says_something(self) -> None:
        async with self.stage() as stage:
            for text in ("Hi", "😀" * 500, "long words " * 600):
                parts = stage.provider.parts(Shown((text,), "en-GB"))
                assert all(parts)
                assert "".join("".join(parts).split()) == "".join(text.split())

    async def test_what_is_refused_for_now_may_be_taken_later(self) -> None:
        async with self.stage() as stage:
            out = stage.out("Hello")
            stage.refuses(for_ever=False)
            with pytest.raises(NotTaken):
                await stage.provider.deliver(out)
            assert stage.carried() == []
            await stage.provider.deliver(out)
            assert len(stage.carried()) == 1

    async def test_what_is_refused_for_ever_says_why(self) -> None:
        async with self.stage() as stage:
            stage.refuses(for_ever=True)
            with pytest.raises(Refused, match=r"\w"):
                await stage.provider.deliver(stage.out("Hello"))
            assert stage.carried() == []

    async def test_an_answer_that_is_lost_is_neither_a_refusal_nor_a_success(self) -> None:
        async with self.stage() as stage:
            out = stage.out("Hello")
            stage.loses_the_answer()
            with pytest.raises(Unavailable) as raised:
                await stage.provider.deliver(out)
            assert not isinstance(raised.value, NotTaken)
            assert len(stage.carried()) == 1
            # Whoever can be asked knows it, and nobody says so of another message.
            assert await stage.provider.find(replace(out, id=MessageId(new_id()), text="Another")) is None

    async def test_one_refusal_keeps_no_other_message(self) -> None:
        async with self.stage() as stage:
            stage.refuses(for_ever=True)
            with pytest.raises(Refused):
                await stage.provider.deliver(stage.out("one"))
            await stage.provider.deliver(stage.out("two"))
            assert ["two" in text for _, text in stage.carried()] == [True]
