"""Every mistake in a set of flow files at once, each at its line, with what to do about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.core.centre import Centre
from trunkline.flows.graph import circles, reached_from
from trunkline.flows.loader import Draft, draft_from
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.recordings import PROMPTS, fault_of
from trunkline.flows.source import Node
from trunkline.flows.steps.step import Mention, Step

MOST_SHOWN_IN_CIRCLE = 6


def check(files: Sequence[Path], centre: Centre | None = None) -> list[Problem]:
    """Return every problem of these files, in order; without a centre, queues and hours are not looked up."""
    return check_drafts([draft_from(path) for path in files], centre)


def check_drafts(drafts: Sequence[Draft], centre: Centre | None = None) -> list[Problem]:
    """Return every problem of files that were read, and of the files together."""
    problems: list[Problem] = []
    for draft in drafts:
        problems += draft.problems
        if draft.nodes:
            problems += _Checker(draft, centre).problems()
    return sorted({*problems, *_together(drafts)})


@dataclass(slots=True)
class _Checker:
    """Looks at one draft. What is misshapen is left out of the maps, or taken as its writer probably meant it."""

    draft: Draft
    centre: Centre | None
    found: list[Problem] = field(default_factory=list)

    def problems(self) -> list[Problem]:
        """Return what is wrong beyond shape."""
        guesser = Guesser(self.draft.nodes)
        ways: dict[str, list[str]] = {}
        by_itself: dict[str, list[str]] = {}
        for name in self.draft.nodes:
            step = self.draft.steps.get(name)
            if step is None:
                ways[name], by_itself[name] = self._guessed_ways(name), []
                continue
            ways[name], by_itself[name] = self._followed(name, step, guesser)
            self._look_at(name, step)
        self._entry()
        self._graph(ways, by_itself, self._start(guesser))
        return self.found

    def _followed(self, name: str, step: Step, guesser: Guesser) -> tuple[list[str], list[str]]:
        """Return where a step leads, and where it leads by itself; find the ways that lead nowhere."""
        ways: list[str] = []
        by_itself: list[str] = []
        for way in step.ways():
            to = way.to
            if to is not None and to not in self.draft.nodes:
                nearest = guesser.nearest(to)
                hint = f'did you mean "{nearest}"?' if nearest else ""
                self._error(name, way.loc, "no-step", f'{way.says} "{to}", which no step is called', hint)
                to = nearest
            if to is not None:
                ways.append(to)
                if way.by_itself:
                    by_itself.append(to)
        return ways, by_itself

    def _look_at(self, name: str, step: Step) -> None:
        """Find what is wrong with a step by itself."""
        head = self.draft.head
        for mention in step.mentions():
            self._look_up(name, mention)
        for loc, words in step.words():
            for medium in head.media if head else ():
                if words.lacks(medium):
                    hint = f"give text, or a text under {medium}"
                    self._error(name, loc, "no-words", f"{loc[-1]} says nothing on {medium}", hint)
            if words.recording and (fault := fault_of(self.draft.folder / PROMPTS / f"{words.recording}.wav")):
                self._error(name, (*loc, "recording"), "recording", *fault)
        if head:
            for flaw in step.flaws(head.media, head.language):
                self._error(name, flaw.loc, flaw.code, flaw.message, flaw.hint)

    def _look_up(self, name: str, mention: Mention) -> None:
        """Find a queue or a calendar that the centre file does not have."""
        if self.centre is None:
            return
        there = [str(known) for known in (self.centre.queues if mention.noun == "queue" else self.centre.hours)]
        if mention.name not in there:
            hint = Guesser(there).hint(mention.name) or f"it has {', '.join(sorted(there)) or 'none'}"
            message = f'the centre file has no {mention.noun} "{mention.name}"'
            self._error(name, mention.loc, f"no-{mention.noun}", message, hint)

    def _guessed_ways(self, name: str) -> list[str]:
        """Return the steps that a misshapen step names anywhere, so that its mistake does not make others."""
        ways, ahead = [], [self.draft.nodes[name]]
        while ahead:
            node = ahead.pop()
            ahead.extend(node.parts.values())
            if isinstance(node.value, str) and node.value in self.draft.nodes:
                ways.append(node.value)
        return ways

    def _graph(self, ways: Mapping[str, list[str]], by_itself: Mapping[str, list[str]], start: str | None) -> None:
        """Find circles that nobody leaves, and steps that nobody reaches.

        Every step ends or has a way that it takes by itself; so whatever never ends comes to such a circle.
        """
        for circle in circles(by_itself):
            round_ = " → ".join(_shortened([*circle, circle[0]]))
            message = f"goes round for ever when the caller does nothing: {round_}"
            self._error(circle[0], (), "endless", message, "lead one of them to a queue, a voicemail or an end")
        reached = reached_from(start, ways) if start else set(ways)
        for name in self.draft.names:
            if name not in reached:
                self._error(name, (), "unreached", "no step leads here", severity=Severity.WARNING)

    def _entry(self) -> None:
        """Find numbers that callers dial and a flow that cannot speak."""
        head, node = self.draft.head, self.draft.node
        if head is None or node is None or "voice" in head.media:
            return
        if head.entry.numbers or head.entry.any_other_number:
            at, _ = node.reach(("entry",))
            message = "numbers lead callers here, and media has no voice"
            problem = Problem(
                self.draft.file, at.line, at.column, Severity.ERROR, "medium", message, "add voice to media"
            )
            self.found.append(problem)

    def _start(self, guesser: Guesser) -> str | None:
        """Return the step a run begins with, as far as it can be told."""
        draft = self.draft
        if draft.head is None or draft.node is None:
            return None
        start = draft.head.start
        if start in draft.nodes:
            return start
        nearest = guesser.nearest(start)
        hint = f'did you mean "{nearest}"?' if nearest else ""
        at, _ = draft.node.reach(("start",))
        message = f'start is "{start}", which no step is called'
        self.found.append(Problem(draft.file, at.line, at.column, Severity.ERROR, "no-step", message, hint))
        return nearest

    def _error(
        self,
        name: str,
        loc: tuple[str | int, ...],
        code: str,
        message: str,
        hint: str = "",
        *,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a problem of a step at a place inside it."""
        at, _ = self.draft.nodes[name].reach(loc)
        if not loc:
            at = self.draft.names[name]
        step = self.draft.steps.get(name)
        text = f'{step.kind if step else "step"} "{name}": {message}'
        self.found.append(Problem(self.draft.file, at.line, at.column, severity, code, text, hint))


def _shortened(names: list[str]) -> list[str]:
    """Return a long way round with its middle left out."""
    if len(names) <= MOST_SHOWN_IN_CIRCLE:
        return names
    return [*names[: MOST_SHOWN_IN_CIRCLE - 2], "…", names[-1]]


def _together(drafts: Sequence[Draft]) -> Iterator[Problem]:
    """Find what two files both claim: a name, a number, every other number."""
    claimed: dict[tuple[str, str], Draft] = {}
    for draft in drafts:
        for what, name, at in _claims(draft):
            first = claimed.setdefault((what, name), draft)
            if first is not draft:
                message = f"{what} {name} is already {first.file}'s".replace("  ", " ")
                yield Problem(draft.file, at.line, at.column, Severity.ERROR, "claimed-twice", message)


def _claims(draft: Draft) -> Iterator[tuple[str, str, Node]]:
    """Yield what a file claims for itself alone."""
    if draft.head is None or draft.node is None:
        return
    yield "flow", draft.head.flow, draft.node.reach(("flow",))[0]
    for at, number in enumerate(draft.head.entry.numbers):
        yield "number", number, draft.node.reach(("entry", "numbers", at))[0]
    if draft.head.entry.any_other_number:
        yield "any_other_number", "", draft.node.reach(("entry", "any_other_number"))[0]
