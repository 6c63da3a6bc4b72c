"""Mails with looks: what a small Markdown becomes, as HTML and as plain text, and that nothing else comes through."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.channels.email.compose import Letter, composed
from trunkline.channels.email.mail import Person, read_mail
from trunkline.channels.email.rich import LONGEST_RICH, has_looks, page_of, plain_words, rich_html

ACME, CHRIS = Person("support@acme.example", "Acme"), Person("chris@home.example", "Chris")
QUESTION = read_mail(
    b"From: Chris <chris@home.example>\nTo: support@acme.example\nSubject: Order\nMessage-ID: <q@home.example>\n\n"
    b"Where is <b>it</b>?\n> You said **today**\n"
)
markdown = st.text(alphabet="*_[]()<>!`#\\-+.1 \n\tabchtps:/&\"'=")


def letter(text: str, *, rich: bool = True, automatic: bool = False, answers: bool = True) -> bytes:
    return composed(
        Letter(
            text=text, message_id="a@acme.example", from_=ACME, reply_to=ACME.address, to=[CHRIS],
            at=datetime(2026, 11, 27, tzinfo=UTC), answers=QUESTION if answers else None, automatic=automatic,
            signature="Acme Ltd\n<here> to help", rich=rich, subject="" if answers else "Order",
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "html", "plain"),
    [
        ("**bold** and *italic*", "<strong>bold</strong> and <em>italic</em>", "*bold* and _italic_"),
        ("one\ntwo\n\nthree", "one<br>\ntwo</p>\n<p>three", "one\ntwo\n\nthree"),
        ("a\n\n- b\n- c\n\nd", "<ul>\n<li>b</li>\n<li>c</li>\n</ul>", "a\n\n- b\n- c\n\nd"),
        ("3. b\n4. c\n   d", '<ol start="3">\n<li>b</li>\n<li>c<br>\nd</li>', "3. b\n4. c\n   d"),
        ("- a\n  - b\n  - c\n- d", "<li>b</li>", "- a\n  - b\n  - c\n- d"),
        ("> you\n> said\n\nI say", "<blockquote>\n<p>you<br>\nsaid</p>\n</blockquote>", "> you\n> said\n\nI say"),
        ("[here](https://a.example/?b=1&c)", 'href="https://a.example/?b=1&amp;c"', "here <https://a.example/?b=1&c>"),
        ("see https://a.example/b.", '<a href="https://a.example/b"', "see https://a.example/b."),
        ("write to <mailto:a@b.example>", 'href="mailto:a@b.example"', "write to mailto:a@b.example"),
        (r"\*not bold\*", "<p>*not bold*</p>", "*not bold*"),
        ("2 * 3 * 4, a_b_c, a.py", "<p>2 * 3 * 4, a_b_c, a.py</p>", "2 * 3 * 4, a_b_c, a.py"),
        ("# no heading\n```\ncode\n```", "<p># no heading<br>\n```<br>", "# no heading\n```\ncode\n```"),
    ],
)  # fmt: skip
def test_what_a_small_markdown_becomes(text: str, html: str, plain: str) -> None:
    assert html in rich_html(text)
    assert plain_words(text) == plain


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](https://x/y.png)",
        "[a](data:text/html,<script>)", '[a](https://x "onmouseover=alert(1)")', "<a href='javascript:1'>a</a>",
        "[a](  javascript&#58;alert(1))", "<https://x/\"onmouseover=alert(1)>", "[a](vbscript:x)", "[a](/api/x)",
        "[a](//evil.example)", "<style>*{}</style>", "<iframe src=x></iframe>", "&#60;script&#62;",
    ],
)  # fmt: skip
def test_nothing_runs_and_nothing_is_loaded(hostile: str) -> None:
    html = rich_html(f"**x** {hostile}")

    assert_harmless(html)


@given(markdown)
def test_whatever_is_written_only_a_few_tags_come_out(text: str) -> None:
    assert_harmless(rich_html(text))


def assert_harmless(html: str) -> None:
    tags = re.findall(r"<(/?)([a-z0-9]+)([^>]*)>", html)
    assert {name for _, name, _ in tags} <= {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote"}
    assert html.count("<") == len(tags)
    for closing, name, rest in tags:
        if name != "a" or closing:
            assert re.fullmatch(r'( start="[0-9]+")?', rest), rest
            continue
        attributes = dict(re.findall(r' ([a-z]+)="([^"]*)"', rest))
        assert attributes.keys() <= {"href", "title", "rel"}
        assert re.match(r"(https?:|mailto:|tel:)", unescape(attributes.get("href", "tel:")), re.IGNORECASE)


@given(markdown)
def test_the_plain_words_keep_every_word(text: str) -> None:
    said = plain_words(text)

    assert set(re.findall(r"[abc]{2,}", said)) >= set(
        re.findall(r"[abc]{2,}", unescape(re.sub(r"<[^>]*>", " ", rich_html(text))))
    )


@pytest.mark.parametrize("sign", ["*", "_", "[", "[a](", "> ", "- ", "<", "**a ", "https://", "`", "1. ", "\\", "a@"])
def test_no_sign_takes_long_however_often_it_comes(sign: str) -> None:
    # Without a limit some take the square of the time: this is about the worst that a mail can be.
    text = sign * (LONGEST_RICH // len(sign))
    rich_html(text)
    plain_words(text)


def test_a_text_that_is_too_long_has_no_looks_and_loses_nothing() -> None:
    text = "**a** " * LONGEST_RICH

    assert not has_looks(text)
    assert plain_words(text) == text
    assert len(read_mail(letter(text)).text) > len(text)
    assert rich_html("<" * (LONGEST_RICH + 1)).count("&lt;") == LONGEST_RICH + 1


def test_a_mail_with_looks_has_both_parts_with_who_signs_and_what_it_answers() -> None:
    mail = read_mail(letter("Dear Chris,\n\nit is **here**: https://acme.example/o"))

    assert mail.root.get_content_type() == "multipart/alternative"
    assert mail.text == (
        "Dear Chris,\n\nit is *here*: https://acme.example/o\n\n-- \nAcme Ltd\n<here> to help\n\n"
        "Chris wrote:\n> Where is <b>it</b>?\n> > You said **today**"
    )
    html = (mail.html or "").replace("\r\n", "\n")
    assert "<strong>here</strong>" in html
    assert "<p>-- <br>Acme Ltd<br>\n&lt;here&gt; to help</p>" in html
    assert "<p>Chris wrote:</p><blockquote" in html
    assert "Where is &lt;b&gt;it&lt;/b&gt;?<br>\n&gt; You said **today**" in html


@pytest.mark.parametrize(
    ("text", "rich", "automatic"), [("**a**", False, False), ("**a**", True, True), ("a * b, 1) c", True, False)]
)
def test_any_other_mail_is_plain(text: str, rich: bool, automatic: bool) -> None:
    mail = read_mail(letter(text, rich=rich, automatic=automatic))

    assert mail.root.get_content_type() == "text/plain"
    assert mail.text.startswith(f"{text}\n\n-- \nAcme Ltd")


def test_a_mail_that_answers_nothing_quotes_nothing() -> None:
    assert "wrote:" not in read_mail(letter("**a**", answers=False)).text
    assert page_of("a") == page_of("a", signature="", wrote="Chris wrote:", quoted="")
