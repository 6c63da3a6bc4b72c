"""The JSON Schema: it is fresh, it takes every good flow and refuses the bad ones, and it explains each key."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from trunkline.cli import main
from trunkline.flows.schema import schema_of_flows, schema_text
from trunkline.flows.steps import KINDS

REPOSITORY = Path(__file__).parents[2]
SCHEMA = schema_of_flows()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
SHIPPED = [
    path
    for path in sorted((REPOSITORY / "ivr_flows").rglob("*.yaml"))
    if path.name != "centre.yaml" and not path.name.endswith(".test.yaml") and "articles" not in path.parts
]
GOOD = sorted((REPOSITORY / "tests/flows/good").glob("*.yaml"))


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def faults(step: str) -> list[str]:
    text = f"flow: a\nstart: begin\nsteps:\n  begin: {step}\n  bye: {{end: Bye.}}\n"
    return [error.message for error in VALIDATOR.iter_errors(read(text))]


def test_committed_schema_is_what_the_code_makes() -> None:
    committed = (REPOSITORY / "ivr_flows" / "flow.schema.json").read_text(encoding="utf-8")

    assert committed == schema_text(), "run: trunkline flow schema -o ivr_flows/flow.schema.json"


def test_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", [*SHIPPED, *GOOD], ids=lambda path: path.name)
def test_good_flows_are_valid(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(read(file.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.name)
def test_shipped_flows_name_the_schema_for_editors(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    schema = file.parent / first.removeprefix("# yaml-language-server: $schema=")

    assert schema.resolve() == REPOSITORY / "ivr_flows" / "flow.schema.json"


@pytest.mark.parametrize(
    "step",
    [
        "{sya: Hello., next: bye}",
        "{say: Hello.}",
        "{say: Hello., next: bye, nxt: bye}",
        "{say: Hello., next: 9bye}",
        '{menu: Q?, choices: [{key: "12", label: A, go: bye}]}',
        "{menu: Q?, choices: [{key: 1, label: A, go: bye}]}",
        "{menu: Q?, choices: []}",
        "{menu: Q?, choices: [{key: '1', label: A, go: bye}], no_answer: {after: 6 s}}",
        "{queue: support, overflow: {after: 5m}}",
        "{say: Hello., queue: support, next: bye}",
        "{hours: support, open: bye}",
    ],
)
def test_bad_steps_are_refused(step: str) -> None:
    assert faults(step) != []


def test_file_that_parses_but_has_no_right_shape_is_refused() -> None:
    bad = REPOSITORY / "tests" / "flows" / "bad"

    for name in ("shapes", "keys", "head", "no_steps", "steps_list"):
        assert not VALIDATOR.is_valid(read((bad / f"{name}.yaml").read_text(encoding="utf-8"))), name


def test_every_kind_and_every_key_is_explained_to_editors() -> None:
    kinds = {
        SCHEMA["definitions"][each["$ref"].rpartition("/")[2]]["title"]
        for each in SCHEMA["definitions"]["step"]["oneOf"]
    }
    silent = {
        f"{name}.{key}"
        for name, definition in {**SCHEMA["definitions"], "head": SCHEMA}.items()
        for key, part in definition.get("properties", {}).items()
        if not part.get("description")
    }

    assert kinds == set(KINDS)
    assert silent == set()


def test_command_prints_it() -> None:
    assert CliRunner().invoke(main, ["flow", "schema"]).stdout == schema_text()
