from datetime import UTC, datetime

import pytest

from trunkline.core.relay import RelayUrls, ice_servers

NOW = datetime(2026, 12, 6, tzinfo=UTC)


def test_the_name_says_until_when_and_the_password_is_its_digest() -> None:
    servers = ice_servers(["turn:a:3478", "turns:a:443"], "of the relay", "ana-web", at=NOW)

    # printf 1796601600:ana-web | openssl dgst -binary -sha1 -hmac 'of the relay' | openssl base64
    assert servers == [
        {
            "urls": ["turn:a:3478", "turns:a:443"],
            "username": "1796601600:ana-web",
            "credential": "eHAf67VSfDYQxTyDf2TmBVEadSE=",
        }
    ]


@pytest.mark.parametrize(
    "url", ["turn:relay.example", "turns:relay.example:443", "turn:[2001:db8::1]:3478?transport=udp"]
)
def test_a_relays_url_is_one(url: str) -> None:
    assert str(RelayUrls.read(f" {url},")) == url


@pytest.mark.parametrize(
    "url", ["stun:relay.example", "turn://relay.example", "turn:a b", "turn:a:123456", "turn:a?transport=sctp"]
)
def test_anything_else_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="is no relay's URL"):
        RelayUrls.read(url)
