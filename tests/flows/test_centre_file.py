"""The centre file: what it becomes, and what is said of one that is wrong."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from holidays import country_holidays

from trunkline.core.agent import members
from trunkline.core.centre import AgentConfig, Disposition, QueueConfig, QueueOverflow, Role, Sticky
from trunkline.core.demand import Membership, Strategy
from trunkline.core.hours import Dates, EachYear, OpeningHours, Span, openings_on
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.centre import centre_of, load_centre
from trunkline.flows.centre_shape import days_of, span_of
from trunkline.flows.holidays import PublicHolidays
from trunkline.flows.prompts import whisper_of, whispers_of
from trunkline.flows.talk import Prompt

SHIPPED = Path(__file__).parents[2] / "ivr_flows" / "centre.yaml"
LEAST = """name: Acme
region: GB
queues: {sales: {title: Sales}}
dispositions: [{code: done, title: Done}]
reasons: [{code: break, title: Break}]
"""


def problems_of(text: str) -> list[str]:
    """Return what is said of a centre file."""
    centre, problems = centre_of(text.encode(), "centre.yaml")
    assert (centre is None) == bool(problems)
    return [str(problem) for problem in problems]


def test_shipped_centre_is_in_order() -> None:
    centre, problems = load_centre(SHIPPED)

    assert problems == []
    assert centre is not None
    assert set(centre.queues) == {"sales", "support"}
    assert centre.agents["carla"] == AgentConfig("Carla Rossi", members(["support"]), Role.SUPERVISOR)
    assert centre.dispositions[0] == Disposition("resolved", "Resolved")


def test_least_centre_has_sensible_defaults() -> None:
    centre, _ = centre_of(LEAST.encode(), "centre.yaml")

    assert centre is not None
    assert centre.queues["sales"] == QueueConfig("Sales", timedelta(seconds=20), timedelta(seconds=60), "default", None)
    assert (centre.hours, centre.agents, centre.language) == ({}, {}, "en-GB")


def test_a_queue_says_what_its_agents_hear_first_and_whether_their_phones_answer_by_themselves() -> None:
    spoken = LEAST.replace("title: Sales", "title: Sales, whisper: Sales call, auto_answer: true")
    centre, _ = centre_of(spoken.encode(), "centre.yaml")
    silent, _ = centre_of(LEAST.encode(), "centre.yaml")

    assert centre is not None
    assert silent is not None
    assert (centre.queues["sales"].whisper, centre.queues["sales"].auto_answer) == ("Sales call", True)
    assert whisper_of(QueueId("sales"), centre) == Prompt("Sales call", "en-GB")
    assert (whispers_of(centre), whispers_of(silent)) == ([Prompt("Sales call", "en-GB")], [])


@pytest.mark.parametrize("words", ['""', "x" * 81])
def test_a_whisper_is_a_few_words(words: str) -> None:
    [problem] = problems_of(LEAST.replace("title: Sales", f"title: Sales, whisper: {words}"))

    assert "whisper" in problem


def test_queue_can_do_without_wrap_up() -> None:
    centre, problems = centre_of(LEAST.replace("{title: Sales}", "{title: Sales, wrap_up: 0s}").encode(), "centre.yaml")

    assert not problems
    assert centre is not None
    assert centre.queue("sales").wrap_up == timedelta()


def test_messages_of_the_fallback_go_to_the_queue_that_is_named_else_to_the_first() -> None:
    two = LEAST.replace("queues: {", "queues: {returns: {title: Returns}, ")
    unnamed, _ = centre_of(two.encode(), "centre.yaml")
    named, _ = centre_of(f"{two}fallback_queue: sales\n".encode(), "centre.yaml")

    assert unnamed is not None
    assert named is not None
    assert (unnamed.queue_of_fallback, named.queue_of_fallback) == ("returns", "sales")
    assert problems_of(f"{two}fallback_queue: sails\n") == [
        'centre.yaml:6:17: fallback_queue: there is no queue "sails"; did you mean "sales"?'
    ]


def test_hours_become_a_calendar() -> None:
    text = (
        LEAST
        + """hours:
  support:
    zone: Europe/Paris
    open: {mon-tue: "09:00-17:30", "sat,tue": ["22:00-06:00"]}
    closed: ["2026-12-25"]
"""
    )
    centre, _ = centre_of(text.encode(), "centre.yaml")

    assert centre is not None
    day, night = Span(540, 1050), Span(1320, 1800)
    week = {0: (day,), 1: (day, night), 5: (night,)}
    assert centre.hours["support"] == OpeningHours(ZoneInfo("Europe/Paris"), week, frozenset({date(2026, 12, 25)}))


def hours_of(text: str) -> OpeningHours:
    """Return the one calendar of a centre file."""
    centre, problems = centre_of(f"{LEAST}hours:\n  h: {{zone: Europe/London, {text}}}\n".encode(), "centre.yaml")
    assert centre is not None, problems
    return centre.hours["h"]


def test_dates_can_be_one_day_every_year_and_from_one_to_another() -> None:
    calendar = hours_of('open: {}, closed: [2026-12-28, 12-25, "2026-12-24..2027-01-02", 12-24..01-01]')

    assert calendar.closed == {date(2026, 12, 28)}
    assert calendar.shut == (
        EachYear((12, 25), (12, 25)),
        Dates(date(2026, 12, 24), date(2027, 1, 2)),
        EachYear((12, 24), (1, 1)),
    )


def test_special_hours_stand_under_a_date_or_a_day_of_every_year() -> None:
    calendar = hours_of('open: {}, special: {2026-12-24: "09:00-12:00", 12-31: ["09:00-10:00", "22:00-02:00"]}')

    assert calendar.special == {
        date(2026, 12, 24): (Span(540, 720),),
        (12, 31): (Span(540, 600), Span(1320, 1560)),
    }


def test_public_holidays_close_and_a_special_day_opens_all_the_same() -> None:
    calendar = hours_of('open: {mon-sun: "09:00-17:00"}, holidays: [GB-ENG, US], special: {2026-07-04: "10:00-12:00"}')
    dates = [date(2026, 5, 4), date(2027, 5, 3), date(2026, 11, 26), date(2026, 7, 4), date(2026, 5, 5)]

    assert [bool(openings_on(calendar, day)) for day in dates] == [False, False, False, True, True]
    assert calendar == hours_of(
        'open: {mon-sun: "09:00-17:00"}, holidays: [GB-ENG, US], special: {2026-07-04: "10:00-12:00"}'
    )


def test_holidays_that_fall_on_a_weekend_are_made_up_for_even_in_the_year_before() -> None:
    assert date(2026, 12, 28) in PublicHolidays(("GB-ENG",))(2026)
    assert date(2027, 12, 31) in PublicHolidays(("US",))(2027)


@pytest.mark.parametrize("region", ["GB", "GB-ENG", "ES", "ES-MD", "US-NY", "DE-BY", "GU", "IN", "IL", "JP"])
def test_holidays_are_those_of_the_package_as_it_is_meant_to_be_asked(region: str) -> None:
    code, _, part = region.partition("-")

    assert PublicHolidays((region,))(2027) == set(country_holidays(code, part or None, years=2027, expand=False))


@pytest.mark.parametrize(
    ("region", "advice"),
    [
        ("UK", 'did you mean "GB"?'),
        ("GBR-ENG", 'did you mean "GB-ENG"?'),
        ("gb-eng", 'did you mean "GB-ENG"?'),
        ("GB-EGN", 'did you mean "GB-ENG"?'),
        ("GB-Scotlnd", 'did you mean "GB-SCT"?'),
        ("ES-9", "ES has ES-AN, ES-AR"),
        ("VA-X", "VA has no parts"),
        ("XXQ", "write for example GB-ENG or ES"),
    ],
)
def test_region_that_is_none_is_a_problem_with_a_guess(region: str, advice: str) -> None:
    (problem,) = problems_of(f"{LEAST}hours:\n  h: {{zone: Europe/London, open: {{}}, holidays: {region}}}\n")

    assert problem.startswith(f'centre.yaml:7:48: hours h holidays: "{region}" is no region whose holidays are known')
    assert advice in problem


def test_dates_that_are_none_are_problems_at_their_place() -> None:
    text = """hours:
  h:
    zone: Europe/London
    open: {}
    closed: [2027-01-02..2026-12-24, 2026-12-24..12-26, 13-01, ..12-25, 20261224]
    special: {02-30: "09:00-12:00", eve: "09:00-12:00", 12-24: [], 12-31: closed}
    holidays: [GB-ENG, 44]
"""
    dates = "is not a date: write 2026-12-25, 12-25 for every year, or 2026-12-24..2027-01-02"

    assert problems_of(LEAST + text) == [
        'centre.yaml:10:14: hours h closed 1: "2027-01-02..2026-12-24" ends before it begins',
        f"centre.yaml:10:38: hours h closed 2: {dates}",
        'centre.yaml:10:57: hours h closed 3: "13-01" is not in the calendar',
        f"centre.yaml:10:64: hours h closed 4: {dates}",
        f"centre.yaml:10:73: hours h closed 5: {dates}",
        'centre.yaml:11:22: hours h special 02-30: "02-30" is not in the calendar',
        "centre.yaml:11:42: hours h special eve: is not a date: write 2026-12-25, or 12-25 for every year",
        "centre.yaml:11:64: hours h special 12-24 must not be empty",
        'centre.yaml:11:75: hours h special 12-31: "closed" is not an opening: write 09:00-17:30',
        "centre.yaml:12:24: hours h holidays 2 must be text: put it in quotes",
    ]


def test_nothing_is_read_about_holidays_before_a_centre_file_names_a_region() -> None:
    look = f"""
import sys
from pathlib import Path
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.centre import load_centre
assert load_centre(Path({str(SHIPPED)!r}))[0]
sys.exit("holidays" in sys.modules)
"""

    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "days"), [("mon", [0]), ("mon-fri", [0, 1, 2, 3, 4]), ("sat-mon", [5, 6, 0]), ("mon, wed-thu", [0, 2, 3])]
)
def test_days_can_be_named_listed_and_ranged(text: str, days: list[int]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["9:00-17:00", "09:00", "24:00-24:00", "09:00-24:30", "10:00-10:00", "25:00-26:00"])
def test_openings_outside_the_day_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not an opening"):
        span_of(text)


def test_every_mistake_is_found_at_once() -> None:
    text = """name: Acme
region: gb
language: English
queues: {sales: {title: Sales, ring_for: 20}, "no way": {}}
hours:
  support: {zone: Europe/Londn, open: {monday: "09:00-17:00", tue: "9-5", wed: []}, closed: [tomorrow, "2026-02-30"]}
  bad: {zone: ../etc/passwd, open: {}}
dispositions: []
agents: {Ana: {name: Ana}, ben: {name: Ben, queues: [sales], role: boss}}
"""
    assert problems_of(text) == [
        'centre.yaml:1:1: needs the key "reasons"',
        'centre.yaml:2:9: region: "gb" is not a country: write two letters such as GB',
        'centre.yaml:3:11: language: "English" is not a language: write for example en-GB or es',
        'centre.yaml:4:42: queues sales ring_for: "20" is not a length of time: write 20s, 5m or 1h',
        'centre.yaml:4:57: queues no way needs the key "title"',
        'centre.yaml:4:57: queues no way: "no way" cannot be a name: '
        "use letters, digits, - and _, beginning with a letter",
        'centre.yaml:6:19: hours support zone: "Europe/Londn" is not a time zone: write for example Europe/London',
        'centre.yaml:6:48: hours support open monday: "monday" is not a day: '
        "write mon, tue, wed, thu, fri, sat, sun, or mon-fri",
        'centre.yaml:6:68: hours support open tue: "9-5" is not an opening: write 09:00-17:30',
        "centre.yaml:6:80: hours support open wed must not be empty",
        "centre.yaml:6:94: hours support closed 1: is not a date: "
        "write 2026-12-25, 12-25 for every year, or 2026-12-24..2027-01-02",
        'centre.yaml:6:104: hours support closed 2: "2026-02-30" is not in the calendar',
        'centre.yaml:7:15: hours bad zone: "../etc/passwd" is not a time zone: write for example Europe/London',
        "centre.yaml:8:15: dispositions must not be empty",
        'centre.yaml:9:15: agents Ana: "Ana" cannot be a log-in name: use lower-case letters, digits, . and _',
        'centre.yaml:9:68: agents ben role must be one of "agent", "supervisor" or "admin"',
    ]


def test_unknown_queues_and_repeated_codes_are_found() -> None:
    text = LEAST.replace("[{code: break, title: Break}]", "[{code: a, title: A}, {code: a, title: B}]")

    assert problems_of(text + "agents: {ben: {name: Ben, queues: [sales, sale]}}\n") == [
        'centre.yaml:5:39: reasons: the code "a" is here twice',
        'centre.yaml:6:43: agent "ben": there is no queue "sale"; did you mean "sales"?',
    ]


def test_file_that_is_no_centre_says_so(tmp_path: Path) -> None:
    assert problems_of("- a\n") == ["centre.yaml:1:1: a centre file is keys and values"]
    assert problems_of("") == ["centre.yaml:1:1: the file is empty"]
    assert [p.message for p in load_centre(tmp_path / "none.yaml")[1]] == ["cannot be read: No such file or directory"]


def test_routing_is_written_down_with_queues_skills_and_capacities() -> None:
    text = b"""name: Acme
region: GB
routing: {point: 30s, overtaken_at_most: 5}
skills: {french: French}
teams: {north: North}
capacity:
  usual: {voice: 1, chat: 2}
  busy: {voice: 1, chat: 5, interrupts: {voice: [chat]}}
queues:
  gold:
    title: Gold
    strategy: ring_all
    sticky: {wait: 20s, since: 7d}
    back_off: 30s
    overflow: {after: 2m, queue: sales}
  sales: {title: Sales}
dispositions: [{code: done, title: Done}]
reasons: [{code: break, title: Break}]
agents:
  zoe: {name: Zoe, queues: {gold: 1, sales: {rank: 2, after: 60s}}, skills: {french: 7}, team: north, capacity: busy}
  yan: {name: Yan, queues: [gold]}
"""
    centre, problems = centre_of(text, "centre.yaml")
    assert centre is not None, problems

    gold, zoe = centre.queues[QueueId("gold")], centre.agents[AgentId("zoe")]
    assert (centre.point, centre.overtaken_at_most) == (timedelta(seconds=30), 5)
    assert (gold.strategy, gold.ring_at_once, gold.back_off) == (Strategy.RING_ALL, 3, timedelta(seconds=30))
    assert gold.sticky == Sticky(timedelta(seconds=20), timedelta(days=7))
    assert gold.overflow == QueueOverflow(timedelta(minutes=2), QueueId("sales"))
    assert zoe.queues == {"gold": Membership(1), "sales": Membership(2, timedelta(seconds=60))}
    assert (zoe.skills, zoe.team) == ({"french": 7}, "north")
    assert zoe.capacity.room({"chat": 4}) == {"voice", "chat"}
    assert centre.agents[AgentId("yan")].capacity.room({"chat": 1}) == {"chat"}


def test_names_of_routing_that_are_not_there_are_problems_at_their_lines() -> None:
    text = b"""name: Acme
region: GB
skills: {french: French}
queues:
  sales: {title: Sales, hours: nine-to-five, overflow: {after: 1m, queue: suport}}
  support: {title: Support}
dispositions: [{code: resolved, title: Resolved}]
reasons: [{code: break, title: Break}]
agents:
  zoe: {name: Zoe, queues: {sles: 1}, skills: {frensh: 3}, team: north, capacity: big, hours: late}
"""
    centre, problems = centre_of(text, "centre.yaml")

    assert centre is None
    assert [(problem.line, problem.code) for problem in problems] == [
        (5, "no-calendar"), (5, "no-queue"), (10, "no-queue"), (10, "no-skill"), (10, "no-team"), (10, "no-capacity"),
        (10, "no-calendar"),
    ]  # fmt: skip
    assert 'did you mean "support"?' in str(problems[1])
    assert 'did you mean "french"?' in str(problems[3])


def test_queues_that_send_people_round_for_ever_are_a_problem() -> None:
    (problem,) = problems_of(
        LEAST.replace(
            "queues: {sales: {title: Sales}}",
            "queues:\n"
            "  sales: {title: S, overflow: {after: 1m, queue: care}}\n"
            "  care: {title: C, overflow: {after: 1m, queue: sales}}",
        )
    )

    assert "sales → care → sales" in problem
