"""`trunkline simulate`: what it prints, how it exits, and every mistake of a plan at its line."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.cli import main
from trunkline.cli.plan_file import load_plan
from trunkline.core.demand import Membership
from trunkline.planning.distributions import Exponential, Fixed, Gamma, Lognormal, Uniform

DOCUMENTS = Path(__file__).parents[2] / "docs"
GOOD = """\
plan: A morning
centre:
  queues: {support: {title: Support, overflow: {after: 3m, queue: sales}}, sales: {title: Sales}}
within: 20s
seed: 7
replications: 2
arrivals:
  - {queue: support, from: "09:00", each: 30m, contacts: [20, 30], skills: {english: 3}, relax: [{after: 30s}],
     patience: {mean: 3m}, handling: {mean: 4m, like: lognormal, spread: 0.6}, wrap_up: 30s}
  - {queue: sales, medium: chat, from: "09:00", until: "10:00", per_hour: 12,
     handling: {like: uniform, least: 2m, most: 6m}}
  - {queue: sales, at: ["09:00:30", "09:00"], handling: {mean: 5m, like: erlang, stages: 4}, priority: 2}
staff:
  - {agents: 8, queues: [support], skills: {english: 5}, shift: "09:00-12:00", breaks: ["10:00-10:15"]}
  - {agents: 2, queues: {sales: 1, support: {rank: 2, after: 20s}}, capacity: {voice: 1, chat: 2}}
answering: {rings: {mean: 4s}, missed: 0.02}
"""


def run(*arguments: str | Path) -> Result:
    """Run `trunkline simulate` with arguments."""
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return a plan without mistakes."""
    file = tmp_path / "plan.yaml"
    file.write_text(GOOD)
    return file


def problems_of(file: Path, text: str) -> list[tuple[int, str]]:
    """Return line and message of each problem that a plan has."""
    file.write_text(text)
    plan, problems = load_plan(file)
    assert plan is None
    assert all(problem.column >= 1 for problem in problems)
    return [(problem.line, problem.message + (f"; {problem.hint}" if problem.hint else "")) for problem in problems]


def test_table_has_a_column_for_each_queue(plan: Path) -> None:
    result = run(plan)

    assert result.exit_code == 0, result.output
    title, head, *rows = result.stdout.splitlines()
    assert title == "A morning: 2 days, seed 7"
    assert head.split() == ["sales", "support"]
    assert {len(row) for row in rows} == {len(head)}
    assert [row for row in rows if row.startswith("served within 20 s")]
    assert re.fullmatch(r"[0-9]+ contacts in [0-9.]+ s\n", result.stderr)


def test_json_holds_the_same_figures_again_and_again(plan: Path) -> None:
    first, second, other = run(plan, "--json"), run(plan, "--json"), run(plan, "--json", "--seed", "8")

    told = json.loads(first.stdout)
    assert told["queues"]["support"]["service_level"].keys() == {"mean", "plus_minus"}
    assert first.stdout == second.stdout != other.stdout


def test_one_day_has_no_confidence(plan: Path) -> None:
    assert "±" in run(plan).stdout
    assert "±" not in run(plan, "--replications", "1").stdout
    alone = json.loads(run(plan, "--replications", "1", "--json").stdout)
    assert alone["queues"]["sales"]["asa_s"]["plus_minus"] is None


def test_plan_says_what_it_says(plan: Path) -> None:
    found, _ = load_plan(plan)

    assert found is not None
    support, chats, calls = found.arrivals
    assert [(each.start, each.end, each.contacts) for each in support.stretches] == [
        (32_400, 34_200, 20), (34_200, 36_000, 30)
    ]  # fmt: skip
    assert (support.handling, support.wrap_up, support.patience) == (Lognormal(240, 0.6), Fixed(30), Exponential(180))
    assert (chats.handling, calls.handling, calls.moments) == (Uniform(120, 360), Gamma(300, 0.5), (32_400, 32_430))
    first, second = found.crews
    assert first.shift == ((32_400, 36_000), (36_900, 43_200))
    assert (len(first.agents), second.shift) == (8, ())
    assert second.queues["support"] == Membership(2, found.crews[1].queues["support"].after)
    assert second.capacity.limits == {"voice": 1, "chat": 2}


def test_night_shifts_have_their_breaks_after_midnight(plan: Path) -> None:
    plan.write_text(GOOD.replace('"09:00-12:00", breaks: ["10:00-10:15"]', '"22:00-06:00", breaks: ["01:00-01:30"]'))

    found, _ = load_plan(plan)

    assert found is not None
    assert found.crews[0].shift == ((79_200, 90_000), (91_800, 108_000))


def test_centre_file_brings_its_agents(tmp_path: Path) -> None:
    shop = Path(__file__).parents[2] / "ivr_flows" / "shop" / "centre.yaml"
    (tmp_path / "centre.yaml").write_bytes(shop.read_bytes())
    (tmp_path / "plan.yaml").write_text(
        "centre: centre.yaml\nreplications: 1\n"
        "arrivals: [{queue: orders, from: '09:00', until: '10:00', per_hour: 20, handling: 4m}]\n"
        "staff: [{named: [ana, ben]}]\n"
    )

    assert run(tmp_path / "plan.yaml").exit_code == 0


def test_the_plan_of_the_documents_plays(plan: Path) -> None:
    text = (DOCUMENTS / "how-to" / "plan-staff.md").read_text()
    example = next(block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("plan:"))
    plan.write_text(example)

    result = run(plan, "--replications", "1")

    assert result.exit_code == 0, result.output


def test_every_mistake_of_names_is_told_at_once(plan: Path) -> None:
    text = (
        GOOD.replace("queue: support, from", "queue: suport, from")
        .replace("queues: [support]", "queues: [suport]")
        .replace("- {agents: 2", "- {named: [ana, ana]}\n  - {agents: 2")
    )

    assert problems_of(plan, text) == [
        (8, 'arrivals 1: the centre has no queue "suport"; did you mean "support"?'),
        (14, 'staff 1: the centre has no queue "suport"; did you mean "support"?'),
        (15, 'staff 2: the centre has no agent "ana"'),
        (15, 'staff: "ana" is here twice; name everybody once'),
        (15, 'staff 2: the centre has no agent "ana"'),
    ]


def test_contacts_whom_nobody_can_serve_are_told(plan: Path) -> None:
    text = GOOD.replace("relax: [{after: 30s}],", "").replace("{english: 5}", "{english: 2}")

    ((line, message),) = problems_of(plan, text)
    assert line == 8
    assert message.startswith("arrivals 1: nobody of the staff can ever serve them; give somebody")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("spread: 0.6", "stages: 2", 'arrivals 1 handling: "like: lognormal" needs spread beside it'),
        ("{mean: 3m}", "{mean: 3m, spread: 1.0}", 'arrivals 1 patience: "like: exponential" takes no spread'),
        ("least: 2m", "least: 8m", "arrivals 2 handling: least must be less than most"),
        ("wrap_up: 30s", "wrap_up: 30", "arrivals 1 wrap_up must be text, or keys and values"),
        ("each: 30m, ", "", "arrivals 1: say how many come: either each and contacts, or per_hour and until, or at"),
        ('until: "10:00"', 'until: "08:00"', "arrivals 2: until must be later than from"),
        ('"10:00"', '"10 o\'clock"', "is not a time of day"),
        ("agents: 2", "agents: 2, named: [ana]", 'staff 2: say either how many, as "agents: 40", or who'),
        ("agents: 2, ", "named: [ana], ", "staff 2: who is named brings queues, skills and capacity"),
        ("queues: [support]", "queues: {}", "staff 1: agents without queues serve nobody"),
        ('shift: "09:00-12:00", ', "", "staff 1: breaks are parts of a shift"),
        ('"09:00-12:00"', '"9-12"', '"9-12" is not an opening'),
        ("missed: 0.02", "missed: 2", "answering missed must be at most 0.9"),
        ("staff:", "stuff:", 'nobody knows the key "stuff"'),
        ("title: Sales", "titel: Sales", 'nobody knows the key "titel"'),
    ],
)
def test_mistake_is_told_with_its_cure(plan: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD

    assert expected in "\n".join(message for _, message in problems_of(plan, GOOD.replace(old, new)))


def test_files_that_are_none_are_told(plan: Path, tmp_path: Path) -> None:
    assert "cannot be read" in run(tmp_path / "none.yaml").stdout
    assert problems_of(plan, "- a list\n") == [(1, "a plan file is keys and values")]
    assert problems_of(plan, "")[0][1].startswith("the file is empty")
    missing = GOOD[: GOOD.index("centre:")] + "centre: none.yaml\n" + GOOD[GOOD.index("within:") :]
    assert "there is no file" in problems_of(plan, missing)[0][1]
    assert problems_of(plan, missing.replace("none.yaml", "3"))[0][1] == "centre must be a file, or keys and values"
    assert (1, 'needs the key "centre"') in problems_of(plan, missing.replace("centre: none.yaml\n", ""))


def test_problems_are_printed_for_people_and_for_programs(plan: Path) -> None:
    plan.write_text(GOOD.replace("queue: support, from", "queue: suport, from"))

    for_people, for_programs = run(plan), run(plan, "--json")

    assert (for_people.exit_code, for_programs.exit_code) == (1, 1)
    assert for_people.stdout.startswith(f"{plan}:8:")
    assert for_people.stderr == "1 problem\n"
    assert json.loads(for_programs.stdout)[0]["code"] == "no-queue"
