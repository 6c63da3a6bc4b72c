"""What admins see of a flow, as plain JSON: pure projections of its file, its problems and its tests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trunkline.flows.draw import Box, boxes_of
from trunkline.flows.library import Shelved
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Problem, Severity
from trunkline.flows.round import Round, Tried
from trunkline.flows.scripts import ENDING

Json = dict[str, Any]


def listing(name: str, file: Shelved, tests: Json) -> Json:
    """Return a flow as the list has it: what leads to it, which version serves, how many things are wrong."""
    head, flow = file.draft.head, file.flow
    entry = head.entry if head is not None else None
    shown = flow or head
    return {
        "name": name,
        "title": (flow.title if flow else (head.title or head.flow) if head else None) or name,
        "file": Path(file.draft.file).name,
        "numbers": list(flow.numbers if flow else entry.numbers if entry else ()),
        "any_other_number": flow.any_other_number if flow else bool(entry and entry.any_other_number),
        "channels": list(flow.channels if flow else entry.channels if entry else ()),
        "media": list(shown.media) if shown else [],
        "language": shown.language if shown else None,
        "version": flow.version if flow else None,
        "draft": file.draft.version,
        "serves": file.serves,
        "errors": sum(problem.severity is Severity.ERROR for problem in file.problems),
        "warnings": sum(problem.severity is Severity.WARNING for problem in file.problems),
        "tests": {key: value for key, value in tests.items() if key not in {"verdicts", "problems"}},
    }


def whole(name: str, file: Shelved, tests: Json) -> Json:
    """Return all of a flow: the version that serves and, where it is another, the file as it is on disk."""
    serving = file.serving
    drawn = boxes_of(file.draft, file.problems)
    on_disk = None if file.serves else version(file.draft, drawn)
    steps = {id(problem): box.name for box in drawn.values() for problem in box.problems}
    return {
        **listing(name, file, tests),
        "serving": version(serving, boxes_of(serving, ())) if serving is not None else None,
        "on_disk": on_disk,
        "problems": [{**told(problem), "step": steps.get(id(problem))} for problem in file.problems],
        "tests": tests,
    }


def version(draft: Draft, boxes: dict[str, Box]) -> Json:
    """Return one version of a flow: its steps in their order."""
    return {
        "version": draft.version,
        "start": draft.head.start if draft.head is not None else None,
        "steps": [
            {
                "name": box.name,
                "title": box.title,
                "kind": box.kind,
                "words": box.words,
                "line": draft.names[box.name].line,
                "ways": [
                    {"label": box.rows[row][0] if row is not None else "", "to": way.to, "there": way.to in boxes}
                    for way, row in box.ways
                ],
            }
            for box in boxes.values()
        ],
    }


def told(problem: Problem) -> Json:
    """Return a problem: where, what, and what to do."""
    return {
        "file": Path(problem.file).name,
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }


def tests_of(flow: str, file: str, done: Round | None, *, running: bool, fault: str) -> Json:
    """Return what a flow's tests came to; `file` is where its flow is written, beside which its tests are."""
    beside = Path(file).stem + ENDING
    verdicts = [verdict(test) for test in (done.tests if done is not None else ()) if test.flow == flow]
    problems = [told(each) for each in (done.problems if done is not None else ()) if Path(each.file).name == beside]
    failed = sum(not each["passed"] for each in verdicts)
    return {
        "running": running,
        "fault": fault,
        "passed": len(verdicts) - failed,
        "failed": failed,
        "unreadable": len(problems),
        "verdicts": verdicts,
        "problems": problems,
    }


def verdict(test: Tried) -> Json:
    """Return what one test came to."""
    return {
        "name": test.name,
        "medium": test.medium,
        "passed": test.passed,
        "version": test.version,
        "file": Path(test.file).name,
        "line": test.line,
        "expected": test.expected,
        "came": test.came,
        "conversation": [{"who": who, "text": text} for who, text in test.talk],
    }


def strays(done: Round | None, files: Sequence[Shelved]) -> list[Json]:
    """Return the problems of files of tests beside which there is no flow: nobody would see them otherwise."""
    beside = {Path(file.draft.file).stem + ENDING for file in files}
    return [told(each) for each in (done.problems if done is not None else ()) if Path(each.file).name not in beside]
