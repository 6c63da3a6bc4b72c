"""The whole centre as a user starts it: `trunkline run`, with agents at desks and phones, and callers on the line."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.smpp_peer import PASSWORD as SMPP_PASSWORD
from tests.fakes.smpp_peer import SYSTEM_ID
from tests.fakes.twilio_peer import ACCOUNT, TOKEN
from tests.system.mail_server import PASSWORD
from tests.system.phone import Phone
from tests.system.switch import free_ports
from trunkline import secrets
from trunkline.core.sip_account import sip_password
from trunkline.processes import noted
from trunkline.settings import PortRange, Settings
from trunkline.simulate.caller import Caller
from trunkline.simulate.desk import Desk, State
from trunkline.simulate.sound import Sound, tone
from trunkline.store.embedded import dsn

CHAT_SECRET = "of the tests, and long enough to be one"
REPOSITORY = Path(__file__).parents[2]
CHANNELS = """
web:
  kind: webchat
  title: Chat with Acme
  origins: ['{site}']
  transcript: mail
  secret_env: CHAT_SECRET
  browser_calls: true
text:
  kind: twilio
  account: {account}
  token_env: TEXT_TOKEN
  sender: "+442079460000"
  api: http://127.0.0.1:{provider}
  stopped: You will hear no more.
  started: Welcome back.
carrier:
  kind: smpp
  host: 127.0.0.1
  port: {smpp}
  security: none
  system_id: {system_id}
  password_env: SMPP_PASSWORD
  sender: Acme
mail:
  kind: email
  address: support@acme.example
  name: Acme Support
  user: support
  password_env: MAIL_PASSWORD
  imap: {{host: 127.0.0.1, port: {imap}, security: none}}
  smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}
  smtp_login: false
  reply_token: true
  verdict_by: mx.acme.example
  signature: Acme Ltd, here to help
  format: rich
"""


@dataclass
class House:
    """A centre that runs, and the ways into it."""

    settings: Settings
    flows: Path
    environment: dict[str, str]
    output: Path
    site_port: int
    """Where a test may open a site that has the web chat."""
    provider_port: int
    """Where a test may open the provider of text messages."""
    mail_ports: list[int]
    """Where a test may open a mail server: SMTP, IMAP and LMTP."""
    smpp_port: int
    """Where a test may open a message centre."""
    supervisor: subprocess.Popen[bytes] = field(init=False)
    phones: list[Phone] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.settings.url

    def desk(self, agent: str) -> Desk:
        """Return the desk of an agent, not yet logged in."""
        return Desk(self.url, agent, self.password, certificate=self.settings.tls_cert)

    @property
    def sip(self) -> tuple[str, int]:
        return ("127.0.0.1", self.settings.sip_port)

    @property
    def password(self) -> str:
        return secrets.demo_password(self.settings)

    def service_pid(self) -> int:
        process = noted(self.settings.run_dir / "service.pid")
        assert process is not None, "the service does not run"
        return process.pid

    def kill_the_service(self) -> int:
        """Kill it as hard as can be, and return which process it was."""
        pid = self.service_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def restart_after_killing_all_of_ours(self) -> None:
        """Kill the supervisor and the service, and start the command anew: PostgreSQL and Asterisk live on."""
        self.supervisor.kill()
        self.supervisor.wait()
        self.kill_the_service()
        self.supervisor = start(self.environment, self.output)

    @asynccontextmanager
    async def service_alone(self, *, ami_port: int) -> AsyncIterator[None]:
        """Let the service run unsupervised and reach the switch by another port; afterwards all is as before."""
        self.supervisor.kill()
        self.supervisor.wait()
        killed = self.kill_the_service()
        environment = {
            **self.environment,
            "TRUNKLINE_AMI_PORT": str(ami_port),
            "TRUNKLINE_DATABASE_URL": dsn(self.settings),
        }
        service = type_in(["serve"], environment, self.output)
        try:
            await self.ready(other_than=killed)
            yield
        finally:
            service.terminate()
            await asyncio.to_thread(service.wait, 10)
            self.supervisor = start(self.environment, self.output)
            await self.ready(other_than=service.pid)

    async def ready(self, *, other_than: int | None = None, within: float = 30) -> float:
        """Wait until the service says that every part is ready; return for how long it said that one was not.

        That is: from its first answer (it is up) to its first good one.
        """
        up_at: float | None = None
        async with asyncio.timeout(within), aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError, OSError):
                    async with session.get(f"{self.url}/healthz", ssl=False) as answer:
                        up_at = up_at or time.monotonic()
                        process = noted(self.settings.run_dir / "service.pid")
                        if answer.status == 200 and process is not None and process.pid != other_than:
                            return time.monotonic() - up_at
                await asyncio.sleep(0.02)  # it cannot tell us when it listens

    async def serves(self, flow: str, *, there: bool) -> None:
        """Wait until a flow serves, or does no more."""
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.url}/healthz") as answer:
                    if (flow in str((await answer.json())["flows"])) is there:
                        return
                await asyncio.sleep(0.1)  # it is looked for once a second

    @asynccontextmanager
    async def flow(self, name: str, text: str) -> AsyncIterator[None]:
        """Let a flow of a test serve, beside or in place of those that come with the project."""
        file = self.flows / f"{name}.yaml"
        before = file.read_text(encoding="utf-8") if file.exists() else None
        file.write_text(text, encoding="utf-8")
        await self.serves(name, there=True)
        try:
            yield
        finally:
            if before is not None:
                file.write_text(before, encoding="utf-8")
            else:
                file.unlink()
                await self.serves(name, there=False)

    def begin_anew(self) -> None:
        """Stop the centre and start it with nothing in it: no work, no customers, nobody at a desk."""
        stop_house(self)
        shutil.rmtree(self.settings.data_dir)
        self.open()

    def open(self) -> None:
        """Start the command and wait until all is ready."""
        self.supervisor = start(self.environment, self.output)
        try:
            asyncio.run(self.ready(within=100))
        except TimeoutError:
            self.supervisor.kill()
            raise AssertionError(self.output.read_text(encoding="utf-8")) from None

    async def unplug(self) -> None:
        """End what a test left: calls, and phones."""
        callers, phones = list(self.callers), list(self.phones)
        self.callers.clear()
        self.phones.clear()
        try:
            for caller in callers:
                await caller.hang_up()
        finally:
            for phone in phones:
                await phone.close()

    async def call(self, *, hertz: int = 440, from_: str = "+447700900123", number: str = "100") -> Caller:
        """Place a call and return once it is answered."""
        say: Sound = tone(hertz)
        caller = await Caller.dial(number, server=self.sip, from_=from_, say=say)
        self.callers.append(caller)
        await caller.answered()
        return caller

    async def call_waits(self, key: str = "1", *, hertz: int = 440, from_: str = "+447700900123") -> Caller:
        """Place a call that goes to the sales queue (or the one behind another key)."""
        caller = await self.call(hertz=hertz, from_=from_)
        await caller.hears_sound(10)
        await caller.press(key)
        return caller

    async def phone(self, agent: str, folder: Path, *, hertz: int) -> Phone:
        """Put a real SIP phone before an agent, registered."""
        phone = Phone(folder / f"phone-{agent}", free_ports(8)[0])
        host, port = self.sip
        password = sip_password(secrets.agent_secret(self.settings), agent)
        account = f"<sip:{agent}@{host}:{port}>;auth_user={agent};auth_pass={password};regint=60"
        await phone.start(account, hertz)
        self.phones.append(phone)
        return phone


class Seat:
    """An agent at a desk: the latest state, and waiting for what it should become."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._changed = asyncio.Event()

    async def run(self) -> None:
        async for _ in self.desk.states():
            self._changed.set()
            self._changed = asyncio.Event()

    async def sees(self, what: Callable[[State], Any], within: float = 15) -> Any:
        """Return what the state shows, as soon as it shows it."""
        try:
            async with asyncio.timeout(within):
                while True:
                    changed = self._changed
                    with suppress(KeyError, StopIteration):
                        if found := what(self.desk.state):
                            return found
                    await changed.wait()
        except TimeoutError:
            raise AssertionError(f"not seen within {within} s; the desk shows {self.desk.state}") from None

    async def card(self, stage: str, within: float = 15) -> dict[str, Any]:
        """Return the card in this stage."""
        found: dict[str, Any] = await self.sees(
            lambda state: next(card for card in state["interactions"].values() if card["stage"] == stage), within
        )
        return found

    async def chooses(self, phone: str) -> None:
        await self.sees(lambda state: state["me"])
        await self.desk.command("phone", kind=phone)

    async def ready_with_sip_phone(self) -> None:
        await self.chooses("sip")
        await self.sees(lambda state: state["me"]["phone"]["reachable"])
        await self.desk.command("presence", presence="ready")

    async def wrap_up(self) -> None:
        card = await self.card("wrap_up")
        await self.desk.command("wrap_up", interaction=card["id"], disposition="resolved", note="All well.")


@asynccontextmanager
async def seated(house: House, agent: str) -> AsyncIterator[Seat]:
    """Seat an agent for the length of a test."""
    seat = Seat(house.desk(agent))
    running = asyncio.ensure_future(seat.run())
    try:
        yield seat
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def start_house(folder: Path, **more: Path | str) -> House:
    """Start everything on free ports, in a data directory of its own, with flow files that a test may change.

    `more` are further options.
    """
    flows = folder / "flows"
    subprocess.run(["cp", "-r", str(REPOSITORY / "ivr_flows"), str(flows)], check=True)
    ports = free_ports(420)
    channels = folder / "channels.yaml"
    # Another host than ours, as browsers see it.
    site = f"http://localhost:{ports[6]}"
    facts = {
        "site": site,
        "provider": ports[7],
        "account": ACCOUNT,
        "smtp": ports[8],
        "imap": ports[9],
        "smpp": ports[11],
        "system_id": SYSTEM_ID,
    }
    channels.write_text(CHANNELS.format(**facts), encoding="utf-8")
    settings = Settings(  # type: ignore[call-arg]
        data_dir=folder / "var",
        demo=True,
        http_port=ports[0],
        sip_port=ports[1],
        sip_ws_port=ports[2],
        ami_port=ports[3],
        postgres_port=ports[4],
        sip_tls_port=ports[5],
        rtp_ports=PortRange(ports[12], ports[-1]),
        asterisk_cache=Path(os.environ.get("TRUNKLINE_ASTERISK_CACHE") or "~/.cache/trunkline"),
        flows_dir=flows,
        centre_file=flows / "centre.yaml",
        channels_file=channels,
        **more,  # type: ignore[arg-type]
    )
    given = ("data_dir", "demo", "http_port", "sip_port", "sip_ws_port", "ami_port", "postgres_port", "sip_tls_port")
    environment = {f"TRUNKLINE_{name.upper()}": str(getattr(settings, name)) for name in (*given, *more)}
    environment |= {
        "TRUNKLINE_RTP_PORTS": str(settings.rtp_ports),
        "TRUNKLINE_ASTERISK_CACHE": str(settings.asterisk_cache),
        "TRUNKLINE_FLOWS_DIR": str(flows),
        "TRUNKLINE_CENTRE_FILE": str(flows / "centre.yaml"),
        "TRUNKLINE_CHANNELS_FILE": str(channels),
        "TEXT_TOKEN": TOKEN,
        "MAIL_PASSWORD": PASSWORD,
        "SMPP_PASSWORD": SMPP_PASSWORD,
        "CHAT_SECRET": CHAT_SECRET,
    }
    if "tls_cert" not in more:
        environment["TRUNKLINE_PUBLIC_URL"] = settings.url
    output = folder / "run.out"
    house = House(settings, flows, environment, output, ports[6], ports[7], ports[8:11], ports[11])
    house.open()
    return house


def start(environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Type the command."""
    return type_in(["run"], environment, output)


def type_in(words: list[str], environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Start one of our commands."""
    with output.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "trunkline", *words],
            env=os.environ | environment, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip


def stop_house(house: House) -> None:
    """Stop it as a user does, and see that it ends."""
    house.supervisor.send_signal(signal.SIGINT)
    try:
        house.supervisor.wait(timeout=20)
    except subprocess.TimeoutExpired:
        house.supervisor.kill()
        raise
