"""What visitors' pages may say, and how fast."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_chat, a_message
from trunkline.channels.file import _SHAPES, channels_in
from trunkline.channels.quality import PROMISES, quality_of
from trunkline.channels.webchat import wire
from trunkline.channels.webchat.allowance import Allowance
from trunkline.core.ids import AgentId, MessageId
from trunkline.core.message import Choice

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "text", "x"]), inner),
)


@given(
    json_values
    | st.fixed_dictionaries({"type": st.sampled_from(["hello", "say", "leave", "over", "read", "transcript"])})
)
def test_whatever_a_page_sends_is_a_frame_or_is_refused(value: Any) -> None:
    try:
        frame = wire.frame_of(json.dumps(value))
    except wire.BadFrame:
        return
    assert isinstance(frame, wire.Hello | wire.Say | wire.Read | wire.Transcript | wire.Leave)


@pytest.mark.parametrize("text", ["", "{", "[" * 20_000, "9" * 6000, "\0", '{"type": "say", "id": "", "text": "x"}'])
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(wire.BadFrame):
        wire.frame_of(text)


@pytest.mark.parametrize("said", ["", " \n ", "x" * 4001])
def test_a_message_has_words_and_an_end(said: str) -> None:
    with pytest.raises(wire.BadFrame):
        wire.frame_of(json.dumps({"type": "say", "id": "1", "text": said}))


def test_what_is_said_comes_without_the_space_around_it() -> None:
    assert wire.frame_of('{"type": "say", "id": "a-1", "text": " Hi\\n"}') == wire.Say("a-1", "Hi")


FILE = "11111111-1111-4111-8111-111111111111"


def test_a_message_of_files_needs_no_words() -> None:
    said = {"type": "say", "id": "1", "text": "", "files": [FILE.upper(), FILE]}
    assert wire.frame_of(json.dumps(said)) == wire.Say("1", "", (FILE,))


@pytest.mark.parametrize("files", ["x", [7], ["x"], [FILE] * 6, {"a": 1}, [[FILE]]])
def test_files_are_ids_and_few(files: object) -> None:
    with pytest.raises(wire.BadFrame):
        wire.frame_of(json.dumps({"type": "say", "id": "1", "text": "Hi", "files": files}))


def test_what_was_read_and_where_a_conversation_is_to_go() -> None:
    assert wire.frame_of(json.dumps({"type": "read", "message": FILE})) == wire.Read(MessageId(FILE))
    with pytest.raises(wire.BadFrame):
        wire.frame_of(json.dumps({"type": "read", "message": "7"}))
    asked = {"type": "transcript", "id": "t1", "to": " me@home.example ", "language": 7}
    assert wire.frame_of(json.dumps(asked)) == wire.Transcript("t1", "me@home.example", "")


def test_files_are_shown_by_where_they_are_fetched() -> None:
    file = {"number": 1, "id": FILE, "name": "a.png", "type": "image/png", "size": 7}
    written = a_message(a_chat(), "customer", "", details={"files": [file], "subject": "not for visitors"})
    shown = wire.shown(written, address_of=lambda id_: f"/files/{id_}?sign=x")
    assert shown["files"] == [{"name": "a.png", "type": "image/png", "size": 7, "url": f"/files/{FILE}?sign=x"}]
    assert "subject" not in json.dumps(shown)


def test_a_token_is_taken_back_and_no_other() -> None:
    token = wire.new_token()
    assert wire.frame_of(json.dumps({"type": "hello", "visitor": token})) == wire.Hello(token)
    assert wire.frame_of(json.dumps({"type": "hello", "identity": "x.y.z"})) == wire.Hello(None, "x.y.z")
    assert wire.frame_of(json.dumps({"type": "hello", "identity": 7})) == wire.Hello(None)
    for other in (None, 7, "visitor-1", token + "x", "../" + token[3:]):
        assert wire.frame_of(json.dumps({"type": "hello", "visitor": other})) == wire.Hello(None)


def test_an_address_does_not_tell_the_token() -> None:
    token = wire.new_token()
    assert wire.address_of(token) == wire.address_of(token) != wire.address_of(wire.new_token())
    assert token not in wire.address_of(token)


def test_visitors_learn_the_name_of_an_agent_and_nothing_else() -> None:
    written = a_message(a_chat(), "agent", "Hello", agent=AgentId("ana"), choices=(Choice("Yes", "1"),))
    shown = wire.shown(written, "Ana Torres")

    assert (shown["by"], shown["side"], shown["choices"]) == ("Ana Torres", "agent", ["Yes"])
    assert "ana" not in json.dumps(shown)


@pytest.mark.parametrize("site", ["https://shop.example", "http://127.0.0.1:8800", "https://a.b.example:8443"])
def test_a_site_is_named_as_browsers_do(site: str) -> None:
    assert wire.is_origin(site)


@pytest.mark.parametrize(
    "text", ["shop.example", "https://shop.example/", "https://", "*", "ftp://a", "https://a:x", "null"]
)
def test_what_is_no_site_is_none(text: str) -> None:
    assert not wire.is_origin(text)


@given(st.lists(st.floats(0, 3), max_size=60))
def test_nobody_writes_faster_than_they_may(pauses: list[float]) -> None:
    allowance, now, taken = Allowance(10, 1.0, now=0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += allowance.takes(now)
        assert taken <= 10 + now + 1e-6


def test_who_waits_may_write_again() -> None:
    allowance = Allowance(2, 0.5, now=0.0)
    assert [allowance.takes(at) for at in (0, 0, 0, 1.9, 2.0, timedelta(hours=1).total_seconds())] == [
        True, True, False, False, True, True
    ]  # fmt: skip


def read(folder: Path, text: str) -> tuple[Any, list[str]]:
    file = folder / "channels.yaml"
    file.write_text(text, encoding="utf-8")
    channels, problems = channels_in(file)
    return channels, [str(problem).removeprefix(str(folder)) for problem in problems]


def test_a_channels_file_says_who_may_have_a_chat(tmp_path: Path) -> None:
    channels, problems = read(tmp_path, "web: {kind: webchat, title: Ask us, origins: [https://shop.example]}\n")
    assert problems == []
    assert (channels["web"].title, channels["web"].origins) == ("Ask us", ("https://shop.example",))


def test_without_a_channels_file_there_is_none(tmp_path: Path) -> None:
    assert channels_in(tmp_path / "channels.yaml") == ({}, [])


def test_every_mistake_of_a_channels_file_is_told_at_its_place(tmp_path: Path) -> None:
    channels, problems = read(
        tmp_path, "web:\n  kind: webchat\n  titel: Ask\n  origins: [shop.example]\npost: {kind: pigeon}\nx: 7\n"
    )
    assert channels == {}
    assert problems == [
        '/channels.yaml:3:3: channel "web": nobody knows the key "titel"; did you mean "title"?',
        "/channels.yaml:4:12: channel \"web\": origins: 'shop.example' is no site: write it as browsers do, such as "
        "https://shop.example",
        '/channels.yaml:5:14: channel "post": kind must be one of "webchat", "twilio", "smpp", "email"',
        '/channels.yaml:6:4: channel "x": must be text, or keys and values',
    ]


TEXT = """
text:
  kind: twilio
  account: AC1
  sender: "+442079460000"
  {more}
"""


def test_a_channels_file_names_where_a_secret_is_kept(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("the token\n", encoding="utf-8")
    channels, problems = read(tmp_path, TEXT.format(more="token_file: token"))
    assert problems == []
    assert channels["text"].token == "the token"
    assert "the token" not in repr(channels)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("token_env: NO_SUCH_TOKEN", '6:14: channel "text": NO_SUCH_TOKEN is not in the environment: set it'),
        ("token_file: nowhere", '6:15: channel "text": nowhere cannot be read: No such file or directory'),
        ("token: secret", "a token does not belong in this file: name where it is kept, token_env or token_file"),
        ("help: Call us", "give exactly one of token_env and token_file: where the account's auth token is kept"),
        ("api: http://provider.example", "must begin with https://, for the token goes there"),
    ],
)
def test_a_secret_that_is_not_there_or_would_not_stay_one_is_told_of(tmp_path: Path, more: str, problem: str) -> None:
    channels, problems = read(tmp_path, TEXT.format(more=more))
    assert channels == {}
    assert any(problem in each for each in problems), problems


@pytest.mark.parametrize("kind", sorted(_SHAPES))
def test_every_kind_says_what_it_promises(kind: str) -> None:
    promises = quality_of(kind)
    assert list(promises) == list(PROMISES)
    assert all(text.endswith(".") and len(text) < 240 for text in promises.values())


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("secret_env: NO_SUCH", '1:34: channel "web": NO_SUCH is not in the environment: set it'),
        ("secret_file: short", "the secret has fewer than 32 characters: others could guess it"),
        ("secret: " + "x" * 40, "a secret does not belong in this file: name where it is kept"),
        ("secret_env: A, secret_file: b", "give one of secret_env and secret_file"),
    ],
)
def test_what_sites_sign_with_is_kept_elsewhere_and_long(tmp_path: Path, more: str, problem: str) -> None:
    (tmp_path / "short").write_text("too short", encoding="utf-8")
    channels, problems = read(tmp_path, f"web: {{kind: webchat, {more}}}\n")
    assert channels == {}
    assert any(problem in each for each in problems), problems


def test_a_secret_that_sites_sign_with_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 40, encoding="utf-8")
    channels, problems = read(tmp_path, "web: {kind: webchat, secret_file: secret}\n")
    assert problems == []
    assert channels["web"].secret == "x" * 40


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("remind_after: 2h", "remind_after and reminder go together"),
        ("remind_after: 2h, reminder: Hello?, close_after: 1h", "close_after must be longer than remind_after"),
        ("close_after: soon", '"soon" is not a length of time'),
        ("within: office", 'nobody knows the key "within"'),
    ],
)
def test_when_conversations_end_is_checked(tmp_path: Path, more: str, why: str) -> None:
    _, problems = read(tmp_path, f"web: {{kind: webchat, {more}}}\n")
    assert [why in each for each in problems] == [True], problems


def test_a_mailboxs_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "mail:\n  kind: email\n  address: nobody\n  imap: {host: mx.example, security: none}\n"
        "  smtp: {host: '', port: 0}\n"
        "  password: secret\n"
    )
    _, problems = read(tmp_path, text)
    told = "\n".join(problems)
    for why in (
        "must be an address such as",
        "security: none is for a server on this machine",
        "smtp host",
        "smtp port",
    ):
        assert why in told, told


SERVERS = "imap: {host: mx.b.example}, smtp: {host: mx.b.example}"
MAIL = f"mail: {{kind: email, address: a@b.example, password_env: HOME, {SERVERS}}}\n"


def test_a_chat_names_the_mailbox_by_which_conversations_are_sent(tmp_path: Path) -> None:
    channels, problems = read(tmp_path, "web: {kind: webchat, transcript: mail}\n" + MAIL)
    assert (problems, channels["web"].transcript) == ([], "mail")
    for there in ("post", "web"):
        _, problems = read(tmp_path, f"web: {{kind: webchat, transcript: {there}}}\n{MAIL}")
        assert problems == [f'/channels.yaml:1:34: channel "web": transcript: no email channel is called "{there}"']
