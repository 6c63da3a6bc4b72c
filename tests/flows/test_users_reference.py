"""The reference for admins says what is so: its example is a good flow, and no kind of step is missing from it."""

import re
from pathlib import Path

from tests.flows.examples import a_centre
from trunkline.flows.check import check_drafts
from trunkline.flows.loader import draft_of
from trunkline.flows.steps import KINDS

REFERENCE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
STEPS = REFERENCE.split("\n## Steps\n")[1].split("\n**`menu`.**")[0]


def test_example_checks_clean() -> None:
    example = REFERENCE.split("```yaml\n")[1].split("```")[0]

    assert check_drafts([draft_of(example.encode(), "example.yaml")], a_centre()) == []


def test_every_kind_of_step_and_each_of_its_keys_is_explained() -> None:
    rows = {row[1]: row[0] for row in re.finditer(r"^\| `(\w+)` \|.*$", STEPS, re.MULTILINE)}

    for name, kind in KINDS.items():
        keys = {field.alias or key for key, field in kind.model_fields.items()} - {"title"}
        assert {key for key in keys if not re.search(rf"`{key}\b", rows[name])} == set()
