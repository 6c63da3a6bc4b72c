"""The centre file: what it becomes, and what is said of one that is wrong."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from trunkline.core.centre import AgentConfig, Disposition, QueueConfig, Role
from trunkline.core.hours import OpeningHours, Span
from trunkline.flows.centre import centre_of, days_of, load_centre, span_of

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
    assert centre.agents["carla"] == AgentConfig("Carla Rossi", frozenset({"support"}), Role.SUPERVISOR)
    assert centre.dispositions[0] == Disposition("resolved", "Resolved")


def test_least_centre_has_sensible_defaults() -> None:
    centre, _ = centre_of(LEAST.encode(), "centre.yaml")

    assert centre is not None
    assert centre.queues["sales"] == QueueConfig("Sales", timedelta(seconds=20), timedelta(seconds=60), "default", None)
    assert (centre.hours, centre.agents, centre.language) == ({}, {}, "en-GB")


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
        "centre.yaml:6:94: hours support closed 1: is not a date: write 2026-12-25",
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
