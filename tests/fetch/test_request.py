"""Where a redirect leads, and what goes along."""

from datetime import timedelta
from typing import Literal

import pytest

from trunkline.fetch.request import Request, first_request, redirected
from trunkline.flows.talk import Fetch

SECRET = {"X-Api-Key": "secret", "Content-Type": "text/x-own"}


def a_request(url: str, method: Literal["GET", "POST"] = "GET") -> Request:
    return first_request(Fetch(method, url, SECRET, {"a": 1} if method == "POST" else None, timedelta(seconds=5)), "k")


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("http://shop.example/a", "/b"),
        ("http://shop.example/a", "http://SHOP.example:80/b"),
        ("http://shop.example/a", "https://shop.example/b"),
        ("https://shop.example/a", "//shop.example/b"),
    ],
)
def test_same_service_gets_the_flows_headers_again(url: str, to: str) -> None:
    led = redirected(a_request(url), 302, to)

    assert (led.headers, led.url.path) == (SECRET, "/b")


@pytest.mark.parametrize(
    ("url", "to"),
    [
        ("http://shop.example/a", "https://other.example/b"),
        ("http://shop.example/a", "http://shop.example:8080/b"),
        ("http://shop.example:8080/a", "https://shop.example/b"),
        ("http://shop.example/a", "https://shop.example:8443/b"),
        ("https://shop.example/a", "https://evil.shop.example/b"),
        ("https://shop.example/a", "https://shop.example.evil.example/b"),
    ],
)
def test_any_other_service_gets_none_of_them(url: str, to: str) -> None:
    assert redirected(a_request(url), 307, to).headers == {}


def test_post_that_is_led_away_becomes_a_question_without_what_belongs_to_a_post() -> None:
    led = redirected(a_request("https://shop.example/a", "POST"), 303, "/b#there")

    assert (led.method, led.body, led.headers) == ("GET", None, {"X-Api-Key": "secret"})
    assert str(led.url) == "https://shop.example/b"
