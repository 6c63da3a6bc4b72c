"""Logging in: who is let in, who is slowed down, and what a session is."""

import pytest
from aiohttp import ClientSession, FormData

from tests.web.conftest import Web
from trunkline.core.agent import Presence
from trunkline.web.log_in import TRIES, TRIES_SPREAD


async def tries(browser: ClientSession, login: str, password: str) -> tuple[int, str | None]:
    async with browser.post("/api/login", json={"login": login, "password": password}) as answer:
        return answer.status, answer.headers.get("Retry-After")


async def test_a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(doors: Web) -> None:
    browser = await doors.browser()
    async with browser.post("/api/login", json={"login": " Ana ", "password": "ana ana"}) as answer:
        cookie = answer.cookies["trunkline_session"]

        assert (await answer.json())["agent"] == {"id": "ana", "name": "Ana Torres", "role": "agent"}
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert len(cookie.value) >= 43
    async with browser.get("/api/me") as answer:
        assert (answer.status, (await answer.json())["agent"]["id"]) == (200, "ana")


async def test_who_has_no_session_is_asked_to_log_in(doors: Web) -> None:
    browser = await doors.browser()
    for method, path in (("GET", "/api/me"), ("POST", "/api/logout")):
        async with browser.request(method, path) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, "not_logged_in")


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(doors: Web) -> None:
    browser = await doors.browser()

    assert await tries(browser, "ana", "wrong") == await tries(browser, "nobody", "wrong") == (401, None)


async def test_guessing_is_slowed_down_and_a_minute_later_allowed_again(doors: Web) -> None:
    browser = await doors.browser()
    for _ in range(TRIES):
        assert (await tries(browser, "ana", "wrong"))[0] == 401

    status, retry_after = await tries(browser, "ana", "ana ana")

    assert status == 429
    assert 0 < int(retry_after or 0) <= 61
    doors.centre.clock.forward(61)
    assert (await tries(browser, "ana", "ana ana"))[0] == 200


async def test_one_who_guesses_does_not_lock_out_a_colleague_at_the_same_address(doors: Web) -> None:
    browser = await doors.browser()
    for _ in range(TRIES):
        await tries(browser, "ana", "wrong")

    assert (await tries(browser, "ben", "ben ben"))[0] == 200


async def test_the_right_password_makes_the_wrong_ones_forgotten(doors: Web) -> None:
    browser = await doors.browser()
    for _ in range(3):
        for _ in range(TRIES - 1):
            await tries(browser, "ana", "wrong")
        assert (await tries(browser, "ana", "ana ana"))[0] == 200


async def test_a_whole_shift_logs_in_from_one_address_in_one_minute(doors: Web) -> None:
    browser = await doors.browser()
    answers = [(await tries(browser, "ana", "ana ana"))[0] for _ in range(2 * TRIES_SPREAD)]

    assert set(answers) == {200}


async def test_guessing_many_names_from_one_address_is_slowed_down(doors: Web) -> None:
    browser = await doors.browser()
    answers = [(await tries(browser, f"agent{n}", "wrong"))[0] for n in range(TRIES_SPREAD + 1)]

    assert answers == [401] * TRIES_SPREAD + [429]


async def test_guessing_one_name_from_many_addresses_is_slowed_down_but_not_for_its_owner(doors: Web) -> None:
    at_home = await doors.browser()
    assert (await tries(at_home, "ana", "ana ana"))[0] == 200
    for n in range(TRIES_SPREAD):
        await tries(await doors.browser(f"127.0.1.{n + 1}"), "ana", "wrong")

    assert (await tries(await doors.browser("127.0.2.1"), "ana", "ana ana"))[0] == 429
    assert (await tries(at_home, "ana", "ana ana"))[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 20_000, b"null", b"[]", b'{"login": 1, "password": []}', b'{"login": "ana"}'],
)
async def test_a_body_that_is_no_log_in_is_refused_in_words(doors: Web, body: bytes) -> None:
    browser = await doors.browser()
    async with browser.post("/api/login", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status in {400, 401}
        assert (await answer.json())["error"]["message"]


async def test_an_odd_charset_a_form_and_a_huge_body_are_refused(doors: Web) -> None:
    browser = await doors.browser()
    odd = {"Content-Type": "application/json; charset=klingon"}
    async with browser.post("/api/login", data=b"{}", headers=odd) as answer:
        assert answer.status == 400
    async with browser.post("/api/login", data=FormData({"login": "ana"})) as answer:
        assert answer.status == 400
    async with browser.post("/api/login", data=b" " * 100_000) as answer:
        assert answer.status == 413


async def test_a_second_log_in_changes_nothing_of_the_first(doors: Web) -> None:
    first = await doors.logged_in()
    await doors.centre.desk.show(doors.centre.agent("ana").id, Presence.READY, None)

    await doors.logged_in()

    assert doors.centre.agent("ana").presence is Presence.READY
    async with first.get("/api/me") as answer:
        assert answer.status == 200


async def test_logging_out_ends_the_session_and_the_shift(doors: Web) -> None:
    browser = await doors.logged_in()
    token = next(cookie.value for cookie in browser.cookie_jar)
    async with browser.post("/api/logout") as answer:
        assert answer.status == 204

    assert doors.centre.agent("ana").presence is Presence.OFFLINE
    thief = await doors.browser()
    async with thief.get("/api/me", headers={"Cookie": f"trunkline_session={token}"}) as answer:
        assert answer.status == 401
