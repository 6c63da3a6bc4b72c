import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.system.raw_ami import RawAmi
from tests.system.switch import AGENT_SECRET, AMI_SECRET, Switch, free_ports, open_folder
from trunkline.core.sip_account import sip_password
from trunkline.settings import PortRange
from trunkline.telephony import provision

TRUNK = """\
trunks:
  - name: carrier
    hosts: ["{sip}"]
    register: {{user: ben, password_env: CARRIER_PASSWORD}}
    max_calls: 1
"""


@pytest.fixture
async def centre(switch: Switch, tmp_path: Path) -> AsyncIterator[RawAmi]:
    """A second switch, for which the first one is the carrier: it registers there as a customer would."""
    with open_folder() as folder:
        ports = free_ports(105)
        trunks = tmp_path / "trunks.yaml"
        trunks.write_text(TRUNK.format(sip=switch.sip))
        changes = {"data_dir": folder, "demo": False, "trunks_file": trunks, "asterisk_id": "second"}
        places = {"sip_port": ports[0], "sip_ws_port": ports[1], "ami_port": ports[2]}
        settings = switch.settings.model_copy(update=changes | places | {"rtp_ports": PortRange(ports[5], ports[104])})
        running = await provision.ensure(
            settings,
            switch.lines.append,
            database_url=switch.database_url,
            ami_secret=AMI_SECRET,
            environment={"CARRIER_PASSWORD": sip_password(AGENT_SECRET, "ben")},
        )
        async with RawAmi(settings.ami_port, AMI_SECRET) as connection:
            yield connection
        await running.stop()


async def dial_out(carrier: RawAmi) -> str:
    leg = str(uuid.uuid4())
    action = {"Channel": "PJSIP/ben", "ChannelId": leg, "Application": "Wait", "Data": "20"}
    await carrier.act(Action="Originate", CallerID="+447700900123", Async="true", **action)
    return leg


async def test_trunk_registers_and_its_calls_reach_a_flow_up_to_its_limit(ami: RawAmi, centre: RawAmi) -> None:
    await ami.event("ContactStatus", within_s=20, EndpointName="ben")

    leg = await dial_out(ami)
    call = await centre.event("AsyncAGIStart")
    refused = await dial_out(ami)
    ended = await ami.event("Hangup", Uniqueid=refused)

    assert call["Uniqueid"].startswith("second-")
    assert call["ChanVariable"].split("\n")[:3] == ["TL_OFFER=", "TL_DIALLED=ben", "TL_TRUNK=carrier"]
    assert ended["Cause"] in {"34", "42", "38"}
    await ami.act(Action="Hangup", Channel=leg)
    await centre.event("Hangup", Uniqueid=call["Uniqueid"])
