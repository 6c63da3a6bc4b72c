"""What every fetcher does, the fake and the real one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest

from tests.fakes.fake_fetcher import FakeFetcher
from tests.fetch.far_end import Book, a_far_end, a_reply
from trunkline.fetch.fetcher import HttpFetcher
from trunkline.flows.talk import Fetch, Fetched, FetchFailed
from trunkline.ports.fetcher import AllowedHosts, Fetcher

Met = tuple[Fetcher, str]


@pytest.fixture(params=["fake", "http"])
async def met(request: pytest.FixtureRequest) -> AsyncIterator[Met]:
    """Return a fetcher, and the address of a shop that has one order."""
    if request.param == "fake":
        shop = "http://shop.example"
        yield FakeFetcher({f"{shop}/order": Fetched(200, {"n": 1}), f"{shop}/gone": Fetched(404)}), shop
        return
    async with a_far_end(order=a_reply(b'{"n": 1}'), gone=a_reply(b"{}", "404 Not Found")) as end:
        yield HttpFetcher(AllowedHosts.read("127.0.0.1"), names=Book({})), end.url("")


def a_question(url: str, method: Literal["GET", "POST"] = "GET") -> Fetch:
    return Fetch(method, url, {}, {} if method == "POST" else None, timedelta(seconds=5))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_a_service_answers_is_fetched(met: Met, method: Literal["GET", "POST"]) -> None:
    fetcher, shop = met

    assert await fetcher.fetch(a_question(f"{shop}/order", method), key="k") == Fetched(200, {"n": 1})


async def test_what_is_not_there_has_a_status_and_no_body(met: Met) -> None:
    fetcher, shop = met

    assert await fetcher.fetch(a_question(f"{shop}/gone"), key="k") == Fetched(404)


async def test_nobody_there_is_told_and_not_raised(met: Met) -> None:
    fetcher, _ = met

    assert await fetcher.fetch(a_question("http://nobody.invalid/"), key="k") == FetchFailed("unknown host")
