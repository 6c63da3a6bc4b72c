"""Which steps lead where: who is never reached, who goes in circles. Linear in the ways."""

from collections.abc import Mapping, Sequence

Ways = Mapping[str, Sequence[str]]
"""Each step's next steps; every step named is a key."""


def reached_from(start: str, ways: Ways) -> set[str]:
    """Return all steps that `start` leads to, itself among them."""
    found, ahead = {start}, [start]
    while ahead:
        for name in ways[ahead.pop()]:
            if name not in found:
                found.add(name)
                ahead.append(name)
    return found


def circles(ways: Ways) -> list[list[str]]:
    """Return circles, at least one for each group of steps that go round, each as the way round from its first step.

    Walks depth first; a way back to a step that is still under way closes a circle. Each step is in one at most.
    """
    done: set[str] = set()
    told: set[str] = set()
    found: list[list[str]] = []
    for root in ways:
        if root in done:
            continue
        under_way: dict[str, int] = {root: 0}
        trail = [root]
        todo = [iter(ways[root])]
        while trail:
            target = next(todo[-1], None)
            if target is None:
                todo.pop()
                done.add(last := trail.pop())
                del under_way[last]
            elif target in under_way:
                circle = trail[under_way[target] :] if target not in told else []
                if circle and told.isdisjoint(circle):
                    told.update(circle)
                    found.append(circle)
            elif target not in done:
                under_way[target] = len(trail)
                trail.append(target)
                todo.append(iter(ways[target]))
    return found
