"""The admin's centre page in a real browser: forms that say what they will do, on a floor where calls go on."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.system.house import REPOSITORY, House, seated
from tests.system.stages import takes
from tests.system.test_browser import open_page
from tests.system.test_flows_page import log_in

PLAN = "What this will do"


def config(house: House, *words: str | Path) -> str:
    """Type `trunkline config …` and return what it says."""
    typed = subprocess.run(
        [sys.executable, "-m", "trunkline", "config", *map(str, words)],
        env={**house.environment, "PATH": "/usr/bin:/bin", "HOME": "/root"}, cwd=REPOSITORY, capture_output=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert typed.returncode in {0, 3}, typed.stderr.decode()
    return typed.stdout.decode()


@pytest.fixture
async def page(house: House, tmp_path: Path) -> AsyncIterator[Page]:
    """Dora's centre page; what a test applies is as before after it."""
    before = config(house, "export")
    async with open_page(tmp_path) as page:
        await log_in(page, house, "dora", "/#centre")
        await expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        yield page
    restored = tmp_path / "before.yaml"
    restored.write_text(before, encoding="utf-8")
    await asyncio.to_thread(config, house, "apply", restored)


async def test_wrap_up_and_queues_are_edited_and_in_force_on_the_live_floor(
    house: House, page: Page, tmp_path: Path
) -> None:
    phone = await house.phone("carla", tmp_path, hertz=800)
    async with seated(house, "carla") as carla:
        await carla.ready_with_sip_phone()
        await carla.sees(lambda state: not state["queues"]["sales"]["mine"])

        wrap_up = page.get_by_label("Wrap-up time", exact=True)
        await wrap_up.fill("25")
        await page.get_by_role("link", name="People").click()
        await page.get_by_role("link", name=re.compile("^Carla Rossi")).click()
        await page.get_by_role("checkbox", name="Sales").check()
        told = page.get_by_role("region", name=PLAN)
        await expect(told).to_contain_text("queue sales: wrap_up 60s -> 25s")
        await expect(told).to_contain_text("agent carla: queues sales added")
        await carla.sees(lambda state: not state["queues"]["sales"]["mine"])  # told, and not done yet
        await page.get_by_label("Why").fill("Carla helps out")
        await page.get_by_role("button", name="Apply").click()
        applied = time.monotonic()

        await carla.sees(lambda state: state["queues"]["sales"]["mine"])
        assert time.monotonic() - applied < 2
        await expect(page.get_by_role("status").filter(has_text="is in force")).to_be_visible()
        caller = await house.call_waits("1", from_="+447700900321")
        await takes(carla, phone)
        await caller.hang_up()
        card = await carla.card("wrap_up")
        since, until = (datetime.fromisoformat(card[key]) for key in ("stage_since", "wrap_up_until"))
        assert (until - since).total_seconds() == pytest.approx(25, abs=0.5)
        await carla.wrap_up()

        await page.get_by_role("link", name="History").click()
        latest = page.locator("[data-version]").first
        await expect(latest).to_contain_text("Carla helps out")
        await expect(latest).to_contain_text("dora, by this page")
        await expect(latest).to_contain_text("queue sales: wrap_up 60s -> 25s")
        text = config(house, "export")
        assert "wrap_up: 25s" in text
        assert "# looks after the flows and takes no calls" in text


async def test_mistake_stands_at_its_field_and_nothing_is_applied(house: House, page: Page) -> None:
    before = config(house, "export")
    await page.get_by_label("Rings for", exact=True).fill("soon")

    field = page.locator("[data-field=ring_for]")
    await expect(field).to_contain_text("is not a length of time: write 20s, 5m or 1h")
    await expect(page.get_by_label("Rings for", exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_label("Rings for", exact=True)).to_have_value("20")
    await expect(page.get_by_role("region", name=PLAN)).to_have_count(0)
    assert config(house, "export") == before


async def test_person_comes_and_goes_by_the_keyboard(house: House, page: Page) -> None:
    await page.get_by_role("link", name="People").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Add a person").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Log-in name")).to_be_focused()
    await page.keyboard.type("eve")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Eve Fox")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    told = page.get_by_role("region", name=PLAN)
    await expect(told).to_contain_text("agent eve: name Eve Fox, queues sales")
    await page.get_by_label("Why").focus()
    await expect(page.get_by_role("button", name="Apply")).to_be_enabled()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="is in force")).to_be_visible()

    async with seated(house, "eve") as eve:
        await eve.sees(lambda state: state["me"]["name"] == "Eve Fox")
        await page.get_by_role("button", name="Remove Eve Fox").click()
        await expect(told).to_contain_text("agent eve is logged in, and is logged out")
        await page.get_by_role("button", name="Apply").click()
        await expect(page.get_by_role("link", name=re.compile("^Eve Fox"))).to_have_count(0)


async def test_who_applied_meanwhile_is_shown_and_ones_own_changes_stay(
    house: House, page: Page, tmp_path: Path
) -> None:
    await page.get_by_label("Wrap-up time", exact=True).fill("35")
    await expect(page.get_by_role("region", name=PLAN)).to_contain_text("wrap_up 60s -> 35s")
    other = tmp_path / "other.yaml"
    other.write_text(config(house, "export").replace("name: Acme", "name: Acme Ltd"), encoding="utf-8")

    await asyncio.to_thread(config, house, "apply", other, "--message", "a new name")

    note = page.get_by_role("alert").filter(has_text="meanwhile")
    await expect(note).to_contain_text("centre: name Acme -> Acme Ltd")
    await expect(note).to_contain_text("a new name")
    await expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    await page.get_by_role("button", name="Go on with my changes upon it").click()
    await expect(page.get_by_role("region", name=PLAN)).to_contain_text("queue sales: wrap_up 60s -> 35s")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("status").filter(has_text="is in force")).to_be_visible()
    text = config(house, "export")
    assert ("name: Acme Ltd" in text, "wrap_up: 35s" in text) == (True, True)


async def test_older_version_comes_back_and_the_text_can_be_edited(house: House, page: Page) -> None:
    await page.get_by_role("link", name="As text").click()
    field = page.get_by_label("The centre as YAML")
    text = await field.input_value()
    await field.fill(text.replace("title: Lunch", "title: Meal").replace("\n", "\n# By hand\n", 1))
    await expect(page.get_by_role("region", name=PLAN)).to_contain_text("reason lunch: title Lunch -> Meal")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("status").filter(has_text="is in force")).to_be_visible()
    assert "# By hand" in config(house, "export")

    await page.get_by_role("link", name="History").click()
    await page.get_by_role("button", name="Go back to this").first.click()
    await expect(page.get_by_role("region", name="Going back to version")).to_contain_text("title Meal -> Lunch")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("region", name="Going back to version")).to_have_count(0)
    assert config(house, "export") == text


async def test_page_is_for_admins(house: House, tmp_path: Path) -> None:
    async with open_page(tmp_path) as page:
        await log_in(page, house, "carla", "/#centre/queues")

        await expect(page.get_by_role("link", name="Flows")).to_be_visible()
        await expect(page.get_by_role("link", name="Centre")).to_have_count(0)
        assert await page.evaluate("fetch('/api/centre').then((answer) => answer.status)") == 403


async def test_what_was_applied_outlives_a_restart_and_the_file_comes_back_when_it_is_changed(
    house: House, page: Page
) -> None:
    await page.get_by_label("Wrap-up time", exact=True).fill("33")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.get_by_role("status").filter(has_text="is in force")).to_be_visible()
    file = house.flows / "centre.yaml"
    before = file.read_text(encoding="utf-8")

    killed = house.kill_the_service()
    await house.ready(other_than=killed)
    assert "wrap_up: 33s" in config(house, "export")
    assert "queue sales: wrap_up 33s -> 60s" in config(house, "plan")

    try:
        file.write_text(before.replace("name: Acme", "name: Acme Ltd"), encoding="utf-8")
        async with asyncio.timeout(10):
            while "name: Acme Ltd" not in await asyncio.to_thread(config, house, "export"):
                await asyncio.sleep(0.2)  # the command looks; nobody tells it
        assert "the file (file)" in config(house, "history")
    finally:
        file.write_text(before, encoding="utf-8")
