"""Steps in trouble: answers that fit nothing, values that are not there, flows and articles that are gone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.flows.examples import MONDAY_TEN, a_centre, a_flow, the_facts
from tests.flows.test_every_step import ENDS, Shelf, words
from tests.flows.test_run import talked
from trunkline.core.errors import Misconfigured
from trunkline.flows.check import check_drafts
from trunkline.flows.conversation import CannotGoOn, Conversation, open_folder
from trunkline.flows.flow import Flow
from trunkline.flows.loader import draft_of
from trunkline.flows.run import MOST_FRAMES, Frame, advance, begin, to_people
from trunkline.flows.steps.step import UnfitAnswer
from trunkline.flows.talk import (
    AskCallback,
    CallbackWanted,
    Done,
    End,
    Enqueue,
    Fetch,
    Fetched,
    FetchFailed,
    Key,
    Left,
    Send,
    SendFailed,
    Silence,
    Typed,
)

GOOD = "  good: {end: Good.}\n"
ONE_OF_EACH = {
    "http": '{http: {get: "https://a.example/"}, found: good, missing: good, failed: good}',
    "customer": '{customer: "{caller}", next: good}',
    "rate": "{rate: How was it?, next: good}",
    "send": "{send: Hello., next: good}",
    "wait": "{wait: 20s, next: good}",
    "callback": "{callback: support, no_number: good, next: good}",
    "transfer": '{transfer: "+442071234567", failed: good}',
    "queue": "{queue: sales, overflow: {after: 5m, go: good}}",
    "voicemail": "{voicemail: Speak., queue: sales, next: good}",
    "ask": "{ask: Number?, as: digits, save: a, next: good}",
    "menu": '{menu: Which?, choices: [{key: "1", label: One, go: good}]}',
    "say": "{say: Hello., next: good}",
}


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_answer_to_another_question_changes_nothing(kind: str) -> None:
    flow = a_flow(f"  begin: {ONE_OF_EACH[kind]}\n{GOOD}")
    asked = talked(flow)

    with pytest.raises(UnfitAnswer):
        advance(flow, asked.run, Left() if kind != "voicemail" else Key("1"), the_facts(), MONDAY_TEN)


def test_callback_at_a_time_that_nobody_can_read_keeps_the_place_instead_and_is_told() -> None:
    flow = a_flow('  begin: {callback: support, at: "{caller}", no_number: good, next: good}\n' + GOOD)

    moved = talked(flow)

    assert moved.action == AskCallback("+447700900123", "support", keep_place=True)
    assert moved.faults == ("the time of a callback is not one such as 2026-11-23T14:30",)


@pytest.mark.parametrize("way", ["next: good", "next: bad, unknown: good"])
def test_customer_without_an_address_is_not_looked_for(way: str) -> None:
    flow = a_flow(f'  begin: {{customer: "{{caller}}", {way}}}\n' + (ENDS if "bad" in way else GOOD))

    assert words(talked(flow, facts=replace(the_facts(), caller=None)).action) == "Good."


POST = """
  begin:
    http:
      post: "https://shop.example/orders"
      headers: {X-Key: "{tags}", X-Caller: "{caller}"}
      body: {number: "{caller}", whole: "{1 + 1}", gone: "{nothing}", n: 3, yes: true}
    found: good
    missing: good
    failed: bad
"""


def test_what_is_posted_keeps_its_kinds_and_what_is_not_known_is_null() -> None:
    draft_steps = POST.replace('X-Key: "{tags}", ', "").replace('"{nothing}"', '"{caller.name}"')
    asked = talked(a_flow(draft_steps + ENDS)).action

    body = {"number": "+447700900123", "whole": 2, "gone": None, "n": 3, "yes": True}
    headers = {"X-Caller": "+447700900123"}
    assert asked == Fetch("POST", "https://shop.example/orders", headers, body, timedelta(seconds=5))


def test_header_that_no_request_can_have_fails_the_question() -> None:
    flow = a_flow(POST.replace('X-Key: "{tags}", ', "").replace('"{nothing}"', "x") + ENDS)

    moved = talked(flow, facts=replace(the_facts(), caller="+44\r\nX-Evil: 1"))

    assert words(moved.action) == "Bad."
    assert moved.faults == ("a value of a header holds a control character",)


@pytest.mark.parametrize(
    "body", [[[1]] * 2, {"n": float("inf")}, {"a": "x" * 70_000}, [[[[[[[[[[[[[[1]]]]]]]]]]]]]], [1e300]]
)
def test_answer_that_no_run_can_keep_has_failed(body: object) -> None:
    flow = a_flow(
        '  begin: {http: {get: "https://a.example/"}, save: o, found: good, missing: good, failed: bad}\n' + ENDS
    )

    expected = "Good." if body == [[1], [1]] else "Bad."
    assert words(talked(flow, Fetched(200, body)).action) == expected  # type: ignore[arg-type]


def test_address_and_header_that_cannot_be_sent_are_refused_at_once() -> None:
    ways = "found: good, missing: good, failed"
    steps = f"""
  begin: {{http: {{get: "https://a.example/a b"}}, {ways}: two}}
  two: {{http: {{get: "https://a.example/", post: "https://a.example/"}}, {ways}: three}}
  three: {{http: {{get: "https://a.example/", headers: {{"X Y": "1"}}}}, {ways}: good}}
"""
    problems = check_drafts([draft_of(f"flow: a\nstart: begin\nsteps:\n{steps}{GOOD}".encode(), "a.yaml")])

    assert [problem.message for problem in problems] == [
        'http "begin": http get: an address has no spaces: write %20',
        'http "two": http: give either get or post',
        'http "three": http headers X Y: "X Y" cannot be a header: use letters, digits and -',
    ]


def test_rest_of_more_than_sixty_days_and_length_of_what_has_none_are_refused() -> None:
    steps = "  begin: {wait: 61d, next: two}\n  two: {ask: Day?, as: date, length: 8, save: d, next: good}\n"

    problems = check_drafts([draft_of(f"flow: a\nstart: begin\nsteps:\n{steps}{GOOD}".encode(), "a.yaml")])

    assert [problem.message for problem in problems] == [
        'wait "begin": wait: "61d" is not between 1s and 60d',
        'ask "two": length is for digits only',
    ]


def test_priority_that_is_no_number_is_none_and_told() -> None:
    moved = talked(a_flow('  begin: {queue: sales, priority: "{caller}"}\n'))

    assert isinstance(moved.action, Enqueue)
    assert (moved.action.priority, moved.faults) == (0, ("a priority is not a number",))


def test_offer_of_a_callback_may_lead_to_a_step() -> None:
    flow = a_flow('  begin: {queue: sales, offer_callback: {after: 60s, key: "1", go: good}}\n' + GOOD)

    assert words(talked(flow, CallbackWanted()).action) == "Good."


def test_message_that_cannot_go_out_leaves_by_failed() -> None:
    flow = a_flow("  begin: {send: Hello., next: good, failed: bad}\n" + ENDS)

    assert isinstance(talked(flow).action, Send)
    assert words(talked(flow, SendFailed("refused")).action) == "Bad."
    assert words(talked(flow, facts=replace(the_facts(), caller=None)).action) == "Bad."


def test_transfer_to_nobody_has_failed() -> None:
    flow = a_flow('  begin: {transfer: "{caller}", failed: bad}\n  bad: {end: Bad.}\n')

    assert words(talked(flow, facts=replace(the_facts(), caller=None)).action) == "Bad."


def test_transfer_is_refused_where_there_is_no_call() -> None:
    head = "flow: a\nmedia: [voice, chat, sms]\nstart: begin\nsteps:\n"
    steps = f"  begin: {ONE_OF_EACH['transfer']}\n{GOOD}"

    (problem,) = check_drafts([draft_of(f"{head}{steps}".encode(), "a.yaml")])

    assert problem.message == (
        'transfer "begin": only a call can be transferred, and this step is reached on chat and sms'
    )


def test_nothing_typed_is_silence_where_keys_are_pressed_and_nonsense_where_text_is_written() -> None:
    flow = a_flow(
        "  begin: {ask: Number?, as: number, save: n, no_answer: {tries: 1, go: good}, no_match: {tries: 1, go: bad},"
        " next: good}\n" + ENDS,
        "flow: main\nstart: begin\nmedia: [voice, chat]\n",
    )

    assert words(talked(flow, Typed("")).action) == "Good."
    assert words(talked(flow, Typed(" "), facts=the_facts("chat")).action) == "Bad."


def test_article_that_has_gone_since_stops_the_flow() -> None:
    flow = a_flow("  begin: {say: Hello., next: tell}\n  tell: {end: Good.}\n")
    gone = replace(a_flow_with_article(), articles={})

    assert words(talked(flow).action) == "Hello."
    with pytest.raises(Misconfigured, match='no article "times"'):
        talked(gone)


def a_flow_with_article() -> Flow:
    """Return a flow that tells an article of the bad flows' folder."""
    text = f"flow: main\nstart: begin\nsteps:\n  begin: {{article: times, next: good}}\n{GOOD}"
    flow = draft_of(text.encode(), "main.yaml", Path(__file__).parent / "bad").flow()
    assert flow is not None
    return flow


def test_article_is_told_and_the_flow_goes_on() -> None:
    flow = a_flow_with_article()

    assert words(talked(flow).action) == "We are open."
    assert words(talked(flow, Done()).action) == "Good."
    with pytest.raises(UnfitAnswer):
        talked(flow, Silence())


def test_flow_that_runs_itself_for_ever_is_stopped() -> None:
    flow = a_flow("  begin: {run: main, next: good}\n" + GOOD)

    with pytest.raises(Misconfigured, match=f"more than {MOST_FRAMES} deep"):
        begin(flow, replace(the_facts(), flows=Shelf({"main": flow})), MONDAY_TEN)


def test_flow_that_waited_and_has_gone_stops_the_run() -> None:
    inner = a_flow("  begin: {say: Inside., next: good}\n" + GOOD, "flow: inner\nstart: begin\n")
    facts = replace(the_facts(), flows=Shelf({"inner": inner}))
    run = replace(begin(inner, facts, MONDAY_TEN).run, frames=(Frame("main", "0" * 12, "good"),))

    ended = advance(inner, run, Done(), facts, MONDAY_TEN)
    with pytest.raises(Misconfigured, match='"main" ran "inner" and is gone'):
        advance(inner, ended.run, Done(), facts, MONDAY_TEN)


def test_caller_to_whom_nothing_can_be_said_comes_to_the_first_queue_that_there_is() -> None:
    steps = "  begin: {queue: gone, overflow: {after: 1m, go: two}}\n  two: {queue: sales}\n"
    flow = a_flow(steps)
    run = replace(begin(a_flow(GOOD.replace("good", "begin")), the_facts(), MONDAY_TEN).run, version=flow.version)

    moved = to_people(flow, run, the_facts(), MONDAY_TEN)

    assert moved is not None
    assert isinstance(moved.action, Enqueue)
    assert moved.action.queue == "sales"
    assert to_people(a_flow("  begin: {end: Bye.}\n"), run, the_facts(), MONDAY_TEN) is None


def test_conversation_that_the_world_answers_for_ever_is_stopped() -> None:
    flow = a_flow('  begin: {http: {get: "https://a.example/"}, found: good, missing: good, failed: good}\n' + GOOD)
    again = replace(flow, steps={**flow.steps, "good": flow.steps["begin"]})
    world = open_folder(Path(__file__).parents[2] / "ivr_flows").worlds()["main"]
    talk = Conversation(
        replace(world, flow=again, flows={"main": again}), the_facts(), MONDAY_TEN, lambda _: FetchFailed("timeout")
    )

    with pytest.raises(CannotGoOn, match="goes round for ever"):
        talk.begin()


def test_folder_without_a_centre_has_no_world(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("flow: a\nstart: bye\nsteps: {bye: {end: }}\n")

    folder = open_folder(tmp_path)

    assert folder.worlds() == {}
    assert [Path(problem.file).name for problem in folder.problems] == ["centre.yaml"]


def test_recording_of_a_language_must_be_there_too() -> None:
    text = (
        "flow: a\nlanguages: [es]\nstart: begin\nsteps:\n  begin: {end: {en: {recording: one}, es: {recording: two}}}\n"
    )

    problems = check_drafts([draft_of(text.encode(), "a.yaml", Path(__file__).parent)], a_centre())

    assert [(problem.column, problem.message) for problem in problems] == [
        (33, 'end "begin": there is no one.wav in prompts/'),
        (55, 'end "begin": there is no two.wav in prompts/'),
    ]


def test_end_is_an_end() -> None:
    assert talked(a_flow("  begin: {end: }\n")).action == End()
