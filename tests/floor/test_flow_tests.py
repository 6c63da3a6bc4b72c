"""The tests beside the flows: one round at a time, and never the verdict of an older file."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from trunkline.core.errors import Unavailable
from trunkline.floor.flow_tests import FlowTests
from trunkline.flows.round import Round, Tried

GOOD = Round((Tried("main", "0" * 12, "greeted", "voice", "main.test.yaml", 3, None, None, ()),))


class Bench:
    """Where rounds are carried out; a test says when and how each ends."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[Round]] = []
        self.given_up = 0
        self.tests = FlowTests(self._carry_out)
        self.told: list[tuple[bool, bool]] = []
        self.tests.changed = lambda: self.told.append((self.tests.running, self.tests.latest is not None))

    async def _carry_out(self) -> Round:
        self.begun.append(asyncio.get_running_loop().create_future())
        try:
            return await self.begun[-1]
        except asyncio.CancelledError:
            self.given_up += 1
            raise

    async def settled(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    running = asyncio.ensure_future(bench.tests.run())
    await bench.settled()
    yield bench
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


async def test_nothing_is_carried_out_before_flows_were_loaded(bench: Bench) -> None:
    assert (bench.begun, bench.tests.running, bench.tests.latest) == ([], False, None)


async def test_round_is_told_when_it_begins_and_when_it_ends(bench: Bench) -> None:
    bench.tests.begin()
    await bench.settled()
    assert bench.told == [(True, False)]

    bench.begun[0].set_result(GOOD)
    await bench.settled()

    assert bench.told == [(True, False), (False, True)]
    assert (bench.tests.latest, bench.tests.fault) == (GOOD, "")


async def test_overtaken_round_is_given_up_and_its_verdict_never_shown(bench: Bench) -> None:
    bench.tests.begin()
    await bench.settled()
    bench.tests.begin()
    await bench.settled()

    assert (len(bench.begun), bench.given_up, bench.tests.latest) == (2, 1, None)

    bench.begun[1].set_result(GOOD)
    await bench.settled()
    assert (bench.tests.latest, bench.tests.running) == (GOOD, False)


async def test_round_that_ends_in_the_moment_it_is_overtaken_is_dropped(bench: Bench) -> None:
    bench.tests.begin()
    await bench.settled()
    bench.begun[0].set_result(GOOD)
    bench.tests.begin()
    await bench.settled()

    assert bench.tests.latest is None
    assert bench.tests.running


async def test_tests_that_cannot_be_carried_out_say_why_and_leave_the_latest_verdict(bench: Bench) -> None:
    bench.tests.begin()
    await bench.settled()
    bench.begun[0].set_result(GOOD)
    await bench.settled()

    bench.tests.begin()
    await bench.settled()
    bench.begun[1].set_exception(Unavailable("no memory"))
    await bench.settled()
    assert (bench.tests.fault, bench.tests.latest, bench.tests.running) == ("no memory", GOOD, False)

    bench.tests.begin()
    await bench.settled()
    bench.begun[2].set_result(Round())
    await bench.settled()
    assert (bench.tests.fault, bench.tests.latest) == ("", Round())


async def test_end_of_the_service_ends_the_round(bench: Bench) -> None:
    other = asyncio.ensure_future(bench.tests.run())
    bench.tests.begin()
    await bench.settled()

    other.cancel()
    await asyncio.gather(other, return_exceptions=True)

    assert other.cancelled()
