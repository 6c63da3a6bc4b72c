"""Replies of the centre file: how they are read, what is wrong with them, and what comes of them when filled in."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.centre import Centre
from trunkline.core.reply import BLANKS, Blank, Reply, filled
from trunkline.flows.centre import centre_of
from trunkline.flows.plan import changes_of_texts
from trunkline.flows.replies import LONGEST_REPLY, at_least, read_text
from trunkline.flows.schema_of_centre import sections

CENTRE = """
name: Acme
region: GB
queues: {sales: {title: Sales}}
dispositions: [{code: resolved, title: Resolved}]
reasons: [{code: break, title: Break}]
"""
ORDER = """
replies:
  order:
    title: Order status
    text: |
      Hello {default(customer.name, "there")},

      order {answers.order_no} is on its way.
    subject: Order {answers.order_no}
    media: [email, chat]
    queues: [sales]
  hours:
    title: Hours
    text: {en-GB: We open at nine., es: Abrimos a las nueve.}
"""


def read(text: str) -> Centre:
    centre, problems = centre_of((CENTRE + text).encode(), "centre.yaml")
    assert centre is not None, problems
    return centre


def problems(replies: str) -> list[str]:
    _, found = centre_of(f"{CENTRE}replies:\n{replies}".encode(), "c")
    return [f"{each.line - 6}: {each.message}" + (f"; {each.hint}" if each.hint else "") for each in found]


def test_a_reply_keeps_its_lines_and_has_places_for_values() -> None:
    order = read(ORDER).replies["order"]

    assert order.texts["en-GB"] == (
        "Hello ", Blank("customer.name", "there"), ",\n\norder ", Blank("answers.order_no"), " is on its way."
    )  # fmt: skip
    assert order.subjects["en-GB"] == ("Order ", Blank("answers.order_no"))
    assert (order.media, order.queues) == ({"email", "chat"}, {"sales"})


def test_a_reply_says_nothing_of_media_and_queues_and_is_for_all() -> None:
    hours = read(ORDER).replies["hours"]

    assert (hours.media, hours.queues, dict(hours.subjects)) == ({"chat", "sms", "email"}, None, {})
    assert hours.texts == {"en-GB": ("We open at nine.",), "es": ("Abrimos a las nueve.",)}


def test_other_replies_have_another_revision_and_the_same_ones_the_same() -> None:
    first = read(ORDER).replies_revision

    assert first == read(f"{ORDER}\n# a comment\n").replies_revision != ""
    assert first != read(ORDER.replace("nine.", "ten.")).replies_revision
    assert read("").replies_revision == ""


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        ('text: "{customr.name}"', 'nobody knows {customr.name}: did you mean "customer.name"?'),
        ('text: "{caller}"', "nobody knows {caller}: write one of {agent.name}, {centre}, {customer.name}, {queue}"),
        ('text: "{answers}"', "nobody knows {answers}"),
        ('text: "{answers.a.b}"', "nobody knows {answers.a.b}"),
        ('text: "{1 + 1}"', "a reply takes names"),
        ('text: "{upper(queue)}"', "a reply takes names"),
        ('text: "{default(queue, centre)}"', "a reply takes names"),
        ('text: "{queue"', "is never closed"),
        ('text: " "', "the text is empty"),
        ("text: {english: Hello}", '"english" is not a language'),
        ("text: {}", "must be text, or a text for each language"),
        ("text: {es: 5}", "must be text, or a text for each language"),
        ('text: {es: "{queue"}', "es: "),
        ("text: 5", "must be text, or a text for each language"),
        ('{text: a, subject: "b\\nc"}'[1:-1], "a subject is one line"),
        ("text: a, media: [voice]", "must be one of"),
        ("text: a, media: []", "must not be empty"),
        ("text: a, queues: [slaes]", 'there is no queue "slaes"; did you mean "sales"?'),
        ("text: a, subject: b, media: [sms]", "only a mail has a subject"),
        (f"text: {'a' * 4001}, media: [chat]", "longer than 4000 characters, which a chat does not take"),
        (f"text: {'a' * 1531}", "becomes 11 text messages, at most 10; shorten it, or leave sms out of its media"),
        (f"text: {{en-GB: a, el: {'π€' * 400}}}", "text el becomes"),
        (f"text: {'a' * (LONGEST_REPLY + 1)}, media: [email]", "longer than 20000 characters"),
    ],
)
def test_what_is_wrong_with_a_reply_is_told_at_its_place(reply: str, wrong: str) -> None:
    [found] = problems(f"  one: {{title: One, {reply}}}\n")

    assert found.startswith("2: ")
    assert wrong in found


def test_a_control_character_is_refused_and_tabs_are_not() -> None:
    with pytest.raises(ValueError, match="control character"):
        read_text("a\x1bb")
    assert read_text("a\tb \r\nc\n") == ("a\tb\nc",)


def test_a_long_mail_is_a_reply_for_mails() -> None:
    assert problems(f"  one: {{title: One, text: {'a' * 19_000}, media: [email]}}\n") == []


def test_two_replies_of_one_title_are_told_of() -> None:
    found = problems("  one: {title: Hours, text: a}\n  two: {title: hours , text: b}\n")

    assert found == ['3: reply "two": the title is that of reply "one" as well; give it one that tells them apart']


def test_forms_have_fields_for_words_of_several_lines_and_of_one() -> None:
    [replies] = [each for each in sections() if each["name"] == "replies"]
    kinds = {field["name"]: (field["kind"], field.get("lines")) for field in replies["fields"]}

    assert kinds == {
        "title": ("text", None), "text": ("words", True), "subject": ("words", False), "media": ("choices", None),
        "queues": ("names", None),
    }  # fmt: skip


def test_what_changed_in_a_long_text_is_told_on_one_short_line() -> None:
    [change] = changes_of_texts(CENTRE + ORDER, CENTRE + ORDER.replace("is on its way", "has left us" * 50))

    assert "\n" not in change.words
    assert change.words.startswith('reply order: text "Hello {default(customer.name, "there")}, order')
    assert len(change.words) < 200


values = st.dictionaries(st.sampled_from([*BLANKS, "answers.a", "answers.b"]), st.text())
blanks = st.builds(Blank, st.sampled_from([*BLANKS, "answers.a", "answers.b"]), st.none() | st.text())
texts = st.lists(st.text(min_size=1) | blanks).map(tuple)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert all(isinstance(part, str | Blank) for part in read_text(text))


@given(texts, values)
def test_filling_in_never_fails_and_leaves_what_is_written_as_it_is(
    text: tuple[str | Blank, ...], known: Mapping[str, str]
) -> None:
    said = filled(text, known)

    at = 0
    for part in (each for each in text if isinstance(each, str)):
        at = said.index(part, at) + len(part)
    assert len(said) >= len(at_least(text))


@given(st.text(alphabet="{}()‹›?.,\"' abcustomer.nage"))
def test_what_a_customer_calls_themselves_is_never_read_as_a_place_for_a_value(name: str) -> None:
    text = (Blank("customer.name"), " and ", Blank("agent.name"))

    assert filled(text, {"customer.name": name, "agent.name": "Ana"}) == f"{name or '‹customer.name?›'} and Ana"


def test_a_text_is_known_for_the_reply_that_it_is() -> None:
    reply = Reply("Hi", {"en": ("Hi ", Blank("customer.name")), "es": ("Hola",)}, frozenset({"chat"}))

    assert reply.says("Hi Eve", {"customer.name": "Eve"})
    assert reply.says("Hola", {})
    assert not reply.says("Hi Eve!", {"customer.name": "Eve"})
