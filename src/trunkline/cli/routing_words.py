"""Why somebody was offered something, in words for people."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from trunkline.core.decision import Criterion
from trunkline.core.demand import Strategy
from trunkline.core.explanation import Another, Because, OfferExplained, WaitExplained
from trunkline.core.ids import AgentId
from trunkline.core.journal import Happened

TOLD_ONE_BY_ONE = 12
"""How many other agents are named; of more, reasons are counted."""

_STAGES = {"offered": "being offered another", "talking": "in a talk", "wrap_up": "wrapping up"}
_REASONS = {
    "logged_in": "just logged in", "no_answer": "had not answered", "declined": "had declined",
    "phone_unreachable": "phone was not reached", "connection_lost": "desk was away",
}  # fmt: skip
_ENDS = {
    Happened.ACCEPTED: "taken", Happened.DECLINED: "declined", Happened.RANG_OUT: "not answered",
    Happened.PHONE_UNREACHABLE: "their phone was not reached", Happened.OFFER_WITHDRAWN: "taken back",
    Happened.ABANDONED: "the caller hung up", Happened.CALLBACK_NOT_REACHED: "the customer was not reached",
}  # fmt: skip
_COUNTED = {
    Because.LACKS_SKILLS: "lack a skill", Because.AWAY: "are outside their hours", Because.NOT_READY: "are not ready",
    Because.NO_PHONE: "have no phone", Because.TAKES_NONE: "take none of this medium", Because.BUSY: "are busy",
    Because.KEPT_FOR_ANOTHER: "are free, but it is kept for another", Because.IN_RESERVE: "are in reserve",
    Because.LATER: "are free",
}  # fmt: skip


class Words:
    """Sentences with the centre's names, in its time zone."""

    def __init__(self, names: Mapping[AgentId, str], zone: tzinfo) -> None:
        self._names, self._zone = names, zone

    # --- offers ---

    def offer(self, offer: OfferExplained) -> str:
        """Return why an offer went where it did, and why not elsewhere."""
        facts = offer.facts
        begun = f"{self._clock(offer.at, seconds=True)} offered to {self._name(offer.agent)} after "
        sentences = [f"{begun}{length(facts['waited_s'])}: {_asked(facts)}; {self._decided(offer)}."]
        sentences += [f"{passed}." for passed in self._beside(facts)]
        sentences += self._others([each for each in offer.others if each.because is not Because.LATER])
        if not offer.complete:
            sentences.append("Who else was there is not known: the journal begins later.")
        if offer.end is not None and offer.end_at is not None:
            took = length((offer.end_at - offer.at).total_seconds())
            sentences.append(f"After {took}: {_ENDS[offer.end]}.")
        return " ".join(sentences)

    def _decided(self, offer: OfferExplained) -> str:
        who, later = self._name(offer.agent).split()[0], offer.later
        if offer.criterion is Criterion.KEPT:
            return f"it was kept for {who}"
        if offer.criterion is Criterion.BESIDE:
            return f"it rang there beside {self._name(AgentId(offer.facts['beside']))}, for the queue rings several"
        able = len(later) + 1 if offer.complete else offer.facts.get("able", 1)
        if able < 2 or (offer.complete and not later):
            return f"{who} was the only able agent who was free"
        told = f"{who} {self._before(offer)} of {able} able agents"
        if not later:
            return told
        following = later[0]
        return f"{told}; next would have been {self._name(following.agent).split()[0]}{_standing(offer, following)}"

    def _before(self, offer: OfferExplained) -> str:
        facts = offer.facts
        if offer.criterion is Criterion.RANK:
            return f"was of the lowest rank ({facts.get('rank', 1)})"
        if offer.criterion is Criterion.SKILL:
            of = ", ".join(facts.get("prefer", ())) or "what was asked"
            return f"had the highest levels in {of} ({facts.get('score', 0)})"
        match facts.get("strategy"):
            case Strategy.LEAST_OCCUPIED:
                return f"was the least occupied ({facts.get('occupancy', 0):.0%} of the last hour)"
            case Strategy.ROUND_ROBIN:
                last = facts.get("last_offer_s")
                told = f"last {length(last)} before" if last is not None else "never yet"
                return f"was the one whose last offer was the longest ago ({told})"
            case _:
                idle = facts.get("idle_s")
                return f"was the longest idle ({length(idle)})" if idle is not None else "was the longest idle"

    @staticmethod
    def _beside(facts: Mapping[str, Any]) -> Iterable[str]:
        """Yield what else was noteworthy of the entry."""
        if facts.get("priority"):
            yield f"It had priority {facts['priority']}"
        if facts.get("position", 1) > 1:
            yield f"It was number {facts['position']} in the queue"
        if facts.get("passed_over"):
            yield f"{facts['passed_over']} who came before it asked what this agent does not have"
        if facts.get("overtaken"):
            yield f"It had been overtaken {facts['overtaken']} times"

    # --- who waits ---

    def wait(self, waits: WaitExplained) -> str:
        """Return why somebody still waits."""
        entry = waits.matter.entry
        waited = length((waits.at - entry.since).total_seconds())
        asked = _skills(dict(waits.asked)) or "no skill"
        relaxed = f" (relaxed {waits.relaxed} of {len(entry.relax)} times)" if waits.relaxed else ""
        sentences = [f"Waits in {entry.queue} for {waited}, at position {waits.position}: {asked} is asked{relaxed}."]
        if not waits.is_open:
            sentences.append("The queue is closed now.")
        if not waits.others:
            sentences.append("Nobody who serves this queue is logged in.")
        able = [each for each in waits.others if each.because is Because.LATER]
        if waits.others and not able:
            counted = Counter(each.because for each in waits.others)
            reasons = ", ".join(f"{many} {_COUNTED[because]}" for because, many in counted.most_common())
            sentences.append(f"None of {len(waits.others)} agents is able and free: {reasons}.")
        sentences += self._others(waits.others, least=1)
        if not waits.complete:
            sentences.append("Who is there is not known for certain: no roll was called yet.")
        return " ".join(sentences)

    # --- agents ---

    def _others(self, others: Iterable[Another], least: int = 0) -> list[str]:
        others = list(others)
        if len(others) > TOLD_ONE_BY_ONE:
            if least:
                return []
            counted = Counter(each.because for each in others)
            return [f"{many} others {_COUNTED[because].replace('are', 'were')}." for because, many in counted.items()]
        now = bool(least)
        return [f"Not {self._name(each.agent)}: {self._why(each)}." for each in others if not now or each.reason != ""]

    def _why(self, other: Another) -> str:
        since = f" since {self._clock(other.since)}" if other.since is not None else ""
        told: dict[Because, Callable[[], str]] = {
            Because.LACKS_SKILLS: lambda: ", ".join(_lacking(*each) for each in other.lacking),
            Because.AWAY: lambda: "outside their working hours",
            Because.NOT_READY: lambda: f"not ready ({_REASONS.get(other.reason or '', other.reason)}){since}",
            Because.NO_PHONE: lambda: "their phone is not there",
            Because.TAKES_NONE: lambda: "takes none of this medium",
            Because.BUSY: lambda: f"{_STAGES.get(other.reason or '', 'busy')}{since}",
            Because.KEPT_FOR_ANOTHER: lambda: f"free, but it is kept for {self._name(AgentId(other.reason or ''))}",
            Because.IN_RESERVE: lambda: f"in reserve, asked after {length(other.after_s)}",
            Because.LATER: lambda: "free: it is being offered, or the switch is away",
        }
        return told[other.because]()

    def _name(self, agent: AgentId) -> str:
        return self._names.get(agent, agent)

    def _clock(self, at: datetime, *, seconds: bool = False) -> str:
        return at.astimezone(self._zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def length(seconds: float) -> str:
    """Return a length of time as people say it: 42 s, 6 min, 2 h 5 min."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _asked(facts: Mapping[str, Any]) -> str:
    asked = _skills(facts.get("asked", {}))
    relaxed = facts.get("relaxed")
    told = f"{asked} was asked" if asked else "no skill was asked"
    return f"{told}, relaxed {relaxed} of {facts.get('of', relaxed)} times" if relaxed else told


def _skills(asked: Mapping[str, int]) -> str:
    return ", ".join(f"{skill} {level}" for skill, level in sorted(asked.items()))


def _lacking(skill: str, has: int, asked: int) -> str:
    return f"{skill} {has} of {asked}" if has else f"no {skill}"


def _standing(offer: OfferExplained, following: Another) -> str:
    rank, score, _ = following.order
    if offer.criterion is Criterion.RANK:
        return f" (rank {rank:.0f})"
    if offer.criterion is Criterion.SKILL:
        return f" ({-score:.0f})"
    if following.idle_s is None or offer.facts.get("strategy") in (Strategy.LEAST_OCCUPIED, Strategy.ROUND_ROBIN):
        return ""
    return f" ({length(following.idle_s)})"
