import asyncio
import base64
import json
import os
import re
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.system.phone import Phone
from tests.system.raw_ami import Message, RawAmi
from tests.system.switch import AGENT_SECRET, AGENTS, AMI_SECRET, Switch, free_ports, open_folder
from trunkline.cli.switch import switches_of
from trunkline.core.errors import Misconfigured
from trunkline.core.sip_account import sip_password
from trunkline.settings import PortRange
from trunkline.telephony import provision
from trunkline.telephony.render import Timing

StartPhone = Callable[..., Awaitable[Phone]]


async def a_caller(switch: Switch, phone: StartPhone, number: str = "100") -> Phone:
    caller = await phone(f"<sip:+447700900123@{switch.sip}>;regint=0", tone_hz=1000)
    caller.do("dial", f"sip:{number}@{switch.sip}")
    return caller


async def an_agent(switch: Switch, ami: RawAmi, phone: StartPhone, name: str = "ana") -> Phone:
    password = sip_password(AGENT_SECRET, name)
    account = f"<sip:{name}@{switch.sip}>;auth_user={name};auth_pass={password};regint=60"
    agent = await phone(account, tone_hz=440)
    await ami.event("ContactStatus", EndpointName=name)
    return agent


async def ring(ami: RawAmi, call: Message, endpoint: str = "ana") -> str:
    """Return the Uniqueid of a leg that rings."""
    offer = str(uuid.uuid4())
    await ami.act(
        Action="Originate",
        Channel=f"PJSIP/{endpoint}",
        Application="Bridge",
        Data=f"{call['Channel']},F(after^s^1)",
        Timeout="20000",
        CallerID='"Jo" <+447700900123>',
        Variable=f"TL_OFFER={offer}",
        Async="true",
    )
    made = await ami.event("NewCallerid", CallerIDNum="+447700900123")
    assert made["ChanVariable"].startswith(f"TL_OFFER={offer}\n")
    await ami.event("Newstate", Uniqueid=made["Uniqueid"], ChannelStateDesc="Ringing")
    return made["Uniqueid"]


async def wait(ami: RawAmi, call: Message, every_s: int = 45) -> None:
    await ami.act(Action="Redirect", Channel=call["Channel"], Context="waiting", Exten=str(every_s), Priority="1")
    await ami.event("BridgeEnter", Uniqueid=call["Uniqueid"])


async def hang_up(ami: RawAmi, call: Message) -> None:
    await ami.act(Action="Hangup", Channel=call["Channel"])
    await ami.event("Hangup", Uniqueid=call["Uniqueid"])


def test_start_up_has_nothing_to_complain_of(switch: Switch) -> None:
    booting = switch.running.log.read_text().partition("indication")[0]

    assert "ERROR[" not in booting
    assert "WARNING[" not in booting


async def test_same_settings_find_the_switch_that_runs_and_a_taken_port_names_its_holder(switch: Switch) -> None:
    timing = Timing(patience_s=4, guard_s=2, slice_s=1, fallback_ring_s=3)
    ring_group = [end for name in AGENTS for end in (name, f"{name}-web")]
    began = time.monotonic()
    again = await provision.ensure(
        switch.settings,
        switch.lines.append,
        database_url=switch.database_url,
        ami_secret=AMI_SECRET,
        ring_group=ring_group,
        timing=timing,
    )
    elsewhere = switch.settings.model_copy(update={"data_dir": switch.settings.data_dir / "other"})

    assert again.adopted
    assert again.process == switch.running.process
    assert time.monotonic() - began < 3
    with pytest.raises(Misconfigured, match=rf"UDP port .* {switch.running.process.pid} .*TRUNKLINE_SIP_PORT"):
        await provision.ensure(elsewhere, switch.lines.append, database_url=switch.database_url, ami_secret="x")


async def test_start_that_is_given_up_leaves_no_switch_behind(switch: Switch) -> None:
    with open_folder() as folder:
        ports = free_ports(105)
        places = {"sip_port": ports[0], "sip_ws_port": ports[1], "ami_port": ports[2], "data_dir": folder}
        settings = switch.settings.model_copy(update=places | {"rtp_ports": PortRange(ports[5], ports[104])})
        ensure = provision.ensure(
            settings, switch.lines.append, database_url=switch.database_url, ami_secret=AMI_SECRET
        )

        starting = asyncio.ensure_future(ensure)
        async with asyncio.timeout(30):
            while not switches_of(folder):
                await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait({starting})

        assert starting.cancelled()
        assert switches_of(folder) == []


async def test_caller_is_answered_into_a_flow(switch: Switch, ami: RawAmi, phone: StartPhone) -> None:
    await a_caller(switch, phone)

    call = await ami.event("AsyncAGIStart")

    assert (call["CallerIDNum"], call["Context"], call["ChannelStateDesc"]) == ("+447700900123", "flow", "Up")
    assert call["ChanVariable"].split("\n")[:3] == ["TL_OFFER=", "TL_DIALLED=100", "TL_TRUNK=demo"]
    assert call["Uniqueid"].startswith("trunkline-")
    await hang_up(ami, call)


async def test_caller_of_a_silent_flow_gets_music_and_can_go_back(
    switch: Switch, ami: RawAmi, phone: StartPhone
) -> None:
    caller = await a_caller(switch, phone)
    call = await ami.event("AsyncAGIStart")

    joined = await ami.event("BridgeEnter", within_s=5, Uniqueid=call["Uniqueid"])
    await ami.event("BridgeLeave", within_s=5, Uniqueid=call["Uniqueid"])
    await ami.act(Action="Redirect", Channel=call["Channel"], Context="flow", Exten="s", Priority="1")
    await ami.event("AsyncAGIStart", Uniqueid=call["Uniqueid"])

    assert joined["BridgeTechnology"] == "holding_bridge"
    await hang_up(ami, call)
    await caller.close()


async def test_agent_and_caller_hear_each_other(switch: Switch, ami: RawAmi, phone: StartPhone) -> None:
    agent = await an_agent(switch, ami, phone)
    caller = await a_caller(switch, phone)
    call = await ami.event("AsyncAGIStart")
    await wait(ami, call)
    leg = await ring(ami, call)

    agent.do("accept")
    answered = await ami.event("Newstate", Uniqueid=leg, ChannelStateDesc="Up")
    joined = await ami.event("BridgeEnter", Uniqueid=call["Uniqueid"])
    await agent.event("CALL_RTCP", within_s=15)
    agent.do("hangup")
    await ami.event("Hangup", Uniqueid=call["Uniqueid"])
    await agent.close()
    await caller.close()

    assert float(joined["Timestamp"]) - float(answered["Timestamp"]) < 0.05
    assert agent.heard(1000) > 20 * agent.heard(440)
    assert caller.heard(440) > 10 * caller.heard(1000)


async def test_waiting_caller_is_told_the_place_when_the_service_says_it(
    switch: Switch, ami: RawAmi, phone: StartPhone
) -> None:
    await a_caller(switch, phone)
    call = await ami.event("AsyncAGIStart")
    await wait(ami, call, every_s=10)

    # A sign of life that lasts for the whole test.
    await ami.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time()) + 60))
    due = await ami.event("UserEvent", within_s=15, UserEvent="TrunklineAnnounce")
    await ami.act(Action="Setvar", Channel=call["Channel"], Variable="TL_SAY", Value="queue-youarenext")
    back = await ami.event("BridgeEnter", within_s=15, Uniqueid=call["Uniqueid"])

    assert due["Uniqueid"] == call["Uniqueid"]
    assert float(back["Timestamp"]) - float(due["Timestamp"]) > 2
    await hang_up(ami, call)


async def test_call_goes_on_when_the_service_is_killed(switch: Switch, ami: RawAmi, phone: StartPhone) -> None:
    agent = await an_agent(switch, ami, phone)
    await a_caller(switch, phone)
    async with RawAmi(switch.settings.ami_port, AMI_SECRET) as service:
        call = await service.event("AsyncAGIStart")
        await wait(service, call)
        leg = await ring(service, call)
        service.abort()

    agent.do("accept")
    await ami.event("BridgeEnter", Uniqueid=leg)
    agent.do("hangup")
    ended = await ami.event("Hangup", Uniqueid=call["Uniqueid"])

    assert ended["Context"] == "after"


async def test_service_that_stays_away_leads_to_a_message_that_is_kept(
    switch: Switch, ami: RawAmi, phone: StartPhone
) -> None:
    caller = await a_caller(switch, phone)
    call = await ami.event("AsyncAGIStart")
    message = switch.running.paths.recordings / "fallback" / f"{call['Uniqueid']}_+447700900123_100.wav"

    async with asyncio.timeout(40):
        while not (message.exists() and message.stat().st_size > 16_000):
            await asyncio.sleep(0.1)
    caller.do("hangup")
    await ami.event("Hangup", Uniqueid=call["Uniqueid"])

    assert switch.running.paths.inside(message).endswith(f"/recordings/fallback/{message.name}")
    assert os.access(message, os.R_OK)


def an_invite(port: int, *, name: str, user: str, number: str, switch: Switch) -> bytes:
    sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
    head = (
        f"INVITE sip:{number}@{switch.sip} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{uuid.uuid4()}",
        f"From: {name} <sip:{user}@somewhere>;tag=1",
        f"To: <sip:{number}@{switch.sip}>",
        f"Call-ID: {uuid.uuid4()}",
        "CSeq: 1 INVITE",
        "Max-Forwards: 70",
        f"Contact: <sip:x@127.0.0.1:{port}>",
        "Content-Type: application/sdp",
        f"Content-Length: {len(sdp)}",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + sdp).encode()


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ('"a, \\"b\\" ; ${SHELL(touch /tmp/owned)}"', "1"),
        ('"x"', "%24%7bSHELL(touch%20/tmp/owned)%7d"),
        ('"x"', "1%0d%0aAction:%20Hangup%0d%0a"),
        ('"😀"', "anonymous"),
        (f'"{"A" * 2000}"', "1" * 2000),
        ('"\x01\t\x02"', "2"),
    ],
)
async def test_what_a_caller_claims_to_be_is_never_run(switch: Switch, ami: RawAmi, name: str, user: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        invite = an_invite(line.getsockname()[1], name=name, user=user, number="100", switch=switch)
        line.sendto(invite, ("127.0.0.1", switch.settings.sip_port))

        call = await ami.event("AsyncAGIStart")

    assert call["ChanVariable"].split("\n")[:3] == ["TL_OFFER=", "TL_DIALLED=100", "TL_TRUNK=demo"]
    assert not (switch.running.paths.root or Path("/")).joinpath("tmp/owned").exists()
    await hang_up(ami, call)


async def test_what_a_caller_claims_to_be_reaches_a_files_name_in_digits_only(switch: Switch, ami: RawAmi) -> None:
    users = (
        "%24%7bSHELL(touch%20/tmp/owned2)%7d", "../../../../tmp/owned2", "1%0d%0aAction:%20Hangup", "2,9,9,q",
        "3%7d%7d", "4)%22);x", "5%25d%7ck&a", "+44770090" + "0" * 2000, "anonymous", "%ff%ef", "_6_7_", "%2e%2e%2f8",
    )  # fmt: skip
    folder = switch.running.paths.recordings / "fallback"
    calls = {}
    # A sign of life that lasts for the whole test.
    await ami.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time()) + 60))
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        port = line.getsockname()[1]
        for user in users:
            invite = an_invite(port, name='"${EPOCH}"', user=user, number="10_%24%7bEPOCH%7d%2f..*%23", switch=switch)
            line.sendto(invite, ("127.0.0.1", switch.settings.sip_port))
            call = await ami.event("AsyncAGIStart")
            calls[call["Uniqueid"]] = call
            step = {"Context": "fallback", "Exten": "s", "Priority": "record"}
            await ami.act(Action="Redirect", Channel=call["Channel"], **step)
    async with asyncio.timeout(10):
        while not all(any(folder.glob(f"{uniqueid}_*")) for uniqueid in calls):
            await asyncio.sleep(0.05)

    names = sorted(file.name for uniqueid in calls for file in folder.glob(f"{uniqueid}*"))

    assert len(names) == len(users)
    for name in names:
        uniqueid, _, rest = name.partition("_")
        assert uniqueid in calls
        assert re.fullmatch(r"[0-9+]{0,32}_10EPOCH\*?#?\.wav", rest), rest
    assert not (switch.running.paths.root or Path("/")).joinpath("tmp/owned2").exists()
    assert not Path("/tmp/owned2").exists()
    assert not switch.running.paths.recordings.joinpath("..", "owned2").exists()
    for call in calls.values():
        await ami.act(Action="Hangup", Channel=call["Channel"])


async def test_dialled_number_keeps_only_what_can_be_dialled(switch: Switch, ami: RawAmi) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        number = "1,2%22)%24%7bEPOCH%7d"
        line.sendto(
            an_invite(line.getsockname()[1], name='"n"', user="1", number=number, switch=switch),
            ("127.0.0.1", switch.settings.sip_port),
        )

        call = await ami.event("AsyncAGIStart")

    assert call["ChanVariable"].startswith("TL_OFFER=\nTL_DIALLED=12EPOCH\n")
    await hang_up(ami, call)


async def test_flood_of_calls_leaves_the_switch_alive(
    switch: Switch, ami: RawAmi, phone: StartPhone, tmp_path: Path
) -> None:
    flood = ["-sn", "uac", "-s", "100", "-r", "200", "-m", "600", "-l", "600", "-d", "300", "-i", "127.0.0.1"]
    quiet = ["-nostdin", "-timeout", "20s", "-recv_timeout", "8000"]
    sipp = await asyncio.create_subprocess_exec(
        "sipp", switch.sip, *flood, *quiet, cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=-3
    )
    await sipp.wait()

    await ami.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time())))
    ami.seen.clear()
    ami._taken = 0
    await a_caller(switch, phone, "4711")
    while "TL_DIALLED=4711" not in (call := await ami.event("AsyncAGIStart", within_s=20))["ChanVariable"]:
        continue
    assert switch.running.process.alive
    await hang_up(ami, call)


async def test_browsers_reach_the_websocket(switch: Switch) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", switch.settings.sip_ws_port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n".encode()
    )

    answer = (await reader.readuntil(b"\r\n\r\n")).decode()

    writer.close()
    assert answer.startswith("HTTP/1.1 101")
    assert "Sec-WebSocket-Protocol: sip" in answer


async def test_agents_may_not_dial(switch: Switch, ami: RawAmi, phone: StartPhone) -> None:
    agent = await an_agent(switch, ami, phone)

    agent.do("dial", f"sip:+442071234567@{switch.sip}")
    closed = await agent.event("CALL_CLOSED")

    assert "404" in json.dumps(closed)
