"""The quick reader of YAML: the very events, places and complaints of ruamel.yaml."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from trunkline.flows.events import MISHAPS, events

REPOSITORY = Path(__file__).parents[2]
FILES = sorted([*(REPOSITORY / "ivr_flows").rglob("*.yaml"), *Path(__file__).parent.rglob("*.yaml")])


def told(text: str, reader: Any) -> list[object]:
    """Return what a reader says of a text, event by event, with places; then how it complains, if it does."""
    seen: list[object] = []
    try:
        for event in reader(text):
            start, end = event.start_mark, event.end_mark
            what = {name: str(getattr(event, name, None)) for name in ("value", "anchor", "tag", "style", "flow_style")}
            seen.append((type(event).__name__, start.line, start.column, end.line, end.column, what))
    except (YAMLError, *MISHAPS) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        at = (mark.line, mark.column) if mark else None
        seen.append((type(error).__name__, getattr(error, "problem", None), at))
    return seen


def stock(text: str) -> Any:
    """Return ruamel.yaml's own events."""
    return YAML(typ="safe", pure=True).parse(text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_file_of_ours_is_read_as_ruamel_reads_it(file: Path) -> None:
    text = file.read_bytes().decode("utf-8-sig", errors="replace")

    assert told(text, events) == told(text, stock)


PIECES = st.sampled_from([
    "a", "word", "two words", "1", "é", "\U0001f600", ":", ": ", ":\n", "-", "- ", "? ", "?", ",", ", ", "{", "}", "[",
    "]", "#", " #", " # note\n", '"', "'", '"q"', "'s'", "''", "&a ", "*a", "!t ", "!!str ", "|\n", ">\n", "|-\n", "%",
    "@", "`", "\n", "\n\n", "\n  ", "\n    ", " ", "  ", "\t", "\r\n", "\r", "\x85", "\u2028", "\ufeff", "---", "---\n",
    "...\n", "\\", "%YAML 1.1\n", "%YAML 1.2\n", "k: v\n", "k: {a: b, c: [d]}\n", "<<", "=", "a:b", "a: b: c", "\x00",
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=40))
@example("a: b #c\n  d\n")
@example("%YAML 1.1\n---\n{a: ?b, c: d?}\n")
@example("{a:, b :c}")
@example("\ufeff a: b")
@example("a\n b: c")
def test_any_text_is_read_as_ruamel_reads_it(text: str) -> None:
    assert told(text, events) == told(text, stock)
