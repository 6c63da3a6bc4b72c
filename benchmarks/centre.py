"""A whole Trunkline for a benchmark: PostgreSQL, Asterisk and the service, started as `trunkline run` starts them.

Asterisk's configuration is the repository's own, with the peer's part (a queue, an extension) added to it, so that both
are measured on one switch.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.place import free_ports, rtp_ports
from trunkline import secrets
from trunkline.cli.supervisor import Part, Services
from trunkline.cli.switch import start_switch
from trunkline.core.ids import AgentId
from trunkline.settings import Settings, env_name
from trunkline.store import embedded
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore
from trunkline.telephony import provision

AMI_USER, AMI_SECRET = "bench", "of the benchmarks only"
"""A manager of the switch who may do more than the service: the peer's agents, and the callers' end, are its work."""
_OURS = 6
_MANAGER = f"""
[{AMI_USER}]
secret = {AMI_SECRET}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
writetimeout = 5000
read = agent,call
write = all
"""
_CENTRE = """
name: Bench
region: GB
language: en-GB
queues:
  sales: {{title: Sales, {queue}, music: default}}
dispositions: [{{code: resolved, title: Resolved}}]
reasons: [{{code: break, title: Break}}]
{more}
agents:
{agents}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a centre for a benchmark is made of: `additions` to Asterisk's files, `swaps` of words in all of them."""

    flow: str
    agents: int
    additions: Mapping[str, str]
    swaps: Mapping[str, str]
    queue: str = "ring_for: 20s, wrap_up: 10m"
    """How the queue `sales` rings, and the time after."""
    demo_passwords: bool = True
    """Whether the service gives every agent the demo's password, at each start and a tenth of a second for each."""
    more: str = ""
    """Further lines of the centre file."""
    channels: Mapping[str, str] = field(default_factory=dict)
    """The channels file, called channels.yaml, and what it names; the repository's own where there is none."""


@dataclass(slots=True)
class BenchCentre:
    """A centre that runs, and the ways into it."""

    settings: Settings
    agents: tuple[str, ...]
    services: Services
    service: Part
    environment: dict[str, str]
    spare: tuple[int, ...]
    """Ports that nobody has, for the far ends."""
    database_url: str

    @property
    def service_pid(self) -> int:
        """The process of the service that was started last."""
        return int((self.settings.run_dir / "service.pid").read_text(encoding="utf-8").split()[0])

    @property
    def password(self) -> str:
        """The agents' password."""
        return secrets.demo_password(self.settings)


@asynccontextmanager
async def centre(folder: Path, plan: Plan, *, spare: int) -> AsyncIterator[BenchCentre]:
    """Run a centre in this folder until the block ends."""
    names = tuple(f"agent{number:02}" for number in range(plan.agents))
    settings = _settings(folder, plan, names, free_ports(_OURS))
    async with AsyncExitStack() as stack:
        database = await embedded.ensure(settings, _quiet)
        stack.push_async_callback(database.stop)
        switch = await _switch(settings, plan, database.dsn)
        stack.push_async_callback(switch.stop)
        # Late on purpose: only now is it known which ports the switch holds.
        environment = _environment(settings) | {env_name("database_url"): database.dsn}
        if not plan.demo_passwords:
            environment[env_name("demo")] = "false"
        services = Services(settings, environment)
        service = await services.start(_quiet)
        house = BenchCentre(settings, names, services, service, environment, tuple(free_ports(spare)), database.dsn)
        stack.push_async_callback(_stop, house)
        yield house


async def killed(house: BenchCentre) -> None:
    """Kill the service, as `kill -9` does; the next one, if it was ready, stays so."""
    house.service.kill()
    await house.service.ended()


async def restarted(house: BenchCentre) -> None:
    """Start the service again after it died, and return once it is ready."""
    house.service = await house.services.start(_quiet)


async def sessions_of(house: BenchCentre, names: Sequence[str]) -> list[str]:
    """Return the cookies of new sessions of these agents: a thousand log-ins are a minute of argon2."""
    async with Database(house.database_url, connections=1) as database:
        store = PostgresStore(database)
        lasts, at = timedelta(hours=8), datetime.now(UTC)
        return [await store.open_session(AgentId(name), lasts=lasts, at=at) for name in names]


async def _stop(house: BenchCentre) -> None:
    await house.service.stop()


def _quiet(_line: str) -> None:
    """The progress of a start is not news."""


def _settings(folder: Path, plan: Plan, names: tuple[str, ...], ports: list[int]) -> Settings:
    flows = folder / "flows"
    flows.mkdir(parents=True, exist_ok=True)
    (flows / "main.yaml").write_text(plan.flow, encoding="utf-8")
    agents = "\n".join(f"  {name}: {{name: {name.title()}, queues: [sales]}}" for name in names)
    (flows / "centre.yaml").write_text(
        _CENTRE.format(agents=agents, queue=plan.queue, more=plan.more), encoding="utf-8"
    )
    channels = folder / "channels"
    channels.mkdir(exist_ok=True)
    for name, text in plan.channels.items():
        (channels / name).write_text(text, encoding="utf-8")
    channels_file: dict[str, Any] = {"channels_file": channels / "channels.yaml"} if plan.channels else {}
    return Settings(
        data_dir=folder / "var",
        demo=True,
        http_port=ports[0],
        sip_port=ports[1],
        sip_ws_port=ports[2],
        ami_port=ports[3],
        postgres_port=ports[4],
        sip_tls_port=ports[5],
        rtp_ports=rtp_ports(),
        trunks_file=Path("/nonexistent"),
        flows_dir=flows,
        centre_file=flows / "centre.yaml",
        **channels_file,
    )


def _environment(settings: Settings) -> dict[str, str]:
    return {env_name(name): str(getattr(settings, name)) for name in settings.model_fields_set}


async def _switch(settings: Settings, plan: Plan, database_url: str) -> Part:
    """Start Asterisk on our configuration with the plan's part in it."""
    own = provision.templates

    def with_the_plans_part() -> dict[str, str]:
        files = own()
        for old, new in plan.swaps.items():
            if not any(old in text for text in files.values()):
                raise ValueError(f"no configuration file of Asterisk has {old!r} in it any more")
            files = {name: text.replace(old, new) for name, text in files.items()}
        files["manager.conf"] += _MANAGER
        # A fifth of the ports is kept for agents in production; a benchmark uses all.
        files["extensions.conf"] = re.sub(r"TL_MAX_CALLERS = .*", "TL_MAX_CALLERS = 9000", files["extensions.conf"])
        return {name: text + plan.additions.get(name, "") for name, text in files.items()}

    provision.templates = with_the_plans_part
    try:
        return await start_switch(settings, database_url, _quiet)
    finally:
        provision.templates = own


class Manager:
    """The benchmark's own AMI connection: actions out, each with its answer; no events."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked: asyncio.Queue[asyncio.Future[bytes]] = asyncio.Queue()

    async def __aenter__(self) -> "Manager":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._reader.readline()
        self._task = asyncio.ensure_future(self._read())
        await self.act(Action="Login", Username=AMI_USER, Secret=AMI_SECRET, Events="off")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self._writer.close()

    async def act(self, **headers: str) -> str:
        """Send one action and return its answer; raises RuntimeError when it is refused."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait(answer)
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        self._writer.write(f"{lines}\r\n".encode())
        async with asyncio.timeout(30):
            text = (await answer).decode(errors="replace")
        if "Response: Error" in text:
            raise RuntimeError(f"{headers}: {text}")
        return text

    async def command(self, words: str) -> str:
        """Return what a console command says."""
        return await self.act(Action="Command", Command=words)

    async def _read(self) -> None:
        while True:
            block = await self._reader.readuntil(b"\r\n\r\n")
            if block.startswith(b"Response:"):
                answer = await self._asked.get()
                if not answer.done():
                    answer.set_result(block)
