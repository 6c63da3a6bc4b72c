"""Mails taken apart: ordinary ones whole, hostile ones without an exception, and nothing of any of them lost."""

import re
import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.email.nasty import NASTY
from trunkline.channels.email.folding import folded
from trunkline.channels.email.mail import Person, file_name, read_mail
from trunkline.channels.email.markup import safe_html, text_of, words_in

SLOWEST_S = 0.6
"""For 100 kB. What is looked at here took seconds before it was looked at; benchmarks say how long it takes."""
_RUNS = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|button|link|meta|base|svg|math|style|video|audio)\b|javascript:"
    r"|\son[a-z]+\s*=|expression\(|url\(",
    re.IGNORECASE,
)


def a_mail(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    return mail


def test_an_ordinary_mail_is_told_whole() -> None:
    mail = a_mail(
        From="Chris Ümläut <Chris@Home.example>", To="Support <support@acme.example>, b@acme.example",
        Subject="My ördër 🧯", Message_ID="<1@home.example>", In_Reply_To="<0@acme.example>",
        References="<a@acme.example> <0@acme.example>", Reply_To="other@home.example",
    )  # fmt: skip
    mail.set_content("Where is it?\n")
    mail.add_alternative("<p>Where <b>is</b> it? <img src='cid:pic'></p>", subtype="html")
    html = mail.get_payload()[1]  # type: ignore[index]
    html.add_related(b"\x89PNG", "image", "png", cid="<pic>")  # type: ignore[union-attr]
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Rechnung für März.pdf")

    read = read_mail(mail.as_bytes())

    assert (read.from_, read.subject) == (Person("chris@home.example", "Chris Ümläut"), "My ördër 🧯")
    assert read.message_id == "1@home.example"
    assert read.answers == ("0@acme.example", "a@acme.example")
    assert read.answers_go_to == (Person("other@home.example"),)
    assert [each.address for each in read.headers.people("To")] == ["support@acme.example", "b@acme.example"]
    assert read.text == "Where is it?"
    assert [(part.name, part.type, part.data, part.inline) for part in read.parts] == [
        ("part-1.png", "image/png", b"\x89PNG", "pic"),
        ("Rechnung für März.pdf", "application/pdf", b"%PDF", ""),
    ]
    assert "data:image/png;base64,iVBORw==" in safe_html(read).html


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", "Grüße".encode("latin-1"), "Grüße"),
        (b"Content-Type: text/plain; charset=nonsense\r\n", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=utf-8\r\n", "Grüße".encode("cp1252"), "Grüße"),
        (b"Content-Transfer-Encoding: base64\r\n", b"SGVsbG8", "Hello"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n", b"a=C3=BC=\r\nb", "aüb"),
        (b"Content-Type: text/html\r\n", b"<p>a<p>b<br>c", "a\n\nb\nc"),
        (b"", b"a\0b", "a\ufffdb"),
        (b'Content-Type: multipart/mixed; boundary="x"\r\n', b"never a boundary", "never a boundary"),
    ],
)
def test_a_body_is_read_by_whatever_fits(headers: bytes, body: bytes, text: str) -> None:
    read = read_mail(b"From: a@b.example\r\n" + headers + b"\r\n" + body)
    assert words_in(read).strip() == text or text in "".join(part.data.decode() for part in read.parts)


def test_headers_that_are_broken_are_read_as_far_as_they_go() -> None:
    read = read_mail(
        b"From: =?utf-8?b?not base64?= <a@b.example>\r\nSubject: =?nonsense?q?x?= \xff\xfe\r\nTo: <<>>, @, x@\r\n"
        b"Message-ID: no brackets\r\nReferences: <a@b> junk <c@d\r\n\r\nx"
    )
    assert read.from_.address == "a@b.example"
    assert read.subject
    assert (read.message_id, read.answers) == ("", ("a@b",))
    assert read.headers.people("To") == ()


def test_a_mail_in_a_mail_is_a_file() -> None:
    inner = a_mail(Subject="inner", From="x@y.example")
    inner.set_content("inside")
    outer = a_mail(Subject="outer", From="a@b.example")
    outer.set_content("outside")
    outer.add_attachment(inner)
    read = read_mail(outer.as_bytes())
    assert read.text == "outside"
    assert [part.name for part in read.parts] == ["part-1.eml"]
    assert b"inside" in read.parts[0].data


@pytest.mark.parametrize("name", sorted(NASTY))
def test_a_hostile_mail_is_read_soon_whole_and_safe(name: str) -> None:
    raw = NASTY[name]
    begun = time.perf_counter()
    read = read_mail(raw)
    shown = safe_html(read, remote=True)
    folded(words_in(read))
    took = time.perf_counter() - begun

    assert not _RUNS.search(re.sub(r">[^<]*<", "><", shown.html))
    assert took / max(1, len(raw) / 100_000) < SLOWEST_S


@given(st.binary(max_size=2000))
def test_no_bytes_raise(raw: bytes) -> None:
    read = read_mail(raw)
    folded(words_in(read))
    safe_html(read)
    assert (read.subject, read.from_, read.answers, read.answers_go_to) is not None


_PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: ;;=\r\n",
        b'Content-Type: text/plain; charset="\0"\r\n',
        b"Content-Disposition: attachment; filename*=utf-8''%ff\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-ID: <\r\n",
        b"From: a@b.example\r\n",
        b"\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"word 7x\r\n",
        b"<p onclick=x>hi <script>alert(1)</script>",
        b"\xff\xfe",
    ]
)


@given(st.lists(_PIECES, max_size=25))
def test_no_pieces_of_mails_raise_and_words_are_not_lost(pieces: list[bytes]) -> None:
    raw = b"From: a@b.example\r\n" + b"".join(pieces) + b"--b\r\n\r\nword 7x\r\n"
    read = read_mail(raw)
    everything = words_in(read) + "".join(part.data.decode("latin-1") for part in read.parts) + (read.html or "")
    assert "word 7x" in everything or b"base64" in raw or b"word 7x" in b"".join(part.data for part in read.parts)
    assert not _RUNS.search(safe_html(read).html)


def test_html_is_shown_without_what_runs_or_loads() -> None:
    html = (
        '<p style="position:fixed;color:red;background:url(http://x/)" onclick="x()">Hi</p><script>alert(1)</script>'
        '<a href="javascript:x()">a</a><a href="https://acme.example/">b</a><img src="http://spy.example/1.gif">'
        '<img src="cid:none"><img src="data:text/html,x"><form action=x><input></form><style>p{color:red}</style>'
        '<iframe src="x"></iframe><meta http-equiv=refresh content="0;url=x"><svg onload=x></svg>'
    )
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    shown = safe_html(read_mail(raw))
    assert shown.remote == 1
    assert "spy.example" not in shown.html
    assert not _RUNS.search(shown.html)
    assert 'style="color:red"' in shown.html.replace(" ", "").replace("pstyle", "p style") or "color:red" in shown.html
    assert "position" not in shown.html
    assert 'href="https://acme.example/"' in shown.html
    assert 'src="http://spy.example/1.gif"' in safe_html(read_mail(raw), remote=True).html


def test_text_of_html_keeps_lines_lists_and_quotes() -> None:
    html = "<p>Hello&nbsp;&amp; bye</p><div>a<br>b</div><ul><li>1<li>2</ul><blockquote><p>old</p></blockquote>"
    assert text_of(html) == "Hello\xa0& bye\n\na\nb\n\n- 1\n- 2\n\n> old"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Thanks!\n\nOn Mon, 1 Jan 2026 at 10:00, Ann <a@b.c> wrote:\n> hi\n>\n> there", "Thanks!"),
        ("Danke!\n\nAm 1. Januar 2026 um 10:00\nschrieb Ann <a@b.c>:\n\n> hallo", "Danke!"),
        ("Yes.\n\n-----Original Message-----\nFrom: Ann\nhi", "Yes."),
        ("Ja.\n\nVon: Ann <a@b.c>\nGesendet: Montag\nAn: Chris\nBetreff: x\n\nhallo", "Ja."),
        ("> first?\nyes\n> second?\nno", "> first?\nyes\n> second?\nno"),
        ("Hello\n-- \nChris\nHome", "Hello"),
        ("> only quoted", "> only quoted"),
        ("The times:\n\n> 10:00", "The times:\n\n> 10:00"),
        ("No quote at all:\njust words", "No quote at all:\njust words"),
        ("", ""),
    ],
)
def test_what_is_new_stands_apart_from_what_is_quoted(text: str, own: str) -> None:
    assert folded(text).text == own


@given(st.text(alphabet="> -\nab:On1@", max_size=300))
def test_folding_loses_no_word(text: str) -> None:
    parts = folded(text)
    kept = (parts.text + parts.rest).split()
    assert sorted("".join(kept)) == sorted("".join(text.split()))


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../etc/passwd", "_.._etc_passwd"), ("a\r\nb.pdf", "a b.pdf"), ("", "file"), ("x" * 300 + ".pdf", None)],
)
def test_a_file_has_a_name_that_can_be_kept_anywhere(name: str, kept: str | None) -> None:
    found = file_name(name, "file")
    assert kept is None or found == kept
    assert len(found) <= 120
    assert kept is not None or found.endswith(".pdf")
