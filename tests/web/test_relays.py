"""GET /api/relays."""

from tests.web.conftest import Web


async def test_an_agent_is_told_the_relays_by_their_own_name(doors: Web) -> None:
    browser = await doors.logged_in("ana")
    async with browser.get("/api/relays") as answer:
        told = await answer.json()
        assert answer.headers["Cache-Control"] == "no-store"

    assert told == {"relays": [{"urls": ["turn:relay.example"], "username": "ana", "credential": "x"}]}


async def test_a_stranger_is_told_nothing(doors: Web) -> None:
    stranger = await doors.browser()
    async with stranger.get("/api/relays") as answer:
        assert answer.status == 401
