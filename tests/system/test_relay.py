"""Browsers in a network that lets no UDP out: an agent and a visitor of a foreign site hear each other by a relay."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.system.house import House, start_house, stop_house
from tests.system.switch import free_ports, open_folder
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears
from tests.system.test_chat_browser import a_site, writes
from tests.system.test_chat_talk import BAR, TALK, WAITS, ana_comes, comes_to, wraps_up
from tests.system.test_chat_whole import flow_of
from tests.system.test_https import OUTSIDE
from trunkline.telephony.provision import address_towards

SECRET = "of the relay and the centre"
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
FLOW = """
flow: at_once
media: [chat]
entry: {channels: [web]}
start: people
steps:
  people: {queue: sales}
"""


@contextmanager
def relay(folder: Path, port: int) -> Iterator[Path]:
    """Run a relay as the how-to has it, that browsers reach by TCP; returns where it logs."""
    first = free_ports(40)[0]
    # The switch offers the machine's own address, and answers from it.
    address = address_towards(OUTSIDE) or "127.0.0.1"
    out = folder / "relay.out"
    with out.open("wb") as log:
        process = subprocess.Popen(
            [
                "turnserver", "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=trunkline",
                "--listening-ip=127.0.0.1", f"--relay-ip={address}", f"--listening-port={port}", "--no-udp", "--no-tls",
                "--no-dtls", f"--min-port={first}", f"--max-port={first + 39}", "--allow-loopback-peers", "--no-cli",
                "--cli-password=none", "--no-multicast-peers",
                "--denied-peer-ip=0.0.0.0-255.255.255.255",
                "--denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                f"--allowed-peer-ip={address}", "--log-file=stdout", "--simple-log", "--verbose",
                f"--pidfile={folder / 'relay.pid'}", f"--userdb={folder / 'relay.db'}",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield out
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def running_relayed_house() -> Iterator[tuple[House, Path]]:
    """The whole centre with a relay beside it."""
    port = free_ports(1)[0]
    with open_folder() as folder, relay(folder, port) as log:
        house = start_house(folder, relay_urls=f"turn:127.0.0.1:{port}?transport=tcp", relay_secret=SECRET)
        yield house, log
        stop_house(house)


@pytest.fixture
async def relayed(running_relayed_house: tuple[House, Path]) -> AsyncIterator[tuple[House, Path]]:
    yield running_relayed_house
    await running_relayed_house[0].unplug()


async def test_a_caller_reaches_an_agent_who_can_send_no_udp(relayed: tuple[House, Path], tmp_path: Path) -> None:
    house, _ = relayed
    await ana_comes(house)
    async with open_page(tmp_path, NO_UDP) as desk:
        await log_in(desk, house, "ana")
        await get_ready(desk)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ)
        await desk.get_by_role("button", name="Answer").click(timeout=20_000)

        async with asyncio.timeout(30):
            await caller.hears_tone(AGENT_HERTZ, 15)
        await until_page_hears(desk, CALLER_HERTZ)
        await desk.get_by_role("button", name="Hang up").click()
        await wraps_up(desk)


async def test_who_can_send_no_udp_is_heard_by_the_relay(relayed: tuple[House, Path], tmp_path: Path) -> None:
    house, log = relayed
    await ana_comes(house)
    async with (
        flow_of(house, FLOW),
        open_page(tmp_path, NO_UDP) as desk,
        open_page(tmp_path, NO_UDP, hertz=CALLER_HERTZ) as visitor,
        a_site(house) as site,
    ):
        await log_in(desk, house, "ana")
        await comes_to(visitor, site)
        await writes(visitor, "Hello")
        await visitor.get_by_role("button", name=TALK).click()
        await expect(visitor.get_by_text(WAITS)).to_be_visible()
        await get_ready(desk)
        await desk.get_by_role("button", name="Answer").click(timeout=30_000)

        await until_page_hears(desk, CALLER_HERTZ)
        await until_page_hears(visitor, AGENT_HERTZ)
        await expect(visitor.get_by_text(BAR)).to_be_visible()
    users = set(re.findall(r"\d{10,}:(ana|visitor-\w+)", log.read_text(encoding="utf-8")))
    assert {user.partition("-")[0] for user in users} == {"ana", "visitor"}
