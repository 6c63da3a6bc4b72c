"""How plans and versions of the centre are printed."""

from collections.abc import Iterator, Sequence

from trunkline.core.centre_version import CentreVersion
from trunkline.flows.plan import Change, Plan


def plan_lines(plan: Plan, file: str) -> Iterator[str]:
    """Return what a plan says: its mistakes, or each change on a line and what would come of it."""
    yield from map(str, plan.problems)
    if plan.problems:
        return
    yield from map(str, plan.changes)
    yield from (f"! {each}" for each in plan.warnings)
    against = f"version {plan.base}" if plan.base else "nothing (no version was applied yet)"
    if plan.changes:
        make_it_so = f"trunkline config apply {file} --base {plan.base}"
        yield f"{_many(plan.changes, 'change')} against {against}; to make it so: {make_it_so}"
    elif plan.rewritten:
        yield f"nothing changes against {against}: only comments or layout are other"
    else:
        yield f"nothing changes against {against}"


def version_lines(version: CentreVersion, changes: Sequence[Change]) -> Iterator[str]:
    """Return a version of the history, and under it what it changed."""
    at = version.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    why = f"  {version.message}" if version.message else ""
    yield f"{version.number}  {at}  {version.by} ({version.source.value}){why}"
    if version.number == 1:
        yield "     the first"
    else:
        yield from (f"   {each}" for each in changes or ("  only comments or layout",))


def _many(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"
