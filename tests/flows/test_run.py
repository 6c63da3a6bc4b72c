"""The interpreter: what a flow wants done, answer by answer."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.flows.examples import MONDAY_NIGHT, MONDAY_TEN, a_centre, a_flow, the_facts
from trunkline.core.errors import Misconfigured
from trunkline.flows.flow import Flow
from trunkline.flows.loader import draft_of
from trunkline.flows.run import EndlessFlow, FlowMismatch, Moved, Run, advance, begin, run_from_json, run_to_json
from trunkline.flows.steps.step import Tries, UnfitAnswer
from trunkline.flows.talk import (
    Answer,
    Ask,
    Choice,
    Done,
    End,
    Enqueue,
    Facts,
    Key,
    Left,
    Menu,
    Overflowed,
    Prompt,
    Resumed,
    Say,
    Silence,
    TakeVoicemail,
    Typed,
)

MAIN = """
  begin: {say: Welcome to Acme., next: open}
  open: {hours: support, open: main, closed: night}
  main:
    title: Main menu
    menu: How can we help?
    choices:
      - {key: "1", label: Sales, phrases: [buy now], go: sales}
      - {key: "2", label: My order, go: order}
    no_answer: {after: 5s, tries: 2, go: sales}
    no_match: {tries: 3, say: Sorry., go: night}
  order: {ask: Your order number?, as: digits, length: 4, save: order_no, next: sales}
  sales: {queue: sales, priority: 5, overflow: {after: 5m, go: night}}
  night: {voicemail: Please leave a message., queue: support, next: bye}
  bye: {end: Goodbye.}
"""


def talked(flow: Flow, *answers: Answer, facts: Facts | None = None, at: datetime = MONDAY_TEN) -> Moved:
    """Return where a conversation with these answers leads."""
    facts = facts or the_facts()
    moved = begin(flow, facts, at)
    for answer in answers:
        moved = advance(flow, moved.run, answer, facts, at)
    return moved


def said(*texts: str) -> tuple[Prompt, ...]:
    """Return texts as English prompts."""
    return tuple(Prompt(text, "en-GB") for text in texts)


MENU = Menu(
    said("How can we help?", "For Sales, press 1.", "For My order, press 2."),
    "12",
    timedelta(seconds=5),
    (Choice("1", "Sales"), Choice("2", "My order")),
)


def test_flow_begins_with_its_first_words() -> None:
    assert talked(a_flow(MAIN)).action == Say(said("Welcome to Acme."))


def test_menu_reads_its_choices_out() -> None:
    assert talked(a_flow(MAIN), Done()).action == MENU


def test_key_leads_to_its_queue_and_the_path_tells_the_choice() -> None:
    moved = talked(a_flow(MAIN), Done(), Key("1"))

    assert moved.action == Enqueue(
        queue="sales",
        priority=5,
        music="default",
        announce=frozenset({"position", "wait"}),
        announce_every=timedelta(seconds=45),
        overflow_after=timedelta(minutes=5),
        expects_answer=True,
    )
    assert [(visit.title, visit.answer) for visit in moved.run.path] == [
        ("Begin", None),
        ("Open", None),
        ("Main menu", "Sales"),
        ("Sales", None),
    ]


@pytest.mark.parametrize("text", ["1", "sales", " Buy   NOW "])
def test_typed_words_choose_as_keys_do(text: str) -> None:
    assert isinstance(talked(a_flow(MAIN), Done(), Typed(text)).action, Enqueue)


def test_silence_asks_again_and_then_leaves() -> None:
    assert talked(a_flow(MAIN), Done(), Silence()).action == MENU
    assert isinstance(talked(a_flow(MAIN), Done(), Silence(), Silence()).action, Enqueue)


@pytest.mark.parametrize("wrong", [Key("9"), Typed("pizza")])
def test_wrong_answer_is_told_so_and_then_leaves(wrong: Answer) -> None:
    again = talked(a_flow(MAIN), Done(), wrong).action

    assert isinstance(again, Menu)
    assert again.prompts == (*said("Sorry."), *MENU.prompts)
    assert isinstance(talked(a_flow(MAIN), Done(), wrong, wrong, wrong).action, TakeVoicemail)


def test_silence_and_wrong_answers_count_apart() -> None:
    assert isinstance(talked(a_flow(MAIN), Done(), Key("9"), Silence(), Key("9")).action, Menu)


def test_tries_begin_anew_with_each_step() -> None:
    moved = talked(a_flow(MAIN), Done(), Silence(), Key("2"), Silence(), Silence())

    assert moved.run.tries == Tries(no_answer=2)
    assert isinstance(moved.action, Ask)


def test_menu_without_a_way_out_ends_after_three_silences() -> None:
    flow = a_flow('  begin: {menu: Well?, choices: [{key: "1", label: Yes, go: begin}]}\n')

    assert isinstance(talked(flow, Silence(), Silence()).action, Menu)
    assert talked(flow, Silence(), Silence(), Silence()).action == End()


def test_wrong_answers_leave_where_silence_leaves_and_the_other_way_round() -> None:
    question = '  begin: {menu: Well?, choices: [{key: "1", label: Yes, go: begin}], %s: {tries: 1, go: wait}}\n'
    wait = "  wait: {queue: sales}\n"

    by_silence = a_flow(question % "no_answer" + wait)
    by_mistake = a_flow(question % "no_match" + wait)

    assert isinstance(talked(by_silence, Key("9"), Key("9"), Key("9")).action, Enqueue)
    assert isinstance(talked(by_mistake, Silence(), Silence(), Silence()).action, Enqueue)


def test_digits_are_kept_and_shown_on_the_path() -> None:
    moved = talked(a_flow(MAIN), Done(), Key("2"), Typed("12-3 4"))

    assert moved.run.values == {"order_no": "1234"}
    assert [visit.answer for visit in moved.run.path if visit.step == "order"] == ["1234"]
    assert isinstance(moved.action, Enqueue)


def test_question_gathers_as_many_digits_as_it_needs() -> None:
    expected = Ask(said("Your order number?"), "#", 4, timedelta(seconds=6))

    assert talked(a_flow(MAIN), Done(), Key("2")).action == expected


@pytest.mark.parametrize("wrong", ["123", "12345", "12a4", "１２３４", "*123"])
def test_digits_that_do_not_fit_are_asked_again(wrong: str) -> None:
    moved = talked(a_flow(MAIN), Done(), Key("2"), Typed(wrong))

    assert isinstance(moved.action, Ask)
    assert moved.run.tries == Tries(no_match=1)


def test_nothing_before_the_hash_key_counts_as_silence() -> None:
    assert talked(a_flow(MAIN), Done(), Key("2"), Typed("")).run.tries == Tries(no_answer=1)


def test_question_takes_any_length_between_min_and_max() -> None:
    flow = a_flow("  begin: {ask: Code?, as: digits, min: 2, max: 3, save: code, next: wait}\n  wait: {queue: sales}\n")

    assert isinstance(talked(flow, Typed("1")).action, Ask)
    assert isinstance(talked(flow, Typed("12")).action, Enqueue)
    assert isinstance(talked(flow, Typed("123")).action, Enqueue)
    assert isinstance(talked(flow, Typed("1234")).action, Ask)


def test_closed_hours_lead_to_voicemail_and_on_to_the_end() -> None:
    night = talked(a_flow(MAIN), Done(), at=MONDAY_NIGHT)
    bye = talked(a_flow(MAIN), Done(), Left(), at=MONDAY_NIGHT)
    end = talked(a_flow(MAIN), Done(), Left(), Done(), at=MONDAY_NIGHT)

    assert night.action == TakeVoicemail(said("Please leave a message."), "support", timedelta(minutes=3))
    assert bye.action == Say(said("Goodbye."))
    assert (end.action, end.run.step) == (End(), "")


def test_overflow_leaves_the_queue() -> None:
    assert isinstance(talked(a_flow(MAIN), Done(), Key("1"), Overflowed()).action, TakeVoicemail)


def test_queue_without_overflow_is_the_end_of_the_flows_part() -> None:
    flow = a_flow("  begin: {queue: sales, while_waiting: {music: calm, announce: [], every: 30s}}\n")

    moved = talked(flow, facts=the_facts(centre=a_centre(announce_every=None)))

    assert moved.action == Enqueue("sales", 0, "calm", frozenset(), None, None, expects_answer=False)
    with pytest.raises(UnfitAnswer):
        advance(flow, moved.run, Overflowed(), the_facts(), MONDAY_TEN)


def test_constants_are_kept() -> None:
    moved = talked(a_flow("  begin: {set: {vip: true, source: web, weight: 1.5}, next: bye}\n  bye: {end: }\n"))

    assert moved.run.values == {"vip": True, "source": "web", "weight": 1.5}
    assert moved.action == End()


def test_text_media_get_their_own_words_and_no_keys_read_out() -> None:
    steps = """
  begin:
    menu: {text: Well?, chat: Please choose}
    choices: [{label: Yes, go: bye}]
  bye: {end: }
"""
    flow = a_flow(steps, "flow: main\nmedia: [chat, sms]\nstart: begin\n")

    chat, sms = (talked(flow, facts=the_facts(medium)).action for medium in ("chat", "sms"))

    assert chat == Menu(said("Please choose"), "", timedelta(minutes=2), (Choice(None, "Yes"),))
    assert sms == Menu(said("Well?"), "", timedelta(minutes=2), (Choice(None, "Yes"),))
    assert talked(flow, Typed(""), facts=the_facts("chat")).run.tries == Tries(no_match=1)


@pytest.mark.parametrize(
    "answers",
    [[], [Done()], [Done(), Silence()], [Done(), Key("2")], [Done(), Key("1")], [Done(), Key("1"), Overflowed()]],
)
def test_resumed_run_wants_the_same_again(answers: list[Answer]) -> None:
    before = talked(a_flow(MAIN), *answers)

    stored = run_from_json(run_to_json(before.run))

    assert advance(a_flow(MAIN), stored, Resumed(), the_facts(), MONDAY_TEN) == before


def test_ended_run_stays_ended() -> None:
    flow = a_flow("  begin: {end: }\n")
    ended = talked(flow)

    assert advance(flow, ended.run, Resumed(), the_facts(), MONDAY_TEN) == ended
    with pytest.raises(UnfitAnswer):
        advance(flow, ended.run, Done(), the_facts(), MONDAY_TEN)


@pytest.mark.parametrize(
    ("before", "unfit"),
    [
        ([], Key("1")),
        ([Done()], Done()),
        ([Done(), Key("2")], Done()),
        ([Done(), Key("1")], Key("1")),
        ([Done(), Key("1"), Overflowed()], Done()),
        ([Done(), Key("1"), Overflowed(), Left()], Left()),
    ],
)
def test_answer_that_the_step_cannot_have_is_rejected(before: list[Answer], unfit: Answer) -> None:
    with pytest.raises(UnfitAnswer):
        talked(a_flow(MAIN), *before, unfit)


def test_step_without_an_action_cannot_be_answered() -> None:
    flow = a_flow(MAIN)
    lost = replace(talked(flow).run, step="open")

    with pytest.raises(UnfitAnswer):
        advance(flow, lost, Done(), the_facts(), MONDAY_TEN)


def test_run_goes_on_in_its_own_version_only() -> None:
    flow = a_flow(MAIN)

    with pytest.raises(FlowMismatch):
        advance(replace(flow, version="other"), talked(flow).run, Done(), the_facts(), MONDAY_TEN)


def test_circle_that_check_would_have_refused_is_stopped() -> None:
    text = b"flow: main\nstart: a\nsteps: {a: {set: {x: 1}, next: b}, b: {set: {y: 1}, next: a}}\n"
    flow = draft_of(text, "main.yaml").flow()
    assert flow is not None

    with pytest.raises(EndlessFlow):
        talked(flow)


def test_queue_and_hours_that_left_the_centre_need_an_admin() -> None:
    bare = replace(a_centre(), queues={}, hours={})

    with pytest.raises(Misconfigured, match="sales"):
        talked(a_flow("  begin: {queue: sales}\n"), facts=the_facts(centre=bare))
    with pytest.raises(Misconfigured, match="support"):
        talked(a_flow(MAIN), Done(), facts=the_facts(centre=bare))


def test_path_keeps_its_latest_hundred_steps() -> None:
    flow = a_flow('  begin: {menu: Well?, choices: [{key: "1", label: Again, go: begin}]}\n')

    run: Run = talked(flow, *[Key("1")] * 150).run

    assert len(run.path) == 100
