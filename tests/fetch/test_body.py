"""Bodies: what a flow can use, and what it is spared."""

import gzip
import json

import pytest

from trunkline.fetch.body import MOST_BYTES, BadBody, Unpacked, is_json, value_of
from trunkline.flows.talk import Value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"status": "sent", "n": [1, 2.5, null, true]}', {"status": "sent", "n": [1, 2.5, None, True]}),
        (b'\xef\xbb\xbf{"a": "\xc3\xa9"}', {"a": "é"}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b"", None),
        (b" \n", None),
    ],
)
def test_json_is_read(body: bytes, value: Value) -> None:
    assert value_of(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"<html>", b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"1e999", b"-1e999", b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "\\u0061": 2}}', b"[" * 100_000, b'{"a":' * 20_000, b"[" * 5000 + b"]" * 5000, b'"\\ud800"',
        b'{"\\udfff": 1}', b'"\xff"', b"1" * 5000, "{}".encode("utf-16"),
    ],
)  # fmt: skip
def test_json_that_is_none_or_means_two_things_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody, match="not JSON"):
        value_of(body)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"])
def test_content_type_of_json_is_known(kind: str) -> None:
    assert is_json(kind)


@pytest.mark.parametrize(
    "kind", ["", "text/html", "text/json+x", "application/jsonp", "application/json5", "text/x+json"]
)
def test_other_content_types_are_not_json(kind: str) -> None:
    assert not is_json(kind)


def unpacked(body: bytes, encoding: str = "gzip", piece: int = 1000) -> bytes:
    gathered = Unpacked(encoding)
    for at in range(0, len(body), piece):
        gathered.take(body[at : at + piece])
    return gathered.whole()


def test_packed_body_is_unpacked_whatever_its_pieces() -> None:
    body = json.dumps(list(range(5000))).encode()

    assert unpacked(gzip.compress(body)) == unpacked(gzip.compress(body), "x-gzip", 1) == body
    assert unpacked(body, "") == unpacked(body, "identity") == body
    assert unpacked(b"") == b""


def test_body_of_the_longest_length_is_whole_and_one_byte_more_is_too_long() -> None:
    longest = b"x" * MOST_BYTES

    assert unpacked(longest, "") == unpacked(gzip.compress(longest)) == longest
    for body, encoding in ((longest + b"x", ""), (gzip.compress(longest + b"x"), "gzip")):
        with pytest.raises(BadBody, match="too long"):
            unpacked(body, encoding)


def test_bomb_is_not_unpacked_beyond_the_bound() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, 9)
    gathered = Unpacked("gzip")

    with pytest.raises(BadBody, match="too long"):
        gathered.take(bomb[:40_000])

    assert len(gathered._body) == MOST_BYTES + 1


@pytest.mark.parametrize(
    "body", [b"{}", gzip.compress(b"{}", mtime=0)[:-3], gzip.compress(b"{}", mtime=0) + b"more", b"\x1f\x8b\x08"]
)
def test_packed_body_that_is_broken_or_not_all_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody, match="broken encoding"):
        unpacked(body)


def test_unknown_encoding_is_refused() -> None:
    with pytest.raises(BadBody, match="unknown encoding"):
        Unpacked("br")
