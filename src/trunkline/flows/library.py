"""The flows that serve: the latest good version of each file, and every older one that a live run still needs."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trunkline.core.centre import Centre
from trunkline.flows.check import check_drafts
from trunkline.flows.flow import Flow
from trunkline.flows.loader import Draft, draft_from, draft_of
from trunkline.flows.problem import Problem, serves
from trunkline.flows.scripts import ENDING as TESTS

log = logging.getLogger(__name__)

Mark = tuple[int, int]
"""When a file was last written and how long it is."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One file as the latest load found it, and what serves for it: the same, an older version of it, or nothing."""

    draft: Draft
    problems: tuple[Problem, ...]
    serving: Draft | None
    flow: Flow | None

    @property
    def serves(self) -> bool:
        """Whether the file serves as it is on disk."""
        return self.serving is not None and self.serving.version == self.draft.version


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load made of the folder. `fresh` are flows that were not serving before; their prompts are to be made."""

    fresh: tuple[Flow, ...]
    problems: tuple[Problem, ...]


class Library:
    """Holds the flows of one folder.

    A file that is broken, or that claims what another claims, never replaces its good version. `kept`, if given, is a
    folder where each version's text is put aside, so that a run goes on with its own after a restart.
    """

    def __init__(self, folder: Path, *, apart_from: Sequence[str] = ("centre.yaml",), kept: Path | None = None) -> None:
        self.folder = folder
        self.problems: tuple[Problem, ...] = ()
        """Of the latest load; empty when every file serves as it is on disk."""
        self._apart_from = frozenset(apart_from)
        self._kept = kept
        self.files: tuple[Shelved, ...] = ()
        """Every flow file of the latest load, by its name on disk."""
        self._serving: dict[Path, Flow] = {}
        self._drafts: dict[Path, Draft] = {}
        """What each flow that serves was read from."""
        self._versions: dict[tuple[str, str], Flow] = {}
        self._by_number: dict[str, Flow] = {}
        self._by_channel: dict[str, Flow] = {}
        self._any_other: Flow | None = None
        self._marks: Mapping[Path, Mark] = {}

    @property
    def flows(self) -> Mapping[str, Flow]:
        """The flows that serve, by name."""
        return {flow.name: flow for flow in self._serving.values()}

    def changed(self) -> bool:
        """Say whether a file of flows or of their tests came, went or was written since the latest load."""
        return self._scan() != self._marks

    def load(self, centre: Centre) -> Loaded:
        """Read every file anew; those without errors serve from now on. Call it again when the centre changes."""
        self._marks = self._scan()
        drafts = {path: draft_from(path) for path in self._marks if not path.name.endswith(TESTS)}
        drafts = {
            path: drafts[path] for path in sorted(drafts, key=lambda path: (self._is_new(path, drafts[path]), path))
        }
        problems = check_drafts(list(drafts.values()), centre)
        fresh: list[Flow] = []
        serving: dict[Path, Flow] = {}
        read_from: dict[Path, Draft] = {}
        files: dict[Path, Shelved] = {}
        for path, draft in drafts.items():
            own = tuple(problem for problem in problems if problem.file == draft.file)
            flow = draft.flow() if serves(own) else None
            serving |= self._successor(path, flow)
            if (source := draft if flow is not None else self._drafts.get(path)) is not None:
                read_from[path] = source
            files[path] = Shelved(draft, own, source, serving.get(path))
            if flow is not None and (flow.name, flow.version) not in self._versions:
                fresh.append(flow)
                self._versions[flow.name, flow.version] = flow
                self._put_aside(draft)
        self._serving, self._drafts = serving, read_from
        self.files = tuple(files[path] for path in sorted(files))
        self.problems = tuple(problems)
        self._index()
        return Loaded(tuple(fresh), self.problems)

    def flow_for(self, dialled: str) -> Flow | None:
        """Return the flow that a caller of a number comes to, with or without its `+`; None when there is none."""
        return self._by_number.get(dialled) or self._by_number.get(_bare(dialled)) or self._any_other

    def flow_on(self, channel: str) -> Flow | None:
        """Return the flow that a text channel leads to, None when there is none."""
        return self._by_channel.get(channel)

    def version(self, name: str, version: str) -> Flow | None:
        """Return the flow a run began with; None when no trace of that version is left."""
        flow = self._versions.get((name, version))
        if flow is None and self._kept is not None and re.fullmatch(r"[0-9a-f]{12}", version):
            flow = self._from_aside(self._kept / f"{version}.yaml")
            if flow is not None and (flow.name, flow.version) == (name, version):
                self._versions[name, version] = flow
                return flow
            return None
        return flow

    def _successor(self, path: Path, flow: Flow | None) -> dict[Path, Flow]:
        """Return what serves for a file: its new flow, else the one that served before."""
        serving = flow or self._serving.get(path)
        return {path: serving} if serving else {}

    def _index(self) -> None:
        """Find the flows by numbers and channels; of two that claim one, the one that served first has it.

        A load may go on beside the calls: at no moment is a number without its flow.
        """
        by_number: dict[str, Flow] = {}
        by_channel: dict[str, Flow] = {}
        any_other: Flow | None = None
        for flow in self._serving.values():
            for channel in flow.channels:
                by_channel.setdefault(channel, flow)
            if "voice" not in flow.media:
                continue
            for number in flow.numbers:
                by_number.setdefault(number, flow)
                by_number.setdefault(_bare(number), flow)
            if flow.any_other_number and any_other is None:
                any_other = flow
        self._by_number, self._by_channel, self._any_other = by_number, by_channel, any_other

    def _scan(self) -> dict[Path, Mark]:
        """Look at the folder's files of flows and tests, without reading them."""
        found: dict[Path, Mark] = {}
        # Twice a second, for as long as the service lives: scandir is a tenth of the work of Path.glob.
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if not entry.name.endswith(".yaml") or entry.name in self._apart_from:
                    continue
                with suppress(OSError):
                    stat = entry.stat()
                    found[self.folder / entry.name] = (stat.st_mtime_ns, stat.st_size)
        return dict(sorted(found.items()))

    def _is_new(self, path: Path, draft: Draft) -> bool:
        """Say whether a file is other than the one that serves: of two claims on one number, the newer one is wrong."""
        serving = self._serving.get(path)
        return serving is None or serving.version != draft.version

    def _put_aside(self, draft: Draft) -> None:
        """Keep a version's text."""
        if self._kept is None:
            return
        try:
            self._kept.mkdir(parents=True, exist_ok=True)
            new = self._kept / f"{draft.version}.new"
            new.write_bytes(draft.data)
            new.replace(self._kept / f"{draft.version}.yaml")
        except OSError as error:
            # Callers are served all the same; only a restart in the middle of their flow would move them to the next.
            log.warning("flow version not kept", extra={"file": draft.file, "why": str(error)})

    def _from_aside(self, path: Path) -> Flow | None:
        """Read a kept version; its recordings are still those of the folder."""
        if not path.is_file():
            return None
        draft = draft_of(path.read_bytes(), str(path), self.folder)
        return draft.flow() if serves(draft.problems) else None


def _bare(number: str) -> str:
    """Return a number without its `+`."""
    return number.removeprefix("+")
