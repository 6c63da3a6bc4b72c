"""Two service processes on one PostgreSQL and one Asterisk: one serves, the other takes over when it dies or hangs."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.store.server import server_stopped
from tests.system.house import House, Seat, seated, type_in
from tests.system.stages import Stages, every_stage
from tests.system.switch import free_ports
from trunkline.core.errors import TrunklineFault
from trunkline.store.database import Database
from trunkline.store.embedded import dsn, living

AT_MOST_S = 3.0
_OFFERS = "SELECT count(*) AS n FROM journal WHERE kind = 'offered' AND interaction_id = $1::uuid"
_TAKEOVERS = "SELECT facts FROM journal WHERE kind = 'dispatcher_took_over' ORDER BY seq"


def tell(figure: str) -> None:
    """Write a figure for whoever runs the test with `-s` or `-rP`."""
    sys.stdout.write(f"\n{figure}\n")


class Second:
    """A service beside the one of the house, and the house as seen through it."""

    def __init__(self, house: House, process: Any) -> None:
        self.house, self.process = house, process

    async def stops(self) -> None:
        self.process.terminate()
        await asyncio.to_thread(self.process.wait, 10)


async def health(house: House) -> tuple[int, dict[str, Any]]:
    """Return what /healthz answers now; nothing where nobody does."""
    timeout = aiohttp.ClientTimeout(total=1)
    with suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{house.url}/healthz") as answer:
            return answer.status, await answer.json()
    return 0, {"role": None, "parts": {}}


async def becomes(house: House, role: str, *, within: float = 40) -> float:
    """Wait until a service is up in a role, with every part of it ready; return how long it took."""
    began = time.monotonic()
    while (took := time.monotonic() - began) < within:
        status, told = await health(house)
        lacking = {name for name, part in told["parts"].items() if not part["ready"]}
        if told["role"] == role and lacking == ({"dispatcher"} if role == "standby" else set()):
            assert status == (200 if role == "active" else 503)
            return took
        await asyncio.sleep(0.02)  # it cannot tell us
    raise AssertionError(f"not {role} within {within:.0f} s; it says {told}")


@asynccontextmanager
async def second_service(house: House) -> AsyncIterator[Second]:
    """Start another service; afterwards the house's own serves again, as its active one or anew."""
    port = free_ports(1)[0]
    settings = house.settings.model_copy(update={"http_port": port})
    environment = house.environment | {
        "TRUNKLINE_HTTP_PORT": str(port),
        "TRUNKLINE_DATABASE_URL": dsn(house.settings),
        "TRUNKLINE_LOG_FILE": str(house.settings.log_dir / "second.log"),
    }
    process = type_in(["serve"], environment, house.output.with_name("second.out"))
    second = Second(replace(house, settings=settings, phones=[], callers=[]), process)
    try:
        await becomes(second.house, "standby")
        yield second
    finally:
        os.kill(house.service_pid(), signal.SIGCONT)
        await second.stops()
        await becomes(house, "active")


async def offers_of(house: House, interaction: str) -> int:
    async with Database(dsn(house.settings), connections=1) as database:
        row = await database.row(_OFFERS, interaction)
    assert row is not None
    return int(row["n"])


async def last_takeover(house: House) -> dict[str, Any]:
    async with Database(dsn(house.settings), connections=1) as database:
        return dict((await database.rows(_TAKEOVERS))[-1]["facts"])


@asynccontextmanager
async def seats_at(second: Second, stages: Stages) -> AsyncIterator[None]:
    """Let the agents of all stages sit down at the other service, as a load balancer would bring them there."""
    async with AsyncExitStack() as stack:
        seats: dict[str, Seat] = {
            name: await stack.enter_async_context(seated(second.house, name)) for name in ("ana", "ben", "carla")
        }
        for name, seat in seats.items():
            setattr(stages, name, seat)
        yield


async def test_a_second_service_stands_by_and_sends_desks_away(house: House) -> None:
    async with second_service(house) as second:
        status, told = await health(second.house)
        assert (status, told["ready"], told["role"]) == (503, False, "standby")
        assert f"{house.service_pid()}@" in told["parts"]["dispatcher"]["detail"]
        assert "switch" not in told["parts"]
        async with aiohttp.ClientSession() as session:
            for path in ("/", "/ws", "/api/me"):
                async with session.get(f"{second.house.url}{path}") as answer:
                    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert (await health(house))[1]["role"] == "active"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
async def test_the_second_service_takes_over_calls_in_every_stage(
    house: House, tmp_path: Path, how: signal.Signals
) -> None:
    async with AsyncExitStack() as last:
        second = await last.enter_async_context(second_service(house))
        stages = await last.enter_async_context(every_stage(house, tmp_path))
        at_first, pid = stages.carla, house.service_pid()
        stages.mark()

        os.kill(pid, how)
        took = await becomes(second.house, "active")
        tell(f"{how.name}: the second service was ready after {took:.2f} s")
        assert took < AT_MOST_S

        if how is signal.SIGSTOP:
            # What the desk says while nobody listens would, in the mind of the first one, free Carla for the next call.
            saying = asyncio.ensure_future(
                at_first.desk.command(
                    "wrap_up", interaction=stages.wrapping["id"], disposition="resolved", note="too late"
                )
            )
            await asyncio.sleep(0)
            os.kill(pid, signal.SIGCONT)
            with pytest.raises(TrunklineFault):
                await saying
        woke = await becomes(house, "standby")
        tell(f"{how.name}: the first one stands by {woke:.2f} s later")
        assert (house.service_pid() == pid) is (how is signal.SIGSTOP)
        if how is signal.SIGKILL:
            # The supervisor is content with a service that stands by.
            async with asyncio.timeout(20):
                while "standing by at" not in house.output.read_text(encoding="utf-8"):
                    await asyncio.sleep(0.05)  # it tells nobody else

        async with seats_at(second, stages):
            await stages.nothing_was_lost()
            assert await offers_of(house, stages.offered["id"]) == 1
            waited = (await stages.ana.card("offered"))["id"]
            assert await offers_of(house, waited) == 1
            await stages.ana_phone.event("CALL_INCOMING")
            assert [event.get("type") for event in stages.ana_phone.seen].count("CALL_INCOMING") == 2
            taken = await last_takeover(house)
            assert taken["from"].startswith(f"{pid}@")
            assert taken["why"] == ("died" if how is signal.SIGKILL else "run_out")
            await last.pop_all().aclose()


async def test_a_service_that_ends_in_peace_is_followed_at_once(house: House) -> None:
    async with second_service(house) as second, seated(house, "ana") as ana:
        caller = await house.call_waits("1", from_="+447700900150")
        longest = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])

        os.kill(house.service_pid(), signal.SIGTERM)
        took = await becomes(second.house, "active")

        tell(f"SIGTERM: the second service was ready after {took:.2f} s")
        assert took < AT_MOST_S
        async with seated(second.house, "ana") as there:
            assert await there.sees(lambda state: state["queues"]["sales"]["longest_since"]) == longest
        await becomes(house, "standby")
        await caller.hang_up()


async def test_a_second_service_leaves_the_one_alone_whose_database_was_away(house: House) -> None:
    """The database hangs for longer than a lease; the one who served goes on."""
    async with second_service(house):
        pid = house.service_pid()
        takeovers = await last_takeover(house)

        database = living(house.settings)
        assert database is not None
        with server_stopped(database.pid):
            async with asyncio.timeout(15):
                while (await health(house))[0] != 503:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(3)  # longer than a lease
        await becomes(house, "active")

        assert house.service_pid() == pid
        assert await last_takeover(house) == takeovers
