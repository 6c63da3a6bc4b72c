"""The whole call in a real browser: a telephone call comes in, and an agent takes it in headless Chromium."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.system.house import House, seated
from trunkline.simulate.sound import heard, rms

AGENT_HERTZ, CALLER_HERTZ = 880, 440

# The loudest frequency that the page hears: the remote stream of each connection goes through an analyser too.
LISTEN = """
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener('track', (event) => {
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 4096 });
      context.createMediaStreamSource(new MediaStream([event.track])).connect(analyser);
      window.loudest = () => {
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const at = bins.indexOf(Math.max(...bins));
        return { hertz: at * context.sampleRate / analyser.fftSize, decibel: bins[at] };
      };
    });
  }
};
"""


@pytest.fixture
async def page(house: House, tmp_path: Path) -> AsyncIterator[Page]:
    async with open_page(tmp_path) as page:
        yield page


@asynccontextmanager
async def open_page(tmp_path: Path, *more: str, hertz: int = AGENT_HERTZ) -> AsyncIterator[Page]:
    """A browser whose microphone speaks a tone, on a laptop's screen; `more` are further words of its command."""
    microphone = tmp_path / f"microphone-{hertz}.wav"
    synth = ["synth", "30", "sine", str(hertz), "vol", "0.5"]
    await asyncio.to_thread(subprocess.run, ["sox", "-n", "-r", "48000", "-c", "1", microphone, *synth], check=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update",
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}", "--autoplay-policy=no-user-gesture-required",
                *more,
            ],
        )  # fmt: skip
        context = await browser.new_context(viewport={"width": 1280, "height": 720}, permissions=["microphone"])
        page = await context.new_page()
        await page.add_init_script(LISTEN)
        yield page
        await browser.close()


async def log_in(page: Page, house: House, agent: str = "ana") -> None:
    await page.goto(house.url)
    await page.get_by_label("Name").fill(agent)
    await page.get_by_label("Password").fill(house.password)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_test_id("phone-state")).to_contain_text("ready", ignore_case=True, timeout=15_000)


async def get_ready(page: Page) -> None:
    await page.get_by_role("button", name="Presence").click()
    await page.get_by_role("menuitemradio", name="Ready").or_(page.get_by_role("menuitem", name="Ready")).click()
    await expect(page.get_by_role("button", name="Presence: Ready")).to_be_visible()


async def until_page_hears(page: Page, hertz: int) -> None:
    is_heard = (
        "(hertz) => { const it = window.loudest?.(); return it?.decibel > -60 && Math.abs(it.hertz - hertz) < 20; }"
    )
    await page.wait_for_function(is_heard, arg=hertz, timeout=15_000)


async def explained(house: House, interaction: str) -> str:
    """Return what the command says of an interaction while the service runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline", "routing", "explain", interaction,
        env={**os.environ, **house.environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, _ = await process.communicate()
    return told.decode()


async def test_the_whole_call(house: House, page: Page) -> None:
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
        await ana.chooses("browser")
        await log_in(page, house)
        await get_ready(page)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900201")

        # The pop: who calls, on which number, by which way, before it is answered.
        await expect(page.get_by_role("button", name="Answer")).to_be_enabled(timeout=20_000)
        await expect(page.get_by_test_id("caller").first).to_contain_text("07700 900201")
        await expect(page.get_by_test_id("routed")).to_contain_text("the only able agent")
        await expect(page.get_by_test_id("path")).to_contain_text("Main menu")
        await expect(page.get_by_test_id("answers").or_(page.get_by_test_id("path")).first).to_contain_text("Sales")
        await expect(page.get_by_role("button", name="Answer")).to_be_focused()
        await page.keyboard.press("Enter")

        # Both hear each other.
        await caller.hears_tone(AGENT_HERTZ, 15)
        await until_page_hears(page, CALLER_HERTZ)
        await ana.card("talking")

        told = await explained(house, (await ana.card("talking"))["id"])
        assert re.search(r"offered to Ana \w+ after \d+ s: .*; Ana was the only able agent who was free", told), told

        # On hold the caller hears music, and not the agent.
        await page.get_by_role("button", name="Hold").click()
        card = await ana.sees(lambda state: next(iter(state["interactions"].values()))["held_since"])
        assert card
        await caller.hears(lambda samples: len(samples) > 8000 and rms(samples[-8000:]) > 100, 10)
        assert not heard(AGENT_HERTZ, caller.audio(caller.heard_s - 0.5))
        await page.get_by_role("button", name="Resume").click()
        await caller.hears_tone(AGENT_HERTZ, 10)

        # Mute.
        await page.get_by_role("button", name="Mute").click()
        await caller.hears_silence(10)
        await page.get_by_role("button", name="Unmute").click()
        await caller.hears_tone(AGENT_HERTZ, 10)

        # Keys of the pad arrive as telephone events.
        await page.get_by_role("button", name="Keypad").click()
        await page.get_by_role("button", name="5", exact=True).click()
        await caller.hears(lambda _: "5" in caller.keys_heard, 5)
        await page.keyboard.press("Escape")

        # Hang up, wrap up, and the next call may come.
        await page.get_by_role("button", name="Hang up").click()
        ended = await caller.over()
        assert ended.by == "far end" or ended.by
        await page.get_by_role("radio", name="Resolved").check()
        await page.get_by_label("Note").fill("Wanted a price.")
        await page.get_by_role("button", name="Save and finish").click()
        await ana.sees(lambda state: not state["interactions"] and state["today"]["handled"] >= 1)

        # The second call of the same customer shows the first.
        again = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900201")
        offered = await ana.card("offered")
        assert offered["timeline"][0]["note"] == "Wanted a price."
        await expect(page.get_by_text("Wanted a price.").first).to_be_visible()
        # Declined: the caller keeps the place, the agent is not ready and sees why.
        await page.get_by_role("button", name="Decline").click()
        await ana.sees(lambda state: state["me"]["reason"] == "declined")
        await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
        assert again.is_up
        await again.hang_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")


async def test_the_service_dies_during_a_browsers_call(house: House, page: Page) -> None:
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
        await log_in(page, house)
        await get_ready(page)
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_="+447700900202")
        await page.get_by_role("button", name="Answer").click(timeout=20_000)
        await caller.hears_tone(AGENT_HERTZ, 15)
        talked = await ana.card("talking")
        from_here = caller.heard_s

        killed = house.kill_the_service()
        await expect(page.get_by_test_id("connection-state")).not_to_contain_text("Online", timeout=10_000)
        await house.ready(other_than=killed)
        await expect(page.get_by_test_id("connection-state")).to_contain_text("Online", timeout=20_000)

        # The same screen, the same call, and no gap in it.
        await expect(page.locator("[data-stage=talking]").first).to_be_visible()
        assert (await ana.card("talking"))["id"] == talked["id"]
        samples = caller.audio(from_here)
        pieces = [samples[start : start + 4000] for start in range(0, len(samples) - 4000, 4000)]
        assert all(heard(AGENT_HERTZ, piece, seconds=0.3) for piece in pieces)
        await page.get_by_role("button", name="Hang up").click()
        await caller.over()
        await ana.wrap_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")


async def test_a_voicemail_is_worked_on_like_a_call(house: House, page: Page, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
        await log_in(page, house)
        caller = await house.call_waits("3", hertz=CALLER_HERTZ, from_="+447700900203")
        await caller.hears_silence(20, seconds=1.5)  # what was to be said is said, and the beep is over
        await asyncio.sleep(3)  # the message itself: three seconds of the caller's tone
        await caller.press("#")
        await caller.hears_sound(10)  # the farewell
        await caller.over(15)
        await get_ready(page)

        await page.get_by_role("button", name="Accept").click(timeout=20_000)
        await page.get_by_role("button", name="Play").click()
        await page.wait_for_function("() => document.querySelector('audio').currentTime > 1", timeout=10_000)
        card = await ana.card("talking")
        assert 2 < card["voicemail"]["seconds"] < 6
        await page.screenshot(path=tmp_path / "voicemail.png")
        await page.get_by_role("radio", name="Follow-up needed").check()
        await page.get_by_role("button", name="Save and finish").click()
        await ana.sees(lambda state: not state["interactions"])
        await ana.desk.command("presence", presence="not_ready", reason="break")
