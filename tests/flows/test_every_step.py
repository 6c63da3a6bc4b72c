"""What each kind of step beyond menus and queues wants done, and where what came of it leads."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from tests.flows.examples import MONDAY_TEN, a_flow, the_facts
from tests.flows.test_run import talked
from trunkline.core.errors import Misconfigured
from trunkline.flows.entries import Manner, entered
from trunkline.flows.flow import Flow
from trunkline.flows.reactions import Setting, reactions
from trunkline.flows.render import silence_after
from trunkline.flows.run import Frame, Rated, advance, begin
from trunkline.flows.talk import (
    Ask,
    AskCallback,
    CallbackPlanned,
    CallbackWanted,
    CustomerFound,
    Done,
    End,
    Enqueue,
    Fetch,
    Fetched,
    FetchFailed,
    FindCustomer,
    Key,
    Menu,
    Pause,
    Resumed,
    Say,
    Send,
    Sent,
    Silence,
    Transfer,
    TransferFailed,
    Transferred,
    Typed,
    Woke,
)

ENDS = "  good: {end: Good.}\n  bad: {end: Bad.}\n"


@dataclass
class Shelf:
    """The flows that a flow can run."""

    flows: dict[str, Flow] = field(default_factory=dict)

    def version(self, name: str, version: str) -> Flow | None:
        """Return the present one, if it is that version."""
        flow = self.flows.get(name)
        return flow if flow and flow.version == version else None


def words(action: object) -> str:
    """Return what an action says."""
    assert isinstance(action, Say)
    return " ".join(prompt.text for prompt in action.prompts)


HTTP = """
  begin:
    http: {get: "https://shop.example/o/{caller}?x=1"}
    save: order
    found: tell
    missing: bad
    failed: bad
"""
TELL = '  tell: {say: "It is {order.status}.", next: good}\n'


def test_web_service_is_asked_and_its_answer_told() -> None:
    flow = a_flow(HTTP + TELL + ENDS)

    asked = talked(flow).action
    told = talked(flow, Fetched(200, {"status": "sent"})).action

    assert asked == Fetch("GET", "https://shop.example/o/%2B447700900123?x=1", {}, None, timedelta(seconds=5))
    assert words(told) == "It is sent."
    assert isinstance(told, Say)
    assert not told.prompts[0].fixed
    assert words(talked(flow, Fetched(404)).action) == "Bad."
    assert words(talked(flow, Fetched(500)).action) == "Bad."
    assert words(talked(flow, FetchFailed("timeout")).action) == "Bad."
    assert words(talked(flow, Fetched(200, {"n": 10**400})).action) == "Bad."


def test_value_that_nobody_has_fails_the_question_and_is_told() -> None:
    moved = talked(a_flow(HTTP + TELL + ENDS), facts=replace(the_facts(), caller=None))

    assert words(moved.action) == "Bad."
    assert moved.faults == ("a value of an address is not known",)


def test_customer_is_found_and_known_from_then_on() -> None:
    steps = '  begin: {customer: "{caller}", next: tell}\n  tell: {say: "Hello {customer.name}.", next: good}\n'
    flow = a_flow(steps + ENDS.replace("  bad: {end: Bad.}\n", ""))

    assert talked(flow).action == FindCustomer("phone", "+447700900123", None)
    assert words(talked(flow, CustomerFound({"name": "Ana"})).action) == "Hello Ana."


def test_callback_keeps_the_place_or_has_its_time() -> None:
    steps = "  begin: {callback: support, next: good, existing: bad, no_number: bad}\n"
    flow = a_flow(steps + ENDS)
    timed = a_flow(steps.replace("next:", 'at: "{now.date}T15:00", next:') + ENDS)

    assert talked(flow).action == AskCallback("+447700900123", "support", keep_place=True)
    at = talked(timed).action
    assert isinstance(at, AskCallback)
    assert at.at == datetime.fromisoformat("2026-11-23T15:00+00:00")
    assert words(talked(flow, CallbackPlanned()).action) == "Good."
    assert words(talked(flow, CallbackPlanned(existing=True)).action) == "Bad."
    assert words(talked(flow, facts=replace(the_facts(), caller=None)).action) == "Bad."


def test_waiting_caller_is_offered_a_callback() -> None:
    flow = a_flow(
        "  begin: {queue: sales, priority: \"{customer.tier == 'gold' ? 5 : 0}\", skills: {english: 3},"
        ' offer_callback: {after: 60s, key: "1", say: Press one.}}\n'
    )

    moved = talked(flow, facts=the_facts(customer={"tier": "gold"}))

    assert isinstance(moved.action, Enqueue)
    assert (moved.action.priority, moved.action.skills) == (5, {"english": 3})
    assert moved.action.offer_callback is not None
    assert talked(flow, CallbackWanted()).action == AskCallback("+447700900123", "sales", keep_place=True)
    assert talked(flow, CallbackWanted(), CallbackPlanned()).action == End()


def test_transfer_ends_the_flow_or_leaves_it() -> None:
    flow = a_flow('  begin: {transfer: "+442071234567", failed: bad}\n  bad: {end: Bad.}\n')

    assert talked(flow).action == Transfer("+442071234567", timedelta(seconds=30))
    assert talked(flow, Transferred()).action == End()
    assert words(talked(flow, TransferFailed("busy")).action) == "Bad."


def test_score_is_kept_and_silence_goes_on() -> None:
    flow = a_flow("  begin: {rate: How did we do?, save: csat, next: good}\n  good: {end: Good.}\n")

    rated = talked(flow, Key("4"))

    assert (rated.run.rating, rated.run.values) == (Rated("csat", 4, "main"), {"csat": 4})
    assert words(talked(flow, Key("9"), Key("9")).action) == "Good."


def test_survey_puts_its_question_once_however_long_it_waits() -> None:
    flow = a_flow("  begin: {rate: How did we do?, no_answer: {after: 9s}, next: good}\n  good: {end: Good.}\n")

    assert words(talked(flow, Silence()).action) == "Good."


def test_message_is_sent_and_the_run_rests() -> None:
    steps = '  begin: {wait: 30s, next: send}\n  send: {send: "Dear {caller}.", next: good}\n  good: {end: Good.}\n'
    flow = a_flow(steps)

    rest = talked(flow)

    assert rest.action == Pause(MONDAY_TEN + timedelta(seconds=30))
    later = advance(flow, rest.run, Resumed(), the_facts(), MONDAY_TEN + timedelta(seconds=20))
    assert later.action == rest.action
    assert talked(flow, Woke()).action == Send("sms", "+447700900123", "Dear +447700900123.", None)
    assert words(talked(flow, Woke(), Sent()).action) == "Good."


def test_message_is_in_the_language_that_the_run_speaks() -> None:
    steps = "  begin: {language: es, next: send}\n  send: {send: {en: Hello., es: Hola.}, next: good}\n"
    flow = a_flow(f"{steps}  good: {{end: {{en: Good., es: Bien.}}}}\n", "flow: main\nstart: begin\nlanguages: [es]\n")

    assert talked(flow).action == Send("sms", "+447700900123", "Hola.", None, "es")


SWITCH = """
  begin: {tag: [vip, "{caller}"], next: keep}
  keep: {set: {n: "{1 + 2}", t: "n is {n}"}, next: which}
  which: {switch: [{when: medium == 'chat', go: bad}, {when: "{n + 1 == 4}", go: spanish}], else: bad}
  spanish: {language: es, next: hello}
  hello: {say: {en: Hello., es: "Hola {n}."}, next: good}
"""


def test_values_conditions_tags_and_language() -> None:
    flow = a_flow(SWITCH + ENDS.replace("Good.", "{en: Good., es: Bien.}").replace("Bad.", "{en: Bad., es: Mal.}"),
                  "flow: main\nstart: begin\nlanguages: [es]\nmedia: [voice, chat]\n")  # fmt: skip

    moved = talked(flow)

    assert words(moved.action) == "Hola tres."
    assert (moved.run.tags, moved.run.language) == (("vip", "+447700900123"), "es")
    assert words(talked(flow, Done()).action) == "Bien."
    assert words(talked(flow, facts=the_facts("chat")).action) == "Bad."


def test_flow_runs_another_and_goes_on() -> None:
    inner = a_flow("  begin: {set: {x: 1}, next: say}\n  say: {end: Inside.}\n", "flow: inner\nstart: begin\n")
    outer = a_flow("  begin: {run: inner, next: good}\n  good: {end: Good.}\n")
    facts = replace(the_facts(), flows=Shelf({"inner": inner, "main": outer}))

    inside = begin(outer, facts, MONDAY_TEN)
    back = advance(inner, inside.run, Done(), facts, MONDAY_TEN)

    assert (words(inside.action), inside.run.flow) == ("Inside.", "inner")
    assert inside.run.frames == (Frame("main", outer.version, "good"),)
    assert (words(back.action), back.run.flow, back.run.frames, back.run.values) == ("Good.", "main", (), {"x": 1})
    with pytest.raises(Misconfigured, match="inner"):
        talked(outer)


def test_yes_and_no_are_a_choice_of_two() -> None:
    flow = a_flow("  begin: {ask: Sure? Press 1 or 2., as: yes-no, save: sure, next: good}\n  good: {end: Good.}\n")

    assert isinstance(talked(flow).action, Menu)
    assert talked(flow, Key("2")).run.values == {"sure": False}
    assert talked(flow, Typed("Yes"), facts=the_facts("voice")).run.values == {"sure": True}


@pytest.mark.parametrize(("medium", "after_s"), [("voice", 10), ("chat", 90)])
def test_who_types_has_more_time_than_between_two_keys(medium: str, after_s: int) -> None:
    steps = "  begin: {ask: Order?, as: digits, save: n, next: good, no_answer: {after: 90s}}\n  good: {end: Good.}\n"
    asked = talked(a_flow(steps, "flow: main\nstart: begin\nmedia: [voice, chat]\n"), facts=the_facts(medium)).action

    assert isinstance(asked, Ask)
    assert asked.after == timedelta(seconds=after_s)


QUESTIONS = {
    "menu": '{menu: Well?, choices: [{key: "1", label: Yes, go: good}]GIVEN}',
    "ask": "{ask: Order?, as: digits, save: n, next: goodGIVEN}",
    "yes-no": "{ask: Sure?, as: yes-no, save: n, next: goodGIVEN}",
    "rate": "{rate: How was it?, next: goodGIVEN}",
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("medium", "given", "after_s"),
    [
        ("voice", "", 6),
        ("voice", ", no_answer: {tries: 2}", 6),
        ("chat", "", 120),
        ("chat", ", no_answer: {tries: 2}", 120),
        ("chat", ", no_answer: {after: 6s}", 6),
        ("sms", "", None),
        ("sms", ", no_answer: {after: 6s}", None),
    ],
)
def test_each_medium_waits_for_an_answer_as_long_as_one_takes_there(
    question: str, medium: str, given: str, after_s: int | None
) -> None:
    steps = f"  begin: {QUESTIONS[question].replace('GIVEN', given)}\n  good: {{end: Good.}}\n"
    asked = talked(a_flow(steps, "flow: main\nstart: begin\nmedia: [voice, chat, sms]\n"), facts=the_facts(medium))

    after = silence_after(asked.action, medium)
    assert (after.total_seconds() if after is not None else None) == after_s
    setting = Setting(medium, MONDAY_TEN)
    alone = [each.takes.total_seconds() for each in reactions(asked.action, setting) if each.by_itself]
    assert alone == ([] if after_s is None else [after_s])


@pytest.mark.parametrize("medium", ["voice", "chat", "sms"])
def test_nobody_is_waited_for_where_nothing_is_asked(medium: str) -> None:
    assert silence_after(End(), medium) is None


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("number", "12*5", 12.5),
        ("number", "x", None),
        ("date", "01022027", "2027-02-01"),
        ("date", "0102", "2027-02-01"),
        ("date", "31/12", "2026-12-31"),
        ("date", "2026-02-30", None),
        ("date", "soon", None),
        ("text", " hello ", "hello"),
        ("text", "", None),
        ("phone", "07700 900123", "+447700900123"),
        ("phone", "12", None),
        ("email", "ana@example.org", "ana@example.org"),
        ("email", "ana@", None),
        ("card", "4111 1111 1111 1111", "•••• 1111"),
        ("card", "4111111111111112", None),
        ("card", "41", None),
        ("yes-no", "maybe", None),
    ],
)
def test_entry_is_read_by_its_kind(form: str, text: str, value: object) -> None:
    manner = Manner(spoken=True, language="en-GB", region="GB", today=MONDAY_TEN.date())

    found = entered(form, text, manner)

    assert (found.value if found else None) == value
