"""The kinds of step, one module each. A new kind is a new module here and nothing else."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping

from trunkline.flows.steps.step import Step


def _named(kinds: Iterable[type[Step]]) -> Iterator[type[Step]]:
    """Yield every kind that has a name, however deep it is derived."""
    for kind in kinds:
        if kind.kind:
            yield kind
        yield from _named(kind.__subclasses__())


def _all_kinds() -> Mapping[str, type[Step]]:
    """Import every module of this folder, and list what they define."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {kind.kind: kind for kind in _named(Step.__subclasses__())}


KINDS = _all_kinds()
"""Each kind by its name in the file."""
