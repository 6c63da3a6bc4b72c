"""Follow-ups on the real machine: who is stopped by hand, and who finds a survey in the chat when they come back."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.fakes.twilio_peer import TwilioPeer, twilio_peer
from tests.system.house import House, seated
from tests.system.test_bad_input import rows
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, open_page
from tests.system.test_chat_browser import a_site, said, visits, writes
from tests.system.test_texts import over, ready, talking, texts

FLOWS = {
    "texts": """flow: texts
media: [sms]
entry: {channels: [text]}
start: main
steps:
  main:
    menu: Thanks for writing to Acme. How can we help?
    choices: [{label: Sales, go: sales}, {label: Nothing, go: bye}]
  sales: {queue: sales}
  bye: {end: Goodbye.}
""",
    "webchat": """flow: webchat
media: [chat]
entry: {channels: [web]}
start: sales
steps:
  sales: {queue: sales}
""",
    "score": """flow: score
media: [chat, sms]
start: score
steps:
  score: {rate: "How did we do, from 1 to 5?", save: score, next: thanks}
  thanks: {end: Thank you for your score.}
""",
}
SALES = "  sales: {title: Sales,"


@pytest.fixture
async def peer(house: House) -> AsyncIterator[TwilioPeer]:
    """A house whose queue sales is followed up by a survey, seconds later."""
    centre = house.flows / "centre.yaml"
    before = centre.read_text(encoding="utf-8")
    assert SALES in before
    async with twilio_peer(house.provider_port) as opened, AsyncExitStack() as flows:
        for name, text in FLOWS.items():
            await flows.enter_async_context(house.flow(name, text))
        rule = "  sales: {title: Selling, follow_ups: [{flow: score, after: 4s}],"
        centre.write_text(before.replace(SALES, rule), encoding="utf-8")
        await called(house, "Selling")
        yield opened
        centre.write_text(before, encoding="utf-8")
        await called(house, "Sales")


async def called(house: House, title: str) -> None:
    """Wait until the queue sales has this title: then all else that was written with it is in force."""
    async with seated(house, "ana") as ana:
        await ana.sees(lambda state: state["queues"]["sales"]["title"] == title)


async def journal(house: House, kind: str, number: str, *, many: int = 1, within: float = 30) -> list[dict[str, Any]]:
    """Wait until so many lines of a kind are about somebody, and return their facts."""
    sql = """SELECT j.facts, j.interaction_id::text AS id FROM journal j JOIN interaction i ON i.id = j.interaction_id
             WHERE j.kind = $1 AND i.address = $2 ORDER BY j.seq"""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(within):
        while len(found) < many:
            found = await rows(house, sql, kind, number)
            await asyncio.sleep(0.1)  # it cannot tell us
    return found


def contact(house: House, *words: str) -> str:
    """Type `trunkline contact`, and return what it prints."""
    typed = ["trunkline", "contact", *words, "--data-dir", str(house.settings.data_dir)]
    command = Path(__file__).parents[2] / ".venv" / "bin" / typed[0]
    done = subprocess.run([command, *typed[1:]], check=False, capture_output=True, text=True, env=house.environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_who_is_stopped_by_hand_is_not_asked_and_the_journal_says_why(house: House, peer: TwilioPeer) -> None:
    number = "+447700900652"
    async with ready(house) as ana:
        card = await talking(house, peer, ana, number)
        assert "not written to on sms" in contact(house, "stop", "07700 900652")
        opted_out = "SELECT facts FROM journal WHERE kind = 'opted_out' AND facts ->> 'pii.address' = $1"
        async with asyncio.timeout(20):
            while not await rows(house, opted_out, number):
                await asyncio.sleep(0.1)  # it is looked for every two seconds
        await ana.desk.command("hang_up", interaction=card["id"])
        await over(ana)
        [dropped] = await journal(house, "follow_up_dropped", number)
    assert dropped["facts"] == {"why": "do_not_contact"}
    assert "How did we do, from 1 to 5?" not in peer.texts(number)
    told = contact(house, "show", number)
    assert "sms: not written to since" in told
    assert "sms: score not asked" in told


async def test_a_visitor_who_had_gone_finds_the_survey_in_the_chat_and_answers_it(
    house: House, peer: TwilioPeer, tmp_path: Path
) -> None:
    async with ready(house) as ana, a_site(house) as site, open_page(tmp_path) as page:
        browser = await page.context.browser.new_context(viewport={"width": 1100, "height": 760})
        visitor = await visits(browser, site)
        await writes(visitor, "Hello")
        offered = await ana.card("offered")
        await ana.desk.command("accept", offer=offered["offer"]["id"])
        card = await ana.card("talking")
        await ana.desk.command("say", interaction=card["id"], text="Good day!", key="1")
        await expect(said(visitor).last).to_have_text("Good day!")
        await visitor.close()
        await ana.desk.command("hang_up", interaction=card["id"])
        await over(ana)
        address = card["address"]["raw"]
        await journal(house, "follow_up_began", address)

        again = await visits(browser, site)
        await expect(said(again).last).to_have_text("How did we do, from 1 to 5?")
        await again.screenshot(path=tmp_path / "visitor-survey.png")
        await again.get_by_role("radio", name="5 of 5 stars").focus()
        await again.keyboard.press("Space")
        await again.keyboard.press("Enter")
        await expect(said(again).last).to_have_text("Thank you for your score.")
        await again.screenshot(path=tmp_path / "visitor-rated.png")
        [rated] = await journal(house, "rated", address)
    assert (rated["facts"]["score"], rated["facts"]["about"]["interaction"]) == (5, card["id"])


async def test_a_caller_is_asked_by_text_message_how_the_call_was(
    house: House, peer: TwilioPeer, tmp_path: Path
) -> None:
    number = "+447700900654"
    async with seated(house, "ana") as ana:
        phone = await house.phone("ana", tmp_path, hertz=AGENT_HERTZ)
        await ana.ready_with_sip_phone()
        caller = await house.call_waits("1", hertz=CALLER_HERTZ, from_=number)
        await phone.event("CALL_INCOMING", 20)
        phone.do("accept")
        await caller.hears_tone(AGENT_HERTZ, 15)
        call = await ana.card("talking")
        await caller.hang_up()
        await ana.wrap_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")
    await peer.has_sent("How did we do, from 1 to 5?", within=30)
    assert peer.texts(number) == ["How did we do, from 1 to 5?"]
    await texts(house, peer, "4", number)
    await peer.has_sent("Thank you for your score.")
    [rated] = await journal(house, "rated", number)
    assert (rated["facts"]["score"], rated["facts"]["about"]["interaction"]) == (4, call["id"])
