"""The centre by HTTP: for admins only; what would change, making it so, and every way to be refused."""

import io
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.floor.conftest import CENTRE
from tests.web.conftest import Web, hears
from trunkline.core.centre_version import Signed, Source
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.journal import Happened
from trunkline.flows.centre_shape import CentreShape
from trunkline.flows.schema_of_centre import sections

TEXT = CENTRE.decode()
WITH_AN_ADMIN = TEXT.replace("[sales, support]}", "[sales, support], role: ROLE}")
LONGER = {"path": ["queues", "sales", "wrap_up"], "value": "90s"}
PATHS = [
    ("GET", "/api/centre"), ("GET", "/api/centre/history"), ("GET", "/api/centre/versions/1"),
    ("POST", "/api/centre/plan"), ("POST", "/api/centre/apply"),
]  # fmt: skip


async def admin(doors: Web, role: str = "admin") -> ClientSession:
    """Make ben an admin, by version 2, and log him in."""
    administration = doors.centre.administration
    await administration.apply(WITH_AN_ADMIN.replace("ROLE", role), Signed("root", Source.CLI), base=1)
    return await doors.logged_in("ben")


async def get(browser: ClientSession, path: str) -> Any:
    async with browser.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def post(browser: ClientSession, what: str, draft: Any, **more: Any) -> tuple[int, Any]:
    async with browser.post(f"/api/centre/{what}", json=draft, **more) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else await answer.text()


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_centre_is_for_admins_only(doors: Web, method: str, path: str) -> None:
    supervisor = await admin(doors, "supervisor")
    agent, stranger = await doors.logged_in("ana"), await doors.browser()
    refused = ((stranger, 401, "not_logged_in"), (agent, 403, "not_allowed"), (supervisor, 403, "not_allowed"))
    for browser, status, code in refused:
        async with browser.request(method, path, json={"base": 2, "edits": [LONGER]}) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    assert await doors.centre.store.centre_number() == 2


async def test_whole_centre_comes_with_the_shape_of_its_forms(doors: Web) -> None:
    whole = await get(await admin(doors), "/api/centre")

    assert (whole["version"]["number"], whole["version"]["by"], whole["fault"]) == (2, "root", "")
    assert whole["values"]["agents"]["ben"] == {
        "name": "Ben Okafor", "queues": ["sales", "support"], "role": "admin",
    }  # fmt: skip
    shapes = {each["name"]: each for each in whole["sections"]}
    assert list(shapes) == list(CentreShape.model_fields)
    assert {name: shapes[name]["shape"] for name in ("name", "queues", "reasons")} == {
        "name": "field", "queues": "map", "reasons": "list",
    }  # fmt: skip
    fields = {each["name"]: each for each in shapes["agents"]["fields"]}
    assert (fields["queues"]["kind"], fields["queues"]["of"]) == ("map", "queues")
    assert [field["required"] for field in fields["queues"]["value"]["fields"]] == [False, False]
    assert fields["role"]["choices"] == ["agent", "supervisor", "admin"]


def test_fields_are_of_the_kinds_that_forms_know() -> None:
    shapes = {each["name"]: each for each in sections()}
    queue = {each["name"]: each for each in shapes["queues"]["fields"]}
    hours = {each["name"]: each for each in shapes["hours"]["fields"]}

    assert (queue["wrap_up"]["kind"], queue["wrap_up"]["default"], queue["title"]["required"]) == (
        "duration",
        "60s",
        True,
    )
    assert (queue["announce_every"]["kind"], queue["announce_every"]["default"]) == ("duration", None)
    assert (shapes["fallback_queue"]["kind"], shapes["fallback_queue"]["of"]) == ("name", "queues")
    assert (hours["open"]["kind"], hours["open"]["value"]["kind"], hours["closed"]["kind"]) == ("map", "lines", "lines")


async def test_plan_says_what_apply_then_does_on_the_live_floor(doors: Web) -> None:
    browser = await admin(doors)
    draft = {"base": 2, "edits": [LONGER, {"path": ["agents", "eve"], "value": {"name": "Eve", "queues": ["sales"]}}]}

    status, plan = await post(browser, "plan", draft)
    assert (status, plan["base"], plan["problems"], plan["warnings"]) == (200, 2, [], [])
    assert [each["words"] for each in plan["changes"]] == [
        "queue sales: wrap_up 60s -> 90s", "agent eve: name Eve, queues sales",
    ]  # fmt: skip
    assert await doors.centre.store.centre_number() == 2

    status, applied = await post(browser, "apply", draft | {"message": " more time "})
    assert (status, applied["version"]["number"], applied["version"]["by"]) == (200, 3, "ben")
    floor = doors.centre.floor
    assert floor.centre.queue(QueueId("sales")).wrap_up.total_seconds() == 90
    assert floor.agent(AgentId("eve")).name == "Eve"
    line = doors.centre.store.happened(Happened.CENTRE_CHANGED)[-1]
    assert (line.agent, line.facts["message"]) == ("ben", "more time")


async def test_problem_stands_at_the_field_that_it_is_about(doors: Web) -> None:
    browser = await admin(doors)
    edits = [
        {"path": ["queues", "sales", "ring_for"], "value": "20"},
        {"path": ["agents", "ana", "queues"], "value": ["sales", "suport"]},
        {"path": ["dispositions", "lost"], "value": {"code": "lost"}},
        {"path": ["queues", "sales", "colour"], "value": "red"},
    ]

    status, plan = await post(browser, "plan", {"base": 2, "edits": edits})

    assert status == 200
    assert {tuple(each["path"]): each["message"] for each in plan["problems"]} == {
        ("queues", "sales", "ring_for"): 'queues sales ring_for: "20" is not a length of time: write 20s, 5m or 1h',
        ("dispositions", "lost"): 'dispositions 2 needs the key "title"',
        ("queues", "sales", "colour"): 'nobody knows the key "colour"',
    }
    status, refused = await post(browser, "apply", {"base": 2, "edits": edits})
    assert (status, refused["error"]["code"], len(refused["problems"])) == (422, "has_problems", 3)
    status, plan = await post(browser, "plan", {"base": 2, "edits": edits[1:2]})
    assert plan["problems"][0]["path"] == ["agents", "ana", "queues", "1"]
    assert plan["problems"][0]["hint"] == 'did you mean "support"?'


async def test_who_applied_meanwhile_is_said_with_what_they_changed(doors: Web) -> None:
    browser = await admin(doors)
    await doors.centre.store.put_centre(
        WITH_AN_ADMIN.replace("ROLE", "admin").replace("Acme", "Acme Ltd"), Signed("root", Source.CLI, "a new name"),
        base=2, at=doors.centre.clock.now(),
    )  # fmt: skip

    for what in ("plan", "apply"):
        status, refused = await post(browser, what, {"base": 2, "edits": [LONGER]})

        assert (status, refused["error"]["code"]) == (409, "changed_meanwhile")
        assert (refused["in_force"]["number"], refused["in_force"]["by"]) == (3, "root")
        assert refused["in_force"]["message"] == "a new name"
        assert [each["words"] for each in refused["changes"]] == ["centre: name Acme -> Acme Ltd"]
    assert await doors.centre.store.centre_number() == 3


async def test_history_tells_who_changed_what_and_leads_back(doors: Web) -> None:
    browser = await admin(doors)
    await post(browser, "apply", {"base": 2, "edits": [LONGER], "message": "more time"})

    told = await get(browser, "/api/centre/history")
    assert [(each["version"], each["by"], each["source"], each["message"]) for each in told["versions"]] == [
        (3, "ben", "page", "more time"), (2, "root", "cli", ""), (1, "the file", "file", ""),
    ]  # fmt: skip
    assert told["versions"][0]["changes"][0]["words"] == "queue sales: wrap_up 60s -> 90s"
    assert (told["versions"][2]["changes"], told["more"]) == ([], False)
    assert [each["version"] for each in (await get(browser, "/api/centre/history?below=3"))["versions"]] == [2, 1]
    assert (await get(browser, "/api/centre/versions/1"))["text"] == TEXT

    status, plan = await post(browser, "plan", {"base": 3, "back_to": 2})
    assert (status, plan["changes"][0]["words"]) == (200, "queue sales: wrap_up 90s -> 60s")
    assert (await post(browser, "apply", {"base": 3, "back_to": 2}))[0] == 200
    assert doors.centre.administration.in_force.text == WITH_AN_ADMIN.replace("ROLE", "admin")


@pytest.mark.slow
async def test_history_has_pages(doors: Web) -> None:
    browser = await admin(doors)
    for base in range(2, 30):
        edits = [{"path": ["name"], "value": f"Acme {base}"}]
        assert (await post(browser, "apply", {"base": base, "edits": edits}))[0] == 200

    first = await get(browser, "/api/centre/history")
    second = await get(browser, f"/api/centre/history?below={first['versions'][-1]['version']}")

    assert (len(first["versions"]), first["more"], len(second["versions"]), second["more"]) == (20, True, 10, False)
    assert first["versions"][-1]["changes"][0]["words"] == "centre: name Acme 9 -> Acme 10"


async def test_whole_text_is_applied_as_it_is(doors: Web) -> None:
    browser = await admin(doors)
    text = "# Mine\r\n" + WITH_AN_ADMIN.replace("ROLE", "admin").replace("Acme", "Acmé ☎")

    assert (await post(browser, "apply", {"base": 2, "text": text}))[0] == 200
    assert doors.centre.administration.in_force.text == text
    status, refused = await post(browser, "apply", {"base": 3, "text": "name: [\n"})
    assert (status, refused["problems"][0]["line"]) == (422, 2)


@pytest.mark.parametrize(
    "draft",
    [
        [], "x", {}, {"base": 2}, {"base": "2", "edits": []}, {"base": True, "edits": []}, {"base": 2, "edits": {}},
        {"base": 2, "edits": [1]}, {"base": 2, "edits": [{"path": "name", "value": 1}]},
        {"base": 2, "edits": [{"path": [], "value": 1}]}, {"base": 2, "edits": [{"path": [1], "value": 1}]},
        {"base": 2, "edits": [{"path": ["name"]}]}, {"base": 2, "edits": [{"path": ["name"], "remove": False}]},
        {"base": 2, "edits": [{"path": ["queues"], "order": "sales"}]}, {"base": 2, "edits": [LONGER] * 201},
        {"base": 2, "text": 1}, {"base": 2, "text": "\ud800"}, {"base": 2, "edits": [], "text": ""},
        {"base": 2, "edits": [LONGER], "message": 1}, {"base": 2, "edits": [LONGER], "message": "x" * 501},
    ],
)  # fmt: skip
async def test_what_is_no_draft_is_refused(doors: Web, draft: Any) -> None:
    status, refused = await post(await admin(doors), "apply", draft)

    assert (status, refused["error"]["code"]) == (400, "bad_draft")
    assert await doors.centre.store.centre_number() == 2


@pytest.mark.parametrize(
    ("draft", "status"),
    [
        ({"base": 2, "edits": [{"path": ["queues", "none"], "remove": True}]}, 409),
        ({"base": 2, "edits": [{"path": ["name", "x"], "value": 1}]}, 409),
        ({"base": 2, "edits": [{"path": ["queues"], "order": ["sales"]}]}, 409),
        ({"base": 2, "edits": [{"path": ["name"], "value": 10**40}]}, 409),
        ({"base": 2, "edits": [{"path": ["x"] * 50, "value": 1}]}, 409),
        ({"base": 2, "back_to": 7}, 404), ({"base": 2, "back_to": "1"}, 404), ({"base": 2, "back_to": 2**40}, 404),
        ({"base": 2**70, "edits": []}, 409), ({"base": 0, "edits": []}, 409),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused(doors: Web, draft: Any, status: int) -> None:
    assert (await post(await admin(doors), "apply", draft))[0] == status
    assert await doors.centre.store.centre_number() == 2


async def test_a_megabyte_is_read_and_more_is_not(doors: Web) -> None:
    browser = await admin(doors)
    filled = WITH_AN_ADMIN.replace("ROLE", "admin") + "".join(f"# {'x' * 96}\n" for _ in range(9_900))
    assert 980_000 < len(filled) < 1_000_000
    assert (await post(browser, "apply", {"base": 2, "text": filled}))[0] == 200

    status, plan = await post(browser, "plan", {"base": 3, "text": filled + "#" * (1_000_100 - len(filled))})
    assert (status, plan["problems"][0]["code"]) == (200, "size")
    async with browser.post("/api/centre/plan", data=io.BytesIO(b'"' + b"x" * 3_000_000 + b'"')) as answer:
        assert answer.status == 413


async def test_other_sites_pages_are_refused(doors: Web) -> None:
    browser = await admin(doors)
    draft = {"base": 2, "edits": [LONGER]}

    for origin in ("https://elsewhere.example", "null", ""):
        assert (await post(browser, "apply", draft, headers={"Origin": origin}))[0] == 403
    assert (await post(browser, "plan", draft, headers={"Origin": doors.origin}))[0] == 200


@pytest.mark.parametrize("number", ["0", "9", "x", "-1", "9" * 40, "%D9%A1"])
async def test_version_that_never_was_is_not_found(doors: Web, number: str) -> None:
    browser = await admin(doors)
    async with browser.get(
        doors.server.make_url("/").with_path(f"/api/centre/versions/{number}", encoded=True)
    ) as answer:
        assert answer.status == 404
    async with browser.get("/api/centre/history?below=x") as answer:
        assert answer.status == 404


async def test_admins_desk_learns_that_another_version_is_in_force(doors: Web) -> None:
    browser = await admin(doors)
    theirs, agents = await doors.desk(browser), await doors.desk(await doors.logged_in("ana"))
    assert (await hears(theirs, "snapshot"))["state"]["centre_version"] == {"number": 2}
    assert "centre_version" not in (await hears(agents, "snapshot"))["state"]

    await post(browser, "apply", {"base": 2, "edits": [LONGER]})

    assert (await hears(theirs, "snapshot"))["state"]["centre_version"] == {"number": 3}


async def test_wrong_file_is_told_on_the_page(doors: Web) -> None:
    browser = await admin(doors)
    await doors.centre.administration.file_saved(b"name: [", "centre.yaml")

    assert (await get(browser, "/api/centre"))["fault"].startswith("centre.yaml:1:")
