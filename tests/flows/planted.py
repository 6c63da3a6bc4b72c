"""Faults to plant into copies of the shipped examples, and what the explorer must call each."""

import shutil
from dataclasses import dataclass
from pathlib import Path

FLOWS = Path(__file__).parents[2] / "ivr_flows"
EXAMPLES = ("shop", "clinic", "helpdesk")


@dataclass(frozen=True, slots=True)
class Fault:
    """One change to an example's flow or centre file. `code` is that of the finding; `says` is part of its message."""

    example: str
    name: str
    code: str
    says: str
    changes: tuple[tuple[str, str, str], ...]
    """For each file: what to replace, and by what."""

    def __str__(self) -> str:
        """Return how a test is called after it."""
        return f"{self.example}, {self.name}"


def _fault(example: str, name: str, code: str, says: str, *changes: tuple[str, str]) -> Fault:
    """Make a fault of the example's own flow file."""
    return Fault(example, name, code, says, tuple((f"{example}.yaml", old, new) for old, new in changes))


def _night(example: str, opening: str, says: str) -> Fault:
    """Make a fault of a calendar: an opening inside the hour that the clocks skip."""
    return Fault(
        example, "hole of the clocks", "clocks", says, (("centre.yaml", "open: {", f'open: {{sun: "{opening}", '),)
    )


FAULTS = (
    _fault(
        "shop",
        "dead end",
        "cut-off",
        'menu "main": a caller who says nothing is cut off',
        ("no_answer: {after: 6s, tries: 2, go: people_hours}", "no_answer: {after: 6s, tries: 2}"),
        (
            'no_match: {tries: 3, say: "Sorry, that is not one of the choices.", go: people_hours}',
            "no_match: {tries: 3}",
        ),
    ),
    _fault(
        "shop",
        "endless loop",
        "endless",
        "anything_else → packed",
        ("no_answer: {after: 6s, tries: 1, go: goodbye}", "no_answer: {after: 6s, tries: 1, go: packed}"),
    ),
    _night("shop", "01:00-02:00", "01:00-02:00 of 2027-03-28 does not come"),
    _fault(
        "clinic",
        "dead end",
        "cut-off",
        'ask "sure": a caller who',
        (
            "    save: is_right\n    no_answer: {tries: 2, go: open}\n    no_match: {tries: 2, go: open}",
            "    save: is_right",
        ),
    ),
    _fault(
        "clinic",
        "endless loop",
        "endless",
        "too_soon → day",
        (
            "say: {en: We need a day's notice., es: Necesitamos un día de antelación.}\n    next: open",
            "say: {en: We need a day's notice., es: Necesitamos un día de antelación.}\n    next: day",
        ),
        (
            "    save: day\n    no_answer: {after: 10s, tries: 2, go: open}",
            "    save: day\n    no_answer: {after: 10s, tries: 2, go: too_soon}",
        ),
    ),
    _night("clinic", "02:00-03:00", "02:00-03:00 of 2027-03-14 does not come"),
    _fault(
        "helpdesk",
        "dead end",
        "cut-off",
        'menu "busy": a caller who says nothing is cut off',
        ("no_answer: {tries: 1, go: which}\n    no_match: {tries: 2, go: which}", "no_answer: {tries: 1}"),
    ),
    _fault(
        "helpdesk",
        "endless loop",
        "endless",
        "night",
        (
            "no_answer: {tries: 2, go: message}\n    no_match: {tries: 2, go: message}\n\n  urgent:",
            "no_answer: {tries: 2, go: open}\n    no_match: {tries: 2, go: message}\n\n  urgent:",
        ),
    ),
    _night("helpdesk", "01:00-02:00", "01:00-02:00 of 2027-03-28 does not come"),
)


def plant(fault: Fault, into: Path) -> Path:
    """Copy the example with the fault in it; return its flow file."""
    folder = into / fault.example
    shutil.copytree(FLOWS / fault.example, folder)
    for name, old, new in fault.changes:
        file = folder / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{fault}: {name} has {text.count(old)} of {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")
    return folder / f"{fault.example}.yaml"
