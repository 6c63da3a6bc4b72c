"""Who a site says that its visitor is: only what it signed, and only for as long as it says."""

import base64
import json
import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.channels.webchat.identity import LONGEST_TOKEN, Identity, NotProven, identity_of

SECRET = "a secret of the tests, " * 3
CLAIMS = {"sub": "customer-7", "name": "Chris Wren", "exp": time.time() + 3600}


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: object) -> str:
    return jwt.encode({**CLAIMS, **claims}, secret, algorithm)


def test_a_visitor_is_who_the_site_signed_that_they_are() -> None:
    who = identity_of(signed(), SECRET)
    assert who == Identity("customer-7", "Chris Wren")
    assert who.address == identity_of(signed(name="Christine"), SECRET).address
    assert who.address != identity_of(signed(sub="customer-8"), SECRET).address
    assert "customer" not in who.address


def test_a_name_is_one_short_line_or_none() -> None:
    assert identity_of(signed(name=" Chris\n\tWren " + "x" * 200), SECRET).name.startswith("Chris Wren xxx")
    assert len(identity_of(signed(name="x" * 200), SECRET).name) == 80
    claims = {key: value for key, value in CLAIMS.items() if key != "name"}
    assert identity_of(jwt.encode(claims, SECRET, "HS256"), SECRET).name == ""


@pytest.mark.parametrize(
    "token",
    [
        signed("another secret of the tests, " * 3),
        signed(exp=time.time() - 3600),
        signed(algorithm="HS512"),
        jwt.encode({"sub": "customer-7"}, SECRET, "HS256"),
        jwt.encode({"exp": time.time() + 60}, SECRET, "HS256"),
        signed(sub=""),
        signed(sub="x" * 201),
        signed(name=7),
        signed(phone_number=447700900123),
        "",
        "a.b.c",
        "x" * (LONGEST_TOKEN + 1),
        ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none", "typ": "JWT"}, CLAIMS)
        )
        + ".",
    ],
)
def test_what_the_site_did_not_sign_for_now_proves_nothing(token: str) -> None:
    with pytest.raises(NotProven):
        identity_of(token, SECRET)


@given(st.text(max_size=60))
def test_no_text_proves_anything_by_chance(token: str) -> None:
    with pytest.raises(NotProven):
        identity_of(token, SECRET)
