"""Carriers' lines on the real switch: over TLS with SRTP, by address, and what is no line of ours."""

import asyncio
import re
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.system.phone import Phone
from tests.system.raw_ami import RawAmi
from tests.system.switch import AGENT_SECRET, AMI_SECRET, Switch, free_ports, open_folder
from trunkline.cli import log_room
from trunkline.cli.log_room import make_room
from trunkline.core.sip_account import sip_password
from trunkline.settings import PortRange, Settings
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.digest import Credentials
from trunkline.simulate.sound import tone
from trunkline.telephony import provision
from trunkline.telephony.provision import RunningSwitch
from trunkline.telephony.render import Timing

CARRIER, GATEWAY, SECOND_GATEWAY, PHONE, STRANGER, ANOTHER = (f"127.0.0.{last}" for last in (2, 4, 5, 8, 9, 33))
OUR_TRUNKS = """\
trunks:
  - name: registered
    hosts: ["{carrier}:{port}"]
    register: {{user: ben, password_env: CARRIER_PASSWORD}}
    transport: tls
    srtp: sdes
  - {{name: offered, hosts: [127.0.0.1], transport: tls, srtp: offer, codecs: [g722, alaw]}}
  - {{name: by-address, hosts: [127.0.0.4, "127.0.0.5:5099"], codecs: [alaw], max_calls: 1}}
"""
# The carrier's side of the same line: as it should be, as a hint, and in clear.
ITS_TRUNKS = "trunks:\n" + "".join(
    f'  - {{{{name: {name}, hosts: ["127.0.0.1:{{port}}"], match: [192.0.2.1], transport: tls, srtp: {srtp}}}}}\n'
    for name, srtp in (("secure", "sdes"), ("hinting", "offer"), ("clear", "no"))
)


def certificate(folder: Path) -> dict[str, Path]:
    """Make a self-signed certificate, as the settings name it."""
    made = {"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"}
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    files = ("-out", str(made["tls_cert"]), "-keyout", str(made["tls_key"]))
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return made


class Line:
    """A centre whose carrier is another switch; the connections stand for the service of each."""

    def __init__(self, ours: Settings, its: Settings) -> None:
        self.ours, self.its = ours, its
        self.centre, self.carrier = (RawAmi(settings.ami_port, AMI_SECRET) for settings in (ours, its))

    async def caller(self, *, local: str, from_: str = "+447700900123", number: str = "100", **more: str) -> Caller:
        """Call the centre from an address."""
        credentials = Credentials(**more) if more else None
        server = ("127.0.0.1", self.ours.sip_port)
        return await Caller.dial(
            number, server=server, from_=from_, say=tone(440), local=(local, 0), credentials=credentials
        )

    async def carry(self, caller_channel: str, trunk: str) -> str:
        """Let the carrier lead a call of its own to the centre, over one of its trunks."""
        leg = str(uuid.uuid4())
        to = f"sip:100@127.0.0.1:{self.ours.sip_tls_port};transport=tls"
        action = {"Channel": f"PJSIP/trunk-{trunk}/{to}", "ChannelId": leg, "Application": "Bridge"}
        await self.carrier.act(Action="Originate", Data=caller_channel, Async="true", **action)
        return leg

    async def arrives(self, trunk: str) -> dict[str, str]:
        """Wait for a call in the centre's flow, let it hear itself, and return what the switch says of its line.

        `arrived` is its Uniqueid.
        """
        call = await self.centre.event("AsyncAGIStart")
        assert call["ChanVariable"].split("\n")[:3] == ["TL_OFFER=", "TL_DIALLED=100", f"TL_TRUNK={trunk}"]
        self.arrived = call["Uniqueid"]
        await self.centre.act(Action="AGI", Channel=call["Channel"], Command="EXEC Echo", CommandID="echo")
        asked = {
            "signalling": "CHANNEL(pjsip,secure)",
            "audio": "CHANNEL(rtp,secure)",
            "codec": "CHANNEL(audionativeformat)",
        }
        said = {}
        for name, variable in asked.items():
            answer = await self.centre.act(Action="Getvar", Channel=call["Channel"], Variable=variable)
            said[name] = answer["Value"]
        return said


@pytest.fixture(scope="module")
def running_line(switch: Switch) -> Iterator[tuple[Settings, Settings]]:
    """A centre that takes no calls of this machine as a trunk's, and its carrier; both over TLS."""
    with open_folder() as folder:
        pair = certificate(folder)
        ports = free_ports(210)
        its = _settings(switch, folder / "its", ports[:105], pair, demo=True, sip_host=CARRIER, asterisk_id="carrier")
        ours = _settings(switch, folder / "ours", ports[105:], pair, demo=False, asterisk_id="centre")
        (folder / "its" / "trunks.yaml").write_text(ITS_TRUNKS.format(port=ours.sip_tls_port))
        (folder / "ours" / "trunks.yaml").write_text(OUR_TRUNKS.format(carrier=CARRIER, port=its.sip_tls_port))
        running = asyncio.run(_started(switch, its, ours))
        yield ours, its
        for one in running:
            asyncio.run(one.stop())


def _settings(switch: Switch, folder: Path, ports: list[int], pair: dict[str, Path], **more: object) -> Settings:
    folder.mkdir(mode=0o755)
    names = ("sip_port", "sip_ws_port", "ami_port", "sip_tls_port")
    places = {**dict(zip(names, ports, strict=False)), "rtp_ports": PortRange(ports[5], ports[-1])}
    home = {"data_dir": folder, "trunks_file": folder / "trunks.yaml"}
    return switch.settings.model_copy(update={**places, **home, **pair, **more})


async def _started(switch: Switch, *settings: Settings) -> list[RunningSwitch]:
    return [
        await provision.ensure(
            one,
            switch.lines.append,
            database_url=switch.database_url,
            ami_secret=AMI_SECRET,
            environment={"CARRIER_PASSWORD": sip_password(AGENT_SECRET, "ben")},
            timing=Timing(guard_s=30),
        )
        for one in settings
    ]


@pytest.fixture
async def line(running_line: tuple[Settings, Settings]) -> AsyncIterator[Line]:
    """The line for one test; no call is left on it."""
    line = Line(*running_line)
    async with line.centre as centre, line.carrier as carrier:
        for switch in (centre, carrier):
            await switch.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time())))
        yield line
        for switch in (centre, carrier):
            await switch.act(Action="Hangup", Channel="/^PJSIP/")


async def test_a_trunk_registers_over_tls(line: Line) -> None:
    contacts = {"Action": "Getvar", "Variable": "PJSIP_DIAL_CONTACTS(ben)"}
    async with asyncio.timeout(20):
        while not (registered := (await line.carrier.act(**contacts)).get("Value")):
            await asyncio.sleep(0.05)  # it may have registered before we could listen

    assert ";transport=tls" in registered.lower()


@pytest.mark.parametrize(("trunk", "encrypted"), [("secure", True), ("hinting", True), ("clear", False)])
async def test_where_the_trunk_demands_srtp_nothing_else_is_taken(line: Line, *, trunk: str, encrypted: bool) -> None:
    caller = await Caller.dial("7", server=(CARRIER, line.its.sip_port), from_="+447700900123", say=tone(440))
    async with caller:
        await caller.answered()
        outside = await line.carrier.event("AsyncAGIStart")
        leg = await line.carry(outside["Channel"], trunk)
        if not encrypted:
            ended = await line.carrier.event("Hangup", Uniqueid=leg)
            assert ended["Cause"] == "58"  # 488 Not Acceptable Here
            return
        said = await line.arrives("registered")

        assert (said["signalling"], said["audio"]) == ("1", "1")
        await caller.hears_tone(440)


@pytest.mark.parametrize("encryption", ["srtp-mand", ""])
async def test_where_the_trunk_offers_srtp_it_is_the_callers_choice(
    line: Line, tmp_path: Path, encryption: str
) -> None:
    phone = Phone(tmp_path / "gateway", free_ports(8)[0])
    media = f";mediaenc={encryption}" if encryption else ""
    to = f"127.0.0.1:{line.ours.sip_tls_port};transport=tls"
    await phone.start(f"<sip:gateway@{to}>;regint=0{media}", 700, codec="g722/16000", modules=["srtp", "g722"])
    phone.do("dial", f"sip:100@{to}")
    await phone.event("CALL_ESTABLISHED")
    said = await line.arrives("offered")
    await asyncio.sleep(2)  # two seconds of talk
    phone.do("hangup")
    await phone.event("CALL_CLOSED")
    await phone.close()

    assert said == {"signalling": "1", "audio": "1" if encryption else "0", "codec": "(g722)"}
    assert phone.heard(700) > 0.05


async def test_a_trunk_by_address_has_several_hosts_its_codecs_and_its_limit(line: Line) -> None:
    async with await line.caller(local=GATEWAY) as first:
        await first.answered()
        said = await line.arrives("by-address")
        await first.hears_tone(440)
        assert said == {"signalling": "0", "audio": "0", "codec": "(alaw)"}
        async with await line.caller(local=SECOND_GATEWAY) as second:
            assert await status_of(second) == 503
    await line.centre.event("Hangup", Uniqueid=line.arrived)
    async with await line.caller(local=SECOND_GATEWAY) as third:
        await third.answered()


@pytest.mark.parametrize("name", ["+447700900123", "trunk-by-address", "trunk-registered", "ana"])
async def test_whoever_calls_from_elsewhere_is_refused_whatever_name_it_gives(line: Line, name: str) -> None:
    async with await line.caller(local=STRANGER, from_=name) as stranger:
        assert await status_of(stranger) in {401, 403, 404}

    await line.centre.act(Action="Ping")
    assert not [event for event in line.centre.seen if "trunk" in (event.get("Channel") or event.get("Device", ""))]


@pytest.mark.parametrize("number", ["+442071234567", "100", "9011442071234567"])
async def test_an_agents_phone_cannot_dial_out(line: Line, number: str) -> None:
    account = {"user": "ana", "password": sip_password(AGENT_SECRET, "ana")}
    async with await line.caller(local=PHONE, from_="ana", number=number, **account) as phone:
        assert await status_of(phone) == 404

    await line.centre.act(Action="Ping")
    assert not [event for event in line.centre.seen if "trunk" in (event.get("Channel") or event.get("Device", ""))]


async def status_of(caller: Caller) -> int:
    """Return by which SIP status a call was refused."""
    with pytest.raises(CallRefused) as refused:
        await caller.answered()
    return refused.value.ended.status


async def test_a_refused_address_is_named_at_once_in_a_log_that_may_be_emptied_under_the_switch(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = line.ours.log_dir / "asterisk.log"
    monkeypatch.setattr(log_room, "FULL_BYTES", 10)
    for _ in range(2):
        async with await line.caller(local=ANOTHER) as stranger:
            await status_of(stranger)

        async with asyncio.timeout(5):
            while not re.search(rb"failed for '127\.0\.0\.33:\d+' .* - No matching endpoint found", log.read_bytes()):
                await asyncio.sleep(0.02)  # the switch's logger writes when it comes to it
        assert log.read_bytes().startswith(b"[")
        make_room(log)
    assert log.stat().st_size == 0
