"""Follow-ups of a centre that could never begin, for want of their flow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trunkline.core.centre import Centre
from trunkline.core.ids import QueueId
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.source import MOST_BYTES, read


@dataclass(frozen=True, slots=True)
class Lost:
    """A queue's follow-up number `at`, from 0, whose flow is not there."""

    queue: QueueId
    at: int
    flow: str
    hint: str

    def __str__(self) -> str:
        """Return it as a line of its own."""
        return f'queue "{self.queue}": follow-up {self.at + 1}: there is no flow "{self.flow}"'


def lost(centre: Centre, drafts: Sequence[Draft]) -> Iterator[Lost]:
    """Yield each follow-up whose flow is none of these; nothing where not all flows are there to be read."""
    names = {draft.head.flow for draft in drafts if draft.head is not None}
    if len(drafts) < 2 or len(names) < len(drafts):
        return
    guesser = Guesser(sorted(names))
    for queue, config in centre.queues.items():
        for at, rule in enumerate(config.follow_ups):
            if rule.flow not in names:
                yield Lost(queue, at, rule.flow, guesser.hint(rule.flow))


def check_follow_ups(centre: Centre | None, drafts: Sequence[Draft], file: Path) -> list[Problem]:
    """Return the follow-ups of a centre file that could never begin, each at its line."""
    found = list(lost(centre, drafts)) if centre is not None else []
    if not found:
        return []
    with file.open("rb") as stream:
        root, _ = read(stream.read(MOST_BYTES + 1), str(file))
    problems = []
    for each in found:
        node = root.reach(("queues", each.queue, "follow_ups", each.at, "flow"))[0] if root is not None else None
        line, column = (node.line, node.column) if node is not None else (1, 1)
        problems.append(Problem(str(file), line, column, Severity.ERROR, "no-flow", str(each), each.hint))
    return problems
