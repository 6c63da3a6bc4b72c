"""Which values decide, from a step on, where a run goes: runs that differ in others only are the same to explore."""

from collections.abc import Iterable, Mapping

from trunkline.flows.expression import names
from trunkline.flows.flow import Flow
from trunkline.flows.steps.step import Step

Path = tuple[str, ...]
"""A name with its dots: `("order", "status")`."""


def read_by(steps: Iterable[Step]) -> frozenset[Path]:
    """Return the values on which it depends where these steps lead; what is only said decides nothing.

    The moment is told apart by the calendars.
    """
    texts = (text for step in steps for _, text in step.templates())
    found = (name.path for text in texts for each in text.expressions() for name in names(each))
    return frozenset(path for path in found if path[0] != "now")


def live_values(flow: Flow, all_of_them: frozenset[Path]) -> Mapping[str, tuple[Path, ...]]:
    """Return, for each step, the values that it or a step behind it reads; a flow that it runs may read all of them."""
    live = {name: all_of_them if step.kind == "run" else read_by([step]) for name, step in flow.steps.items()}
    before: dict[str, set[str]] = {}
    for name, step in flow.steps.items():
        for way in step.ways():
            if way.to is not None:
                before.setdefault(way.to, set()).add(name)
    ahead = [name for name, paths in live.items() if paths]
    while ahead:
        name = ahead.pop()
        for earlier in before.get(name, ()):
            if not live[name] <= live[earlier]:
                live[earlier] |= live[name]
                ahead.append(earlier)
    return {name: tuple(sorted(paths)) for name, paths in live.items()}
