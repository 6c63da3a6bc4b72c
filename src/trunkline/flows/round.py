"""One round of all tests beside the flows of a folder, in a process of its own: calls never wait for a test.

`python -m trunkline.flows.round FOLDER CENTRE_FILE` writes one JSON object: what each test came to, and what is wrong
with the files of tests.
"""

import dataclasses
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from trunkline.flows.conversation import open_folder
from trunkline.flows.problem import Problem, Severity
from trunkline.flows.scripts import ENDING, scripts_from
from trunkline.flows.trial import Verdict, tried

NICENESS = 10
"""Calls go before tests."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one test came to on one medium. `line` is where it went wrong, else where the test begins.

    `expected` and `came` are None for one that came as written. `talk` is who said what, as far as it went.
    """

    flow: str
    version: str
    name: str
    medium: str
    file: str
    line: int
    expected: str | None
    came: str | None
    talk: tuple[tuple[str, str], ...]

    @property
    def passed(self) -> bool:
        """Whether everything came as written."""
        return self.came is None


@dataclass(frozen=True, slots=True)
class Round:
    """What all tests of a folder came to, in the order of their files, and what is wrong with these."""

    tests: tuple[Tried, ...] = ()
    problems: tuple[Problem, ...] = ()


def carried_out(folder: Path, centre_file: Path) -> Round:
    """Carry out every test beside the flows of a folder, on the files as they are on disk now."""
    files = sorted(folder.glob(f"*{ENDING}"))
    worlds = open_folder(folder, centre_file).worlds() if files else {}
    tests: list[Tried] = []
    problems: list[Problem] = []
    for file in files:
        found = scripts_from(file, worlds)
        problems += found.problems
        tests += [_told(tried(script)) for script in found.scripts]
    return Round(tuple(tests), tuple(problems))


def _told(verdict: Verdict) -> Tried:
    """Return a verdict without the flow that it is about."""
    script, failure = verdict.script, verdict.failure
    return Tried(
        flow=script.world.flow.name,
        version=script.world.flow.version,
        name=script.test.name,
        medium=script.medium,
        file=script.file,
        line=failure.line if failure else script.line,
        expected=failure.expected if failure else None,
        came=failure.came if failure else None,
        talk=tuple((line.who, line.text) for line in verdict.talk),
    )


def round_to_json(done: Round) -> str:
    """Write a round as JSON text; `round_from_json` reads it back unchanged."""
    return json.dumps(dataclasses.asdict(done))


def round_from_json(text: str | bytes) -> Round:
    """Read what `round_to_json` wrote; raises ValueError, KeyError or TypeError for anything else."""
    read = json.loads(text)
    tests = (Tried(**{**test, "talk": tuple((who, said) for who, said in test["talk"])}) for test in read["tests"])
    problems = (Problem(**{**problem, "severity": Severity(problem["severity"])}) for problem in read["problems"])
    return Round(tuple(tests), tuple(problems))


def main(folder: str, centre_file: str) -> None:
    """Carry out a round and write what came of it."""
    os.nice(NICENESS)
    sys.stdout.write(round_to_json(carried_out(Path(folder), Path(centre_file))))


if __name__ == "__main__":  # pragma: no cover - another process, which no figures of this one see
    main(*sys.argv[1:])
