"""Asterisk keeps to the contract of CallControl."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from tests.contracts.call_control import CallControlContract, Stage
from tests.system.phone import Phone
from tests.system.test_telephony import Centre, ana, ben, centre
from trunkline.core.call import Call
from trunkline.core.ids import OfferId
from trunkline.simulate.caller import Caller

E = TypeVar("E")
__all__ = ["ana", "ben", "centre"]


class RealStage(Stage):
    def __init__(self, centre: Centre, ana: Phone, ben: Phone) -> None:
        self._centre, self._ana, self._ben = centre, ana, ben
        self.control = centre.calls
        self.callers: list[Caller] = []

    async def hears(self, kind: type[E], *, fits: Callable[[E], bool] = lambda _: True) -> E:
        return await self._centre.hears(kind, fits=fits)

    def silent_of(self, kind: type[E]) -> bool:
        return not any(isinstance(event, kind) for event in self._centre.heard)

    async def calls_in(self) -> None:
        caller = await self._centre.dial(from_="+447700900123")
        self.callers.append(caller)
        await caller.answered()

    async def caller_hangs_up(self, call: Call) -> None:
        await self.callers[-1].hang_up()

    async def ana_answers(self, offer: OfferId) -> None:
        await self._ana.event("CALL_INCOMING")
        self._ana.do("accept")

    async def ben_answers(self, offer: OfferId) -> None:
        await self._ben.event("CALL_INCOMING")
        self._ben.do("accept")

    async def ana_declines(self, offer: OfferId) -> None:
        await self._ana.event("CALL_INCOMING")
        self._ana.do("hangup")

    async def ana_hangs_up(self, offer: OfferId) -> None:
        self._ana.do("hangup")

    async def ana_holds(self, offer: OfferId) -> None:
        await self._ana.event("CALL_ESTABLISHED")
        self._ana.do("hold")


class TestAsterisk(CallControlContract):
    @pytest.fixture
    async def stage(self, centre: Centre, ana: Phone, ben: Phone) -> AsyncIterator[Stage]:
        stage = RealStage(centre, ana, ben)
        yield stage
        for caller in stage.callers:
            await caller.hang_up()
