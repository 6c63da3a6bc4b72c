"""The real thing: Asterisk, PostgreSQL and phones, all on loopback."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.system.house import House, start_house, stop_house
from tests.system.mail_server import MailServer, mail_server
from tests.system.phone import Phone
from tests.system.raw_ami import RawAmi
from tests.system.switch import AGENT_SECRET, AGENTS, AMI_SECRET, Switch, free_ports, open_folder
from trunkline.core.ids import AgentId
from trunkline.core.sip_account import sip_ha1, sip_password
from trunkline.ports.store import AgentRecord, SipCredentials
from trunkline.settings import PortRange, Settings
from trunkline.store import embedded
from trunkline.store.agents import Agents
from trunkline.store.database import Database
from trunkline.store.migrate import migrate
from trunkline.telephony import provision
from trunkline.telephony.render import Timing

# As long as a desk is waited for elsewhere: a machine that is busy with browsers and a switch has its slow seconds.
expect.set_options(timeout=15_000)

FAILED = pytest.StashKey[bool]()
LINES = 60
"""So much of what the centre wrote last is shown of a failed test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.system)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, and show what the centre wrote meanwhile."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        house = item.funcargs.get("house") or item.funcargs.get("running_house")
        if isinstance(house, House):
            lines = house.output.read_text(encoding="utf-8", errors="replace").splitlines()
            report.sections.append(("The centre wrote", "\n".join(lines[-LINES:])))
    return report


async def _agents(url: str) -> None:
    await migrate(url)
    async with Database(url) as database:
        records = [_agent(name) for name in AGENTS]
        await Agents(database).put_agents(records, at=datetime.now(UTC))


def _agent(name: str) -> AgentRecord:
    ha1, web = (sip_ha1(end, sip_password(AGENT_SECRET, end)) for end in (name, f"{name}-web"))
    return AgentRecord(AgentId(name), name.title(), "agent", frozenset({"sales"}), SipCredentials(ha1, web))


@pytest.fixture(scope="session")
def switch() -> Iterator[Switch]:
    """An Asterisk of ours with two agents' accounts, its times shortened: guard 2 s, patience 4 s, fallback 3 s."""
    with open_folder() as folder:
        yield from running_switch(folder)


def running_switch(folder: Path, *, legs: int = 150) -> Iterator[Switch]:
    """Run a switch with audio ports for so many legs until it is closed."""
    ports = free_ports(6 + 2 * legs)
    # RTP takes even ports, RTCP the odd one after it.
    first = ports[5] + ports[5] % 2
    settings = Settings(  # type: ignore[call-arg]
        data_dir=folder,
        demo=True,
        sip_port=ports[0],
        sip_ws_port=ports[1],
        ami_port=ports[2],
        postgres_port=ports[3],
        sip_tls_port=ports[4],
        rtp_ports=PortRange(first, first + 2 * legs - 1),
        asterisk_cache=Path(os.environ.get("TRUNKLINE_ASTERISK_CACHE") or "~/.cache/trunkline"),
        trunks_file=Path("/nonexistent"),
    )
    lines: list[str] = []
    database = asyncio.run(embedded.ensure(settings, lines.append))
    asyncio.run(_agents(database.dsn))
    running = asyncio.run(
        provision.ensure(
            settings,
            lines.append,
            database_url=database.dsn,
            ami_secret=AMI_SECRET,
            ring_group=[end for name in AGENTS for end in (name, f"{name}-web")],
            timing=Timing(patience_s=4, guard_s=2, slice_s=1, fallback_ring_s=3),
        )
    )
    yield Switch(settings, running, database.dsn, lines)
    asyncio.run(running.stop())
    asyncio.run(database.stop())


@pytest.fixture(scope="session")
def running_house() -> Iterator[House]:
    """The whole centre, as `trunkline run` starts it; its flows may ask a web service on this machine."""
    with open_folder() as folder:
        house = start_house(folder, http_allowed_hosts="127.0.0.1")
        yield house
        stop_house(house)


@pytest.fixture
async def house(running_house: House, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """The whole centre; what a test plugs in is unplugged after it.

    A test that fails may leave agents busy and people in line. It shall not make those after it fail.
    """
    yield running_house
    try:
        await running_house.unplug()
    finally:
        if FAILED in request.node.stash:
            await asyncio.to_thread(running_house.begin_anew)


@pytest.fixture(scope="module")
def mailbox(running_house: House) -> Iterator[MailServer]:
    """The mail server of the house's mailbox."""
    if not MailServer.is_installed():
        pytest.skip("no mail server: apt-get install dovecot-imapd dovecot-lmtpd opensmtpd")
    with open_folder() as folder, mail_server(folder, running_house.mail_ports) as opened:
        yield opened


@pytest.fixture
async def ami(switch: Switch) -> AsyncIterator[RawAmi]:
    """A connection that stands for the service, and has just given a sign of life."""
    async with RawAmi(switch.settings.ami_port, AMI_SECRET) as connection:
        await connection.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time())))
        yield connection


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Phone]]]:
    """Start phones: `await phone(account, tone_hz=440)`; all are gone after the test."""
    phones: list[Phone] = []

    async def start(account: str, *, tone_hz: int) -> Phone:
        one = Phone(tmp_path / f"phone{len(phones)}", free_ports(8)[0])
        await one.start(account, tone_hz)
        phones.append(one)
        return one

    yield start
    for one in phones:
        await one.close()
