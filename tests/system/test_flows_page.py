"""The admin's flows page in a real browser: the drawing, who is at which step, and what becomes of a saved file."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, expect

from tests.system.house import House, seated
from tests.system.test_browser import get_ready, open_page
from trunkline.flows.loader import draft_from

NASTY = """
flow: nasty
title: "WORDS"
start: a
steps:
  a: {title: "WORDS", say: "WORDS", next: b}
  b: {end: Bye.}
  'x"><script>window.ran = 1</script>': {say: Hi.}
"""
HOSTILE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200" onload="window.ran = 1">
<script>window.ran = 2</script><style>body { display: none }</style>
<foreignObject width="9" height="9"><iframe xmlns="http://www.w3.org/1999/xhtml" srcdoc="x"></iframe></foreignObject>
<image href="x" onerror="window.ran = 3"/><use href="data:image/svg+xml,x"/>
<a href="javascript:window.ran = 4"><text x="9" y="9">a mark</text></a>
<g data-step="main" onclick="window.ran = 5" style="fill: url(//elsewhere/x)"><title>Main</title>
<rect class="box" width="99" height="40" onmouseover="window.ran = 6"/>
<text x="9" y="20">Main &lt;b&gt;</text></g></svg>"""


@pytest.fixture
def flows(running_house: House) -> Iterator[Path]:
    """The folder of flows; what a test changes there is as before after it."""
    before = {file: file.read_bytes() for file in running_house.flows.glob("*.yaml")}
    yield running_house.flows
    for file, data in before.items():
        if file.read_bytes() != data:
            file.write_bytes(data)


@pytest.fixture
async def page(house: House, flows: Path, tmp_path: Path) -> AsyncIterator[Page]:
    del flows
    async with open_page(tmp_path) as page:
        await log_in(page, house, "dora")
        yield page


async def log_in(page: Page, house: House, agent: str, where: str = "") -> None:
    await page.goto(house.url + where)
    await page.get_by_label("Name").fill(agent)
    await page.get_by_label("Password").fill(house.password)
    await page.get_by_role("button", name="Log in").click()


def version_in(file: Path) -> str:
    return draft_from(file).version


async def serving(house: House) -> dict[str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/healthz") as answer:
        return {flow["name"]: flow["version"] for flow in (await answer.json())["flows"]["serving"]}


async def test_admin_sees_the_flow_and_where_its_callers_are(house: House, page: Page) -> None:
    menu = page.get_by_role("button", name=re.compile("^Main menu, Menu"))
    await expect(page.get_by_role("link", name="Acme main line")).to_have_attribute("aria-current", "page")
    await expect(menu).to_be_visible()
    await expect(page.get_by_test_id("phone-state")).to_have_count(0)  # nobody calls her

    caller = await house.call(from_="+447700900301")

    await expect(menu).to_have_accessible_name("Main menu, Menu, 1 here", timeout=10_000)
    await expect(page.locator("[data-step=main] .live text")).to_have_text("1")
    await expect(page.get_by_role("link", name="Acme main line")).to_contain_text("1 in it now")
    await menu.click()
    await expect(page.get_by_test_id("step-here")).to_have_text("1 here now")
    await expect(page.get_by_role("tabpanel")).to_contain_text("How can we help you today?")

    await caller.hears_sound(10)
    await caller.press("1")

    await expect(page.locator("[data-step=sales] .live text")).to_have_text("1", timeout=15_000)
    await expect(page.locator("[data-step=main] .live")).to_have_count(0)
    await caller.hang_up()
    await expect(page.locator(".live")).to_have_count(0, timeout=10_000)


async def test_flow_is_walked_through_by_the_keyboard(page: Page) -> None:
    await page.locator("[data-step=welcome]").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")

    chosen = page.locator("[data-step=main]")
    await expect(chosen).to_be_focused()
    await expect(chosen).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_role("heading", name="Main menu")).to_be_visible()

    whole = page.get_by_role("button", name="Show the whole")
    before = await whole.inner_text()
    await page.keyboard.press("+")
    await expect(whole).not_to_have_text(before)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("To the flows, and back to the desk")
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")  # there is no desk for somebody whom nobody calls
    await expect(page.locator("[data-step=main]")).to_be_visible()


async def test_saved_mistake_is_shown_while_the_old_version_serves(house: House, flows: Path, page: Page) -> None:
    main = flows / "main.yaml"
    good, text = version_in(main), main.read_text(encoding="utf-8")
    await expect(page.get_by_test_id("flow-version")).to_have_text(f"Version {good}")

    main.write_text(text.replace("go: sales}", "go: slaes}"), encoding="utf-8")

    await expect(page.get_by_text(f"Callers go on with version {good}.")).to_be_visible()
    await page.get_by_role("tab", name="Problems").click()
    problem = page.get_by_role("tabpanel").get_by_role("listitem")
    await expect(problem).to_contain_text('key 1 goes to "slaes", which no step is called')
    await expect(problem).to_contain_text('What to do: did you mean "sales"?')
    assert (await serving(house))["main"] == good
    await problem.get_by_role("button").click()
    await expect(page.get_by_text("? slaes")).to_be_visible()  # the saved file is drawn, its mistake in it

    main.write_text(text.replace("Welcome to Acme.", "Good day, this is Acme."), encoding="utf-8")
    saved = time.monotonic()
    new = version_in(main)
    await expect(page.get_by_test_id("flow-version")).to_have_text(f"Version {new}")
    took = time.monotonic() - saved

    assert (await serving(house))["main"] == new
    assert took < 2, f"the new version was on the screen after {took:.1f} s only"
    await expect(page.get_by_text("No problems.")).to_be_visible()
    await expect(page.locator("[data-step=welcome]")).to_contain_text("Good day, this is Acme.")
    # The first test in the file expects the old welcome.
    await page.get_by_role("tab", name="Tests").click()
    await expect(page.get_by_role("tabpanel")).to_contain_text('hears "Welcome to Acme"', timeout=10_000)
    failed = page.get_by_role("group").filter(has_text="a caller reaches sales, and goes first")
    await expect(failed).to_contain_text("Expected")
    await expect(failed.get_by_role("list")).to_contain_text("Good day, this is Acme.")


async def test_changed_test_alone_is_carried_out(flows: Path, page: Page) -> None:
    await page.get_by_role("tab", name="Tests").click()
    await expect(page.get_by_text("7 passed", exact=True)).to_be_visible(timeout=10_000)
    tests = flows / "main.test.yaml"

    tests.write_text(tests.read_text(encoding="utf-8").replace("- hears: Thank you", "- hears: Thanks"), "utf-8")

    await expect(page.get_by_text("6 passed, 1 failed")).to_be_visible(timeout=10_000)
    await expect(page.get_by_role("link", name="Acme main line")).to_contain_text("1 test failed")


async def test_nothing_in_a_flow_can_run_in_the_page(house: House, flows: Path, page: Page) -> None:
    nasty = "</title><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
    (flows / "nasty.yaml").write_text(NASTY.replace("WORDS", nasty), encoding="utf-8")
    try:
        await page.locator("[data-flow=nasty]").click()
        await page.locator("[data-step=a]").click()
        await expect(page.get_by_role("tabpanel")).to_contain_text("<script>window.ran = 1</script>")
        await expect(page.locator("section script, section img, aside script, aside img, nav img")).to_have_count(0)
    finally:
        (flows / "nasty.yaml").unlink()
    # And were the service itself to send more than a picture, only the picture would come through.
    await page.route("**/drawing", lambda route: route.fulfill(body=HOSTILE, content_type="image/svg+xml"))
    await page.goto(f"{house.url}/#flows/unknown")
    await page.locator("section [data-step=main]").click()
    await expect(page.locator("section [data-step=main] text").first).to_have_text("Main <b>")
    inside = await page.locator(".drawing").evaluate(
        """(drawing) => ({
          kinds: [...new Set([...drawing.querySelectorAll('*')].map((one) => one.localName))].sort(),
          attributes: [...new Set([...drawing.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()))].sort(),
          ran: window.ran ?? null,
        })"""
    )
    assert inside["kinds"] == ["g", "rect", "svg", "text", "title"]
    assert {"href", "style", "srcdoc", "id"}.isdisjoint(inside["attributes"])
    assert not [name for name in inside["attributes"] if name.startswith("on")]
    assert inside["ran"] is None


async def test_page_outlives_the_service(house: House, page: Page) -> None:
    caller = await house.call(from_="+447700900302")
    await caller.hears_sound(10)
    await caller.press("1")
    count = page.locator("[data-step=sales] .live text")
    await expect(count).to_have_text("1", timeout=15_000)

    killed = house.kill_the_service()
    await expect(page.get_by_test_id("connection-state")).not_to_contain_text("Online", timeout=10_000)
    await expect(page.locator("[data-step=sales]")).to_be_visible()
    await house.ready(other_than=killed)

    await expect(page.get_by_test_id("connection-state")).to_contain_text("Online", timeout=20_000)
    await expect(count).to_have_text("1")
    await caller.hang_up()
    await expect(count).to_have_count(0, timeout=10_000)
    await page.reload()
    await expect(page.locator("[data-step=sales]")).to_be_visible()


async def test_agents_have_no_such_page(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in(page, house, "ana", "/#flows/main")

        await expect(page.get_by_role("button", name="Presence")).to_be_visible(timeout=15_000)
        await expect(page.get_by_role("link", name="Flows")).to_have_count(0)
        assert await page.evaluate("fetch('/api/flows').then((answer) => answer.status)") == 403


async def test_call_that_rings_comes_before_the_flows(house: House, tmp_path: Path) -> None:
    async with seated(house, "carla") as carla, open_page(tmp_path) as page:
        await carla.chooses("browser")
        await log_in(page, house, "carla")
        await expect(page.get_by_test_id("phone-state")).to_contain_text("ready", ignore_case=True, timeout=15_000)
        await get_ready(page)
        await page.keyboard.press("f")
        await expect(page.locator("[data-step=main]")).to_be_visible()

        caller = await house.call_waits("0", from_="+447700900303")

        await expect(page.get_by_role("button", name="Answer")).to_be_enabled(timeout=20_000)
        await page.get_by_role("button", name="Decline").click()
        await carla.sees(lambda state: state["me"]["reason"] == "declined")
        await caller.hang_up()
