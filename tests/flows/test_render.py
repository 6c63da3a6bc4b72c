"""What each medium shows, and that whatever it shows as an answer is understood as that answer."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.examples import a_flow, the_facts
from tests.flows.test_run import talked
from trunkline.core.ids import QueueId
from trunkline.core.message import LONGEST_MESSAGE
from trunkline.flows.render import Button, Shown, rendered, replies, understood
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    CallbackOffer,
    CallbackWanted,
    Choice,
    End,
    Enqueue,
    Key,
    Left,
    Menu,
    Pause,
    Prompt,
    Rate,
    Say,
    Silence,
    TakeVoicemail,
    Typed,
)

SIX = timedelta(seconds=6)
HOW = (Prompt("How can we help?", "en-GB"),)
CHOICES = (Choice("1", "Sales"), Choice("0", "A person"), Choice("#", "Again"))
MENU = Menu(HOW, "10#", SIX, CHOICES)
KEYLESS = Menu(
    HOW, "2", SIX, (Choice(None, "Orders"), Choice("2", "Sales"), Choice(None, "2 go"), Choice(None, "Rest"))
)
DIGITS = Ask(HOW, "#", 6, SIX)
CARD = Ask(HOW, "#", 19, SIX, "card", secret=True)
RATE = Rate(HOW, "12345", SIX, "csat")
MESSAGE = TakeVoicemail(HOW, QueueId("sales"), SIX)


def in_line(offer: CallbackOffer | None) -> Enqueue:
    return Enqueue(QueueId("sales"), 0, "calm", frozenset(), None, None, expects_answer=True, offer_callback=offer)


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        (Say(HOW * 2), Shown(("How can we help?",) * 2, "en-GB")),
        (MENU, Shown(("How can we help?",), "en-GB",
                     (Button("Sales", "1"), Button("A person", "0"), Button("Again", "#")))),
        (RATE, Shown(("How can we help?",), "en-GB", tuple(Button(key, key) for key in "12345"),
                         keyboard="rating")),
        (DIGITS, Shown(("How can we help?",), "en-GB", keyboard="digits")),
        (CARD, Shown(("How can we help?",), "en-GB", keyboard="card", secret=True)),
        (MESSAGE, Shown(("How can we help?",), "en-GB", keyboard="text")),
        (in_line(None), Shown((), "en-GB")),
        (Say((Prompt("", "en-GB"),)), Shown((), "en-GB")),
    ],
)  # fmt: skip
def test_visitor_sees_words_buttons_and_the_right_keyboard(action: Action, shown: Shown) -> None:
    assert rendered(action, "chat", "en-GB") == shown


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        (MENU, Shown(("How can we help?", "1 Sales", "0 A person", "# Again"), "en-GB")),
        (KEYLESS, Shown(("How can we help?", "1 Orders", "2 Sales", "3 2 go", "4 Rest"), "en-GB")),
        (RATE, Shown(("How can we help?",), "en-GB")),
        (DIGITS, Shown(("How can we help?",), "en-GB")),
        (CARD, Shown(("How can we help?",), "en-GB", secret=True)),
    ],
)
def test_somebody_who_texts_reads_numbered_choices(action: Action, shown: Shown) -> None:
    assert rendered(action, "sms", "en-GB") == shown


def test_voice_has_its_words_alone() -> None:
    recorded = Say((Prompt("", "en-GB", "welcome"), *HOW))

    assert rendered(recorded, "voice", "en-GB") == Shown(("(recording welcome)", "How can we help?"), "en-GB")
    assert rendered(MENU, "voice", "en-GB").buttons == ()


def test_one_message_is_one_text_and_nothing_is_nothing() -> None:
    assert rendered(MENU, "sms", "en-GB").text == "How can we help?\n1 Sales\n0 A person\n# Again"
    assert not rendered(End(), "chat", "en-GB")
    assert rendered(RATE, "chat", "en-GB")
    assert Shown((), "es", (Button("Sí", "1"),))


@pytest.mark.parametrize(
    ("action", "text", "answer"),
    [
        (MENU, "1", Key("1")),
        (MENU, " 1. ", Key("1")),
        (MENU, "(1)", Key("1")),
        (MENU, "１", Key("1")),  # full-width
        (MENU, "١", Key("1")),  # Arabic-Indic
        (MENU, "#", Key("#")),
        (MENU, "SALES!", Key("1")),
        (MENU, "1 sales", Key("1")),
        (MENU, "a   person", Key("0")),
        (MENU, "buy something", Typed("buy something")),
        (MENU, "12", Typed("12")),
        (MENU, "  ", Silence()),
        (MENU, "?!", Typed("?!")),
        (KEYLESS, "1", Typed("Orders")),
        (KEYLESS, "2", Key("2")),
        (KEYLESS, "3", Typed("2 go")),
        (KEYLESS, "orders", Typed("Orders")),
        (KEYLESS, "4 rest", Typed("Rest")),
        (RATE, "5!", Key("5")),
        (RATE, "٣", Key("3")),
        (RATE, "6", Typed("6")),
        (RATE, "45", Typed("45")),
        (RATE, "good", Typed("good")),
        (RATE, "", Silence()),
        (DIGITS, "12 34", Typed("12 34")),
        (DIGITS, "\n", Silence()),
        (MESSAGE, " Call me.\nThanks ", Left("Call me.\nThanks")),
        (MESSAGE, " ", Left(None)),
        (MESSAGE, "x" * 5000, Left("x" * LONGEST_MESSAGE)),
        (in_line(None), "hello?", None),
        (End(), "hello?", None),
        (Say(HOW), "hello?", None),
    ],
)
@pytest.mark.parametrize("medium", ["chat", "sms"])
def test_what_is_clicked_or_written_is_understood(
    medium: str, action: Action, text: str, answer: Answer | None
) -> None:
    assert understood(action, text, medium) == answer


@pytest.mark.parametrize(
    ("action", "text", "answer"),
    [
        (MENU, "1", Key("1")),
        (MENU, "72", Key("7")),
        (MENU, " ", Silence()),
        (RATE, "5", Key("5")),
        (RATE, "", Silence()),
        (DIGITS, "1234", Typed("1234")),
        (DIGITS, "1234#56", Typed("1234")),
        (DIGITS, "12345678", Typed("123456")),
        (DIGITS, "#", Typed("")),
        (DIGITS, " ", Silence()),
        (MESSAGE, "Call me.", Left()),
        (in_line(CallbackOffer(SIX, "1", ())), "1", CallbackWanted()),
        (in_line(CallbackOffer(SIX, "1", ())), "2", None),
    ],
)
def test_keys_of_a_telephone_are_understood_as_its_line_gathers_them(
    action: Action, text: str, answer: Answer | None
) -> None:
    assert understood(action, text, "voice") == answer


LABELS = st.text(alphabet="ab12 .", min_size=1, max_size=4).filter(lambda text: text.strip(" ."))


@given(st.lists(st.tuples(st.sampled_from([None, *"0123456789*#"]), LABELS), min_size=1, max_size=12))
def test_every_choice_has_an_answer_of_its_own_that_is_shown_and_understood(given: list[tuple[Any, str]]) -> None:
    once = list({key or at: Choice(key, label) for at, (key, label) in enumerate(given, start=100)}.values())
    menu = Menu((), "", SIX, tuple(once))

    answers = replies(menu.choices)

    assert len(set(answers)) == len(answers)
    for choice, reply in zip(menu.choices, answers, strict=True):
        meant = Key(choice.key) if choice.key else Typed(choice.label)
        assert understood(menu, reply, "sms") == meant
        assert understood(menu, f" {reply}.", "chat") == meant
        assert f"{reply} {choice.label}" in rendered(menu, "sms", "en-GB").lines


STEPS = """
  begin: {menu: Which?, choices: [{label: Orders, go: good}, {label: Sales, phrases: [buy now], go: sure}]}
  sure: {ask: Sure?, as: yes-no, save: sure, next: good}
  good: {end: Good.}
"""


@pytest.mark.parametrize("medium", ["chat", "sms"])
def test_numbers_of_choices_without_keys_lead_where_their_labels_lead(medium: str) -> None:
    flow = a_flow(STEPS, "flow: main\nstart: begin\nmedia: [chat, sms]\n")
    facts = the_facts(medium)

    def led(*texts: str) -> Action:
        answers: list[Answer] = []
        for text in texts:
            answer = understood(talked(flow, *answers, facts=facts).action, text, medium)
            assert answer is not None
            answers.append(answer)
        return talked(flow, *answers, facts=facts).action

    assert isinstance(led("1"), Say)
    assert led("2") == led("buy now") == led("Sales")
    assert led("2", "1") == led("2", "Yes") == led("1")
    assert rendered(led("2"), "sms", "en-GB").lines == ("Sure?", "1 Yes", "2 No")


def test_nobody_who_rests_is_asked() -> None:
    flow = a_flow("  begin: {wait: 30s, next: good}\n  good: {end: Good.}\n")
    action = talked(flow).action

    assert isinstance(action, Pause)
    assert understood(action, "hello?", "chat") is None
