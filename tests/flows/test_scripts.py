"""Tests that admins write: what passes, what fails and how it is told, and mistakes in the file itself."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.flows.tools import a_draft, a_world
from trunkline.cli import main
from trunkline.flows.conversation import World
from trunkline.flows.scripts import scripts_from, scripts_of
from trunkline.flows.trial import Verdict, tried

REPOSITORY = Path(__file__).parents[2]
STEPS = """
  begin: {say: Welcome to Acme., next: open}
  open: {hours: support, open: main, closed: night}
  main:
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


def the_world(media: str = "voice, chat, sms") -> World:
    return a_world(a_draft(STEPS, f"flow: main\nstart: begin\nmedia: [{media}]\n"))


def verdicts(tests: str, world: World | None = None) -> list[Verdict]:
    found = scripts_of(f"flow: main\ntests:\n{tests}".encode(), "main.test.yaml", {"main": world or the_world()})
    assert found.problems == ()
    return [tried(script) for script in found.scripts]


def problems(text: str) -> list[str]:
    return [str(problem) for problem in scripts_of(text.encode(), "t.yaml", {"main": the_world()}).problems]


@pytest.mark.parametrize(
    "talk",
    [
        "[{hears: welcome TO acme}, {hears: how can we help}, {chooses: Sales}, {queued: {queue: sales, priority: 5}}]",
        '[{chooses: My order}, {enters: "1234"}, {knows: {order_no: "1234"}}, {queued: sales}]',
        "[{silent: true}, {hears: How can}, {silent: true}, {queued: sales}]",
        '[{enters: "7"}, {hears: Sorry}, {enters: "8"}, {enters: "9"}, {voicemail: support}]',
        "[{chooses: Sales}, {queued: sales}, {after: 4m}, {after: 1m}, {voicemail: support}, {ended: true}]",
    ],
)
def test_conversation_goes_as_written_on_each_medium(talk: str) -> None:
    found = verdicts(f"  - {{name: one, talk: {talk}}}")

    assert [(verdict.script.medium, verdict.failure) for verdict in found] == [
        ("voice", None),
        ("chat", None),
        ("sms", None),
    ]


def test_question_on_chat_waits_for_who_types_and_on_sms_for_days() -> None:
    steps = STEPS.replace("{after: 5s, tries: 2, go: sales}", "{tries: 2, say: Still there?, go: sales}")
    world = a_world(a_draft(steps, "flow: main\nstart: begin\nmedia: [chat, sms]\n"))
    tests = """
  - {name: in time, media: [chat], talk: [{after: 119s}, {enters: sales}, {queued: sales}]}
  - {name: too late, media: [chat], talk: [{after: 120s}, {hears: Still there?}, {after: 2m}, {queued: sales}]}
  - {name: days later, media: [sms], talk: [{after: 30d}, {enters: sales}, {queued: sales}]}
  - {name: a picture, media: [sms], talk: [{silent: true}, {hears: Still there?}, {silent: true}, {queued: sales}]}
"""
    found = verdicts(tests, world)

    assert [(verdict.name, verdict.failure) for verdict in found] == [
        ("in time (chat)", None), ("too late (chat)", None), ("days later (sms)", None), ("a picture (sms)", None),
    ]  # fmt: skip
    assert "caller: sends an empty message" in [str(line).strip() for line in found[-1].talk]
    assert [str(line) for line in found[2].talk].count("  flow: Still there?") == 0


SURVEY = """
  begin: {rate: How did we do?, save: csat, next: more}
  more: {menu: And now?, choices: [{key: "1", label: Wait, go: hold}, {key: "2", label: Leave, go: box}]}
  hold: {queue: sales, offer_callback: {after: 60s, key: "1"}}
  box: {voicemail: Say it., queue: support, next: bye}
  bye: {end: Goodbye.}
"""


def test_scores_callbacks_and_messages_are_given_as_the_medium_has_them() -> None:
    world = a_world(a_draft(SURVEY, "flow: main\nstart: begin\nmedia: [voice, chat, sms]\n"))

    left = verdicts("  - {name: a, talk: [{rates: '4'}, {knows: {csat: 4}}, {chooses: Leave}, {ended: true}]}", world)
    called = verdicts(
        "  - {name: b, media: [voice], talk: [{enters: '9'}, {rates: '4'}, {chooses: Wait}, {chooses: callback},"
        " {callback: {queue: sales, keep_place: true}}]}", world,
    )  # fmt: skip

    assert [verdict.failure for verdict in (*left, *called)] == [None] * 4
    said = [[line.text for line in verdict.talk if line.who == "caller"] for verdict in left]
    assert said == [
        ["rates 4", "presses 2 (Leave)", "leaves a message"],
        *[["rates 4", '"Leave"', "leaves a message"]] * 2,
    ]


def test_closed_hours_are_a_matter_of_the_simulated_time() -> None:
    night = "  - {name: night, at: 2026-11-23T22:00:00+00:00, talk: [{voicemail: support}]}"

    assert [verdict.failure for verdict in verdicts(night)] == [None, None, None]


@pytest.mark.parametrize(
    ("item", "expected", "came"),
    [
        ("hears: Good morning", 'hears "Good morning"', "welcome to acme. how can we help?"),
        ("chooses: Refunds", 'the choice "Refunds"', "choices: Sales, My order"),
        ("queued: support", "queued queue support", "a menu: Sales, My order"),
        ("ended: true", "ended", "a menu: Sales, My order"),
        ("knows: {order_no: 1}", "order_no is 1", "order_no is None"),
        ("tagged: vip", "tagged vip", "tags: none"),
        ('rates: "5"', "a question, so that the caller rates 5", "a menu"),
    ],
)
def test_failure_says_where_what_was_expected_and_what_came(item: str, expected: str, came: str) -> None:
    verdict = verdicts(f"  - name: one\n    media: [voice]\n    talk:\n      - {{{item}}}")[0]

    assert verdict.failure is not None
    assert (verdict.failure.line, verdict.failure.expected) == (6, expected)
    assert came in verdict.failure.came
    assert [str(line) for line in verdict.talk][:2] == ["  flow: Welcome to Acme.", "  flow: How can we help?"]


def test_wrong_queue_and_wrong_priority_fail() -> None:
    wrong = [
        verdicts(f"  - {{name: one, talk: [{{chooses: Sales}}, {{queued: {q}}}]}}")
        for q in ("support", "{priority: 4}")
    ]

    assert [each[0].failure.came for each in wrong if each[0].failure] == ["queued queue sales, priority 5"] * 2


def test_every_mistake_in_a_file_is_found_at_once() -> None:
    text = """flow: main
tests:
  - name: one
    at: yesterday
    talk: [{hears: a, chooses: b}, {choses: Sales}]
  - {name: two, media: [fax], talk: []}
"""

    assert [problem.partition(";")[0] for problem in problems(text)] == [
        "t.yaml:4:9: tests 1 at: is not a moment: write 2026-11-23T10:00:00+00:00, with the difference to UTC",
        "t.yaml:5:12: tests 1 talk 1: must be one thing: hears, chooses, enters, rates, silent, after, queued,"
        " voicemail, transferred, callback, sent, ended, knows, tagged",
        't.yaml:5:37: nobody knows the key "choses"',
        't.yaml:6:25: tests 2 media 1 must be one of "voice", "chat", "sms" or "email"',
        "t.yaml:6:37: tests 2 talk: must not be empty",
    ]


def test_unknown_flow_medium_it_lacks_and_two_tests_of_one_name_are_problems() -> None:
    twice = "flow: main\ntests:\n  - {name: a, talk: [{ended: true}]}\n  - {name: a, talk: [{ended: true}]}\n"

    assert "did you mean" in problems(twice.replace("main", "mian"))[0]
    assert "the first on line 3" in problems(twice)[0]
    fax = scripts_of(twice.replace("a, ", "b, media: [sms], ", 1).encode(), "t.yaml", {"main": the_world("voice")})
    assert [problem.code for problem in fax.problems] == ["medium"]


def test_hundred_conversations_take_less_than_two_seconds() -> None:
    many = "".join(
        f'  - {{name: t{n}, media: [voice], talk: [{{chooses: My order}}, {{enters: "1234"}}, {{queued: sales}}]}}\n'
        for n in range(100)
    )

    began = time.perf_counter()
    found = verdicts(many)

    assert time.perf_counter() - began < 2
    assert [verdict.failure for verdict in found] == [None] * 100


def test_shipped_flows_pass_their_tests() -> None:
    came = CliRunner().invoke(main, ["flow", "test", str(REPOSITORY / "ivr_flows")])

    assert came.exit_code == 0, came.output


def test_command_tells_failures_and_exit_codes(tmp_path: Path) -> None:
    (tmp_path / "centre.yaml").write_bytes((REPOSITORY / "ivr_flows" / "centre.yaml").read_bytes())
    (tmp_path / "main.yaml").write_text("flow: main\nstart: begin\nsteps:\n  begin: {end: Goodbye.}\n")
    test = tmp_path / "main.test.yaml"
    test.write_text("flow: main\ntests:\n  - {name: says hello, talk: [{hears: Hello}]}\n")
    runner = CliRunner()

    came = runner.invoke(main, ["flow", "test", str(tmp_path / "main.yaml")])
    told = json.loads(runner.invoke(main, ["flow", "test", str(test), "--json"]).stdout)

    assert came.exit_code == 1
    assert 'expected: hears "Hello"' in came.output
    assert '    came: "goodbye."' in came.output
    assert (told["tests"][0]["passed"], told["tests"][0]["failure"]["line"]) == (False, 3)
    assert runner.invoke(main, ["flow", "test", str(tmp_path / "none")]).exit_code == 2
    test.unlink()
    assert runner.invoke(main, ["flow", "test", str(tmp_path)]).exit_code == 2


EVERYTHING = """
  begin: {http: {post: "https://shop.example/"}, save: order, found: find, missing: find, failed: find}
  find: {customer: "{caller}", next: rate}
  rate: {rate: How was it?, save: score, next: note}
  note: {send: Thank you., next: rest}
  rest: {wait: 30s, next: mark}
  mark: {tag: [a, b], next: other}
  other: {transfer: "+442071234567", failed: back}
  back: {callback: support, no_number: bye, next: bye, existing: bye}
  bye: {end: Goodbye.}
"""
POST = "http: [{post: 'https://shop.example/', body: {total: 2.0}}]"


def tried_on_everything(talk: str, test: str = POST) -> Verdict:
    world = a_world(a_draft(EVERYTHING, "flow: main\nstart: begin\nmedia: [voice]\n"))
    (verdict,) = verdicts(f"  - {{name: one, {test}, talk: {talk}}}", world)
    return verdict


def test_whole_conversation_is_held_with_all_that_the_world_answers() -> None:
    talk = (
        '[{rates: "4"}, {sent: Thank you.}, {knows: {score: 4, order: {total: 2}}}, {after: 30s}, {tagged: [a, b]},'
        ' {transferred: "+442071234567"}, {callback: support}, {ended: true}]'
    )

    assert tried_on_everything(talk, f"{POST}, fails: transfer").failure is None
    assert tried_on_everything(talk, f"{POST}, fails: [transfer, send], callback_planned: true").failure is None


@pytest.mark.parametrize(
    ("talk", "expected", "came"),
    [
        ("[{queued: sales}]", "queued queue sales", "the survey's question score"),
        ('[{rates: "4"}, {ended: true}]', "ended", "a pause until 2026-11-23T10:00:30+00:00"),
        ('[{rates: "4"}, {sent: Thanks.}]', "sent text Thanks.", "sent medium sms, to +447700900123, text Thank you."),
        ('[{rates: "4"}, {tagged: c}]', "tagged c", "tags: none"),
        ('[{rates: "4"}, {knows: {score: 5}}]', "score is 5", "score is 4"),
        ("[{chooses: Sales}]", 'a question, so that the caller chooses "Sales"', "the survey's question score"),
        ('[{rates: "4"}, {after: 30s}, {queued: sales}]', "queued queue sales", "transferred to +442071234567"),
        ('[{rates: "4"}, {silent: true}]', "a question, so that the caller says nothing", "a pause until 2026"),
    ],
)
def test_what_came_instead_is_told(talk: str, expected: str, came: str) -> None:
    failure = tried_on_everything(talk).failure

    assert failure is not None
    assert failure.expected == expected
    assert failure.came.startswith(came)


def test_request_for_which_the_test_has_no_reply_is_told_and_a_wrong_method_is_none() -> None:
    failure = tried_on_everything('[{rates: "4"}]', "http: [{get: 'https://shop.example/'}]").failure

    assert failure is not None
    assert failure.came == "the flow asks POST https://shop.example/, for which the test has no reply"


def test_question_for_digits_is_told_as_that() -> None:
    (verdict,) = verdicts("  - {name: one, media: [voice], talk: [{chooses: My order}, {ended: true}]}")

    assert verdict.failure is not None
    assert verdict.failure.came == "a question for digits"


def test_flow_that_cannot_go_on_fails_the_test() -> None:
    world = a_world(a_draft("  begin: {queue: gone}\n"))
    (verdict,) = verdicts("  - {name: one, talk: [{queued: gone}]}", world)

    assert verdict.failure is not None
    assert (verdict.failure.expected, verdict.failure.line) == ("the flow goes on", 3)
    assert 'no queue "gone"' in verdict.failure.came


def test_message_that_was_left_is_not_asked_for_again() -> None:
    (verdict,) = verdicts(
        "  - {name: one, media: [chat], at: 2026-11-23T22:00:00+00:00,"
        ' talk: [{voicemail: support}, {enters: "my message"}, {ended: true}]}'
    )

    assert verdict.failure is None


def test_file_that_is_none_of_tests_says_so(tmp_path: Path) -> None:
    assert problems("- a\n") == ['t.yaml:1:1: a file of tests is keys and values; begin with "flow: name"']
    assert problems("") == ["t.yaml:1:1: the file is empty"]
    assert [p.message for p in scripts_from(tmp_path / "none.test.yaml", {}).problems] == [
        "cannot be read: No such file or directory"
    ]


def test_wait_of_too_long_and_reply_to_nothing_are_mistakes() -> None:
    text = "flow: main\ntests:\n  - {name: one, http: [{status: 200}], talk: [{after: 999d}, {after: 0d}]}\n"

    assert problems(text) == [
        "t.yaml:3:24: tests 1 http 1: needs the address: get, or post",
        't.yaml:3:55: tests 1 talk 1 after: "999d" is not a length of time: write 20s, 5m or 1h',
        't.yaml:3:70: tests 1 talk 2 after: "0d" is not a length of time: write 20s, 5m or 1h',
    ]


def test_lists_are_known_part_by_part() -> None:
    test = POST.replace("{total: 2.0}", "[1, two]")

    assert tried_on_everything('[{rates: "4"}, {knows: {order: ["1", two]}}]', test).failure is None
    assert tried_on_everything('[{rates: "4"}, {knows: {order: [1]}}]', test).failure is not None


def test_message_is_left_before_the_caller_does_something_else() -> None:
    steps = """
  begin: {voicemail: Speak., queue: support, next: more}
  more: {menu: More?, choices: [{key: "1", label: Again, go: begin}], no_answer: {go: bye}}
  bye: {end: Goodbye.}
"""
    world = a_world(a_draft(steps))

    (verdict,) = verdicts(
        "  - {name: one, talk: [{voicemail: support}, {chooses: Again}, {voicemail: support}]}", world
    )

    assert verdict.failure is None
