"""The drawing: everything is in it, nothing overlaps, problems are marked, and the same file gives the same picture."""

import re
import time
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.flows.examples import a_centre
from tests.flows.tools import a_draft
from trunkline.cli import main
from trunkline.flows.check import check_drafts
from trunkline.flows.draw import mermaid, svg
from trunkline.flows.layout import COLUMN, Exit, Shape, laid_out
from trunkline.flows.loader import draft_from

REPOSITORY = Path(__file__).parents[2]
MAIN = draft_from(REPOSITORY / "ivr_flows" / "main.yaml")
SPACE = "{http://www.w3.org/2000/svg}"


def groups(picture: str) -> dict[str, ET.Element]:
    root = ET.fromstring(picture)  # noqa: S314 - our own
    return {each.get("id", "").removeprefix("step-"): each for each in root.iter(f"{SPACE}g") if each.get("id")}


def test_every_step_is_a_box_of_its_kind_and_every_choice_a_row() -> None:
    boxes = groups(svg(MAIN))

    assert list(boxes) == list(MAIN.nodes)
    assert (boxes["main"].get("class"), boxes["sales"].get("class")) == ("question", "person")
    assert {"1  Sales", "0  A person", "no answer", "no match"} <= {
        text.text for text in boxes["main"].iter(f"{SPACE}text")
    }


def test_same_file_gives_the_same_picture() -> None:
    assert svg(MAIN) == svg(draft_from(REPOSITORY / "ivr_flows" / "main.yaml"))


def test_picture_has_a_light_and_a_dark_form_and_no_script() -> None:
    picture = svg(MAIN)

    assert "prefers-color-scheme:dark" in picture
    assert "<script" not in picture


def test_no_box_overlaps_another_and_lines_lead_to_the_right() -> None:
    names = [f"s{n}" for n in range(60)]
    shapes = {
        name: Shape(n % 5, [Exit(names[(n * 7 + k) % 60], k) for k in range(n % 5)]) for n, name in enumerate(names)
    }

    layout = laid_out(shapes, "s0")

    for one, other in combinations(layout.spots.values(), 2):
        apart = abs(one.x - other.x) >= COLUMN or one.y + one.height < other.y or other.y + other.height < one.y
        assert apart, (one, other)
    for route in layout.routes:
        assert route.back or layout.spots[route.start].x < layout.spots[route.exit.to].x


def test_way_back_is_a_mark_with_the_name_of_its_step() -> None:
    draft = a_draft('  begin: {menu: Q?, choices: [{key: "1", label: A, go: more}]}\n  more: {say: Hi., next: begin}\n')

    assert "↩ Begin" in svg(draft)


def test_problems_are_marked_at_their_steps_and_misspelt_ways_shown() -> None:
    draft = a_draft("  begin: {say: Hello., next: peple}\n  people: {queue: suport}\n  bad: {sya: Hi.}\n")

    picture = svg(draft, check_drafts([draft], a_centre()))

    marked = {name: " bad" in f" {box.get('class')}" for name, box in groups(picture).items()}
    assert marked == {"begin": True, "people": True, "bad": True}
    assert "? peple" in picture
    assert 'the centre file has no queue "suport"' in picture


def test_words_of_a_flow_cannot_break_the_picture() -> None:
    draft = a_draft(
        "  begin: {title: '<b>', say: '<b>\"&</b>', next: bye}\n  bye: {end: Bye.}\n",
        "flow: a\ntitle: '<&\">'\nstart: begin\n",
    )

    ET.fromstring(svg(draft))  # noqa: S314 - our own
    assert "<" not in mermaid(draft)


def test_name_of_a_misshapen_step_cannot_break_the_picture() -> None:
    draft = a_draft("  'x\"><script>alert(1)</script>': {say: Hello.}\n  begin: {end: Bye.}\n")

    picture = svg(draft, draft.problems)

    assert "<script" not in picture
    assert 'x"><script>alert(1)</script>' in groups(picture)


def test_signs_that_no_picture_can_hold_do_not_come_into_one() -> None:
    draft = a_draft('  begin: {say: Hello., next: bye}\n  bye: {title: "a\\x01b\\uD800c\\uFFFEd", end: Bye.}\n')

    picture = svg(draft)

    picture.encode()
    assert "a b c\ufffdd" in [text.text for text in groups(picture)["bye"].iter(f"{SPACE}text")]


def test_every_box_says_which_step_it_is() -> None:
    assert {name: box.get("data-step") for name, box in groups(svg(MAIN)).items()} == {n: n for n in MAIN.nodes}


def test_mermaid_names_every_step_and_labels_every_choice() -> None:
    text = mermaid(MAIN)

    assert len(re.findall(r"^  s\d+[\[{(]", text, re.MULTILINE)) == len(MAIN.nodes)
    assert '-- "1  Sales" -->' in text


@pytest.mark.slow
def test_two_thousand_steps_are_drawn_in_moments() -> None:
    steps = "".join(
        f'  s{n}: {{menu: Q?, choices: [{{key: "1", label: A, go: s{n + 1}}}], no_answer: {{go: s2000}}}}\n'
        for n in range(2000)
    )
    draft = a_draft(steps + "  s2000: {queue: support}\n", "flow: a\nstart: s0\n")

    began = time.perf_counter()
    picture = svg(draft)

    assert time.perf_counter() - began < 3
    assert len(groups(picture)) == 2001
    # A way across two thousand layers is a mark, not a line.
    assert "→ S2000" in picture


def test_command_writes_a_picture_even_of_a_flow_with_mistakes(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("flow: main\nstart: begin\nsteps:\n  begin: {say: Hello., next: peple}\n")
    runner = CliRunner()

    came = runner.invoke(main, ["flow", "draw", str(tmp_path / "main.yaml"), "-o", str(tmp_path / "main.svg")])

    assert came.exit_code == 0, came.output
    assert "? peple" in (tmp_path / "main.svg").read_text()
    assert runner.invoke(main, ["flow", "draw", str(tmp_path / "main.svg")]).exit_code == 2


def test_every_kind_of_step_is_drawn_with_what_it_says_or_works_with() -> None:
    picture = svg(a_draft("""
  begin: {switch: [{when: "{a == 1}", go: keep}], else: keep}
  keep: {set: {b: 2, c: x}, next: ask}
  ask: {http: {post: "https://shop.example/"}, found: hear, missing: chat, failed: wait}
  hear: {say: {recording: hello}, next: wait}
  chat: {menu: Which?, choices: [{label: Sales, go: wait}], no_answer: {go: wait}}
  wait: {queue: sales, overflow: {after: 5m, go: bye}}
  bye: {end: }
""", "flow: main\nstart: begin\nmedia: [chat]\n"), [])  # fmt: skip

    for words in ("a == 1", "b = 2, c = x", "https://shop.example/", "(hello)", "Sales", "overflow after 5m"):
        assert words in picture


def test_flow_whose_head_is_misshapen_is_drawn_as_far_as_it_goes() -> None:
    draft = a_draft("  begin: {say: Hello., next: gone}\n", "flow: 1\nstart: begin\n")

    assert "Hello." in svg(draft, check_drafts([draft]))
    assert "begin" in mermaid(draft).lower()
