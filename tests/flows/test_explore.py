"""The explorer: every end with a shortest way there, and the faults that were planted for it."""

import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows.tools import a_draft, a_world
from trunkline.cli import main
from trunkline.core.hours import Dates, EachYear, OpeningHours, Span, is_open_at
from trunkline.flows.calendars import MINUTE, clock_changes, occasions
from trunkline.flows.explore import Exploration, explore
from trunkline.flows.reactions import spoken
from trunkline.flows.samples import samples_of

REPOSITORY = Path(__file__).parents[2]
START = datetime(2026, 11, 23, 10, tzinfo=UTC)
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def daily(zone: ZoneInfo, opens: int, closes: int) -> OpeningHours:
    return OpeningHours(zone, {day: (Span(opens, closes),) for day in range(7)})


def explored(steps: str, hours: dict[str, OpeningHours] | None = None, media: str = "voice") -> Exploration:
    draft = a_draft(steps, f"flow: main\nstart: begin\nmedia: [{media}]\n")
    return explore(a_world(draft, hours), samples_of(draft), START)


def codes(seen: Exploration) -> list[tuple[str, str]]:
    return [(finding.code, finding.step) for finding in seen.findings]


def test_each_end_is_listed_with_a_shortest_conversation() -> None:
    seen = explored("""
  begin:
    menu: {voice: "One or two?"}
    choices: [{key: "1", label: Long, go: more}, {key: "2", label: Short, go: people}]
    no_answer: {go: bye}
  more: {say: A moment., next: people}
  people: {queue: support, overflow: {after: 5m, go: box}}
  box: {voicemail: A message please., queue: sales, next: bye}
  bye: {end: Goodbye.}
""")

    ends = {ending.what: [str(line).strip() for line in ending.talk if line.who != "flow"] for ending in seen.endings}
    assert ends["queued queue support, priority 0"][0] == 'caller: chooses "Short"'
    assert ends["voicemail queue sales"][:3:2] == ['caller: chooses "Short"', "caller: waits 5m"]
    assert ends["ended"][-1] == "world: ended"
    assert (seen.findings, seen.unreached, seen.untaken) == ((), (), ())


def test_planted_dead_end_is_found() -> None:
    seen = explored("""
  begin: {menu: One?, choices: [{key: "1", label: One, go: people}]}
  people: {queue: support}
""")

    assert codes(seen) == [("cut-off", "begin")]
    assert "cut off without a word" in seen.findings[0].message


def test_caller_for_whom_nobody_came_is_cut_off_as_well() -> None:
    seen = explored("""
  begin: {queue: support, overflow: {after: 5m, go: sorry}}
  sorry: {say: Nobody is free., next: again}
  again: {menu: Again?, choices: [{key: "1", label: Again, go: begin}]}
""")

    assert ("cut-off", "again") in codes(seen)


@pytest.mark.parametrize("year", [2026, 2031])
def test_dates_to_come_and_past_ones_are_entered_in_any_year(year: int) -> None:
    steps = """
  begin: {ask: When?, as: date, save: day, no_answer: {go: bye}, next: which}
  which: {switch: [{when: "{day > now.date}", go: people}], else: bye}
  people: {queue: support}
  bye: {end: Goodbye.}
"""
    draft = a_draft(steps)

    seen = explore(a_world(draft), samples_of(draft), START.replace(year=year))

    assert (seen.unreached, seen.untaken) == ((), ())


def test_planted_endless_loop_is_found() -> None:
    seen = explored("""
  begin: {menu: One?, choices: [{key: "1", label: One, go: people}], no_answer: {go: again}}
  again: {say: Let us try again., next: begin}
  people: {queue: support}
""")

    assert codes(seen) == [("endless", "begin")]
    assert "begin → again → begin" in seen.findings[0].message


def test_on_sms_no_question_comes_round_by_itself_and_an_empty_message_is_an_answer() -> None:
    seen = explored(
        """
  begin: {menu: One?, choices: [{label: One, go: people}], no_answer: {tries: 1, go: again}}
  again: {menu: Two?, choices: [{label: Two, go: people}], no_answer: {tries: 1, go: begin}, no_match: {go: bye}}
  people: {queue: support}
  bye: {end: Goodbye.}
""",
        media="sms",
    )

    assert (codes(seen), seen.unreached, seen.untaken) == ([], (), ())
    goodbye = next(ending for ending in seen.endings if ending.what == "ended")
    assert "caller: sends an empty message" in [str(line).strip() for line in goodbye.talk]


def test_planted_trap_is_found() -> None:
    seen = explored("""
  begin:
    menu: One?
    choices: [{key: "1", label: One, go: one}, {key: "2", label: Two, go: people}]
    no_answer: {go: people}
  one: {menu: More?, choices: [{key: "1", label: More, go: two}], no_answer: {go: two}}
  two: {menu: Yet more?, choices: [{key: "1", label: Back, go: one}], no_answer: {go: one}}
  people: {queue: support}
""")

    assert ("trap", "one") in codes(seen)


def test_hole_between_two_calendars_while_the_clocks_differ_is_found() -> None:
    steps = """
  begin: {hours: london, open: people, closed: later}
  later: {hours: new_york, open: people, closed: night}
  people: {queue: support}
  night: {end: Nobody is here.}
"""
    new_york_first = {"new_york": daily(NEW_YORK, 9 * 60, 12 * 60), "london": daily(LONDON, 17 * 60, 20 * 60)}
    london_alone = {"new_york": daily(LONDON, 14 * 60, 17 * 60), "london": daily(LONDON, 17 * 60, 20 * 60)}

    hole, sound = explored(steps, new_york_first), explored(steps, london_alone)

    assert [finding.message for finding in hole.findings] == [
        "the clocks are not changed everywhere on one day: from 2027-03-14 16:00 to 17:00 UTC nothing is open,"
        " right after new_york, as at no other time of the year"
    ]
    assert sound.findings == ()


def test_gap_that_hours_of_one_day_make_is_meant() -> None:
    steps = """
  begin: {hours: early, open: people, closed: later}
  later: {hours: late, open: people, closed: night}
  people: {queue: support}
  night: {end: Nobody is here.}
"""
    late = replace(daily(LONDON, 17 * 60, 20 * 60), special={date(2027, 3, 28): (Span(18 * 60, 20 * 60),)})

    assert explored(steps, {"early": daily(LONDON, 14 * 60, 17 * 60), "late": late}).findings == ()


def test_opening_in_the_hour_that_is_doubled_is_an_occasion_each_time() -> None:
    year = occasions({"h": daily(LONDON, 75, 90)}, START)

    day = [occasion for occasion in year if occasion.open and f"{occasion.begins:%m-%d}" == "10-31"]
    assert [f"{each.begins:%H:%M}-{each.ends:%H:%M}" for each in day] == ["00:15-00:30", "01:15-01:30"]


def test_opening_that_the_clocks_skip_is_found_and_one_that_comes_twice() -> None:
    steps = "  begin: {hours: early, open: people, closed: people}\n  people: {queue: support}\n"

    seen = explored(steps, {"early": daily(LONDON, 60, 120)})

    assert [finding.message for finding in seen.findings] == [
        'hours "early": the opening 01:00-02:00 of 2027-03-28 does not come: the clocks skip it',
        'hours "early": the opening 01:00-02:00 of 2027-10-31 comes twice: the clocks go back',
    ]


def test_calendar_that_never_opens_leaves_steps_unreached() -> None:
    never = OpeningHours(LONDON, {})

    seen = explored(
        "  begin: {hours: h, open: people, closed: bye}\n  people: {queue: support}\n  bye: {end: Bye.}\n", {"h": never}
    )

    assert seen.unreached == ("people",)
    assert seen.untaken == ('begin: open goes to "people"',)


def test_flow_that_names_what_the_centre_lacks_fails_where_it_stands() -> None:
    seen = explored("  begin: {say: Hello., next: people}\n  people: {queue: suport}\n")

    assert [(finding.code, 'no queue "suport"' in finding.message) for finding in seen.findings] == [("fails", True)]
    assert [str(line).strip() for line in seen.findings[0].talk] == ["flow: Hello."]


def test_end_without_words_is_an_end_and_no_cut_off() -> None:
    seen = explored("  begin: {say: Thank you., next: bye}\n  bye: {end: }\n")

    assert [(ending.what, ending.step) for ending in seen.endings] == [("ended", "bye")]
    assert seen.findings == ()


def test_values_that_the_flow_compares_are_tried() -> None:
    seen = explored("""
  begin: {http: {get: "https://shop.example/"}, save: order, found: which, missing: none, failed: none}
  which: {switch: [{when: "order.status == 'sent'", go: sent}, {when: "order.parcels > 3", go: many}], else: none}
  sent: {queue: sales}
  many: {queue: support}
  none: {end: Bye.}
""")

    assert (seen.unreached, seen.untaken) == ((), ())


def test_flow_that_runs_another_is_walked_through_it() -> None:
    outer = a_draft("  begin: {run: inner, next: people}\n  people: {queue: support}\n")
    steps = "  ask: {ask: Number?, as: digits, length: 3, save: n, next: bye}\n  bye: {end: }\n"
    inner = a_draft(steps, "flow: inner\nstart: ask\n")
    world = a_world(outer)
    both = {**world.flows, **a_world(inner).flows}

    seen = explore(replace(world, flows=both), samples_of(outer), START)

    assert [ending.what for ending in seen.endings][:1] == ["queued queue support, priority 0"]
    assert (seen.unreached, seen.untaken) == ((), ())


def test_clock_changes_are_found_to_the_minute() -> None:
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in clock_changes(LONDON, START)] == [
        "2027-03-28 01:00",
        "2027-10-31 01:00",
    ]


def test_year_has_no_gap_between_its_occasions() -> None:
    year = occasions({"london": daily(LONDON, 540, 1020), "new_york": daily(NEW_YORK, 540, 1020)}, START)

    assert all(one.ends == other.begins for one, other in pairwise(year))
    assert year[-1].ends - year[0].begins == timedelta(days=366)


def test_exceptions_of_a_calendar_are_occasions_of_the_year() -> None:
    christmas, eve = date(2026, 12, 25), date(2026, 12, 24)
    calendar = replace(
        daily(LONDON, 540, 1020),
        shut=(Dates(date(2026, 12, 28), date(2027, 1, 2)),),
        special={eve: (Span(540, 720),)},
        holidays=lambda year: frozenset({christmas} if year == christmas.year else ()),
    )

    year = occasions({"h": calendar}, START)

    told = [(f"{o.begins:%m-%d %H:%M}", f"{o.ends:%m-%d %H:%M}") for o in year if o.open and o.begins.month in {12, 1}]
    assert told[22:26] == [
        ("12-23 09:00", "12-23 17:00"),
        ("12-24 09:00", "12-24 12:00"),
        ("12-26 09:00", "12-26 17:00"),
        ("12-27 09:00", "12-27 17:00"),
    ]
    assert told[26] == ("01-03 09:00", "01-03 17:00")


def test_opening_that_the_clocks_skip_is_none_where_that_day_is_shut() -> None:
    steps = "  begin: {hours: early, open: people, closed: people}\n  people: {queue: support}\n"
    early = replace(daily(LONDON, 60, 120), shut=(EachYear((3, 28), (3, 28)), EachYear((10, 31), (10, 31))))

    assert explored(steps, {"early": early}).findings == ()


SPANS = st.tuples(st.integers(0, 1439) | st.integers(55, 185), st.integers(1, 1440) | st.integers(1, 45)).map(
    lambda two: Span(two[0], sum(two))
)
DATES = st.dates(date(2026, 11, 20), date(2027, 11, 30))
CALENDARS = st.builds(
    OpeningHours,
    st.sampled_from([LONDON, NEW_YORK, ZoneInfo("Australia/Lord_Howe")]),
    st.dictionaries(st.integers(0, 6), st.lists(SPANS, max_size=2).map(tuple)),
    closed=st.frozensets(DATES, max_size=3),
    shut=st.lists(st.builds(Dates, DATES, DATES), max_size=2).map(tuple),
    special=st.dictionaries(DATES, st.lists(SPANS, max_size=2).map(tuple), max_size=3),
)
CLOCK_CHANGES = [
    datetime(2027, *day, tzinfo=UTC) for day in ((3, 14, 7), (3, 28, 1), (10, 31, 1), (11, 7, 6), (4, 3, 15))
]


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from("ab"), CALENDARS, min_size=1), st.data())
def test_occasion_tells_what_is_open_at_any_moment_of_it(
    calendars: dict[str, OpeningHours], data: st.DataObject
) -> None:
    year = occasions(calendars, START)
    near = st.tuples(st.sampled_from(CLOCK_CHANGES), st.integers(-180, 180)).map(lambda at: at[0] + at[1] * MINUTE)
    anywhere = st.integers(0, 366 * 1440 - 1).map(lambda at: START + at * MINUTE)

    for moment in data.draw(st.lists(near | anywhere, min_size=20)):
        (occasion,) = [each for each in year if each.begins <= moment < each.ends]
        assert occasion.open == {name for name, hours in calendars.items() if is_open_at(hours, moment)}


WHO = """
  begin: {customer: "{caller}", unknown: stranger, next: bye}
  stranger: {queue: sales}
  bye: {end: Goodbye.}
"""


def test_caller_whose_number_is_not_known_is_tried() -> None:
    seen = explored(WHO)

    stranger = next(e for e in seen.endings if e.what.startswith("queued"))
    assert str(stranger.talk[0]).strip() == "world: the caller's number is not known"
    assert (seen.findings, seen.unreached, seen.untaken) == ((), (), ())


def test_message_by_sms_always_has_a_sender() -> None:
    assert explored(WHO, media="sms").unreached == ("stranger",)


def test_way_that_depends_on_a_tag_is_taken() -> None:
    seen = explored("""
  begin:
    menu: Which?
    choices: [{key: "1", label: One, go: mark}, {key: "2", label: Two, go: which}]
    no_answer: {go: which}
  mark: {tag: one, next: pause}
  pause: {say: A moment., next: which}
  which: {switch: [{when: "'one' in tags", go: bye}], else: people}
  people: {queue: support}
  bye: {end: Goodbye.}
""")

    assert (seen.untaken, seen.unreached) == ((), ())


def test_values_that_are_only_said_make_no_more_work() -> None:
    steps = """
  begin: {http: {get: "https://shop.example/"}, save: order, found: SAID, missing: none, failed: none}
  tell: {say: "It is {order.a} {order.b} {order.c} {order.d}.", next: which}
  which: {switch: [{when: order.status == 'sent', go: none}], else: people}
  people: {queue: support}
  none: {end: Nothing.}
"""
    said, unsaid = explored(steps.replace("SAID", "tell")), explored(steps.replace("SAID", "which"))

    assert said.unreached == ()
    assert said.states <= unsaid.states + 4


def test_step_that_is_seen_with_enough_values_is_no_trap() -> None:
    seen = explored("""
  begin: {set: {n: 0}, next: more}
  more: {set: {n: "{n + 1}"}, next: again}
  again:
    menu: Again?
    choices: [{key: "1", label: Again, go: more}]
    no_answer: {go: more}
    no_match: {go: more}
""")

    assert "trap" not in [code for code, _ in codes(seen)]


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["voice", "chat", "sms"])
def test_work_grows_with_the_flow_and_not_with_its_conversations(medium: str) -> None:
    def steps(many: int) -> str:
        two = '[{{key: "1", label: A, go: {1}}}, {{key: "2", label: B, go: {1}}}]'
        line = "  {0}: {{menu: Q?, choices: " + two + ", no_answer: {{go: {1}}}}}\n"
        names = ["begin", *(f"s{n}" for n in range(many)), "people"]
        return "".join(line.format(a, b) for a, b in pairwise(names)) + "  people: {queue: support}\n"

    assert explored(steps(200), media=medium).states <= 4 * explored(steps(50), media=medium).states + 10


def test_command_explores_a_shipped_flow_in_less_than_a_second() -> None:
    began = time.perf_counter()
    came = CliRunner().invoke(main, ["flow", "explore", str(REPOSITORY / "ivr_flows/main.yaml"), "--json"])

    assert time.perf_counter() - began < 1
    assert came.exit_code == 0, came.output
    assert {ending["step"] for ending in json.loads(came.stdout)["endings"]} >= {"sales", "support", "message"}


def test_conditions_of_every_form_are_tried_on_each_side() -> None:
    seen = explored("""
  begin: {http: {get: "https://shop.example/"}, save: order, found: paid, missing: bye, failed: bye}
  paid: {switch: [{when: "{order.paid.amount >= 12.5 and not order.paid.late}", go: vip}], else: many}
  many: {switch: [{when: "{order.n == 3 or 5 <= order.n}", go: vip}], else: vip}
  vip: {switch: [{when: "{order.vip == true or order.paid == 'no'}", go: people}], else: bye}
  people: {queue: support}
  bye: {end: Goodbye.}
""")

    assert (seen.unreached, seen.untaken) == ((), ())


def test_flow_that_cannot_even_begin_is_one_finding() -> None:
    seen = explored("  begin: {queue: gone}\n")

    assert codes(seen) == [("fails", "")]


def test_same_failure_is_told_once() -> None:
    seen = explored("""
  begin: {menu: Which?, choices: [{key: "1", label: A, go: one}, {key: "2", label: B, go: two}], no_answer: {go: one}}
  one: {say: One., next: gone}
  two: {say: Two., next: gone}
  gone: {queue: suport}
""")

    assert [finding.code for finding in seen.findings] == ["fails"]


def test_menu_that_uses_every_key_and_a_survey_have_no_nonsense_to_press() -> None:
    every = ", ".join(f'{{key: "{key}", label: L{key}, go: people}}' for key in "0123456789*#".replace("#", "#"))

    seen = explored(
        f"  begin: {{menu: Which?, choices: [{every}], no_answer: {{go: people}}}}\n  people: {{queue: support}}\n"
    )

    assert "presses" not in str(seen.endings)


def test_waits_are_told_as_a_flow_file_has_them() -> None:
    lengths = [timedelta(seconds=90), timedelta(minutes=5), timedelta(hours=2, minutes=5), timedelta(hours=1)]

    assert [spoken(length) for length in lengths] == ["90s", "5m", "2h 5m", "1h"]
