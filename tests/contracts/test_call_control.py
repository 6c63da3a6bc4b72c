"""The fake switch keeps to what Asterisk keeps to (system/test_asterisk_contract.py), or the floor's tests lie."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.contracts.call_control import CallControlContract, Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_switch import FakeSwitch
from trunkline.core.call import Call, OfferFailure
from trunkline.core.ids import OfferId
from trunkline.ports.call_control import CallEvent

E = TypeVar("E")


class FakeStage(Stage):
    def __init__(self) -> None:
        self.switch = self.control = FakeSwitch(FakeClock())
        self.switch.phone("ana")
        self.switch.phone("ben")
        self._events = self.switch.events()
        self._heard: list[CallEvent] = []

    async def hears(self, kind: type[E], *, fits: Callable[[E], bool] = lambda _: True) -> E:
        async with asyncio.timeout(1):
            while True:
                for event in self._heard:
                    if isinstance(event, kind) and fits(event):
                        self._heard.remove(event)
                        return event
                self._heard.append(await anext(self._events))

    def silent_of(self, kind: type[E]) -> bool:
        return self.switch._events.empty() and not any(isinstance(event, kind) for event in self._heard)

    async def calls_in(self) -> None:
        self.switch.calls_in()

    async def caller_hangs_up(self, call: Call) -> None:
        self.switch.caller_hangs_up(call)

    async def ana_answers(self, offer: OfferId) -> None:
        self.switch.answers(offer)

    async def ben_answers(self, offer: OfferId) -> None:
        self.switch.answers(offer)

    async def ana_declines(self, offer: OfferId) -> None:
        self.switch.fails(offer, OfferFailure.DECLINED)

    async def ana_hangs_up(self, offer: OfferId) -> None:
        self.switch.agent_hangs_up(offer)

    async def ana_holds(self, offer: OfferId) -> None:
        self.switch.holds(offer, held=True)


class TestFakeSwitch(CallControlContract):
    @pytest.fixture
    def stage(self) -> Stage:
        return FakeStage()
