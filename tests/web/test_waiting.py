"""Everybody who waits, for those who may give a wait to one agent."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.builders import later
from tests.floor.conftest import CENTRE
from tests.floor.test_trouble import follow
from tests.web.conftest import Web
from trunkline.core.demand import Wanted
from trunkline.core.ids import AgentId
from trunkline.floor import waiting_board
from trunkline.floor.supervision import Supervision

ANA, BEN = AgentId("ana"), AgentId("ben")


async def supervisor(doors: Web, role: str = "supervisor") -> ClientSession:
    """Log a supervisor in."""
    await follow(doors.centre, CENTRE.replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: %s," % role.encode()))
    return await doors.logged_in("ben")


async def shown(browser: ClientSession) -> Any:
    async with browser.get("/api/waiting") as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Cache-Control"] == "private, no-store"
        return await answer.json()


async def test_who_waits_is_not_for_agents_and_strangers(doors: Web) -> None:
    async with (await doors.browser()).get("/api/waiting") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (401, "not_logged_in")
    async with (await doors.logged_in("ana")).get("/api/waiting") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("role", ["admin", "supervisor"])
async def test_those_who_wait_are_told_with_the_longest_first(doors: Web, role: str) -> None:
    browser = await supervisor(doors, role)
    first = await doors.centre.call_waits()
    doors.centre.clock.forward(5)
    second = await doors.centre.call_waits()

    told = await shown(browser)

    ids = [doors.centre.of(call).id for call in (first, second)]  # type: ignore[union-attr]
    assert [row["id"] for row in told["waiting"]] == ids
    assert (told["in_all"], [row["position"] for row in told["waiting"]]) == (2, [1, 2])
    row = told["waiting"][0]
    assert (row["work"], row["medium"], row["queue"]) == ("call", "voice", {"id": "sales", "title": "Sales"})
    assert (row["asks"], row["priority"], row["kept_for"]) == ([], 0, None)
    assert row["address"]["e164"].startswith("+44")


async def test_everybody_who_is_logged_in_is_told_and_for_what_they_are_free(doors: Web) -> None:
    browser = await supervisor(doors)

    assert [agent["id"] for agent in (await shown(browser))["agents"]] == ["ben"]
    await doors.centre.ready("ana")

    ana, ben = (await shown(browser))["agents"]
    assert (ana["id"], ana["name"], "voice" in ana["free_for"]) == ("ana", doors.centre.agent("ana").name, True)
    assert (ben["id"], ben["free_for"]) == ("ben", [])


async def test_the_team_of_an_agent_is_told_by_its_title(doors: Web) -> None:
    browser = await supervisor(doors)
    teams = (
        CENTRE.replace(b"agents:", b"teams: {north: The North}\nagents:")
        .replace(b"{name: Ana Torres,", b"{name: Ana Torres, team: north,")
        .replace(b"{name: Ben Okafor,", b"{name: Ben Okafor, role: supervisor,")
    )
    await follow(doors.centre, teams)
    await doors.centre.desk.log_in(ANA)

    assert [agent["team"] for agent in (await shown(browser))["agents"]] == ["The North", None]


async def test_for_whom_a_wait_is_kept_is_told_for_as_long_as_it_is(doors: Web) -> None:
    browser = await supervisor(doors)
    await doors.centre.desk.log_in(ANA)
    interaction = doors.centre.of(await doors.centre.call_waits())
    assert interaction is not None
    assert interaction.entry is not None

    await Supervision(doors.centre.floor).assign(BEN, interaction.id, ANA)
    assert (await shown(browser))["waiting"][0]["kept_for"] == {"id": "ana", "assigned": True}

    for_now = replace(interaction.entry, wanted=Wanted(ANA, later(30)))
    await doors.centre.floor.commit(interactions=[replace(interaction, entry=for_now)])
    assert (await shown(browser))["waiting"][0]["kept_for"] == {"id": "ana", "assigned": False}
    doors.centre.clock.forward(31)
    assert (await shown(browser))["waiting"][0]["kept_for"] is None


async def test_of_very_many_only_those_who_have_waited_longest_are_told(
    doors: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_board, "MOST_SHOWN", 1)
    browser = await supervisor(doors)
    first = doors.centre.of(await doors.centre.call_waits())
    doors.centre.clock.forward(1)
    await doors.centre.call_waits()

    told = await shown(browser)

    assert first is not None
    assert ([row["id"] for row in told["waiting"]], told["in_all"]) == ([first.id], 2)


async def test_every_agent_sees_which_colleagues_are_at_work_and_have_room(doors: Web) -> None:
    async with (await doors.browser()).get("/api/colleagues") as answer:
        assert answer.status == 401
    ana = await doors.logged_in("ana")
    await doors.centre.ready("ana", "ben")
    async with ana.get("/api/colleagues?medium=chat") as answer:
        assert await answer.json() == {"agents": [{"id": "ben", "name": "Ben Okafor", "free": True}]}
    async with ana.get("/api/colleagues?medium=pigeon") as answer:
        assert (await answer.json())["agents"][0]["free"] is False
