"""Every mistake in a set of flow files at once, each at its line, with what to do about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.core.capacity import TEXT_MEDIA
from trunkline.core.centre import Centre
from trunkline.flows.articles import ARTICLES, article_from, fault_of_article
from trunkline.flows.evaluate import BUILT_IN
from trunkline.flows.expression import names
from trunkline.flows.graph import circles, reached_from
from trunkline.flows.loader import Draft, Head, draft_from
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.recordings import PROMPTS, fault_of
from trunkline.flows.sms_length import said_at_least, sent_at_least, too_long, words_at_least
from trunkline.flows.source import Node
from trunkline.flows.steps.step import Loc, Mention, Step
from trunkline.flows.words import AnyWords

MOST_SHOWN_IN_CIRCLE = 6
MOST_SHOWN_FOREIGN = 5


def check(files: Sequence[Path], centre: Centre | None = None) -> list[Problem]:
    """Return every problem of these files, in order; without a centre, queues and hours are not looked up."""
    return check_drafts([draft_from(path) for path in files], centre)


def check_drafts(drafts: Sequence[Draft], centre: Centre | None = None) -> list[Problem]:
    """Return every problem of files that were read, and of the files together."""
    problems: list[Problem] = []
    whole = _Whole(drafts)
    for draft in drafts:
        problems += draft.problems
        if draft.nodes:
            problems += _Checker(draft, centre, whole).problems()
    return sorted({*problems, *_together(drafts), *_follow_ups(drafts, centre)})


class _Whole:
    """What one file must know of the others: the flows there are, and what the steps of each keep."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.flows = {draft.head.flow for draft in drafts if draft.head}
        self.alone = len(drafts) < 2
        self._runs = {id(draft): set(_runs(draft)) for draft in drafts}
        self._saved = {id(draft): set(_saved(draft)) for draft in drafts}

    def names_for(self, draft: Draft) -> set[str] | None:
        """Return every name that a flow can read; None when a flow that is not here may keep some."""
        own = self._runs[id(draft)]
        run_by_others = draft.head is not None and any(draft.head.flow in runs for runs in self._runs.values())
        if not own and not run_by_others:
            return {*BUILT_IN, *self._saved[id(draft)]}
        return None if own - self.flows else {*BUILT_IN, *(name for names in self._saved.values() for name in names)}


def _runs(draft: Draft) -> Iterator[str]:
    """Yield the flows that a file's steps run."""
    for step in draft.steps.values():
        yield from (mention.name for mention in step.mentions() if mention.noun == "flow")


def _saved(draft: Draft) -> Iterator[str]:
    """Yield the names under which a file's steps keep something; misshapen ones count by what is written."""
    for name, node in draft.nodes.items():
        if name in draft.steps:
            yield from draft.steps[name].saves()
        elif isinstance(node.value, dict):
            kept = node.value.get("set")
            yield from (str(key) for key in kept or ()) if isinstance(kept, dict) else ()
            yield str(node.value.get("save", ""))


@dataclass(slots=True)
class _Checker:
    """Looks at one draft. What is misshapen is left out of the maps, or taken as its writer probably meant it."""

    draft: Draft
    centre: Centre | None
    whole: _Whole
    found: list[Problem] = field(default_factory=list)
    articles: dict[str, str | None] = field(default_factory=dict)
    """What is wrong with those that were looked at."""

    def problems(self) -> list[Problem]:
        """Return what is wrong beyond shape."""
        guesser = Guesser(self.draft.nodes)
        ways: dict[str, list[str]] = {}
        by_itself: dict[str, list[str]] = {}
        only: dict[tuple[str, str], frozenset[str]] = {}
        for name in self.draft.nodes:
            step = self.draft.steps.get(name)
            if step is None:
                ways[name], by_itself[name] = self._guessed_ways(name), []
                continue
            ways[name], by_itself[name] = self._followed(name, step, guesser)
            only |= {(name, way.to): way.media for way in step.ways() if way.to and way.media is not None}
        start = self._start(guesser)
        media = self._media_of(ways, only, start)
        for name, step in self.draft.steps.items():
            self._look_at(name, step, media.get(name, ()))
        self._names()
        self._entry()
        self._graph(ways, by_itself, start)
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

    def _media_of(
        self, ways: Mapping[str, list[str]], only: Mapping[tuple[str, str], frozenset[str]], start: str | None
    ) -> Mapping[str, Sequence[str]]:
        """Return the media on which each step is reached; a step that nobody reaches counts for all."""
        media = self.draft.head.media if self.draft.head else ()
        if start is None or not only:
            return dict.fromkeys(ways, media)
        reached = {}
        for medium in media:
            taken = {
                name: [to for to in found if (name, to) not in only or medium in only[name, to]]
                for name, found in ways.items()
            }
            reached[medium] = reached_from(start, taken)
        anywhere = reached_from(start, ways)
        return {
            name: tuple(medium for medium in media if name in reached[medium]) if name in anywhere else media
            for name in ways
        }

    def _names(self) -> None:
        """Find values that no step keeps, and steps that keep one under a name that is taken."""
        known = self.whole.names_for(self.draft)
        guesser = Guesser(sorted(known or ()))
        for name, step in self.draft.steps.items():
            for saved in step.saves():
                if saved in BUILT_IN:
                    message = f'nothing can be kept as "{saved}", which means something already'
                    at = (step.kind, saved) if step.kind == "set" else ("save",)
                    self._error(name, at, "reserved", message, "choose another name")
            for loc, expression in step.reads() if known is not None else ():
                for read in names(expression):
                    if known is not None and read.path[0] not in known:
                        message = f'{{{".".join(read.path)}}}: no step keeps a value as "{read.path[0]}"'
                        self._error(name, loc, "no-value", message, guesser.hint(read.path[0]))

    def _look_at(self, name: str, step: Step, media: Sequence[str]) -> None:
        """Find what is wrong with a step by itself, on the media on which it is reached."""
        head = self.draft.head
        for mention in step.mentions():
            self._look_up(name, mention)
        for loc, words in step.words():
            if head:
                self._look_for_words(name, loc, words, media, head)
            for inside, recording in words.recordings():
                if fault := fault_of(self.draft.folder / PROMPTS / f"{recording}.wav"):
                    self._error(name, (*loc, *inside), "recording", *fault)
        self._measure(name, step, media)
        if head:
            if step.kind == "language" and (to := getattr(step, "language", "")) not in head.spoken:
                hint = f"write languages: [{to}] in the head"
                self._error(name, ("language",), "no-language", f"the flow does not speak {to}", hint)
            for flaw in step.flaws(media, head.language):
                self._error(name, flaw.loc, flaw.code, flaw.message, flaw.hint)

    def _measure(self, name: str, step: Step, media: Sequence[str]) -> None:
        """Warn of texts that become more text messages than anybody should send."""
        for language in self.draft.head.spoken if self.draft.head else ():
            said = [*said_at_least(step, language), *self._told(step, language)] if "sms" in media else []
            for loc, text in (*said, *sent_at_least(step, language)):
                if found := too_long(text):
                    message = f"{loc[-1]} takes {found.count} text messages or more on sms, each of which is charged"
                    hint = "shorten it, or write a shorter text under sms"
                    if found.foreign:
                        listed = " ".join(found.foreign[:MOST_SHOWN_FOREIGN])
                        hint += f"; without {listed} more fits, for these are not in the GSM alphabet"
                    self._error(name, loc, "sms-long", message, hint, severity=Severity.WARNING)

    def _told(self, step: Step, language: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield the articles that a step tells, at their least."""
        for mention in step.mentions():
            if mention.noun == "article":
                words, _ = article_from(self.draft.folder / ARTICLES / f"{mention.name}.yaml")
                if words is not None:
                    yield mention.loc, words_at_least(words, language)

    def _look_for_words(self, name: str, loc: Loc, words: AnyWords, media: Sequence[str], head: Head) -> None:
        """Find languages and media in which nothing is said."""
        for language in head.spoken:
            if words.misses(language, head.language):
                hint = f"add {language}: …" if words.languages else f"write {{{head.language}: …, {language}: …}}"
                self._error(name, loc, "no-language", f"{loc[-1]} says nothing in {language}", hint)
        for medium in media:
            silent = [language for language in head.spoken if words.lacks(medium, language)]
            if silent:
                where = "" if silent == list(head.spoken) else f" in {' and '.join(silent)}"
                hint = f"give text, or a text under {medium}"
                self._error(name, loc, "no-words", f"{loc[-1]} says nothing on {medium}{where}", hint)

    def _look_up(self, name: str, mention: Mention) -> None:
        """Find a queue or a calendar that the centre file does not have, a flow and an article that are not there."""
        if mention.noun == "flow":
            if not self.whole.alone and mention.name not in self.whole.flows:
                hint = Guesser(sorted(self.whole.flows)).hint(mention.name)
                self._error(name, mention.loc, "no-flow", f'there is no flow "{mention.name}"', hint)
            return
        if mention.noun == "article":
            if mention.name not in self.articles:
                self.articles[mention.name] = fault_of_article(self.draft.folder, mention.name)
            if why := self.articles[mention.name]:
                self._error(name, mention.loc, "no-article", f'article "{mention.name}" cannot be told', why)
            return
        if self.centre is None:
            return
        known_names: Mapping[str, Iterable[str]] = {
            "queue": self.centre.queues, "hours": self.centre.hours, "skill": self.centre.skills,
            "agent": self.centre.agents,
        }  # fmt: skip
        there = list(known_names[mention.noun])
        if mention.noun == "skill" and not there:
            return  # skills need no list; where there is one, it is whole
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


def _follow_ups(drafts: Sequence[Draft], centre: Centre | None) -> Iterator[Problem]:
    """Find flows that follow up on a queue's contacts by a medium that is none of theirs."""
    rules = [(id_, rule) for id_, queue in centre.queues.items() for rule in queue.follow_ups] if centre else []
    for draft in drafts:
        for queue, rule in rules:
            if draft.head is None or draft.node is None or draft.head.flow != rule.flow:
                continue
            wanted = TEXT_MEDIA if rule.by == "same" else {rule.by}
            if not wanted & set(draft.head.media):
                at = draft.node.reach(("media",))[0]
                by = "in writing" if rule.by == "same" else f"by {rule.by}"
                message = f'media: queue "{queue}" follows up with this flow {by}'
                hint = f"name {' or '.join(sorted(wanted))}"
                yield Problem(draft.file, at.line, at.column, Severity.ERROR, "medium", message, hint)


def _claims(draft: Draft) -> Iterator[tuple[str, str, Node]]:
    """Yield what a file claims for itself alone."""
    if draft.head is None or draft.node is None:
        return
    yield "flow", draft.head.flow, draft.node.reach(("flow",))[0]
    for at, number in enumerate(draft.head.entry.numbers):
        yield "number", number, draft.node.reach(("entry", "numbers", at))[0]
    for at, channel in enumerate(draft.head.entry.channels):
        yield "channel", channel, draft.node.reach(("entry", "channels", at))[0]
    if draft.head.entry.any_other_number:
        yield "any_other_number", "", draft.node.reach(("entry", "any_other_number"))[0]
