"""Who works here, for commands that know it without a database: as the service last had it, or as the file has it."""

from collections.abc import Sequence

from trunkline.flows.centre import load_centre
from trunkline.flows.problem import Problem
from trunkline.settings import Settings


def agents_of(settings: Settings) -> tuple[Sequence[str], Sequence[Problem]]:
    """Return the log-in names of all who are, or are about to be; with the file's problems where nobody is known."""
    in_file, problems = load_centre(settings.centre_file)
    in_force, _ = load_centre(settings.centre_in_force)
    names = [str(id_) for centre in (in_force, in_file) if centre is not None for id_ in centre.agents]
    return list(dict.fromkeys(names)), problems if in_file is None and in_force is None else ()
