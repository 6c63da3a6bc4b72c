"""`trunkline serve` is asked to end: it has ended within three seconds, whatever it holds and whoever is away."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.store.server import server_stopped, settings_for_a_server
from tests.system.switch import free_ports
from trunkline import secrets
from trunkline.settings import Settings
from trunkline.store import embedded

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]
REPOSITORY = Path(__file__).parents[2]
AT_MOST_S = 3.0


class Service:
    """A `trunkline serve` beside a real database, and beside no Asterisk."""

    def __init__(self, settings: Settings, process: asyncio.subprocess.Process, database: int) -> None:
        self.settings, self.process, self.database = settings, process, database

    async def open_desks(self, stack: AsyncExitStack, count: int) -> list[aiohttp.ClientWebSocketResponse]:
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        log_in = {"login": "ana", "password": secrets.demo_password(self.settings)}
        async with session.post(f"{self.settings.url}/api/login", json=log_in) as answer:
            assert answer.status == 200
        desks = []
        for _ in range(count):
            desk = await session.ws_connect(f"{self.settings.url}/ws", headers={"Origin": self.settings.url})
            await desk.send_json({"type": "hello", "epoch": None, "seq": None})
            assert (await desk.receive_json())["type"] == "snapshot"
            desks.append(desk)
        return desks

    async def until(self, healthy: Callable[[dict[str, dict[str, object]]], bool]) -> None:
        """Wait until `/healthz` says so."""
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(f"{self.settings.url}/healthz") as answer:
                        if healthy((await answer.json())["parts"]):
                            return
                await asyncio.sleep(0.02)

    async def ends(self) -> float:
        """Ask it to end; return how long it took."""
        began = time.monotonic()
        self.process.terminate()
        await self.process.wait()
        return time.monotonic() - began


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    with settings_for_a_server() as given:
        ports = free_ports(6)
        settings = given.model_copy(update={"demo": True, "http_port": ports[0], "ami_port": ports[1]})
        database = await embedded.ensure(settings, lambda _line: None)
        environment = {
            "TRUNKLINE_DATA_DIR": str(settings.data_dir),
            "TRUNKLINE_DATABASE_URL": database.dsn,
            "TRUNKLINE_DEMO": "1",
            "TRUNKLINE_HTTP_PORT": str(settings.http_port),
            "TRUNKLINE_AMI_PORT": str(settings.ami_port),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trunkline", "serve", env=os.environ | environment, cwd=REPOSITORY
        )
        service = Service(settings, process, database.process.pid)
        try:
            await service.until(lambda parts: bool(parts["database"]["ready"] and parts["dispatcher"]["ready"]))
            yield service
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await database.stop()


async def test_open_desks_do_not_delay_the_end_and_are_told_of_it(service: Service) -> None:
    async with AsyncExitStack() as stack:
        desks = await service.open_desks(stack, 20)

        took = await service.ends()

        assert took < AT_MOST_S
        assert service.process.returncode == 0
        for desk in desks:
            async with asyncio.timeout(2):
                while (message := await desk.receive()).type is not aiohttp.WSMsgType.CLOSE:
                    assert message.type is aiohttp.WSMsgType.TEXT, message
            assert message.data == aiohttp.WSCloseCode.SERVICE_RESTART


async def test_desk_that_does_not_answer_does_not_delay_the_end(service: Service) -> None:
    async with AsyncExitStack() as stack:
        desk, *_ = await service.open_desks(stack, 3)
        transport = desk.get_extra_info("socket")
        assert transport is not None  # it is never read from again

        assert await service.ends() < AT_MOST_S


async def test_stopped_database_does_not_delay_the_end(service: Service) -> None:
    async with AsyncExitStack() as stack:
        desk, *_ = await service.open_desks(stack, 2)
        with server_stopped(service.database):
            await desk.send_json(
                {"type": "command", "id": "1", "name": "presence", "args": {"presence": "not_ready", "reason": "break"}}
            )
            await service.until(lambda parts: not parts["database"]["ready"])

            took = await service.ends()

        assert took < AT_MOST_S


async def test_database_that_has_just_stopped_does_not_delay_the_end(service: Service) -> None:
    with server_stopped(service.database):
        await asyncio.to_thread(time.sleep, 0.7)  # the service asks it twice a second how it is

        took = await service.ends()

    assert took < AT_MOST_S


async def test_killed_database_does_not_delay_the_end(service: Service) -> None:
    os.kill(service.database, signal.SIGKILL)
    await service.until(lambda parts: not parts["database"]["ready"])

    assert await service.ends() < AT_MOST_S


async def test_thread_that_hangs_does_not_delay_the_end(tmp_path: Path) -> None:
    program = (
        "import asyncio, time\nfrom trunkline import app\nfrom trunkline.cli.serve import command\n"
        "async def serve(_):\n    print('up', flush=True)\n    await asyncio.to_thread(time.sleep, 60)\n"
        "app.serve = serve\ncommand()"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "--data-dir", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"

    began = time.monotonic()
    process.terminate()
    await process.wait()

    assert time.monotonic() - began < AT_MOST_S
