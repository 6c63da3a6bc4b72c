"""What another centre would change, in an admin's words, and what would come of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import NOON, an_agent, an_entry, an_interaction, an_offer
from trunkline.core.agent import Presence
from trunkline.core.centre_version import CentreVersion, Source
from trunkline.core.interaction import Stage
from trunkline.flows.document import Document, bytes_of, document_of, loose_values, places_of, plain, written
from trunkline.flows.loader import Draft, draft_of
from trunkline.flows.plan import Plan, changes_between, changes_of_texts, consequences, one_of
from trunkline.flows.plan_view import change_json, plan_json, version_json
from trunkline.flows.problem import Problem, Severity

FLOWS = Path(__file__).parents[2] / "ivr_flows"
SHIPPED = (FLOWS / "centre.yaml").read_text(encoding="utf-8")
MAIN = draft_of((FLOWS / "main.yaml").read_bytes(), "main.yaml", FLOWS)


def document(text: str) -> Document:
    read, problems = document_of(text.encode(), "centre.yaml")
    assert read is not None, problems
    return read


def planned(*replacements: tuple[str, str]) -> list[str]:
    text = SHIPPED
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    before, after = document(SHIPPED), document(text)
    return [str(change) for change in changes_between(before.values, after.values, after.given)]


BEN = "  ben: {name: Ben Okafor, queues: [sales, support]}\n"


@pytest.mark.parametrize(
    ("replacements", "words"),
    [
        ([("title: Sales, ring_for: 20s", "title: Sales, ring_for: 30s")], ["~ queue sales: ring_for 20s -> 30s"]),
        ([("ring_for: 20s, wrap_up: 90s", "ring_for: 2m, wrap_up: 45s")],
         ["~ queue support: ring_for 20s -> 2m, wrap_up 90s -> 45s"]),
        ([(", announce_every: 45s}\n\n", "}\n\n")], ["~ queue support: announce_every 45s -> none"]),
        ([(BEN, "")], ["- agent ben"]),
        ([(BEN, f"{BEN}  eve: {{name: Eve Fox, queues: [sales]}}\n")], ["+ agent eve: name Eve Fox, queues sales"]),
        ([("[support], role: supervisor", "[], role: admin")],
         ["~ agent carla: queues support removed, role supervisor -> admin"]),
        ([('mon-sun: "00:00-24:00"', 'mon-fri: "09:00-17:00"')],
         ["~ calendar support: open mon-sun 00:00-24:00 removed, open mon-fri 09:00-17:00 added"]),
        ([('"12-25", "12-26", "01-01"', '"12-25..01-01", "2027-05-01"')],
         ["~ calendar support: closed 12-25, 12-26, 01-01 -> 12-25..01-01, 2027-05-01"]),
        ([("title: Sale made", 'title: " Sold "')], ["~ disposition sale: title Sale made -> ' Sold '"]),
        ([("  - {code: break, title: Break}\n", "")], ["- reason break"]),
        ([("  - {code: break, title: Break}\n", ""), ("Lunch}\n", "Lunch}\n  - {code: break, title: Break}\n")],
         ["~ centre: reasons order break, lunch, training, admin -> lunch, break, training, admin"]),
        ([("name: Acme", "name: Acme Ltd"), ("region: GB", "region: IE")],
         ["~ centre: name Acme -> Acme Ltd", "~ centre: region GB -> IE"]),
        ([("queues:\n", "fallback_queue: support\nqueues:\n")], ["~ centre: fallback_queue none -> support"]),
        ([("wrap_up: 60s", "wrap_up: 1m"), ("# The centre", "# Our centre")], []),
        ([(", music: default", "")], []),
    ],
)  # fmt: skip
def test_changes_read_as_an_admin_says_them(replacements: list[tuple[str, str]], words: list[str]) -> None:
    assert planned(*replacements) == words


def test_long_lists_tell_what_came_and_went() -> None:
    eight = ", ".join(f'"12-{day:02}"' for day in range(1, 9))
    before = document(SHIPPED.replace('"12-25", "12-26", "01-01"', f'{eight}, "12-25"'))
    after = document(SHIPPED.replace('"12-25", "12-26", "01-01"', f'{eight}, "12-26"'))

    [change] = changes_between(before.values, after.values, after.given)

    assert str(change) == "~ calendar support: closed +12-26 -12-25"


def test_places_in_queues_are_told_without_their_defaults() -> None:
    assert planned(("[support], role", "{sales: 2, support: {after: 30s}}, role")) == [
        "~ agent carla: queues support after none -> 30s, queues sales {rank 2} added"
    ]
    assert planned((BEN, f"{BEN}  eve: {{name: Eve, queues: [sales, support], skills: {{es: 3}}}}\n")) == [
        "+ agent eve: name Eve, queues sales, support, skills {es 3}"
    ]


def test_version_that_is_no_centre_any_more_is_compared_as_it_was_written() -> None:
    old = SHIPPED.replace("wrap_up: 60s", "wrap_up: 60s, gone: true")

    assert [str(each) for each in changes_of_texts(old, SHIPPED)] == ["~ queue sales: gone yes removed"]
    assert [str(each) for each in changes_of_texts("a: 1\nb: {c: {}}\n", "b:\nd: [{code: x}]\n")] == [
        "- centre: a 1", "~ centre: b c -> none", "+ d x: code x",
    ]  # fmt: skip
    assert [str(each) for each in changes_of_texts("b: {c: {}, e: {}}\n", "a: {}\n")] == [
        "- b c",
        "- b e",
        "+ centre: a none",
    ]
    assert changes_of_texts("[", "- a\n") == ()
    assert loose_values("[") == {}


def test_change_for_programs_has_every_difference() -> None:
    [change] = changes_of_texts(SHIPPED, SHIPPED.replace("wrap_up: 60s", "wrap_up: 45s"))

    assert change_json(change) == {
        "section": "queues", "key": "sales", "kind": "changed", "words": "queue sales: wrap_up 60s -> 45s",
        "differences": [{"path": ["queues", "sales", "wrap_up"], "kind": "changed", "before": "60s", "after": "45s"}],
    }  # fmt: skip


def test_plan_and_version_for_programs_hold_all_that_is_told() -> None:
    version = CentreVersion(3, NOON, "dora", Source.PAGE, "why", SHIPPED, "ab")
    problem = Problem("centre.yaml", 3, 9, Severity.ERROR, "value", "is wrong", "mend it")

    assert plan_json(Plan(3, SHIPPED, (), ("ben leaves",), (problem,), rewritten=True)) == {
        "base": 3, "changes": [], "warnings": ["ben leaves"], "rewritten": True,
        "problems": [{
            "file": "centre.yaml", "line": 3, "column": 9, "severity": "error", "code": "value",
            "message": "is wrong", "hint": "mend it",
        }],
    }  # fmt: skip
    assert version_json(version, ()) == {
        "version": 3, "at": NOON.isoformat(), "by": "dora", "source": "page", "message": "why", "sha256": "ab",
        "changes": [],
    }  # fmt: skip


@settings(deadline=None, max_examples=16)
@given(st.sampled_from(sorted(FLOWS.glob("*/centre.yaml"))), st.sampled_from(sorted(FLOWS.glob("*/centre.yaml"))))
def test_plan_of_what_is_in_force_is_empty(one: Path, other: Path) -> None:
    a, b = (each.read_text(encoding="utf-8") for each in (one, other))

    assert changes_of_texts(a, a) == ()
    assert (changes_of_texts(a, b) == ()) == (one == other)


def test_sections_have_their_singular() -> None:
    assert [one_of(each) for each in ("queues", "hours", "teams", "capacities")] == [
        "queue",
        "calendar",
        "team",
        "capacity",
    ]


def test_places_lead_to_keys() -> None:
    places = places_of("a:\n  b: [x, y]\n")

    assert places[2, 3] == ("a", "b")
    assert places[2, 10] == ("a", "b", 1)
    assert places_of("[") == {}


def test_values_are_written_as_in_a_file() -> None:
    lengths = [timedelta(seconds=each) for each in (60, 90, 120, 3600, 7200, 86_400, 259_200)]

    assert [written(each) for each in lengths] == ["60s", "90s", "2m", "60m", "2h", "24h", "3d"]
    assert [written(each) for each in (True, 3, 0.5, None, Path("x"))] == [True, 3, 0.5, None, "x"]
    assert plain({1: (frozenset({"b", "a"}), timedelta(seconds=5))}) == {"1": [["a", "b"], "5s"]}


def test_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert bytes_of(FLOWS / "centre.yaml") == SHIPPED.encode()
    found = bytes_of(tmp_path / "none.yaml")

    assert isinstance(found, Problem)
    assert found.message == "cannot be read: No such file or directory"


# --- what comes of it ---


def warned(*replacements: tuple[str, str], stage: Stage = Stage.WAITING, drafts: tuple[Draft, ...] = ()) -> list[str]:
    """Return the warnings while one waits for sales, and ben is ready or has something in hand."""
    text = SHIPPED
    for old, new in replacements:
        text = text.replace(old, new)
    busy = an_interaction(stage, agent="ben", entry=an_entry("sales"), offer=an_offer("ben"))
    waits = an_interaction(Stage.WAITING, entry=an_entry("sales"))
    ben = replace(an_agent("ben"), presence=Presence.READY)
    return list(
        consequences(
            document(SHIPPED).centre, document(text).centre, interactions=[busy, waits], agents=[ben], drafts=drafts
        )
    )


NO_SALES = (
    ("  sales: {title: Sales, ring_for: 20s, wrap_up: 60s, music: default, announce_every: 45s}\n", ""),
    ("[sales, support]", "[support]"),
)


def test_nothing_comes_of_nothing() -> None:
    assert warned(drafts=(MAIN,)) == []


def test_agent_who_leaves_with_something_in_hand_is_named() -> None:
    assert warned((BEN, ""), stage=Stage.TALKING) == [
        "agent ben leaves with something in hand: they can finish it, and are logged out"
    ]
    assert warned((BEN, "")) == ["agent ben is logged in, and is logged out"]
    assert warned(("  dora: {name: Dora Lind, role: admin}", "  eve: {name: Eve, role: admin}")) == []


def test_queue_that_leaves_empty_is_no_loss() -> None:
    text = SHIPPED.replace("queues:\n  sales", "queues:\n  old: {title: Old}\n  sales")

    told = consequences(document(text).centre, document(SHIPPED).centre, interactions=[], agents=[])

    assert told == ("messages left while nobody served go to queue sales, not old",)


def test_queue_that_leaves_tells_who_waits_and_which_flows_lead_there() -> None:
    found = warned(*NO_SALES, drafts=(MAIN,))

    assert found[:2] == [
        "queue sales leaves: 2 wait in it, who keep the place, but no agent serves it any more",
        "messages left while nobody served go to queue support, not sales",
    ]
    assert all(each.startswith("main.yaml:") and 'no queue "sales"' in each for each in found[2:])
    assert len(found) > 2
    assert warned(*NO_SALES, stage=Stage.TALKING)[0] == (
        "queue sales leaves: 1 waits in it, who keeps the place, but no agent serves it any more"
    )


def test_last_admin_and_last_agent_of_a_queue_are_missed() -> None:
    assert warned(("role: admin", "role: agent")) == [
        "nobody would be an admin: this page would open for nobody, and only `trunkline config` is left"
    ]
    assert warned(("[sales, support]", "[support]")) == [
        "queue sales has no agents: whoever waits there is offered to nobody"
    ]
