"""Plans and versions of the centre as JSON, for the page and for programs at the command line alike."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from trunkline.core.centre_version import CentreVersion
from trunkline.flows.plan import Change, Plan

Json = dict[str, Any]


def plan_json(plan: Plan) -> Json:
    """Return a plan for programs."""
    return {
        "base": plan.base,
        "changes": [change_json(each) for each in plan.changes],
        "warnings": list(plan.warnings),
        "problems": [dataclasses.asdict(each) for each in plan.problems],
        "rewritten": plan.rewritten,
    }


def change_json(change: Change) -> Json:
    """Return one change for programs."""
    return {
        "section": change.section,
        "key": change.key,
        "kind": change.kind.value,
        "words": change.words,
        "differences": [
            {"path": list(each.path), "kind": each.kind.value, "before": each.before, "after": each.after}
            for each in change.found
        ],
    }


def version_json(version: CentreVersion, changes: Iterable[Change]) -> Json:
    """Return a version of the history for programs, without its text."""
    return {
        "version": version.number,
        "at": version.at.isoformat(),
        "by": version.by,
        "source": version.source.value,
        "message": version.message,
        "sha256": version.sha256,
        "changes": [change_json(each) for each in changes],
    }
