"""The flows as admins see them: which serve, what is wrong with them, what their tests came to, and their drawings."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.core.ids import new_id
from trunkline.floor import flow_view
from trunkline.floor.flow_tests import FlowTests
from trunkline.floor.flow_view import Json
from trunkline.floor.state import NoSuch
from trunkline.flows.draw import svg
from trunkline.flows.library import Library, Shelved
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Problem

KEPT_DRAWINGS = 64


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flow's picture (SVG). `tag` is another whenever the picture is."""

    picture: str
    tag: str


class FlowBoard:
    """What is told of the flows. It only reads: the files are the truth."""

    def __init__(self, library: Library, tests: FlowTests) -> None:
        self._library = library
        self._tests = tests
        self._drawings: OrderedDict[tuple[str, tuple[Problem, ...]], Drawing] = OrderedDict()
        self.revision = new_id()
        """Another whenever anything that is told here may be another; never the same again, also after a restart."""
        self.changed: Callable[[], None] = lambda: None
        tests.changed = self._is_other

    def loaded(self) -> None:
        """The library has read its files anew: tell so, and carry out the tests."""
        self._is_other()
        self._tests.begin()

    def served(self) -> Json:
        """Return which version of which flow serves, and every problem in words."""
        serving = [
            {"name": file.flow.name, "version": file.flow.version, "title": file.flow.title, "file": file.draft.file}
            for file in self._library.files
            if file.flow is not None
        ]
        return {"serving": serving, "problems": [str(problem) for problem in self._library.problems]}

    def for_agents(self) -> dict[str, Any]:
        """Return the flows to which agents may hand a conversation, by name: what they are called, and their media."""
        flows = sorted(self._library.flows.values(), key=lambda flow: flow.title.casefold())
        return {flow.name: {"title": flow.title, "media": list(flow.media)} for flow in flows if flow.for_agents}

    def listed(self) -> Json:
        """Return every flow file in short, and the problems of tests that belong to none."""
        flows = [flow_view.listing(name, file, self._tests_of(file)) for name, file in self._named().items()]
        return {"flows": flows, "problems": flow_view.strays(self._tests.latest, self._library.files)}

    async def whole(self, name: str) -> Json:
        """Return all of a flow; raises NoSuch."""
        file = self._file(name)
        return await asyncio.to_thread(flow_view.whole, name, file, self._tests_of(file))

    async def drawing(self, name: str, *, on_disk: bool) -> Drawing:
        """Return the picture of the version that serves or, where none does or it is asked for, of the file on disk.

        Raises NoSuch, also for a file in which there is nothing to draw.
        """
        file = self._file(name)
        draft = file.draft if on_disk or file.serving is None else file.serving
        problems = file.problems if draft.version == file.draft.version else ()
        if not draft.nodes:
            raise NoSuch(f"there are no steps in {file.draft.file} that can be drawn")
        key = (draft.version, problems)
        if key not in self._drawings:
            self._drawings[key] = await asyncio.to_thread(_drawn, draft, problems)
        self._drawings.move_to_end(key)
        while len(self._drawings) > KEPT_DRAWINGS:
            self._drawings.popitem(last=False)
        return self._drawings[key]

    def _is_other(self) -> None:
        self.revision = new_id()
        self.changed()

    def _named(self) -> dict[str, Shelved]:
        """Return the files by what they are called here: as the flow is, else as the file."""
        named: dict[str, Shelved] = {}
        for file in self._library.files:
            own = _own_name(file)
            # Of two files that claim one name, the one that serves has it.
            other = named.get(own)
            if other is not None and file.flow is not None and other.flow is None:
                named[_file_name(other)] = other
                named[own] = file
            else:
                named[own if other is None else _file_name(file)] = file
        return named

    def _file(self, name: str) -> Shelved:
        try:
            return self._named()[name]
        except KeyError:
            raise NoSuch("there is no such flow (any more)") from None

    def _tests_of(self, file: Shelved) -> Json:
        tests = self._tests
        return flow_view.tests_of(
            _own_name(file), file.draft.file, tests.latest, running=tests.running, fault=tests.fault
        )


def _own_name(file: Shelved) -> str:
    """Return what a flow calls itself; a file that does not say so is called as it is."""
    if file.flow is not None:
        return file.flow.name
    return file.draft.head.flow if file.draft.head is not None else _file_name(file)


def _file_name(file: Shelved) -> str:
    """Return the name of a file, which no flow can have."""
    return file.draft.file.rpartition("/")[2]


def _drawn(draft: Draft, problems: Sequence[Problem]) -> Drawing:
    picture = svg(draft, problems)
    return Drawing(picture, f"{draft.version}-{hashlib.sha256(picture.encode()).hexdigest()[:12]}")
