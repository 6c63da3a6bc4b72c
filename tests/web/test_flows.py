"""The flows by HTTP: for admins and supervisors; what serves, what is wrong, what the tests came to, the drawing."""

import asyncio
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner, Result

from tests.floor.conftest import MAIN
from tests.web.conftest import Web, hears
from trunkline.cli import main
from trunkline.core.ids import AgentId
from trunkline.flows.problem import Problem, Severity
from trunkline.flows.round import Round, Tried

BROKEN = MAIN.replace("go: sales}", "go: slaes}", 1)


async def admin(doors: Web, role: str = "admin") -> ClientSession:
    """Log an admin in."""
    floor = doors.centre.floor
    await floor.commit(agents=[replace(floor.agents[AgentId("ben")], role=role)])
    return await doors.logged_in("ben")


async def get(browser: ClientSession, path: str) -> Any:
    async with browser.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def save(doors: Web, text: str, name: str = "main.yaml") -> Path:
    """Save a flow file as an editor does, and let the service look."""
    file = doors.centre.library.folder / name
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))
    assert doors.centre.library.changed()
    doors.centre.load_flows()
    return file


PATHS = ["/api/flows", "/api/flows/main", "/api/flows/main/drawing", "/api/flows/none"]


@pytest.mark.parametrize("path", PATHS)
async def test_flows_are_not_for_agents_and_strangers(doors: Web, path: str) -> None:
    async with (await doors.browser()).get(path) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (401, "not_logged_in")
    async with (await doors.logged_in("ana")).get(path) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("role", ["admin", "supervisor"])
async def test_list_tells_what_leads_to_each_flow_and_whether_it_serves(doors: Web, role: str) -> None:
    save(doors, "flow: other\nstart: x\n", "other.yaml")
    listed = await get(await admin(doors, role), "/api/flows")

    main_flow, other = listed["flows"]
    serving = doors.centre.library.flows["main"]
    assert main_flow == {
        "name": "main", "title": "Main line", "file": "main.yaml", "numbers": ["100"], "any_other_number": False,
        "channels": [], "media": ["voice"], "language": "en-GB", "version": serving.version, "draft": serving.version,
        "serves": True, "errors": 0, "warnings": 0,
        "tests": {"running": False, "fault": "", "passed": 0, "failed": 0, "unreadable": 0},
    }  # fmt: skip
    assert (other["name"], other["version"], other["serves"], other["errors"]) == ("other", None, False, 1)
    assert listed["problems"] == []


async def test_flow_tells_its_steps_in_order_with_their_ways(doors: Web) -> None:
    flow = await get(await admin(doors), "/api/flows/main")

    assert flow["on_disk"] is None
    assert flow["serving"]["start"] == "menu"
    steps = flow["serving"]["steps"]
    assert [(step["name"], step["kind"]) for step in steps] == [
        ("menu", "menu"), ("sales", "queue"), ("message", "voicemail"), ("thanks", "say"), ("bye", "end"),
    ]  # fmt: skip
    assert steps[0]["words"] == "What is it about?"
    assert {"label": "1  Sales", "to": "sales", "there": True} in steps[0]["ways"]
    assert steps[3]["ways"] == [{"label": "", "to": "bye", "there": True}]
    assert steps[1]["line"] == MAIN.splitlines().index("  sales:") + 1


async def test_broken_file_is_shown_beside_the_version_that_still_serves(doors: Web) -> None:
    good = doors.centre.library.flows["main"].version
    browser = await admin(doors)
    save(doors, BROKEN)

    flow = await get(browser, "/api/flows/main")

    assert (flow["version"], flow["serves"], flow["serving"]["version"]) == (good, False, good)
    assert flow["on_disk"]["version"] == flow["draft"] != good
    assert {"label": "1  Sales", "to": "slaes", "there": False} in flow["on_disk"]["steps"][0]["ways"]
    [problem] = [each for each in flow["problems"] if each["severity"] == "error"]
    assert problem == {
        "file": "main.yaml", "line": 12, "column": 38, "severity": "error", "code": "no-step",
        "message": 'menu "menu": key 1 goes to "slaes", which no step is called', "hint": 'did you mean "sales"?',
        "step": "menu",
    }  # fmt: skip

    save(doors, MAIN.replace("Goodbye.", "Farewell."))
    flow = await get(browser, "/api/flows/main")
    assert (flow["on_disk"], flow["problems"], flow["serves"]) == (None, [], True)
    assert flow["version"] != good


async def test_verdicts_of_the_tests_come_with_their_conversation(doors: Web) -> None:
    version = doors.centre.library.flows["main"].version
    talk = (("flow", "What is it about?"), ("caller", "presses 1 (Sales)"))
    bad = Tried("main", version, "sales", "voice", "x/main.test.yaml", 9, "queued queue sales", "ended", talk)
    unreadable = Problem("x/main.test.yaml", 4, 5, Severity.ERROR, "key", "unknown key", "remove it")
    stray = replace(unreadable, file="x/gone.test.yaml")
    doors.centre.round = Round(
        (bad, replace(bad, expected=None, came=None, medium="chat", line=3)), (unreadable, stray)
    )
    browser = await admin(doors)
    doors.centre.load_flows()
    await doors.centre.settled()

    tests = (await get(browser, "/api/flows/main"))["tests"]
    listed = await get(browser, "/api/flows")

    assert (tests["running"], tests["passed"], tests["failed"], tests["unreadable"]) == (False, 1, 1, 1)
    assert tests["verdicts"][0] == {
        "name": "sales", "medium": "voice", "passed": False, "version": version, "file": "main.test.yaml", "line": 9,
        "expected": "queued queue sales", "came": "ended",
        "conversation": [{"who": who, "text": text} for who, text in talk],
    }  # fmt: skip
    assert [(each["medium"], each["passed"]) for each in tests["verdicts"]] == [("voice", False), ("chat", True)]
    assert tests["problems"][0]["message"] == "unknown key"
    assert listed["flows"][0]["tests"] == {"running": False, "fault": "", "passed": 1, "failed": 1, "unreadable": 1}
    assert [each["file"] for each in listed["problems"]] == ["gone.test.yaml"]


async def test_drawing_is_a_picture_that_runs_nothing(doors: Web) -> None:
    browser = await admin(doors)
    async with browser.get("/api/flows/main/drawing") as answer:
        picture = await answer.text()
        assert (answer.status, answer.content_type) == (200, "image/svg+xml")
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    steps = [group.get("data-step") for group in ET.fromstring(picture).iter() if group.get("data-step")]  # noqa: S314
    assert steps == ["menu", "sales", "message", "thanks", "bye"]


async def test_drawing_is_sent_again_only_when_it_is_another(doors: Web) -> None:
    browser = await admin(doors)
    async with browser.get("/api/flows/main/drawing") as answer:
        tag = answer.headers["ETag"]
        assert answer.headers["Cache-Control"] == "private, no-cache"
    async with browser.get("/api/flows/main/drawing", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    save(doors, MAIN.replace("Main line", "Head office"))
    async with browser.get("/api/flows/main/drawing", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200
        assert answer.headers["ETag"] != tag
        assert "Head office" in await answer.text()


async def test_drawing_is_of_the_version_that_serves_unless_the_file_is_asked_for(doors: Web) -> None:
    browser = await admin(doors)
    save(doors, BROKEN)
    async with browser.get("/api/flows/main/drawing") as answer:
        assert "slaes" not in await answer.text()
    async with browser.get("/api/flows/main/drawing?of=disk") as answer:
        assert "? slaes" in await answer.text()


async def test_file_that_never_served_is_drawn_as_far_as_it_goes(doors: Web) -> None:
    browser = await admin(doors)
    save(doors, "flow: new\nstart: a\nsteps: {a: {say: Hi., next: nowhere}}\n", "new.yaml")
    save(doors, "[", "scrawl.yaml")

    async with browser.get("/api/flows/new/drawing") as answer:
        assert "? nowhere" in await answer.text()
    flow = await get(browser, "/api/flows/scrawl.yaml")
    assert (flow["title"], flow["serving"], flow["on_disk"]["steps"]) == ("scrawl.yaml", None, [])
    async with browser.get("/api/flows/scrawl.yaml/drawing") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "no_such")


async def test_of_two_files_with_one_name_the_one_that_serves_has_it(doors: Web) -> None:
    browser = await admin(doors)
    save(doors, MAIN.replace("[" + '"100"' + "]", '["101"]'), "a_copy.yaml")
    save(doors, MAIN.replace("[" + '"100"' + "]", '["102"]'), "z_copy.yaml")

    listed = await get(browser, "/api/flows")

    names = {each["file"]: each["name"] for each in listed["flows"]}
    assert names == {"main.yaml": "main", "a_copy.yaml": "a_copy.yaml", "z_copy.yaml": "z_copy.yaml"}
    assert (await get(browser, "/api/flows/main"))["file"] == "main.yaml"


@pytest.mark.parametrize("name", ["none", "..", "%00", "..%2f..%2fcentre", "main.yaml", "x" * 5000])
async def test_what_is_no_flow_is_not_found(doors: Web, name: str) -> None:
    browser = await admin(doors)
    for path in (f"/api/flows/{name}", f"/api/flows/{name}/drawing"):
        async with browser.get(doors.server.make_url("/").with_path(path, encoded=True)) as answer:
            assert answer.status == 404


async def test_saved_flow_and_its_verdicts_are_told_to_open_desks(doors: Web) -> None:
    browser = await admin(doors)
    socket = await doors.desk(browser)
    before = (await hears(socket, "snapshot"))["state"]["flows"]["revision"]

    save(doors, BROKEN)

    revisions = [before]
    for _ in range(3):  # loaded, tests begun, tests ended
        event = (await hears(socket, "event"))["event"]
        assert event["kind"] == "flows"
        revisions.append(event["flows"]["revision"])
    assert len(set(revisions)) == 4


async def status(doors: Web) -> Result:
    words = ["flow", "status", "--http-port", str(doors.server.port)]
    return await asyncio.to_thread(CliRunner().invoke, main, words)


async def test_healthz_and_flow_status_tell_what_serves_and_what_is_wrong(doors: Web) -> None:
    doors.parts["flows"] = doors.parts["switch"]
    version = doors.centre.library.flows["main"].version
    browser = await doors.browser()
    serving = [{"name": "main", "version": version, "title": "Main line"}]
    told = (await get(browser, "/healthz"))["flows"]
    assert [{key: each[key] for key in serving[0]} for each in told["serving"]] == serving
    assert (Path(told["serving"][0]["file"]).name, told["problems"]) == ("main.yaml", [])
    came = await status(doors)
    assert (came.exit_code, came.output) == (0, f"main {version}  Main line\n")

    file = save(doors, BROKEN)

    told = (await get(browser, "/healthz"))["flows"]
    assert told["serving"][0]["version"] == version
    problem = f'{file}:12:38: menu "menu": key 1 goes to "slaes", which no step is called; did you mean "sales"?'
    assert problem in told["problems"]
    came = await status(doors)
    assert came.exit_code == 1
    assert problem in came.output
    assert f"main {version}  Main line" in came.output


async def test_only_so_many_drawings_are_kept(doors: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.floor.flow_board.KEPT_DRAWINGS", 2)
    browser = await admin(doors)
    for words in ("One.", "Two.", "Three."):
        save(doors, MAIN.replace("Goodbye.", words))
        async with browser.get("/api/flows/main/drawing") as answer:
            assert words in await answer.text()

    assert len(doors.centre.flow_board._drawings) == 2
