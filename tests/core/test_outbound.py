"""Which numbers may be called: only those that an admin allows."""

import pytest

from trunkline.core.outbound import Route, route_to

HOME = Route("home", ("+44", "+1"), "+442071234567")
MOBILE = Route("mobile", ("+447",), "+447700900000")


@pytest.mark.parametrize(
    ("number", "route"),
    [
        ("+442071234567", HOME),
        ("+447700900123", MOBILE),
        ("+12125550123", HOME),
        ("+4930123456", None),
        ("07700900123", None),
        ("+44", None),
        ("+44 7700 900123", None),
        ("+447700900123,w", None),
        ("", None),
    ],
)
def test_the_longest_allowed_beginning_decides_and_all_else_is_denied(number: str, route: Route | None) -> None:
    assert route_to(number, [HOME, MOBILE]) == route


def test_without_a_route_nobody_is_called() -> None:
    assert route_to("+447700900123", []) is None
    assert route_to("+447700900123", [Route("open", ("",), "+44")]) is None
