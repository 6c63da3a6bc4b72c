import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from click.testing import CliRunner

from tests.simulate.fake_service import fake_service
from tests.simulate.far_end import far_end
from trunkline.cli.demo import command
from trunkline.simulate.demo import Demo, Plan
from trunkline.simulate.headless_agent import Order


async def _run_until(demo: Demo, reached: Callable[[str], bool]) -> None:
    """Run the demonstration until its line says so, then end it as Ctrl-C does."""
    running = asyncio.create_task(demo.run())
    try:
        async with asyncio.timeout(20):
            while not reached(demo.line()):
                await asyncio.wait([running], timeout=0.05)
                assert not running.done(), running.exception()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_callers_keep_coming_and_every_outcome_is_counted() -> None:
    async with far_end(486) as far:
        demo = Demo(Plan(far.address, "100", per_minute=600, seed=1), [])
        await _run_until(demo, lambda line: "5 refused" in line)

    assert demo.line().startswith("on the line: ")
    assert demo.line().endswith("agents: none of ours")
    assert demo.last_refusal == "busy (486 No)"


async def test_ending_the_demonstration_hangs_up_every_caller() -> None:
    async with far_end() as far:
        await _run_until(
            Demo(Plan(far.address, "100", per_minute=600, seed=2), []), lambda line: "3 in the menu" in line
        )

        calls = {request.method: 0 for request in far.seen} | {"BYE": 0}
        for request in far.seen:
            calls[request.method] += 1
        assert calls["INVITE"] == calls["BYE"] >= 3


async def test_an_agent_without_a_switch_says_so_and_is_gone() -> None:
    async with fake_service() as service, far_end(403) as far:
        order = Order(service.url, "ben", "secret", *far.address, "password")
        demo = Demo(Plan(far.address, "100", per_minute=0.001, seed=1), [order])

        await _run_until(demo, lambda line: "ben gone (stopped" in line)


@pytest.mark.parametrize("wrong", [["--rate", "0"], ["--rate", "many"]])
def test_a_rate_that_is_none_is_refused(wrong: list[str]) -> None:
    assert CliRunner().invoke(command, wrong).exit_code == 2
