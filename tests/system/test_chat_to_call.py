"""A visitor who waits in a chat is called instead, at their place, by an agent who reads the chat."""

import re
from pathlib import Path

from playwright.async_api import expect

from tests.system.house import House, seated
from tests.system.phone import Phone
from tests.system.test_bad_input import rows
from tests.system.test_browser import AGENT_HERTZ, CALLER_HERTZ, get_ready, log_in, open_page, until_page_hears
from tests.system.test_callback_browser import (  # noqa: F401 - fixtures
    carrier,
    customer,
    house,
    house_that_calls,
    number,
)
from tests.system.test_chat_browser import a_site, said, visits, writes
from tests.system.test_chat_whole import flow_of

FLOW = """
flow: rated
media: [chat]
entry: {channels: [web]}
start: order
steps:
  order: {ask: Which order is it about?, as: text, save: order_no, next: people}
  people: {queue: sales, priority: 3, offer_callback: {after: 1s, key: "1", go: which}}
  which: {ask: Which number shall we call?, as: phone, save: phone, no_answer: {go: people}, next: call_me}
  call_me: {callback: sales, number: "{phone}", no_number: which, next: promised}
  promised: {end: We will call you.}
"""


async def test_a_visitor_is_called_instead_and_keeps_the_place(
    house: House,  # noqa: F811
    customer: Phone,  # noqa: F811
    number: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    async with seated(house, "ana") as ana:
        await ana.chooses("browser")
    async with flow_of(house, FLOW), open_page(tmp_path) as desk, a_site(house) as site:
        await log_in(desk, house, "ana")
        visitor = await visits(await desk.context.browser.new_context(viewport={"width": 1100, "height": 760}), site)
        await writes(visitor, "Hello")
        await expect(said(visitor).last).to_have_text("Which order is it about?")
        await writes(visitor, "The blue lamp")
        instead = visitor.get_by_role("button", name="Call me back")
        await expect(instead).to_be_visible(timeout=15_000)
        await visitor.screenshot(path=tmp_path / "visitor-offered.png")
        [chat] = await rows(
            house, "SELECT id, queue, queued_at, entry FROM interaction WHERE medium = 'chat' AND ended_at IS NULL"
        )

        # The service is killed while they think about it: the offer stands.
        await house.ready(other_than=house.kill_the_service())
        await instead.click()
        await expect(said(visitor).last).to_have_text("Which number shall we call?", timeout=30_000)
        await writes(visitor, "+1 900 555 0100")
        await expect(said(visitor)).to_have_text(
            [re.compile(".")] * 6 + ["+1 900 555 0100", "Which number shall we call?"]
        )
        await writes(visitor, f"0{number[3:]}")
        await expect(said(visitor).last).to_contain_text("We will call you.")
        await expect(visitor.get_by_text("This conversation has ended.")).to_be_visible()
        await visitor.screenshot(path=tmp_path / "visitor-promised.png")
        await visitor.close()
        [call] = await rows(
            house,
            "SELECT queue, queued_at, entry, callback FROM interaction WHERE work = 'callback' AND ended_at IS NULL",
        )
        assert [call["queue"], call["queued_at"], call["entry"]["priority"]] == [
            chat["queue"], chat["queued_at"], chat["entry"]["priority"],
        ]  # fmt: skip
        assert call["callback"]["asked_in"] == str(chat["id"])

        # Whom it rings at reads what they wrote, before and while they talk.
        await get_ready(desk)
        await expect(desk.get_by_role("button", name="Call back")).to_be_enabled(timeout=20_000)
        before = desk.get_by_test_id("written-before")
        await expect(before).to_contain_text("The blue lamp")
        await desk.screenshot(path=tmp_path / "desk-offered.png")
        await desk.get_by_role("button", name="Call back").click()
        await customer.event("CALL_INCOMING", 20)
        customer.do("accept")
        await until_page_hears(desk, CALLER_HERTZ)
        await expect(desk.locator("[data-stage=talking]")).to_be_visible()
        await expect(before).to_contain_text("The blue lamp")
        await desk.screenshot(path=tmp_path / "desk-talking.png")

        # The service is killed while they talk: they talk on, and the chat is there to read.
        await house.ready(other_than=house.kill_the_service())
        await until_page_hears(desk, CALLER_HERTZ)
        await desk.get_by_role("button", name="Hang up").click()
        await customer.event("CALL_CLOSED", 30)
        await desk.reload()
        await expect(desk.locator("[data-stage=wrap_up]")).to_be_visible(timeout=30_000)
        await expect(before).to_contain_text("The blue lamp")
        await desk.screenshot(path=tmp_path / "desk-wrap-up.png")
        # A short talk, of which the silence before it is a good part.
        assert customer.heard(AGENT_HERTZ) > 0.03 > customer.heard(2 * AGENT_HERTZ + 100)
        await desk.get_by_role("radio", name="Resolved").check(timeout=15_000)
        await desk.get_by_role("button", name="Save and finish").click()
        await expect(desk.locator("[data-stage=idle]")).to_be_visible(timeout=15_000)
