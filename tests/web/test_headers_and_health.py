"""What every answer carries, and what /healthz says."""

from pathlib import Path

import pytest
from aiohttp import web

from tests.web.conftest import Web
from trunkline.ports.store import Health
from trunkline.web import server


@pytest.fixture(autouse=True)
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "app-1a2b.js").write_text("0")
    monkeypatch.setattr(server, "STATIC", static)


@pytest.mark.parametrize(
    "path", ["/", "/assets/app-1a2b.js", "/healthz", "/api/me", "/nothing", "/assets/none.js", "/ws", "/assets/../x"]
)
async def test_every_answer_forbids_foreign_scripts(doors: Web, path: str) -> None:
    browser = await doors.browser()
    async with browser.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert ":8088" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_built_assets_are_kept_for_ever_and_the_page_never(doors: Web) -> None:
    browser = await doors.browser()
    async with browser.get("/assets/app-1a2b.js") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with browser.get("/") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    async with browser.get("/assets/none.js") as answer:
        assert answer.status == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/assets/../index.html", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fx"])
async def test_nothing_but_assets_is_served_as_assets(doors: Web, path: str) -> None:
    browser = await doors.browser()
    async with browser.get(doors.server.make_url("/").with_path(path, encoded=True)) as answer:
        assert answer.status in {403, 404}


async def test_healthz_names_the_part_that_is_not_ready(doors: Web) -> None:
    browser = await doors.browser()
    async with browser.get("/healthz") as answer:
        assert (answer.status, (await answer.json())["ready"]) == (200, True)

    doors.parts["database"] = Health(ready=False, detail="away")

    async with browser.get("/healthz") as answer:
        assert answer.status == 503
        told = await answer.json()
        assert {name: told[name] for name in ("ready", "role", "parts")} == {
            "ready": False,
            "role": "active",
            "parts": {"database": {"ready": False, "detail": "away"}, "switch": {"ready": True, "detail": ""}},
        }


async def test_a_fault_of_ours_is_answered_in_words_and_with_the_policy(
    doors: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object, **__: object) -> web.Response:
        raise ZeroDivisionError

    monkeypatch.setattr(doors.centre.store, "session", breaks)
    browser = await doors.logged_in()
    async with browser.get("/api/me") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (500, "broken")
        assert "Content-Security-Policy" in answer.headers


async def test_a_database_that_is_away_is_said(doors: Web) -> None:
    browser = await doors.logged_in()
    doors.centre.store.away = True
    async with browser.get("/api/me") as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (503, "unavailable")


async def test_a_process_that_stands_by_says_so_and_sends_everybody_away(doors: Web) -> None:
    browser = await doors.logged_in()
    doors.serving = False
    doors.parts["dispatcher"] = Health(ready=False, detail="stands by; 4711@web-1 serves")

    async with browser.get("/healthz") as answer:
        told = await answer.json()
        assert (answer.status, told["role"], told["ready"]) == (503, "standby", False)
        assert told["parts"]["dispatcher"]["detail"] == "stands by; 4711@web-1 serves"
    for path in ("/", "/api/me", "/ws", "/assets/app-1a2b.js", "/nothing"):
        async with browser.get(path) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1"), path
            assert (await answer.json())["error"]["code"] == "standing_by"
            assert "Content-Security-Policy" in answer.headers
    async with browser.post("/api/login", json={"login": "ana", "password": "ana ana"}) as answer:
        assert answer.status == 503
