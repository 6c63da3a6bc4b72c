"""The safe fetcher against web services on loopback that mean well, and others that do not."""

import asyncio
import gzip
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from tests.fetch.far_end import Book, FarEnd, Writes, a_certificate, a_far_end, a_redirect, a_reply
from trunkline.fetch.body import MOST_BYTES
from trunkline.fetch.fetcher import MOST_AT_ONE_HOST, HttpFetcher
from trunkline.fetch.names import MOST_AT_ONCE, SystemNames, _asked
from trunkline.flows.talk import Fetch, Fetched, FetchFailed, Value
from trunkline.ports.fetcher import AllowedHosts

START_OF_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LOOPBACK = AllowedHosts.read("127.0.0.0/8")


def a_question(
    url: str,
    method: Literal["GET", "POST"] = "GET",
    body: dict[str, Value] | None = None,
    within: float = 5,
    **headers: str,
) -> Fetch:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fetch(method, url, named, body, timedelta(seconds=within))


async def asked(url: str, fetcher: HttpFetcher | None = None, within: float = 5) -> Fetched | FetchFailed:
    return await (fetcher or HttpFetcher(LOOPBACK)).fetch(a_question(url, within=within), key="k")


async def test_json_is_fetched_and_we_say_who_we_are() -> None:
    async with a_far_end(order=a_reply(b'{"status": "sent"}')) as shop:
        answer = await asked(shop.url("/order?no=%2B44%201#top"))

    assert answer == Fetched(200, {"status": "sent"})
    [came] = shop.asked
    assert came.line == "GET /order?no=%2B44%201 HTTP/1.1"
    assert came.headers == {
        "host": f"127.0.0.1:{shop.port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "Trunkline",
        "connection": "close",
    }


async def test_what_is_posted_goes_as_json_with_its_key() -> None:
    async with a_far_end(order=a_reply(b"", "204 No Content")) as shop:
        want = a_question(shop.url("/order"), "POST", {"name": "Zoë"}, X_Api_Key="secret")
        answer = await HttpFetcher(LOOPBACK).fetch(want, key="run-7/3")

    assert answer == Fetched(204)
    [came] = shop.asked
    assert (came.line, came.body) == ("POST /order HTTP/1.1", b'{"name": "Zo\\u00eb"}')
    sent = (came.headers["idempotency-key"], came.headers["content-type"], came.headers["x-api-key"])
    assert sent == ("run-7/3", "application/json", "secret")


async def test_headers_of_the_flow_go_before_ours_but_never_what_we_cannot_unpack() -> None:
    own = {"accept": "application/vnd.shop+json", "idempotency-key": "7", "accept-encoding": "br", "USER-AGENT": "Acme"}
    async with a_far_end(order=a_reply()) as shop:
        await HttpFetcher(LOOPBACK).fetch(Fetch("POST", shop.url("/order"), own, {}, timedelta(seconds=5)), key="k")

    headers = shop.asked[0].headers
    assert [headers[name] for name in own if name.islower()] == ["application/vnd.shop+json", "7", "gzip"]
    assert headers["user-agent"] == "Acme"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (a_reply(b"<p>sent</p>", kind="text/html"), Fetched(200)),
        (a_reply(b'{"a": 1}', "404 Not Found"), Fetched(404)),
        (a_reply(b"{", "500 Oh no"), Fetched(500)),
        (a_reply(b"", "304 Not Modified"), Fetched(304)),
        (a_reply(b"", "302 Found"), Fetched(302)),
        (a_reply(b"{"), FetchFailed("not JSON")),
        (a_reply(b'{"a": NaN}'), FetchFailed("not JSON")),
        (a_reply(gzip.compress(b'{"a": 1}', mtime=0), Content_Encoding="gzip"), Fetched(200, {"a": 1})),
        (a_reply(gzip.compress(b" " * 10_000_000, mtime=0), Content_Encoding="gzip"), FetchFailed("too long")),
        (a_reply(b"xx", Content_Encoding="br"), FetchFailed("unknown encoding")),
        (a_reply(b" " * (MOST_BYTES + 1)), FetchFailed("too long")),
        (START_OF_JSON + b"Content-Length: 10\r\n\r\n{}", FetchFailed("connection")),
        (START_OF_JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", FetchFailed("connection")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", FetchFailed("connection")),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", FetchFailed("connection")),
        (b"HTTP/9.9 9999 Huh\r\n\r\n", FetchFailed("connection")),
        (b"220 mail.example ESMTP\r\n", FetchFailed("connection")),
        (b"\0\xff" * 100, FetchFailed("connection")),
        (b"", FetchFailed("connection")),
    ],
)  # fmt: skip
async def test_answer_that_can_be_used_is_told_from_one_that_cannot(
    reply: bytes, answer: Fetched | FetchFailed
) -> None:
    async with a_far_end(page=reply) as shop:
        assert await asked(shop.url("/page")) == answer


def reset() -> Writes:
    async def writes(writer: asyncio.StreamWriter) -> None:
        writer.write(START_OF_JSON + b"Content-Length: 10\r\n\r\n{")
        writer.transport.abort()

    return writes


async def test_connection_that_is_reset_or_refused_is_a_failure() -> None:
    async with a_far_end(page=reset()) as shop:
        cut = await asked(shop.url("/page"))
    nobody = await asked(shop.url("/page"))

    assert (cut, nobody) == (FetchFailed("connection"), FetchFailed("connection"))


def for_ever(start: bytes, again: bytes, pause: float) -> Writes:
    """Return a service that goes on and on."""

    async def writes(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    return writes


JSON_WITHOUT_END = START_OF_JSON + b"\r\n"


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (JSON_WITHOUT_END, b" "),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
async def test_service_that_keeps_us_waiting_is_left_when_the_time_is_over(start: bytes, again: bytes) -> None:
    async with a_far_end(page=for_ever(start, again, 0.01)) as shop, asyncio.timeout(2):
        assert await asked(shop.url("/page"), within=0.2) == FetchFailed("timeout")


async def test_body_without_an_end_is_cut_where_enough_is_enough() -> None:
    async with a_far_end(page=for_ever(JSON_WITHOUT_END, b" " * 65536, 0)) as shop:
        assert await asked(shop.url("/page")) == FetchFailed("too long")


@dataclass
class DeadNames:
    """A name server that never answers."""

    async def addresses(self, _host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()


async def test_time_for_the_name_counts_too() -> None:
    fetcher = HttpFetcher(names=DeadNames())

    assert await asked("http://slow.example/", fetcher, within=0.05) == FetchFailed("timeout")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", "10.1.1.1",  # noqa: S104
      "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]",
     "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[fd00::1]", "[ff02::1]", "[64:ff9b::7f00:1]",
     "[2002:7f00:1::]", "localhost", "LOCALHOST.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001"],
)  # fmt: skip
async def test_nobody_inside_is_asked_however_they_are_written(host: str) -> None:
    async with a_far_end(on="0.0.0.0", page=a_reply()) as shop:  # noqa: S104
        answer = await asked(shop.url("/page", host), HttpFetcher())

    assert answer in {FetchFailed("refused address"), FetchFailed("unknown host"), FetchFailed("bad address")}
    assert shop.connected == 0


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1%lo", "100.64.3.2"]
)
async def test_name_that_leads_inside_is_refused(address: str) -> None:
    fetcher = HttpFetcher(names=Book({"shop.example": [[address]]}))

    assert await asked("http://shop.example/", fetcher) == FetchFailed("refused address")


async def test_name_that_nobody_knows_is_a_failure() -> None:
    assert await asked("http://nobody.example/", HttpFetcher(names=Book({}))) == FetchFailed("unknown host")
    assert await asked(f"http://{'a' * 64}.invalid/") == FetchFailed("unknown host")


@pytest.mark.parametrize("name", ["a..b", "a" * 64, "\udc80"])
def test_name_that_can_be_none_is_one_that_nobody_knows(name: str) -> None:
    assert isinstance(_asked(name), OSError)


async def test_system_knows_where_this_machine_is() -> None:
    assert set(await SystemNames().addresses("localhost")) <= {"127.0.0.1", "::1"}


async def test_connection_goes_to_the_address_that_was_looked_at_though_the_name_moves_on() -> None:
    book = Book({"shop.example": [["127.0.0.2"], ["127.0.0.1"]]})
    fetcher = HttpFetcher(AllowedHosts.read("127.0.0.2"), names=book)
    async with a_far_end(on="0.0.0.0", page=a_reply()) as shop:  # noqa: S104
        first = await asked(shop.url("/page", "shop.example"), fetcher)
        looked = list(book.asked)
        second = await asked(shop.url("/page", "shop.example"), fetcher)

    assert (first, looked) == (Fetched(200, {}), ["shop.example"])
    assert second == FetchFailed("refused address")
    assert [each.at for each in shop.asked] == ["127.0.0.2"]
    assert shop.asked[0].headers["host"] == f"shop.example:{shop.port}"


async def test_of_the_addresses_of_a_name_only_the_good_ones_are_tried() -> None:
    book = Book({"shop.example": [["10.0.0.1", "127.0.0.3", "169.254.169.254"]]})
    async with a_far_end(on="127.0.0.3", page=a_reply()) as shop:
        answer = await asked(shop.url("/page", "shop.example"), HttpFetcher(AllowedHosts.read("127.0.0.3"), names=book))

    assert answer == Fetched(200, {})


async def test_host_is_allowed_on_its_port_only() -> None:
    async with a_far_end(page=a_reply()) as shop, a_far_end(page=a_reply()) as other:
        fetcher = HttpFetcher(
            AllowedHosts.read(f"shop.internal:{shop.port}"), names=Book({"shop.internal": [["127.0.0.1"]]})
        )
        good = await asked(shop.url("/page", "shop.internal"), fetcher)
        wrong = await asked(other.url("/page", "shop.internal"), fetcher)

    assert (good, wrong) == (Fetched(200, {}), FetchFailed("refused address"))
    assert other.connected == 0


# --- Redirects -------------------------------------------------------------------------------------------------------


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    hops = {f"r{n}": a_redirect(f"/r{n - 1}") for n in range(1, 5)}
    async with a_far_end(r0=a_reply(b"[1]"), **hops) as shop:
        assert await asked(shop.url("/r3")) == Fetched(200, [1])
        assert await asked(shop.url("/r4")) == FetchFailed("too many redirects")


async def test_each_redirect_is_looked_at_again() -> None:
    book = Book({"shop.example": [["127.0.0.1"]], "inside.example": [["169.254.169.254"]]})
    fetcher = HttpFetcher(LOOPBACK, names=book)
    async with a_far_end(
        literal=a_redirect("http://169.254.169.254/latest"), name=a_redirect("//inside.example/")
    ) as shop:
        came = [await asked(shop.url(path, "shop.example"), fetcher) for path in ("/literal", "/name")]

    assert came == [FetchFailed("refused address")] * 2


async def test_public_service_cannot_lead_to_a_host_that_only_flows_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.fetch.fetcher.is_public", lambda address: str(address) == "127.0.0.9")
    async with a_far_end(page=a_reply()) as inside:
        allowed = HttpFetcher(AllowedHosts.read("127.0.0.1"))
        async with a_far_end(on="127.0.0.9", page=a_redirect(inside.url("/page"))) as public:
            led = await asked(public.url("/page", "127.0.0.9"), allowed)
        by_itself = await asked(inside.url("/page"), allowed)

    assert (led, by_itself) == (FetchFailed("refused address"), Fetched(200, {}))
    assert inside.connected == 1


async def two_hosts(to: FarEnd, status: str) -> tuple[FarEnd, Fetched | FetchFailed]:
    """Return what comes of posting with a secret to a host that redirects to another."""
    async with a_far_end(page=a_redirect(to.url("/page", "127.0.0.2"), status)) as shop:
        want = a_question(shop.url("/page"), "POST", {"card": "4111"}, X_Api_Key="secret", Authorization="Bearer s")
        return shop, await HttpFetcher(LOOPBACK).fetch(want, key="k")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other"])
async def test_another_host_gets_no_secret_and_nothing_that_was_posted(status: str) -> None:
    async with a_far_end(on="127.0.0.2", page=a_reply()) as other:
        _, answer = await two_hosts(other, status)

    assert answer == Fetched(200, {})
    [came] = other.asked
    assert (came.line, came.body) == ("GET /page HTTP/1.1", b"")
    assert came.headers.keys() == {"host", "accept", "accept-encoding", "user-agent", "connection"}


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_post_is_not_repeated_at_another_host(status: str) -> None:
    async with a_far_end(on="127.0.0.2", page=a_reply()) as other:
        _, answer = await two_hosts(other, status)

    assert (answer, other.connected) == (FetchFailed("redirect elsewhere"), 0)


async def test_same_host_gets_the_post_again_with_its_headers_and_its_key() -> None:
    async with a_far_end(page=a_redirect("/there", "307 Temporary Redirect"), there=a_reply()) as shop:
        want = a_question(shop.url("/page"), "POST", {"a": 1}, X_Api_Key="secret")
        assert await HttpFetcher(LOOPBACK).fetch(want, key="k") == Fetched(200, {})

    one, other = shop.asked
    assert (other.line, other.body, dict(other.headers)) == ("POST /there HTTP/1.1", one.body, dict(one.headers))


@pytest.mark.parametrize(
    "to",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "http://a:b@127.0.0.1/", "http://[::1", "gopher:x", "/a b", "//:80"],
)  # fmt: skip
async def test_redirect_to_what_is_no_web_address_is_not_followed(to: str) -> None:
    async with a_far_end(page=a_redirect(to)) as shop:
        assert await asked(shop.url("/page")) in {FetchFailed("bad address"), FetchFailed("bad redirect")}
        assert shop.connected == 1


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("certificates")
    return {name: a_certificate(folder, name) for name in ("shop.example", "other.example")}


def serving(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize(
    ("shows", "trusts", "answer"),
    [
        ("shop.example", "shop.example", Fetched(200, {})),
        ("other.example", "other.example", FetchFailed("tls")),
        ("shop.example", None, FetchFailed("tls")),
    ],
)
async def test_certificate_must_be_the_hosts_own_and_by_somebody_trusted(
    certificates: dict[str, tuple[Path, Path]], shows: str, trusts: str | None, answer: Fetched | FetchFailed
) -> None:
    trust = ssl.create_default_context(cafile=certificates[trusts][0]) if trusts else None
    fetcher = HttpFetcher(LOOPBACK, names=Book({"shop.example": [["127.0.0.1"]]}), trust=trust)
    async with a_far_end(tls=serving(certificates[shows]), page=a_reply()) as shop:
        assert await asked(shop.url("/page", "shop.example", "https"), fetcher) == answer
        assert len(shop.asked) == isinstance(answer, Fetched)


async def test_no_way_leads_from_https_to_http(certificates: dict[str, tuple[Path, Path]]) -> None:
    trust = ssl.create_default_context(cafile=certificates["shop.example"][0])
    fetcher = HttpFetcher(LOOPBACK, names=Book({"shop.example": [["127.0.0.1"]]}), trust=trust)
    async with (
        a_far_end(page=a_reply()) as plain,
        a_far_end(tls=serving(certificates["shop.example"]), page=a_redirect(plain.url("/page"))) as shop,
    ):
        answer = await asked(shop.url("/page", "shop.example", "https"), fetcher)

    assert (answer, plain.connected) == (FetchFailed("redirect to http"), 0)


async def test_service_that_speaks_no_tls_is_a_failure() -> None:
    async with a_far_end(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as shop:
        assert await asked(shop.url("/page", scheme="https")) == FetchFailed("tls")


# --- What a flow cannot do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{"X": "a\r\nHost: evil"}, {"X": "a\nb"}, {"X": "a\0"}, {"X: y\r\nZ": "a"}, {"Host": "inside"}, {"": "x"},
     {"Content-Length": "3"}, {"transfer-encoding": "chunked"}, {"X": "\ud800"}, {"X": "a", "x": "b"}],
)  # fmt: skip
async def test_header_that_would_be_more_than_a_header_is_not_sent(headers: dict[str, str]) -> None:
    async with a_far_end(page=a_reply()) as shop:
        want = Fetch("GET", shop.url("/page"), headers, None, timedelta(seconds=5))
        assert await HttpFetcher(LOOPBACK).fetch(want, key="k") == FetchFailed("bad header")
        assert shop.connected == 0


async def test_key_that_would_be_more_than_a_header_is_not_sent() -> None:
    async with a_far_end(page=a_reply()) as shop:
        want = a_question(shop.url("/page"), "POST")
        assert await HttpFetcher(LOOPBACK).fetch(want, key="a\r\nX: y") == FetchFailed("bad header")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "ftp://a/", "http://", "x", "http://a:b@c/", "http://[::1"],
)
async def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    assert await asked(url) == FetchFailed("bad address")


async def test_number_that_json_cannot_say_is_not_posted() -> None:
    want = a_question("http://127.0.0.1/", "POST", {"n": float("nan")})

    assert await HttpFetcher(LOOPBACK).fetch(want, key="k") == FetchFailed("bad body")


async def test_proxies_of_the_environment_and_cookies_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with a_far_end(page=a_reply(Set_Cookie="a=b; Path=/"), there=a_redirect("/page")) as shop:
        fetcher = HttpFetcher(LOOPBACK)
        came = [await asked(shop.url("/page"), fetcher), await asked(shop.url("/there"), fetcher)]

    assert came == [Fetched(200, {})] * 2
    assert not any("cookie" in each.headers for each in shop.asked)


# --- Many at once ----------------------------------------------------------------------------------------------------


async def test_host_that_is_slow_takes_its_own_places_only() -> None:
    slow_until, all_in = asyncio.Event(), asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        if shop.connected == MOST_AT_ONE_HOST:
            all_in.set()
        await slow_until.wait()
        writer.write(a_reply())
        await writer.drain()

    fetcher = HttpFetcher(LOOPBACK)
    async with a_far_end(page=slow) as shop, a_far_end(on="127.0.0.2", page=a_reply()) as other:
        many = [asyncio.create_task(asked(shop.url("/page"), fetcher)) for _ in range(MOST_AT_ONE_HOST)]
        async with asyncio.timeout(5):
            await all_in.wait()
        one_more = await asked(shop.url("/page"), fetcher)
        elsewhere = await asked(other.url("/page", "127.0.0.2"), fetcher)
        slow_until.set()
        answers = await asyncio.gather(*many)
        afterwards = await asked(shop.url("/page"), fetcher)

    assert (one_more, elsewhere, afterwards) == (FetchFailed("busy"), Fetched(200, {}), Fetched(200, {}))
    assert answers == [Fetched(200, {})] * MOST_AT_ONE_HOST


async def test_name_is_looked_up_by_one_thread_for_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, gate, looked = asyncio.get_running_loop(), asyncio.Event(), list[str]()

    def look(host: str) -> Sequence[str]:
        looked.append(host)
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
        return ["192.0.2.1"]

    monkeypatch.setattr("trunkline.fetch.names._asked", look)
    names = SystemNames()
    waiting = [asyncio.create_task(names.addresses("a.example")) for _ in range(5)]
    others = [asyncio.create_task(names.addresses(f"{n}.example")) for n in range(MOST_AT_ONCE - 1)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    with pytest.raises(OSError, match="too many"):
        await names.addresses("one-too-many.example")
    gate.set()

    assert await asyncio.gather(*waiting[1:]) == [["192.0.2.1"]] * 4
    assert len(await asyncio.gather(*others)) == MOST_AT_ONCE - 1
    assert looked.count("a.example") == 1


# --- The log ---------------------------------------------------------------------------------------------------------


async def test_log_tells_whom_and_what_came_but_nothing_that_callers_entered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "trunkline")
    async with a_far_end(orders=a_reply(b'{"name": "Chris"}')) as shop:
        want = a_question(shop.url("/orders?phone=07700900123"), "POST", {"a": "entered"}, X_Api_Key="secret")
        await HttpFetcher(LOOPBACK).fetch(want, key="k")
        await asked("http://10.0.0.1/orders/07700900123")

    good, bad = [record for record in caplog.records if record.name.startswith("trunkline")]
    assert (good.getMessage(), good.__dict__["host"], good.__dict__["status"]) == (
        "web service asked",
        "127.0.0.1",
        200,
    )
    assert (bad.levelname, bad.__dict__["why"]) == ("WARNING", "refused address")
    told = " ".join(str(record.__dict__) for record in (good, bad))
    assert not any(word in told for word in ("07700900123", "Chris", "entered", "secret", "orders"))
