"""The whole centre with a certificate: everything that a browser or a desk speaks is encrypted."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import ConsoleMessage, WebSocket

from tests.system.house import House, seated, start_house, stop_house, type_in
from tests.system.switch import open_folder
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears
from tests.system.test_simulate import story, typed
from tests.system.test_tls import certificate
from trunkline.telephony.provision import address_towards

OUTSIDE = "198.51.100.7"

# The candidates that the switch offers to the page.
OFFERED = """
window.offered = '';
const set = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  window.offered += description.sdp;
  return set.call(this, description);
};
"""


@pytest.fixture(scope="module")
def running_secure_house() -> Iterator[House]:
    """The whole centre, behind address translation, with a certificate that nobody vouches for."""
    with open_folder() as folder:
        house = start_house(folder, external_address=OUTSIDE, **certificate(folder))
        yield house
        stop_house(house)


@pytest.fixture
async def secure_house(running_secure_house: House) -> AsyncIterator[House]:
    yield running_secure_house
    await running_secure_house.unplug()


async def test_a_browsers_call(secure_house: House, tmp_path: Path) -> None:
    sockets: list[str] = []
    complaints: list[str] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket.url)

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    async with open_page(tmp_path, "--ignore-certificate-errors") as page, seated(secure_house, "ana") as ana:
        await page.add_init_script(OFFERED)
        page.on("websocket", opened)
        page.on("console", said)
        await ana.chooses("browser")
        await log_in(page, secure_house)
        await get_ready(page)
        caller = await secure_house.call_waits("1", hertz=CALLER_HERTZ)
        await page.get_by_role("button", name="Answer").click(timeout=20_000)

        await caller.hears_tone(AGENT_HERTZ, 15)
        await until_page_hears(page, CALLER_HERTZ)
        await page.get_by_role("button", name="Hang up").click()
        await caller.over()
        await ana.wrap_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")
        cookies = await page.context.cookies()
        offered: str = await page.evaluate("window.offered")

    settings = secure_house.settings
    assert set(sockets) == {f"wss://127.0.0.1:{settings.http_port}/ws", f"wss://127.0.0.1:{settings.sip_ws_port}/ws"}
    assert [(cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
        (True, True, "Strict")
    ]
    hosts = {line.split()[4] for line in offered.splitlines() if line.startswith("a=candidate:")}
    if inside := address_towards(OUTSIDE):  # a machine with no network has no inside
        assert {OUTSIDE, inside} <= hosts
    assert not [text for text in complaints if "Content Security Policy" in text]


async def test_nothing_of_it_is_served_in_clear(secure_house: House) -> None:
    settings = secure_house.settings
    async with aiohttp.ClientSession() as session:
        for port, path in ((settings.http_port, "/"), (settings.sip_ws_port, "/ws")):
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://127.0.0.1:{port}{path}")


async def test_the_commands_of_a_second_terminal_find_their_way(secure_house: House) -> None:
    here = ("--data-dir", str(secure_house.settings.data_dir))
    async with seated(secure_house, "ben") as ben, typed("demo", "--agents", "ben", "--rate", "1", *here):
        await ben.sees(lambda state: state["me"]["presence"] == "ready", within=20)
        code, steps = await story("100", *here, "--hang-up-after", "2s", within=15)

    assert (code, steps[1]["event"]) == (0, "answered")


async def test_the_doctor_knows_the_certificate_and_the_ports(secure_house: House, tmp_path: Path) -> None:
    settings = secure_house.settings
    doctor = type_in(["doctor", "--json"], secure_house.environment, tmp_path / "told")
    await asyncio.to_thread(doctor.wait, 20)
    found = {finding["subject"]: finding for finding in json.loads((tmp_path / "told").read_text())}

    assert found["certificate"]["good"]
    for port in (settings.http_port, settings.sip_tls_port, settings.sip_ws_port):
        assert found[f"port {port}/tcp"]["text"].startswith("ours: ")
